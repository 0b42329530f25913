"""Posts on the line of scores: each where it was posted, those close together as one dot that a finger can hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from django.db.models.functions import Abs

from accounts.models import Person
from accounts.visibility import Viewer, may_see
from scoring import days as days_of_change
from scoring.days import LEAST, Told
from scoring.models.scores import ScoredDay

# Posts that are looked at.
MOST = 60
# Posts of a dot that a list names.
NAMED = 3
# Dots are at least this share of the width apart: a finger's breadth on the narrowest screens.
APART = 1 / 11


@dataclass(frozen=True, slots=True)
class Dot:
    """One post or several that are close together, those that bring most first; it lies on the line at its first's."""

    number: int
    day: date
    score: float
    posts: tuple[Told, ...]

    @property
    def points(self) -> float:
        return sum(post.points for post in self.posts)

    @property
    def further(self) -> int:
        """How many there are beside those that a list names."""
        return len(self.posts) - NAMED


def dots_of(person: Person, first: date, days: Sequence[ScoredDay], viewer: Viewer) -> tuple[Dot, ...]:
    """The dots from `first` to the last of `days`, for a viewer who may see moments; in their order."""
    if not days:
        return ()
    last = days[-1].as_of
    span = max((last - first).days, 1)
    groups: list[tuple[date, list[Told]]] = []
    for day, post in posts(person, first, last, viewer):
        near = [group for group in groups if abs((group[0] - day).days) < APART * span]
        if near:
            min(near, key=lambda group: abs((group[0] - day).days))[1].append(post)
        else:
            groups.append((day, [post]))
    groups.sort(key=lambda group: group[0])
    return tuple(
        Dot(number, day, height(days, day), tuple(found)) for number, (day, found) in enumerate(groups, start=1)
    )


def posts(person: Person, first: date, last: date, viewer: Viewer) -> list[tuple[date, Told]]:
    """Posts between the two days (UTC) with their day, those that move the score most first."""
    begin, end = (datetime.combine(day, time.min, tzinfo=UTC) for day in (first, last))
    rows = days_of_change.with_urls(person.pk, hidden=viewer is Viewer.OWN).exclude(post=0)
    rows = rows.filter(days_of_change.told_to(person, viewer))
    rows = rows.filter(posted_at__gte=begin, posted_at__lt=end).alias(size=Abs("points")).filter(size__gte=LEAST)
    found = [days_of_change.told(row) for row in rows.order_by("-size", "account", "post")[:MOST]]
    if not may_see(person, "networks", viewer):
        # The address of a post says where it is.
        found = [replace(post, network="", slug="", url="") for post in found]
    return [(post.posted_at.astimezone(UTC).date(), post) for post in found if post.posted_at]


def height(days: Sequence[ScoredDay], day: date) -> float:
    """The score that the line has on `day`: where it has none, that of the nearest day."""
    return min(days, key=lambda row: abs((row.as_of - day).days)).score
