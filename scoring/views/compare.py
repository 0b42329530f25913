"""Up to four people or companies beside each other, over time and in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.handles import FORM, LONGEST
from accounts.models import FormerHandle, Membership, Person, User, Watched
from accounts.networks import NETWORKS
from accounts.visibility import Viewer, may_see
from scoring import charts
from scoring.charts import Picture
from scoring.models import Score, ScoreHistory
from scoring.models.scores import CHANGE_DAYS
from scoring.plots import EVER, RANGES, History, histories
from scoring.plots.pictures import day_labels, line_of, marks_of, whole
from scoring.plots.words import compared
from scoring.views.chart import RANGE_WORDS, USUAL, Choice

MOST = 4
# Words of an address that are looked at.
WORDS = 12
# People on lists that are offered.
WATCHED = 8
# The classes of the lines, in the order of the people.
LINES = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the people: what the reader may see of the score, and the line that is theirs.

    history is empty, and changes are None, where the days are kept back; networks is None where these are.
    """

    person: Person
    line: str
    score: Score | None
    shows_days: bool
    history: History = field(default_factory=History)
    changes: dict[int, float | None] = field(default_factory=dict)
    networks: dict[str, float] | None = None
    remove: str = ""


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """?people= names them, ?days= the time. Whoever may not be seen is answered as who is not here at all."""
    asked = handles_of(request.GET.getlist("people"))
    days = request.GET.get("days", USUAL)
    days = days if days in RANGES else USUAL
    if request.GET and request.META.get("QUERY_STRING", "") != query(asked, days):
        # One address for the same people, whoever put them together and in whatever order.
        return HttpResponseRedirect(reverse("compare") + (f"?{query(asked, days)}" if asked else ""))
    people, missing = found(request, asked[:MOST])
    handles = [person.handle.lower() for person in people]
    rows = compared_people(people, days, logged_in=request.user.is_authenticated)
    own = request.user.person if isinstance(request.user, User) else None
    context: dict[str, Any] = {
        "rows": rows,
        "handles": ",".join(handles),
        "days": days,
        "missing": missing,
        "left_out": len(asked) > MOST,
        "full": len(rows) >= MOST,
        "most": MOST,
        "add_me": f"?{query([*handles, own.handle.lower()], days)}"
        if own and own not in people and len(rows) < MOST
        else "",
        "watched": watched(request, people, own, days) if len(rows) < MOST else [],
        "ranges": [
            Choice(name, words, f"?{query(handles, name)}", name == days) for name, words in RANGE_WORDS.items()
        ],
        "address": f"{reverse('compare')}?{query(handles, days)}" if handles else reverse("compare"),
        "changes": [(days, [row.changes.get(days) for row in rows]) for days in CHANGE_DAYS],
        "networks": network_rows(rows),
        "kept_back": [row.person.display_name for row in rows if row.score and not row.shows_days],
    }
    drawn = picture(rows, days)
    if drawn is not None:
        context |= {"picture": drawn, "data": charts.data(drawn), "summary": drawn.description}
    return render(request, "scoring/compare.html", context)


def handles_of(texts: Iterable[str]) -> list[str]:
    """The handles that were asked for, each once, in the order of the alphabet; what can be no handle is left out."""
    words = (word.strip().removeprefix("@").lower() for text in texts for word in text.replace(" ", ",").split(","))
    return sorted({word for word in words if len(word) <= LONGEST and FORM.fullmatch(word)})[:WORDS]


def query(handles: Iterable[str], days: str) -> str:
    """The end of the one address at which these people are compared."""
    return f"people={','.join(quote(handle) for handle in sorted(set(handles)))}&days={days}"


def found(request: HttpRequest, handles: Sequence[str]) -> tuple[list[Person], list[str]]:
    """Those of `handles` whom the reader may see, also by a handle they once had; and the handles of nobody here."""
    if not handles:
        return [], []
    visible = Person.objects.visible_to(request.user, timezone.now().date()).select_related("score__run")
    if request.user.is_authenticated:
        speaks = Membership.objects.filter(user=request.user, person=OuterRef("pk")).values("role")
        visible = visible.annotate(role_of_reader=Subquery(speaks[:1]))
    by_handle = {
        person.handle.lower(): person
        for person in visible.annotate(handle_lower=Lower("handle")).filter(handle_lower__in=handles)
    }
    unknown = [handle for handle in handles if handle not in by_handle]
    if unknown:
        formers = FormerHandle.objects.alias(lower=Lower("handle")).filter(lower__in=unknown)
        moved = {former.handle.lower(): former.person_id for former in formers}
        if moved:
            seen = visible.in_bulk(moved.values())
            by_handle |= {handle: seen[person] for handle, person in moved.items() if person in seen}
    people = {person.pk: person for person in by_handle.values()}
    return (
        sorted(people.values(), key=lambda person: person.handle.lower()),
        [handle for handle in handles if handle not in by_handle],
    )


