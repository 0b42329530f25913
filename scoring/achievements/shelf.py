"""The achievements of a person as a profile shows them: the highest level of each family, the pinned ones first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Person
from scoring.achievements.catalogue import BY_SLUG
from scoring.models import Award

# So many may be pinned.
MOST = 6


@dataclass(frozen=True, slots=True)
class Achieved:
    """The highest level of a family that a person reached; `pinned` is its place on the shelf, None for none."""

    family: str
    name: str
    level: int
    text: str
    earned_on: date
    pinned: int | None


def highest(rows: Iterable[Mapping[str, Any]]) -> list[Achieved]:
    """Of rows with family, level, earned_on and pinned, in any order: the pinned families first, then the newest.

    A family stays pinned when a higher level of it is reached; families of old catalogues are left out.
    """
    best: dict[str, Mapping[str, Any]] = {}
    places: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["level"]):
        family = BY_SLUG.get(row["family"])
        if family is None or row["level"] > len(family.levels):
            continue
        best[family.slug] = row
        if row["pinned"] is not None:
            places[family.slug] = min(row["pinned"], places.get(family.slug, MOST))
    achieved = []
    for slug, row in best.items():
        family = BY_SLUG[slug]
        text = _("%(least)s or more %(unit)s") % {
            "least": number_format(family.levels[row["level"] - 1], force_grouping=True),
            "unit": family.unit,
        }
        achieved.append(Achieved(slug, str(family.name), row["level"], text, row["earned_on"], places.get(slug)))
    achieved.sort(key=lambda one: (one.earned_on, one.family), reverse=True)
    return sorted(achieved, key=lambda one: MOST + 1 if one.pinned is None else one.pinned)


def of_person(person: Person) -> list[Achieved]:
    """All that `person` achieved; one query."""
    return highest(Award.objects.filter(person=person).values("family", "level", "earned_on", "pinned"))


def pin(*, person: Person, families: Sequence[str]) -> None:
    """Make `families` (at most MOST, in this order) the ones that stand first; others are pinned no longer."""
    with transaction.atomic():
        rows = list(Award.objects.select_for_update().filter(person=person).order_by("family", "level"))
        for row in rows:
            row.pinned = families.index(row.family) + 1 if row.family in families[:MOST] else None
        Award.objects.bulk_update(rows, ["pinned"])
