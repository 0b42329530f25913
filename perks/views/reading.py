"""For whom somebody looks at perks: one of the people in whose name they may claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts.models import Person, User
from accounts.views import EDITORS
from perks.eligibility.facts import Facts, facts_of_each
from perks.views.claiming import person_of


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks. user: None for a visitor; facts: of the chosen person, None where there is none; people: to choose
    among."""

    user: User | None
    facts: Facts | None
    people: list[Person]

    @property
    def person(self) -> Person | None:
        return self.facts.person if self.facts else None

    @property
    def named(self) -> str:
        """What addresses with other words carry on to name the person, where there are several: "&person=alice"."""
        return f"&person={self.person.handle}" if self.person and len(self.people) > 1 else ""

    @property
    def query(self) -> str:
        """The same for addresses without any: "?person=alice"."""
        return self.named.replace("&", "?")


def reader_of(request: HttpRequest, at: datetime) -> Reader:
    """?person= chooses; one query, none for a visitor. Raises Http404 for the handle of anybody else."""
    if not isinstance(request.user, User):
        return Reader(None, None, [])
    own = Person.objects.of(request.user, *EDITORS).staying().filter(kind=Person.Kind.PERSON)
    found = facts_of_each(own, at)
    people = [facts.person for facts in found]
    person = person_of(request, people)
    return Reader(request.user, next((facts for facts in found if facts.person == person), None), people)
