"""The marketplace: what there is for the reader, what is nearly theirs, all that runs, and what they have."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from perks import marketplace, roi
from perks.marketplace import ALL, FOR_ME, MINE, SHOWS
from perks.views.mine import mine_context
from perks.views.reading import reader_of


@never_cache
@require_safe
def perks(request: HttpRequest) -> HttpResponse:
    """?show= is one of SHOWS; visitors see all that runs. ?after= begins after a card."""
    at = timezone.now()
    reader = reader_of(request, at)
    show = request.GET.get("show", "")
    if show == MINE and reader.user is None:
        return redirect_to_login(request.get_full_path())
    if reader.person is None:
        show = ALL
    elif show not in SHOWS:
        show = FOR_ME
    context: dict[str, Any] = {"show": show, "reader": reader, "begun": bool(request.GET.get("after"))}
    if show == MINE and reader.person is not None:
        context |= mine_context(request, reader.person)
    else:
        page = marketplace.lists_of(reader.facts, at).page(show, request.GET.get("after", ""))
        context["page"] = page
        campaigns = [offer.campaign for offer in page.offers]
        agent = request.headers.get("User-Agent", "")
        roi.note_shown(person=reader.person, campaigns=campaigns, at=at, user=reader.user, agent=agent)
    return render(request, "perks/perks.html", context)
