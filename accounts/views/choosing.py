"""Whom a page of the settings is about, where a log-in speaks for several people."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.models import Membership, Person, User

EDITORS = (Membership.Role.OWNER, Membership.Role.EDITOR)


def chosen_person(request: HttpRequest) -> tuple[Person | None, list[Person]]:
    """The person to edit (?person=handle, else the first), and all that the user may edit. 404 for anybody else's."""
    assert isinstance(request.user, User)
    people = list(Person.objects.of(request.user, *EDITORS))
    handle = request.GET.get("person")
    if handle is None:
        return (people[0] if people else None), people
    for person in people:
        if person.handle.lower() == handle.lower():
            return person, people
    raise Http404


def named(person: Person, people: list[Person]) -> str:
    """What an address carries on to name the person, where the user speaks for several."""
    return f"?person={person.handle}" if len(people) > 1 else ""


def settings_address(person: Person, people: list[Person], page: str = "settings") -> str:
    """A page of the settings of `person`, which need naming where there are several."""
    return reverse(page) + named(person, people)


def around(user: User, person: Person, people: list[Person]) -> dict[str, Any]:
    """What the navigation of the settings wants to know: whom the page is about, and whether the user owns them."""
    return {
        "person": person,
        "people": people,
        # A form writes into its person while it validates; addresses go by the handle that is in force.
        "shown_handle": person.handle,
        # A copy and the end of everything are for owners alone.
        "owned": Membership.objects.filter(user=user, person=person, role=Membership.Role.OWNER).exists(),
    }
