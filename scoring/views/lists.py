"""Lists of people whom one keeps an eye on; nobody else sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import watching
from accounts.models import Person, User, WatchList
from accounts.preferences import path_here
from accounts.team_log import note
from accounts.visibility import Viewer, may_see
from scoring.models import Score, ScoreHistory

PAGE = 50
# Over so many days the table tells a change, and so many people can be compared at once.
DAYS, COMPARED = 7, 4


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    """All lists of one's own; POST makes one, with somebody on it already where `handle` says so."""
    assert isinstance(request.user, User)
    me = watching.keeper(request.user)
    name = ""
    error: Any = ""
    if request.method == "POST" and me:
        name = request.POST.get("name", "")
        at = timezone.now()
        try:
            made = watching.create(owner=me, name=name, at=at)
            note(person=me, user=request.user, action="lists", at=at)
            if handle := request.POST.get("handle"):
                person = watching.add(watch_list=made, handle=handle, user=request.user, at=at)
                tell_added(request, person, made)
        except watching.WatchError as problem:
            error = problem.text
        else:
            return redirect(back_to(request, reverse("list", args=[made.pk])))
    mine: QuerySet[WatchList] = WatchList.objects.filter(owner=me) if me else WatchList.objects.none()
    # As many as the list itself shows: otherwise the number would tell who hides from who is gone.
    seen = Person.objects.visible_to(request.user, timezone.now().date()).filter(pk=OuterRef("entries__person"))
    counted = mine.annotate(number=Count("entries", filter=Exists(seen))).order_by("name", "pk")
    context = {"me": me, "lists": counted, "name": name, "error": error, "most": watching.MOST_LISTS}
    return render(request, "scoring/lists.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """The people of a list with their scores. POST adds, removes, renames or deletes; 404 for anybody else's list."""
    assert isinstance(request.user, User)
    owned = WatchList.objects.select_related("owner")
    watch_list = get_object_or_404(owned, pk=list_id, owner=watching.keeper(request.user))
    errors: dict[str, Any] = {}
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            address = change(request, watch_list, action)
            # A list is an organisation's where a log-in has no page of its own.
            note(person=watch_list.owner, user=request.user, action="lists", at=timezone.now())
            return redirect(back_to(request, address))
        except watching.WatchError as problem:
            errors[action] = problem.text
    context = {"list": watch_list, "errors": errors, "typed": request.POST, **table_of(request, watch_list)}
    return render(request, "scoring/list.html", context)


def change(request: HttpRequest, watch_list: WatchList, action: str) -> str:
    """Do what was asked for, and say where to go on. Raises WatchError."""
    assert isinstance(request.user, User)
    handle = request.POST.get("handle", "")
    address = reverse("list", args=[watch_list.pk])
    if action == "add":
        person = watching.add(watch_list=watch_list, handle=handle, user=request.user, at=timezone.now())
        tell_added(request, person, watch_list)
    elif action == "remove":
        watching.remove(watch_list=watch_list, handle=handle)
        text = _("%(handle)s is off the list “%(list)s”.") % {"handle": f"@{handle}", "list": watch_list.name}
        messages.success(request, text)
    elif action == "rename":
        watching.rename(watch_list=watch_list, name=request.POST.get("name", ""))
        messages.success(request, _("Saved."))
    elif action == "delete":
        watch_list.delete()
        messages.success(request, _("The list “%(list)s” is deleted.") % {"list": watch_list.name})
        address = reverse("lists")
    return address


def tell_added(request: HttpRequest, person: Person, watch_list: WatchList) -> None:
    words = {"name": person.display_name, "list": watch_list.name}
    messages.success(request, _("%(name)s is on the list “%(list)s”. They are not told.") % words)


def back_to(request: HttpRequest, address: str) -> str:
    """Where a form elsewhere on this site wants to go on, else `address`."""
    return path_here(request.POST.get("next", "")) or address


def table_of(request: HttpRequest, watch_list: WatchList) -> dict[str, Any]:
    """A page of the list: (person, score, change) with the highest score first, and the first four for comparing."""
    assert isinstance(request.user, User)
    people = watching.people_on(watch_list, user=request.user, at=timezone.now().date())
    by_score = people.order_by("-score__score", "handle")
    # Whoever has no score stands last: NULL would be the highest.
    ranked = sorted(by_score.values_list("score__score", "pk"), key=lambda row: -(row[0] or 0.0))
    pages = max(1, -(-len(ranked) // PAGE))
    asked = request.GET.get("page", "1")
    number = min(int(asked), pages) if asked.isdecimal() and len(asked) < 5 and int(asked) else 1
    chosen = [pk for _score, pk in ranked[(number - 1) * PAGE : number * PAGE]]
    found = Person.objects.select_related("score").in_bulk(chosen)
    rows = [(found[pk], score_of(found[pk])) for pk in chosen]
    spoken_for = set(Person.objects.of(request.user).values_list("pk", flat=True))
    open_days = [score for person, score in rows if score and shows_days(person, own=person.pk in spoken_for)]
    before = earlier(open_days)
    first = [person.handle.lower() for person, score in rows if score][:COMPARED] if number == 1 else []
    return {
        "rows": [(person, score, before.get(person.pk) if score else None) for person, score in rows],
        "total": len(ranked),
        "number": number,
        "pages": pages,
        "compared": ",".join(first) if len(first) > 1 else "",
        "full": len(ranked) >= watching.MOST_PEOPLE,
    }


def shows_days(person: Person, *, own: bool) -> bool:
    """Whether the reader may see the score of past days."""
    return may_see(person, "chart", Viewer.OWN if own else Viewer.MEMBER)


def score_of(person: Person) -> Score | None:
    score: Score | None = getattr(person, "score", None)
    return score


def earlier(scores: list[Score]) -> dict[int, float]:
    """person -> points gained in the last week, for those who had a score then."""
    then = {score.person_id: score.as_of - timedelta(days=DAYS) for score in scores}
    rows = ScoreHistory.objects.filter(person_id__in=list(then), as_of__in=set(then.values()))
    now = {score.person_id: score.score for score in scores}
    return {row.person_id: now[row.person_id] - row.score for row in rows if then[row.person_id] == row.as_of}
