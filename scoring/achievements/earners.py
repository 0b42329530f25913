"""Who earned a family of late: people who let everybody see their achievements, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounts.models import Person
from accounts.visibility import PARTS, Viewer, showing
from scoring.achievements.catalogue import Family
from scoring.achievements.kinds import part_told
from scoring.models import Award

# So many are named, of so many of the newest awards of the family.
NAMED, LOOKED_AT = 20, 200


@dataclass(frozen=True, slots=True)
class Earner:
    """A person, with what is shown of them, and the highest level that they earned lately."""

    person: Person
    level: int
    earned_on: date


def of_family(family: Family, today: date) -> list[Earner]:
    """Who earned a level of `family` last, the newest first, each once, at most NAMED; one query.

    The answer is the same for everybody who asks.
    """
    people = Person.objects.public(today).filter(showing("achievements", Viewer.ANYBODY))
    if (part := part_told(family)) in PARTS:
        people = people.filter(showing(part, Viewer.ANYBODY))
    standing = Award.objects.filter(family=family.slug, revoked_at__isnull=True, level__lte=len(family.levels))
    newest = standing.order_by("-pk").values("pk")[:LOOKED_AT]
    rows = Award.objects.filter(pk__in=newest, person__in=people).select_related("person__score")
    highest: dict[int, Award] = {}
    for award in rows.order_by("-level", "-pk"):
        highest.setdefault(award.person_id, award)
    latest = sorted(highest.values(), key=lambda award: (award.earned_on, award.pk), reverse=True)
    return [Earner(award.person, award.level, award.earned_on) for award in latest[:NAMED]]
