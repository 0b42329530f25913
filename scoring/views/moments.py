"""The posts that moved a person's score; their author keeps back those that others need not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import LinkedAccount, Membership, Person, User
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from accounts.team_log import note
from accounts.visibility import Viewer, may_see
from scoring import days
from scoring.models import DayChange, HiddenMoment, Moment, Score
from scoring.views.moment_lines import (
    CHANGE,
    MOMENTS,
    SORTS,
    TIMES,
    Asked,
    Line,
    key_of,
    page_of,
    post_in,
    sums_of,
)
from scoring.views.people import Shown, shown_person


@require_http_methods(["GET", "HEAD", "POST"])
def moments(request: HttpRequest, handle: str) -> HttpResponse:
    """The list, page by page; who speaks for the person hides a post by a form, or shows it again."""
    shown = shown_person(request, handle, part="moments")
    if request.method == "POST":
        return keep_back(request, shown)
    person, asked = shown.person, Asked.of(request.GET)
    linked = linked_accounts(person) if shown.sees("networks") else []
    if not shown.sees("plus_k"):
        linked = [link for link in linked if link.account.network != OWN]
    if not linked:
        asked = asked.without_networks()
    # Today's score and what changed it are the score of the day before.
    days_seen = shown.sees("chart")
    if not days_seen:
        asked = asked.without_changes()
    rows = days.with_urls(person.pk, hidden=True)
    visible, wanted = listed(shown), asked.where(timezone.now())
    sums = sums_of(rows, visible, wanted)
    page = page_of(rows.filter(visible & wanted), asked)
    names = {link.account_id: name_of(link.account) for link in linked}
    posts = [as_seen(post, shown) for post in days.told_of(page[:MOMENTS])]
    context = {
        "shown": shown,
        "person": person,
        "public": public(shown),
        "may_edit": may_edit(shown),
        "asked": asked,
        "sorts": [(name, words) for name, words in SORTS.items() if days_seen or name != CHANGE],
        "times": TIMES.items(),
        "networks": {link.account.network: label_of(link.account.network) for link in linked}.items(),
        "accounts": [(link.account_id, label_of(link.account.network), name_of(link.account)) for link in linked],
        "lines": [Line.of(post, sums.strongest, names.get(post.account, "")) for post in posts],
        "sums": sums,
        "score": getattr(person, "score", None),
        "since": since(person) if days_seen else None,
        "next": address(request, after=key_of(page[MOMENTS - 1])) if len(page) > MOMENTS else "",
        "first": address(request) if asked.after else "",
        "all_at": f"{request.path}?as={shown.preview}" if shown.preview else request.path,
    }
    fragment = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "scoring/_moments.html" if fragment else "scoring/moments.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def keep_back(request: HttpRequest, shown: Shown) -> HttpResponse:
    """Hide the post that the form names from everybody else, or show it again."""
    if not may_edit(shown):
        raise PermissionDenied
    named = post_in(request.POST.get("post", ""))
    if named is None:
        raise Http404
    post: dict[str, Any] = {"person": shown.person, "account": named[0], "post": named[1]}
    assert isinstance(request.user, User)
    given: dict[str, Any] = {"person": shown.person, "user": request.user, "action": "moment", "at": timezone.now()}
    if request.POST.get("action") == "show":
        HiddenMoment.objects.filter(**post).delete()
        note(**given, changes={"hidden": ("yes", "no")})
        messages.success(request, _("The post is among your moments again, for everybody who may see them."))
    elif not named[1] or not Moment.objects.filter(**post).exists():
        raise Http404
    else:
        HiddenMoment.objects.get_or_create(**post)
        note(**given, changes={"hidden": ("no", "yes")})
        messages.success(
            request, _("The post is hidden: nobody but you sees it among your moments. It counts as before.")
        )
    return redirect(address(request, **({"after": request.GET["after"]} if request.GET.get("after") else {})))


def may_edit(shown: Shown) -> bool:
    return shown.own and shown.speaks not in (None, Membership.Role.VIEWER)


def linked_accounts(person: Person) -> list[LinkedAccount]:
    return list(person.links.select_related("account").order_by("account__network", "pk"))


def label_of(network: str) -> str:
    return NETWORKS[network].spec.label if network in NETWORKS else network


def public(shown: Shown) -> bool:
    """Whether everybody may see the page, so that there is a feed of it, and search engines may know it."""
    person = shown.person
    everybody = person.visibility == Person.Visibility.PUBLIC and person.old_enough(timezone.now().date())
    return everybody and may_see(person, "moments", Viewer.ANYBODY)


def listed(shown: Shown) -> Q:
    """Which moments the reader may see: not what posts share, and what is hidden only if it is their own."""
    if shown.own:
        return ~Q(post=0)
    return ~Q(post=0) & Q(is_hidden=False) & days.told_to(shown.person, shown.viewer)


def as_seen(post: days.Told, shown: Shown) -> days.Told:
    """The post as the reader may see it: whoever may not see which accounts are linked gets no way to one of them."""
    return post if shown.sees("networks") else replace(post, account=0, post=0, slug="", network="", url="", topic="")


def since(person: Person) -> date | None:
    """The day with which the changes compare the newest score's; None where nothing is told of that."""
    score: Score | None = getattr(person, "score", None)
    if score is None:
        return None
    return DayChange.objects.filter(person=person, as_of=score.as_of).values_list("since", flat=True).first()


def address(request: HttpRequest, **more: Any) -> str:
    """This page with the same filters, from its first moment on unless `more` says otherwise."""
    query = request.GET.copy()
    query.pop("after", None)
    query.update(more)
    return f"{request.path}{'?' * bool(query)}{query.urlencode()}"
