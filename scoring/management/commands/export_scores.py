"""`manage.py export_scores`: scores as a table."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.exports import NothingToExport, export_scores
from scoring.log import NoFeatures


class Command(BaseCommand):
    help = "Write the published scores of people (or of all accounts) to OUT.csv, OUT.parquet or OUT.jsonl."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path, metavar="OUT", help="the file to write; its ending says the format")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the day; the newest if not given"
        )
        parser.add_argument("--accounts", action="store_true", help="a row for every account seen, as target or actor")

    def handle(self, *, out: Path, as_of: date | None, accounts: bool, **options: Any) -> None:
        if not out.absolute().parent.is_dir():
            raise CommandError(f"{out}: there is no folder {out.absolute().parent}.")
        try:
            rows = export_scores(path=out, as_of=as_of, accounts=accounts)
        except (NothingToExport, NoFeatures, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rows:,} rows written to {out}")
