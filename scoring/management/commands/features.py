"""`manage.py features`: what is measured of every network, how much of it there is here, and what it counts for."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring import measured, versions
from scoring.formula import UnknownFormula


class Command(BaseCommand):
    help = "List what is measured, by network: how many measurements, how many of them any account here has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--formula", metavar="VERSION", help="as this formula counts them (default: the live one)")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--csv", action="store_true", help="every measurement as a row of a table")
        form.add_argument(
            "--words", action="store_true", help="the texts that people read, as a Python file for makemessages"
        )

    def handle(self, *, formula: str | None, **options: Any) -> None:
        if options["words"]:
            self.words()
            return
        version, run = formula or versions.live_formula(timezone.now()), measured.newest()
        try:
            sections = measured.sections(version, measured.accounts_of(run))
        except UnknownFormula as error:
            raise CommandError(str(error)) from None
        if options["csv"]:
            self.table(sections)
            return
        rows: list[tuple[str, int, int, int, int]] = [
            (section.label, len(section.lines), section.there, section.awaiting, len(section.counting))
            for section in sections
        ]
        total = [sum(numbers) for numbers in zip(*(row[1:] for row in rows), strict=True)]
        width = max(len(row[0]) for row in rows)
        self.stdout.write(
            " " * width + "".join(f"{name:>10}" for name in ("measured", "non-zero", "awaiting", "counting"))
        )
        for name, *numbers in (*rows, ("In all", *total)):
            self.stdout.write(f"{name:<{width}}" + "".join(f"{number:>10}" for number in numbers))
        self.stdout.write(
            f"{total[0]} measurements; by formula {version}, {total[3]} of them count in a part of the score."
        )
        if run is None:
            self.stdout.write("No run has been published yet: manage.py recompute counts what there is.")
        else:
            self.stdout.write(
                f"Non-zero: any account has more than nothing of it in the run as of {run.as_of}. Awaiting: its "
                "network is linked by nobody, or what it takes has not happened yet."
            )

    def table(self, sections: tuple[measured.Section, ...]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(["network", "column", "label", "unit", "window", "parts", "reason", "accounts"])
        for section in sections:
            for line in section.lines:
                feature = line.feature
                writer.writerow(
                    [
                        *(section.slug, feature.column, feature.label, feature.unit, line.window),
                        *(" ".join(line.parts), str(line.reason), line.accounts),
                    ]
                )

    def words(self) -> None:
        self.stdout.write("from django.utils.translation import gettext_noop as _\n\nWORDS = (")
        for text in measured.words():
            self.stdout.write(f"    _({text!r}),")
        self.stdout.write(")")
