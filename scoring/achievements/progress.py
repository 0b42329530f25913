"""How far a person is from the next level of each achievement: "72 of 100". It reads what the last run kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import BooleanField, FloatField, IntegerField, Max, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.achievements import catalogue
from scoring.achievements.catalogue import Family
from scoring.models import Award, AwardProgress
from scoring.numbers import signed

NONE_AT_ALL = gettext_lazy("Brings no points: it shows, and that is all.")


@dataclass(frozen=True, slots=True)
class Step:
    """The next level of a family: `have` (whole, rounded down) of `least`; `level` is what that would be, from 1.

    points: what the score would gain at that level, all else as it is; None where nobody knows.
    """

    family: Family
    level: int
    have: int
    least: int
    points: float | None = None

    @property
    def share(self) -> float:
        """How much of the way is done, 0 to 1."""
        return min(self.have / self.least, 1.0)

    @property
    def worth(self) -> str | Promise:
        """What it would mean for the score, in a sentence; "" where that is not known."""
        if self.points is None:
            return ""
        if round(self.points, 1) == 0:
            return NONE_AT_ALL
        return _("About %(points)s points for the score, all else as it is.") % {"points": signed(self.points)}


def next_steps(person_id: int, families: Sequence[Family] | None = None) -> list[Step]:
    """The next level of each of `families` (all that can be earned today) that has one, the nearest first; none where
    no run has counted yet, and none of a family of which something was taken away.

    One query, and one more without `families`.
    """
    levels = (
        Award.objects.filter(person=person_id)
        .values("family")
        .annotate(
            number=Value(None, output_field=FloatField(null=True)),
            points=Value(None, output_field=FloatField(null=True)),
            level=Max("level"),
            revoked=BoolOr(Q(revoked_at__isnull=False)),
        )
    )
    values = AwardProgress.objects.filter(person=person_id).values_list(
        "family",
        "value",
        "points",
        Value(0, output_field=IntegerField()),
        Value(False, output_field=BooleanField()),
    )
    rows = list(values.union(levels.values_list("family", "number", "points", "level", "revoked"), all=True))
    if not any(value for _family, value, _points, _level, _revoked in rows):
        return []
    return sorted(steps(rows, catalogue.families() if families is None else families), key=lambda step: -step.share)


Rows = Iterable[tuple[str, float | None, float | None, int, bool]]


def steps(rows: Rows, families: Iterable[Family]) -> list[Step]:
    """The steps that `rows` (family, value, points, level, revoked: of progress and of awards) make of `families`."""
    have: dict[str, float] = {}
    worth: dict[str, float | None] = {}
    awarded: dict[str, int] = {}
    closed: set[str] = set()
    for slug, value, points, level, revoked in rows:
        if value is not None:
            have[slug], worth[slug] = value, points
        awarded[slug] = max(awarded.get(slug, 0), level)
        if revoked:
            closed.add(slug)
    found = []
    for family in families:
        value = have.get(family.slug, 0.0)
        # Once earned, a level stays earned: the next one is above it, whatever the value is now.
        level = max(awarded.get(family.slug, 0), family.level_of(value)) + 1
        if level <= len(family.levels) and family.slug not in closed:
            found.append(Step(family, level, int(value), family.levels[level - 1], worth.get(family.slug)))
    return found
