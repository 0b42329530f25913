"""The dashboard: where a person stands today, why, and what comes next, for who speaks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import pauses
from accounts.freshness import freshness_of
from accounts.models import Membership, Person, User
from scoring import bands, suspicions
from scoring import days as days_of_change
from scoring.achievements import progress
from scoring.formula.base import PARTS
from scoring.measured import PART_WORDS
from scoring.models import DayChange, Purse, Score, ScoreHistory, ScoreRun, Suggestion
from scoring.numbers import gained, signed
from scoring.plus_k.purse import day_of
from scoring.sparklines import sparkline
from scoring.suggestions.words import sentence, suggested

CHART_DAYS = 90
# Days before the first score, and of scores, from which the chart begins with that first one.
SHORT = 7
MOMENTS = 3
SUGGESTIONS = 3
MEANINGS: dict[str, Promise | str] = {
    "reach": _("How many different people follow you, keep you on a list or react."),
    "amplification": _("How far they carry what you post: shares, quotes and replies, and on how many posts."),
    "network": _("How much the people who react move others themselves."),
}
COLUMNS = {"reach": "reach", "amplification": "amplification", "network": "network_part"}


@login_required
@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """How a person's score stands; ?person=<handle> chooses among several. Who has none begins with joining."""
    speaking = memberships(request)
    if not speaking:
        return redirect("welcome")
    speaks = chosen(speaking, request.GET.get("person"))
    person, at = speaks.person, timezone.now()
    links, rests = freshness_of(person, at), pauses.rests_of(person)
    several = len(speaking) > 1
    context: dict[str, Any] = {
        "person": person,
        "people": [other.person for other in speaking],
        "named": f"?person={person.handle}" if several else "",
        "may_edit": speaks.role != Membership.Role.VIEWER,
        "links": links,
        # Nothing is kept of a day on which nothing was given yet.
        "purse": vars(speaks)["purse"],
        "gives": speaks.role != Membership.Role.VIEWER and person.old_enough(at.date()),
        "troubled": [link for link in links if link.trouble],
        "rests": rests,
        "rest": next((rest for rest in rests if rest.goes_on(at)), None),
        "hidden": person.visibility == Person.Visibility.HIDDEN or not person.old_enough(at.date()),
    }
    score: Score | None = getattr(person, "score", None)
    if score is not None:
        context |= scored(speaks, score)
        context["suspicions"] = suspicions.told(person, [link.link for link in links])
    return render(request, "scoring/dashboard.html", context)


def memberships(request: HttpRequest) -> list[Membership]:
    """Whom the user speaks for, in the order of User.person, each with score, run, the day's change and suggestions."""
    assert isinstance(request.user, User)
    today = DayChange.objects.filter(person=OuterRef("person"), as_of=OuterRef("person__score__as_of"))
    purse = Purse.objects.filter(person=OuterRef("person"), day=day_of(timezone.now()))
    fields = ("since", "points", "moments", "decay", "rest", "formula_change")
    suggestion = JSONObject(**{name: name for name in ("network", "feature", "value", "attainable", "points")})
    raising = Suggestion.objects.filter(person=OuterRef("person")).order_by("rank").values(json=suggestion)
    found = Membership.objects.filter(user=request.user).select_related("person__score__run")
    return list(
        found.annotate(
            today=Subquery(today.values(json=JSONObject(**{name: name for name in fields}))[:1]),
            raising=ArraySubquery(raising),
            purse=Subquery(purse.values(json=JSONObject(left=F("allowance") - F("given"), allowance="allowance"))),
        ).order_by("-person__kind", "created_at", "pk")
    )


def chosen(speaking: Sequence[Membership], handle: str | None) -> Membership:
    """The one of `handle`, else the first. Raises Http404 for anybody else's."""
    if handle is None:
        return speaking[0]
    for speaks in speaking:
        if speaks.person.handle.lower() == handle.lower():
            return speaks
    raise Http404


def scored(speaks: Membership, score: Score) -> dict[str, Any]:
    """What the dashboard says of a score."""
    first = score.as_of - timedelta(days=CHART_DAYS)
    history = list(
        ScoreHistory.objects.filter(person_id=score.person_id, as_of__range=(first, score.as_of)).order_by("as_of")
    )
    days: dict[date, Score | ScoreHistory] = {row.as_of: row for row in history}
    # A provisional score is newer than the history's row of its day.
    days[score.as_of] = score
    # A line of a few weeks wants the whole width; one of a few days would make mountains of it.
    begun = min(days)
    short = first + timedelta(days=SHORT) < begun < score.as_of - timedelta(days=SHORT)
    daily = score.run.kind == ScoreRun.Kind.DAILY
    best, day = moved(speaks, score, daily=daily)
    steps = progress.next_steps(score.person_id)
    return {
        "score": score,
        "band": bands.band_of(score.score),
        "few": score.run.population < bands.FEW,
        "changes": score.changes(history, as_read=True),
        "first_day": begun if short else first,
        "since_first": short,
        "days": list(days.values()),
        "parts": [Part.of(name, score, days) for name in PARTS],
        "provisional_run": not daily,
        # What faded and what came is of published days alone.
        "day": day,
        "moments": best,
        "step": steps[0] if steps else None,
        "further": steps[1:3],
        "raising": in_words(vars(speaks)["raising"]),
    }


def moved(
    speaks: Membership, score: Score, *, daily: bool
) -> tuple[list[days_of_change.Told], days_of_change.Day | None]:
    """The posts that bring most, and how the score came from the day before; one query."""
    posts = days_of_change.with_urls(score.person_id, hidden=True).exclude(post=0)
    best = posts.filter(points__gte=days_of_change.LEAST, is_hidden=False).order_by("-points", "pk")[:MOMENTS]
    told = days_of_change.told_of(best.union(posts.exclude(change=0)))
    shown = (post for post in told if post.points >= days_of_change.LEAST and not post.hidden)
    top = sorted(shown, key=lambda post: -post.points)
    today = vars(speaks)["today"]
    if today is None or not daily:
        return top[:MOMENTS], None
    change = DayChange(person_id=score.person_id, as_of=score.as_of, **today)
    change.since = date.fromisoformat(today["since"])
    return top[:MOMENTS], days_of_change.day_from(change, [post for post in told if post.change])


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three parts: its points today and their change over 30 days (None: no score then), and its line."""

    name: str
    label: Promise | str
    meaning: Promise | str
    points: float
    change: float | None
    line: SafeString

    @classmethod
    def of(cls, name: str, score: Score, days: dict[date, Score | ScoreHistory]) -> Part:
        column = COLUMNS[name]
        values = [(day, float(getattr(row, column))) for day, row in sorted(days.items())]
        before = days.get(score.as_of - timedelta(days=30))
        points = float(getattr(score, column))
        return cls(
            name=name,
            label=PART_WORDS[name],
            meaning=MEANINGS[name],
            points=points,
            change=None if before is None else gained(points, float(getattr(before, column))),
            line=mark_safe(sparkline(values, name)),  # noqa: S308  (sparkline escapes)
        )


def in_words(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """What would raise the score: (a sentence, the points it would bring), what brings most first."""
    found = []
    for row in rows:
        # A feature of an older catalogue has no words any more.
        if row["feature"] in {feature.column for feature in suggested(row["network"])}:
            more = max(1, round(row["attainable"] - row["value"]))
            text = sentence(network=row["network"], feature=row["feature"], more=more)
            found.append((text, signed(row["points"])))
    return found[:SUGGESTIONS]
