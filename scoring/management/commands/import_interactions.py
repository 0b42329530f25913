"""`manage.py import_interactions`: a table of interactions into the log."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.networks import NETWORKS
from scoring.collect.bulk import import_rows, parse_mapping
from scoring.collect.summary import Refused
from scoring.management.bars import Bars

ABOUT = """\
Imports interactions from a table: CSV, TSV or another separator (recognised; also with gzip), or Parquet.

Columns:
  target         the account that something was done to: its id at the network
  actor          the account that did it: likewise
  verb           like, share, reply, mention, ... (or --verb, for rows that name none)
  occurred_at    when: ISO 8601 (UTC where it has no offset), or seconds or milliseconds since 1970;
                 empty only where the verb lasts (follow, list, connect, recommend, endorse)
  post           optional: the id of the post that was reacted to
  key            optional: the network's own id of the event
  target_handle, actor_handle   optional: names

A file whose columns have other names: --map target=user_id,actor=fan_id,occurred_at=time
A file without a header: --map target=2,actor=1,occurred_at=3 (columns by number, from 1)
A header may begin with #; without a header, lines at the beginning that do are comments.

Importing a file twice adds nothing, so that an import that was stopped is simply run again. Rows that cannot be
used go to FILE.rejects.csv with their number and the reason; all others are imported. Ids, posts and keys are
texts of 500 characters at most.
"""


class Command(BaseCommand):
    help = ABOUT

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", required=True, metavar="SLUG", help=", ".join(sorted(NETWORKS)))
        parser.add_argument("--map", default="", metavar="OURS=THEIRS,...", help="names or numbers of the columns")
        parser.add_argument("--verb", default="", help="the verb of rows that name none")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, network: str, map: str, verb: str, dry_run: bool, file: Path, **options: Any) -> None:
        try:
            with Bars() as bars:
                summary = import_rows(
                    path=Path(file),
                    network=network,
                    at=timezone.now(),
                    mapping=parse_mapping(map),
                    verb=verb,
                    dry_run=dry_run,
                    progress=bars,
                )
        except Refused as error:
            raise CommandError(str(error)) from None
        for line in summary.lines(dry_run=dry_run):
            self.stdout.write(line)