def watched(request: HttpRequest, people: Sequence[Person], own: Person | None, days: str) -> list[Choice]:
    """People on the reader's own lists who could be added, by their names."""
    if own is None:
        return []
    on_lists = Watched.objects.filter(watch_list__owner=own).values("person")
    visible = Person.objects.visible_to(request.user, timezone.now().date()).filter(pk__in=on_lists)
    others = visible.exclude(pk__in=[person.pk for person in people]).order_by("name", "pk")[:WATCHED]
    handles = [person.handle.lower() for person in people]
    return [
        Choice(person.handle, person.display_name, f"?{query([*handles, person.handle.lower()], days)}", False)
        for person in others
    ]


def viewer_for(person: Person, *, logged_in: bool) -> Viewer:
    if getattr(person, "role_of_reader", None):
        return Viewer.OWN
    return Viewer.MEMBER if logged_in else Viewer.ANYBODY


def compared_people(people: Sequence[Person], days: str, *, logged_in: bool) -> list[Compared]:
    """What may be seen of each. Two queries, however many people and days there are."""
    viewers = {person.pk: viewer_for(person, logged_in=logged_in) for person in people}
    scores: dict[int, Score] = {person.pk: person.score for person in people if hasattr(person, "score")}
    open_days = [pk for pk in scores if may_see(by_pk(people, pk), "chart", viewers[pk])]
    last = max((scores[pk].as_of for pk in open_days), default=None)
    drawn: dict[int, History] = {}
    if last is not None:
        length = RANGES[days]
        drawn = histories(open_days, EVER if length is None else last - timedelta(days=length), last)
    past = past_days(scores)
    handles = [person.handle.lower() for person in people]
    rows = []
    for line, person in zip(LINES, people, strict=False):
        score = scores.get(person.pk)
        row = Compared(
            person,
            line,
            score,
            shows_days=person.pk in open_days,
            networks=networks_of(score, past) if tells_networks(person, viewers[person.pk]) else None,
            remove=f"?{query([handle for handle in handles if handle != person.handle.lower()], days)}",
        )
        if score and row.shows_days:
            earlier = (found for (pk, _day), found in past.items() if pk == person.pk)
            history = drawn.get(person.pk, History()).with_current(score)
            row = replace(row, history=history, changes=score.changes(earlier, as_read=True))
        rows.append(row)
    return rows


def tells_networks(person: Person, viewer: Viewer) -> bool:
    """Whether `viewer` may know which networks there are, and what each brings."""
    return may_see(person, "networks", viewer) and may_see(person, "why", viewer)


def by_pk(people: Iterable[Person], pk: int) -> Person:
    return next(person for person in people if person.pk == pk)


def past_days(scores: Mapping[int, Score]) -> dict[tuple[int, date], ScoreHistory]:
    """(person, day) -> the score of the newest day and of those that changes are told since. One query."""
    days = {score.as_of - timedelta(days=back) for score in scores.values() for back in (0, *CHANGE_DAYS)}
    if not days:
        return {}
    rows = ScoreHistory.objects.filter(person_id__in=scores, as_of__in=days)
    return {(row.person_id, row.as_of): row for row in rows}


def networks_of(score: Score | None, past: Mapping[tuple[int, date], ScoreHistory]) -> dict[str, float]:
    row = past.get((score.person_id, score.as_of)) if score else None
    return dict(row.networks) if row else {}


def network_rows(rows: Sequence[Compared]) -> list[tuple[str, list[float | None]]]:
    """A network a row, those that bring most first: its label and what it brings to each; None is not shown."""
    most: dict[str, float] = {}
    for row in rows:
        for slug, points in (row.networks or {}).items():
            most[slug] = max(points, most.get(slug, 0.0))
    slugs = sorted(most, key=lambda slug: (-most[slug], slug))
    return [
        (
            NETWORKS[slug].spec.label if slug in NETWORKS else slug,
            [None if row.networks is None else row.networks.get(slug, 0.0) for row in rows],
        )
        for slug in slugs
    ]


def picture(rows: Sequence[Compared], days: str) -> Picture | None:
    """The lines of those who show their days, over the same time; None where there are none."""
    lines = [row for row in rows if row.history.days]
    if not lines:
        return None
    last = max(row.history.days[-1].as_of for row in lines)
    first = min(row.history.days[0].as_of for row in lines)
    if (length := RANGES[days]) is not None:
        first = max(first, last - timedelta(days=length))
    named = [(row.person.display_name, row.history) for row in lines]
    return Picture(
        first=first,
        last=last,
        lines=[
            line_of(row.history, "score", first=first, name=row.line, label=name, tag=shortly(name))
            for row, (name, _history) in zip(lines, named, strict=True)
        ],
        title=_("Scores by day: %(people)s") % {"people": ", ".join(name for name, _history in named)},
        description=compared(named, last),
        day_label=day_labels(first, last),
        score_label=whole,
        marks=marks_of(turn for row in lines for turn in row.history.turns),
    )


def shortly(name: str) -> str:
    """A name that has room at the end of a line."""
    return name if len(name) <= 14 else f"{name[:13].rstrip()}…"
