"""What somebody earned, how rare it is, and what the staff defined."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import Person
from scoring.models import Award, Definition, Rarity

EARNED = date(2026, 10, 3)


def earn(person: Person, family: str, level: int, **more: Any) -> Award:
    return Award.objects.create(person=person, family=family, level=level, **{"earned_on": EARNED} | more)


def rare(family: str, level: int, people: int, among: int = 12_400) -> None:
    Rarity.objects.update_or_create(family=family, level=level, defaults={"people": people, "among": among})


def define(slug: str = "harbour", state: str = "live", **more: Any) -> Definition:
    words = {"name": "Harbour lights", "unit": "boats seen", "text": "Earned by seeing boats.", "symbol": "wing"}
    return Definition.objects.create(slug=slug, measure="people:like", levels=[1, 5], state=state, **words | more)
