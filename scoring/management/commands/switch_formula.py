"""`manage.py switch_formula v2`: make a formula the live one; `--back` rolls back to the one before, at once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import daily, formula, switching, versions


class Command(BaseCommand):
    help = (
        "Make a formula the live one from the next daily run on. That run marks everybody's chart, and tells whoever "
        "moves by more than 3 points. With --back, the formula before counts again, and its scores are published now."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("formula", nargs="?", metavar="FORMULA", help=f"one of {', '.join(formula.VERSIONS)}")
        parser.add_argument("--back", action="store_true", help="roll back to the formula that counted before")
        parser.add_argument("--note", default="", help="why, for the staff to read")
        parser.add_argument("--force", metavar="REASON", help="switch without a shadow run of the log as it is")

    def handle(self, *, formula: str | None, back: bool, note: str, force: str | None, **options: Any) -> None:
        if back == bool(formula):
            raise CommandError("Name the formula to switch to, or --back to roll back (and not both).")
        if force is not None and (back or not force.strip()):
            raise CommandError("--force takes a reason, and is for switching, not for rolling back.")
        try:
            if formula:
                self.switch(formula, note=note, force=force)
            else:
                self.roll_back(note=note)
        except (versions.CannotSwitch, ValueError, daily.AlreadyRunning) as error:
            raise CommandError(f"{error}.") from None

    def switch(self, version: str, *, note: str, force: str | None) -> None:
        reason = f"{note} (forced: {force})".strip() if force else note
        done = switching.switch(version=version, at=timezone.now(), note=reason, forced=force is not None)
        self.stdout.write(
            self.style.SUCCESS(
                f"{done.formula} counts from the next daily run on, in place of {done.previous}, which goes on in "
                "shadow. To publish by it now: manage.py recompute. To undo: manage.py switch_formula --back"
            )
        )

    def roll_back(self, *, note: str) -> None:
        done, run = switching.roll_back(
            at=timezone.now(), note=note, say=lambda stage, text: self.stdout.write(f"{stage:<8} {text}")
        )
        if run is None:
            text = f"{done.formula} counts again; {done.previous} had not published anything yet."
        else:
            text = (
                f"{done.formula} counts again, in place of {done.previous}: {run.counts['persons']:,} people have "
                f"their scores of {run.as_of} by it."
            )
        self.stdout.write(self.style.SUCCESS(text))
