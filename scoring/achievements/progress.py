"""How far a person is from the next level of each achievement: "72 of 100". It reads what the last run kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max, Value

from scoring.achievements.catalogue import FAMILIES, Family
from scoring.models import Award, AwardProgress


@dataclass(frozen=True, slots=True)
class Step:
    """The next level of a family: `have` (whole, rounded down) of `least`; `level` is what that would be, from 1."""

    family: Family
    level: int
    have: int
    least: int

    @property
    def share(self) -> float:
        """How much of the way is done, 0 to 1."""
        return self.have / self.least


def next_steps(person_id: int) -> list[Step]:
    """The next level of each family that has one, the nearest first; none where no run has counted yet. One query."""
    levels = Award.objects.filter(person=person_id).values("family").annotate(level=Max("level"))
    values = AwardProgress.objects.filter(person=person_id).values_list("family", "value", Value(0))
    rows = list(values.union(levels.values_list("family", Value(0.0), "level"), all=True))
    if not any(value for _family, value, _level in rows):
        return []
    have: dict[str, float] = {}
    awarded: dict[str, int] = {}
    for slug, value, level in rows:
        have[slug] = max(have.get(slug, 0.0), value)
        awarded[slug] = max(awarded.get(slug, 0), level)
    steps = []
    for family in FAMILIES:
        value = have.get(family.slug, 0.0)
        # Once earned, a level stays earned: the next one is above it, whatever the value is now.
        level = max(awarded.get(family.slug, 0), family.level_of(value)) + 1
        if level <= len(family.levels):
            steps.append(Step(family, level, int(value), family.levels[level - 1]))
    return sorted(steps, key=lambda step: -step.share)
