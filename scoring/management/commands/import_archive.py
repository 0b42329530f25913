"""`manage.py import_archive`: a person's data export into the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.networks import NETWORKS
from accounts.networks.base import BadArchive
from scoring.collect.archives import import_archive
from scoring.collect.summary import Refused
from scoring.management.bars import Bars
from scoring.management.people import person_of


class Command(BaseCommand):
    help = (
        "Imports the data export that a network gives a person (a zip, or its unpacked folder), and links its owner's "
        "account to the person. Importing it twice adds nothing. What cannot be used goes to PATH.rejects.csv."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", required=True, metavar="SLUG", help=", ".join(sorted(NETWORKS)))
        parser.add_argument("--handle", required=True, help="the person's handle here; made (hidden) where it is new")
        parser.add_argument("path", type=Path, metavar="PATH")

    def handle(self, *, network: str, handle: str, path: Path, **options: Any) -> None:
        path = Path(path)
        person, made = person_of(handle)
        try:
            with Bars() as bars:
                summary = import_archive(
                    path=path,
                    network=network,
                    person=person,
                    at=timezone.now(),
                    progress=bars,
                    rejects=path.absolute().with_name(f"{path.absolute().name}.rejects.csv"),
                )
        except (BadArchive, Refused) as error:
            if made:
                person.delete()
            raise CommandError(str(error)) from None
        if made:
            self.stdout.write(f"{person.handle} is new here: hidden, and nobody's until somebody claims it")
        for line in summary.lines():
            self.stdout.write(line)
        if note := NETWORKS[summary.network].spec.archive_note:
            self.stdout.write(note)
