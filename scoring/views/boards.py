"""Leaderboards: all, a country, a topic, people one follows; with one's own place, and the way off them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person, User
from accounts.places import country_name
from accounts.preferences import path_here
from accounts.visibility import Viewer, may_see
from scoring import boards, finding, rankings
from scoring.models import Topic
from scoring.topics import name_in

TOPICS = 20
KINDS = {Person.Kind.PERSON.value, Person.Kind.ORGANISATION.value}


@require_http_methods(["GET", "HEAD", "POST"])
def leaderboards(request: HttpRequest) -> HttpResponse:
    """Everybody by score; ?country= leads to its board, and POST leaves the leaderboards or comes back."""
    if request.method == "POST":
        return leave_or_come_back(request)
    asked = request.GET.get("country")
    if asked and country_name(asked.upper()):
        return redirect("board_country", code=asked.upper())
    people, kind, after = asked_for(request)
    page = boards.everybody(people, kind=kind, after=after)
    me = speaker(request)
    standing = boards.standing(me) if me else None
    return show(request, "all", _("Leaderboard"), page, standing, here=reverse("leaderboards"))


@require_safe
def board_country(request: HttpRequest, code: str) -> HttpResponse:
    name = country_name(code.upper())
    if not name:
        raise Http404
    if code != code.upper():
        return redirect("board_country", code=code.upper(), permanent=True)
    people, kind, after = asked_for(request)
    page = boards.of_country(people, code, kind=kind, after=after)
    me = speaker(request)
    standing = boards.standing(me, country=code) if me else None
    title = _("Leaderboard of %(country)s") % {"country": name}
    return show(
        request, "country", title, page, standing, here=reverse("board_country", args=[code]), code=code, name=name
    )


@require_safe
def board_topic(request: HttpRequest, slug: str) -> HttpResponse:
    topic = get_object_or_404(Topic, slug=slug)
    people, _kind, after = asked_for(request)
    viewer = Viewer.MEMBER if request.user.is_authenticated else Viewer.ANYBODY
    page = boards.of_topic(people, topic, viewer, after=after)
    me = speaker(request)
    standing = boards.standing(me, topic=topic) if me else None
    title = _("Leaderboard: %(topic)s") % {"topic": name_in(topic)}
    return show(request, "topic", title, page, standing, here=reverse("board_topic", args=[slug]), topic=topic)


@login_required
@require_safe
def board_following(request: HttpRequest) -> HttpResponse:
    """People whom one's linked accounts follow, as far as they are members and may be seen."""
    people, kind, after = asked_for(request)
    me = speaker(request)
    page, followed = boards.of_followed(people, me, kind=kind, after=after) if me else (boards.Page([]), 0)
    # Alone one is first of one: that says nothing.
    page = page if followed else boards.Page([])
    title = _("People I follow")
    return show(request, "following", title, page, None, here=reverse("board_following"), followed=followed)


def asked_for(request: HttpRequest) -> tuple[Any, str, str]:
    """Whom the reader may see, of which kind, and after which line the page begins."""
    kind = request.GET.get("kind", "")
    people = boards.people_for(request.user, timezone.now().date())
    return people, kind if kind in KINDS else "", request.GET.get("after", "")[:60]


def speaker(request: HttpRequest) -> Person | None:
    """Whom who is logged in speaks for."""
    return request.user.person if isinstance(request.user, User) else None


def show(
    request: HttpRequest, board: str, title: str, page: boards.Page, standing: boards.Standing | None, **more: Any
) -> HttpResponse:
    me = speaker(request)
    kind, begun = request.GET.get("kind", ""), bool(request.GET.get("after"))
    context = {
        "board": board,
        "title": title,
        "page": page,
        "standing": standing,
        "me": me,
        # In the middle of a page that begins a few places above.
        "near_me": max(0, standing.place - 6) if standing and standing.place else None,
        "on_page": bool(me and any(line.person.pk == me.pk for line in page.lines)),
        "begun": begun,
        "left": bool(me and not may_see(me, "leaderboards", Viewer.MEMBER)),
        "kind": kind if kind in KINDS else "",
        "as_of": boards.newest_day(),
        "countries": sorted(
            ((country_name(code), code) for code in boards.countries())
            if board in {"all", "country"} and not begun
            else ()
        ),
        "topics": finding.popular_topics(TOPICS) if board in {"all", "topic"} and not begun else [],
        **more,
    }
    return render(request, "scoring/boards.html", context)


@login_required
def leave_or_come_back(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    me = request.user.person
    if me is None or not boards.may_change(request.user, me):
        raise Http404
    if request.POST.get("action") == "leave":
        rankings.leave(me)
        messages.success(request, _("You are on no leaderboard any more."))
    elif request.POST.get("action") == "come back":
        rankings.come_back(me)
        messages.success(request, _("You are back. Places are given once a day: yours comes with the next count."))
    return redirect(path_here(request.POST.get("next", "")) or reverse("leaderboards"))
