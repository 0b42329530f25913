"""Search for people and topics: a page, and its results alone for who types on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from scoring import finding

LONGEST = 100
POPULAR = 12


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """?q= is what is sought; htmx gets the results without the page around them."""
    asked = " ".join(request.GET.get("q", "").split())[:LONGEST]
    answer = finding.search(asked, user=request.user, at=timezone.now().date()) if asked else finding.Answer("")
    context = {
        "asked": asked,
        "answer": answer,
        "said": said(answer) if asked else "",
        # Where nothing was found, or sought, there are ways on.
        "popular": [] if answer.people or answer.topics else finding.popular_topics(POPULAR),
    }
    alone = getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(request, "scoring/_results.html" if alone else "scoring/search.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def said(answer: finding.Answer) -> str:
    """What was found, in a sentence."""
    if not answer.people:
        return _("Nobody found.")
    number = len(answer.people)
    if answer.more:
        return _("The first %(number)s people. Type more of the name to see others.") % {"number": number}
    return ngettext("%(number)s person found.", "%(number)s people found.", number) % {"number": number}
