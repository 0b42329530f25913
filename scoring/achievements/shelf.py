"""The achievements of a person as their shelf and their profile show them: by family, the highest level of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.visibility import PARTS, Viewer, may_see
from scoring.achievements import catalogue
from scoring.achievements.catalogue import Family
from scoring.achievements.kinds import part_told
from scoring.models import Award

# So many may be pinned.
MOST = 6


@dataclass(frozen=True, slots=True)
class Achieved:
    """The highest level of a family that a person reached; `pinned` is its place on the shelf, None for none.

    levels: when each level was earned, as far as it was not taken away.
    """

    kind: Family
    level: int
    earned_on: date
    pinned: int | None
    levels: Mapping[int, date]

    @property
    def family(self) -> str:
        return self.kind.slug

    @property
    def name(self) -> str:
        return str(self.kind.name)

    @property
    def text(self) -> str:
        return said(self.kind, self.level)


def said(family: Family, level: int) -> str:
    """What a level takes: 100 or more lists."""
    least = number_format(family.levels[level - 1], force_grouping=True)
    return _("%(least)s or more %(unit)s") % {"least": least, "unit": family.unit}


def highest(rows: Iterable[Mapping[str, Any]], known: Mapping[str, Family]) -> list[Achieved]:
    """Of rows with family, level, earned_on and pinned, in any order: the pinned families first, then the newest.

    A family stays pinned when a higher level of it is reached; what `known` (by slug) does not have is left out.
    """
    earned: dict[str, dict[int, date]] = {}
    places: dict[str, int] = {}
    for row in rows:
        slug, level = row["family"], row["level"]
        if slug not in known or level > len(known[slug].levels):
            continue
        earned.setdefault(slug, {})[level] = row["earned_on"]
        if row["pinned"] is not None:
            places[slug] = min(row["pinned"], places.get(slug, MOST))
    achieved = [
        Achieved(known[slug], max(levels), levels[max(levels)], places.get(slug), levels)
        for slug, levels in earned.items()
    ]
    achieved.sort(key=lambda one: (one.earned_on, one.family), reverse=True)
    return sorted(achieved, key=lambda one: MOST + 1 if one.pinned is None else one.pinned)


def awards_of(person: Person) -> QuerySet[Award]:
    """What `person` has earned and was not taken away."""
    return Award.objects.filter(person=person, revoked_at__isnull=True)


def of_person(person: Person, known: Mapping[str, Family] | None = None) -> list[Achieved]:
    """All that `person` achieved; one query, and one more without `known` (catalogue.known)."""
    rows = awards_of(person).values("family", "level", "earned_on", "pinned")
    return highest(rows, catalogue.known() if known is None else known)


def seen_by(viewer: Viewer, person: Person, achieved: Iterable[Achieved]) -> list[Achieved]:
    """Those that tell `viewer` nothing that `person` keeps back elsewhere: which networks are linked, say."""
    return [one for one in achieved if may_be_told(one.kind, viewer, person)]


def may_be_told(family: Family, viewer: Viewer, person: Person) -> bool:
    """Whether the part of the profile that `family` gives away may be seen. Whether achievements may is not asked."""
    part = part_told(family)
    return part not in PARTS or may_see(person, part, viewer)


def pin(*, person: Person, families: Sequence[str]) -> None:
    """Make `families` (at most MOST, in this order) the ones that stand first; others are pinned no longer."""
    with transaction.atomic():
        rows = list(Award.objects.select_for_update().filter(person=person).order_by("family", "level"))
        for row in rows:
            row.pinned = families.index(row.family) + 1 if row.family in families[:MOST] else None
        Award.objects.bulk_update(rows, ["pinned"])
