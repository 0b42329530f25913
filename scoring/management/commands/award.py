"""`manage.py award`: award achievements from what a run has kept, as that run did or would do today."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import daily
from scoring.achievements import awarding


def day(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = (
        "Award every achievement that had been reached by a day, from the features that its run has kept: what a new "
        "definition brings to those who had reached it before. Awarded levels stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=day, metavar="YYYY-MM-DD", help="the day of a run; the newest if not given")

    def handle(self, **options: Any) -> None:
        as_of = options["as_of"]
        if as_of and as_of > timezone.now().date():
            raise CommandError(f"{as_of} has not begun: nothing has been reached by then.")
        try:
            with daily.only_one():
                run, awarded = awarding.backfill(as_of)
        except (daily.AlreadyRunning, awarding.NoSuchDay) as error:
            raise CommandError(f"{error}.") from error
        self.stdout.write(self.style.SUCCESS(f"Done: {awarded.new:,} new levels as of {run.as_of}."))
