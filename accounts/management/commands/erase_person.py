"""Erases a person with everything kept about them, and says what was removed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Person
from accounts.privacy import erase_person


class Command(BaseCommand):
    help = "Erase a person: profile, log-in, linked accounts, what was collected and every score. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("handle", help="the person's handle here")
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.by_handle(options["handle"].removeprefix("@")).first()
        if person is None:
            raise CommandError(f"nobody has the handle {options['handle']!r}")
        if not options["yes"]:
            try:
                answer = input(f"Erase {person.handle} and everything kept about them? Type the handle to go on: ")
            except EOFError:
                raise CommandError("nothing was erased: nobody confirmed (use --yes where nobody can)") from None
            if answer.strip().lower() != person.handle.lower():
                raise CommandError("nothing was erased: that was not the handle")
        removed = erase_person(person=person, at=timezone.now())
        for kind, number in sorted(removed.items()):
            self.stdout.write(f"{number:>10,}  {kind}")
        self.stdout.write(f"{options['handle']} is erased.")
