"""`manage.py collect`: reads the linked accounts that are due, in the foreground; takes up those that were parked."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Cursor, LinkedAccount, Person
from accounts.networks import NETWORKS
from scoring import daily
from scoring.collect import pulling, schedule


class Command(BaseCommand):
    help = (
        "Reads what is due of the linked accounts and what no worker has before it; workers do the same by themselves. "
        "With --unpark, accounts that were given up after days of failures are read again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", metavar="SLUG", help=f"of this network alone: {', '.join(sorted(NETWORKS))}")
        parser.add_argument("--handle", help="of this person alone")
        parser.add_argument("--unpark", action="store_true", help="take up accounts that were parked, first")

    def handle(self, *, network: str | None, handle: str | None, unpark: bool, **options: Any) -> None:
        at = timezone.now()
        links = LinkedAccount.objects.all()
        if network is not None:
            if network not in NETWORKS:
                raise CommandError(f"there is no network {network!r}; there are {', '.join(sorted(NETWORKS))}")
            links = links.filter(account__network=network)
        if handle is not None:
            person = Person.objects.by_handle(handle).first()
            if person is None:
                raise CommandError(f"there is nobody called {handle!r}")
            links = links.filter(person=person)
        if unpark:
            number = schedule.unpark(Cursor.objects.filter(link__in=links), at=at)
            self.stdout.write(f"{number:,} parked streams are read again")
        only = None if network is None and handle is None else set(links.values_list("pk", flat=True))
        first: list[int] = []
        pulled = pulling.pull_due(at=at, progress=self.stdout.write, only=only, first=first.append)
        self.stdout.write(pulled.line())
        if first:
            daily.provisional(persons=first, at=at)
            self.stdout.write(f"{len(first):,} people scored for the first time after it")
