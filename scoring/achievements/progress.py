"""How far a person is from the next level of each achievement: "72 of 100". It reads what the last run kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.achievements.catalogue import FAMILIES, Family
from scoring.achievements.defined import AS_JSON, families_from
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


# Written out, so that the page with most on it asks once for all of this.
FAR = """
    SELECT json_build_object(
        'far', (
            SELECT coalesce(json_agg(json_build_array(family, value, points)), '[]')
            FROM scoring_awardprogress WHERE person_id = %(person)s
        ),
        'earned', (
            SELECT coalesce(json_agg(json_build_array(family, level, revoked)), '[]')
            FROM (
                SELECT family, max(level) AS level, bool_or(revoked_at IS NOT NULL) AS revoked
                FROM scoring_award WHERE person_id = %(person)s GROUP BY family
            ) AS earned
        ),
        'defined', (
            SELECT coalesce(json_agg({DEFINED} ORDER BY name, slug), '[]')
            FROM scoring_definition WHERE state = 'live' AND %(defined)s
        )
    )::text
""".replace("{DEFINED}", AS_JSON)


def next_steps(person_id: int, families: Sequence[Family] | None = None) -> list[Step]:
    """The next level of each of `families` (all that can be earned today) that has one, the nearest first; none where
    no run has counted yet, and none of a family of which something was taken away. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(FAR, {"person": person_id, "defined": families is None})
        (text,) = cursor.fetchone()
    found = json.loads(text)
    if not any(value for _family, value, _points in found["far"]):
        return []
    asked = [*FAMILIES, *families_from(found["defined"])] if families is None else families
    return sorted(steps(found["far"], found["earned"], asked), key=lambda step: -step.share)


def steps(
    far: Iterable[tuple[str, float, float | None]], earned: Iterable[tuple[str, int, bool]], families: Iterable[Family]
) -> list[Step]:
    """The steps in `families` of who is so `far` (family, value, points) and has `earned` (family, highest level,
    whether one of them was taken away)."""
    have = {slug: (value, points) for slug, value, points in far}
    awarded = {slug: level for slug, level, _revoked in earned}
    closed = {slug for slug, _level, revoked in earned if revoked}
    found = []
    for family in families:
        value, points = have.get(family.slug, (0.0, None))
        # Once earned, a level stays earned: the next one is above it, whatever the value is now.
        level = max(awarded.get(family.slug, 0), family.level_of(value)) + 1
        if level <= len(family.levels) and family.slug not in closed:
            found.append(Step(family, level, int(value), family.levels[level - 1], points))
    return found
