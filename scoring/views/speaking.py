"""In whose name who is logged in writes."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from accounts.models import Person, User
from accounts.views import EDITORS


def speaking(request: HttpRequest) -> list[Person]:
    """Everybody in whose name the reader may write, the first first; nobody for a visitor. One query."""
    if not isinstance(request.user, User):
        return []
    return list(Person.objects.of(request.user, *EDITORS))


def acting(request: HttpRequest) -> tuple[list[Person], Person | None]:
    """These, and the one that was chosen (person= in the form or the address), else the first. 404 for another's."""
    people = speaking(request)
    handle = request.POST.get("person") or request.GET.get("person")
    if not handle:
        return people, people[0] if people else None
    for person in people:
        if person.handle.lower() == handle.lower():
            return people, person
    raise Http404
