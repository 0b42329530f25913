"""The person that a command is about, by handle; somebody nobody knows yet is made: hidden, and unclaimed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from accounts.models import Person


def person_of(handle: str) -> tuple[Person, bool]:
    """The person with `handle`, and whether they were made just now. Raises CommandError for an impossible handle."""
    person = Person.objects.by_handle(handle).first()
    if person:
        return person, False
    person = Person(handle=handle, visibility=Person.Visibility.HIDDEN)
    try:
        person.full_clean()
    except ValidationError as error:
        raise CommandError(f"nobody has the handle {handle!r}, nor can anybody: {' '.join(error.messages)}") from None
    person.save()
    return person, True
