"""What is new on a shelf: earned since somebody who speaks for the person last looked it through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Person
from scoring.achievements.catalogue import Family
from scoring.achievements.shelf import awards_of
from scoring.models import SeenAwards


@dataclass(frozen=True, slots=True)
class New:
    """What is new: the highest new level of each family (slug -> level), and the number of the newest award."""

    levels: Mapping[str, int]
    upto: int

    def __bool__(self) -> bool:
        return bool(self.levels)


def new_for(person: Person, known: Iterable[Family]) -> New:
    """What `person` earned of the families `known` and has not looked through; one query."""
    upto = SeenAwards.objects.filter(person=OuterRef("person")).values("upto")
    unseen = awards_of(person).alias(upto=Coalesce(Subquery(upto), Value(0))).filter(pk__gt=F("upto"))
    most = {family.slug: len(family.levels) for family in known}
    levels: dict[str, int] = {}
    newest = 0
    for number, slug, level in unseen.values_list("pk", "family", "level"):
        if level <= most.get(slug, 0):
            levels[slug] = max(level, levels.get(slug, 0))
            newest = max(newest, number)
    return New(levels, newest)


def look_through(*, person: Person, upto: int) -> None:
    """Note that the awards of `person` up to number `upto` are new no longer; to do so again changes nothing.

    Numbers that no award of theirs has yet are brought down to those that there are.
    """
    newest = awards_of(person).filter(pk__lte=upto).order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return
    with transaction.atomic():
        seen, made = SeenAwards.objects.select_for_update().get_or_create(person=person, defaults={"upto": newest})
        if not made and seen.upto < newest:
            seen.upto = newest
            seen.save(update_fields=["upto"])
