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
from scoring.imports import archive_networks
from scoring.management.bars import Bars
from scoring.management.people import person_of


class Command(BaseCommand):
    help = (
        "Imports the data export that a network gives a person (a zip or .tar.gz, its unpacked folder, or one file "
        "such as a feed), and links its owner's account to the person. Importing it twice adds nothing. What cannot be "
        "used goes to PATH.rejects.csv."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        readable = sorted(network.spec.slug for network in archive_networks())
        parser.add_argument(
            "--network", metavar="SLUG", help=f"recognised where it is not given; {', '.join(readable)}"
        )
        parser.add_argument(
            "--own",
            default="",
            help="which is the person's, where a file lists several: a blog's address, a channel's id",
        )
        parser.add_argument("--handle", required=True, help="the person's handle here; made (hidden) where it is new")
        parser.add_argument("path", type=Path, metavar="PATH")

    def handle(self, *, network: str | None, handle: str, path: Path, own: str, **options: Any) -> None:
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
                    own=own,
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
        for slug in summary.networks:
            if note := NETWORKS[slug].spec.archive_note:
                self.stdout.write(note)
