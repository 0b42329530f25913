"""`manage.py import_topics`: the topics of an ontology into ours."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from scoring.topics.importing import NoOntology, import_topics
from scoring.topics.tree import ATTRIBUTION

# Problems that are told one by one.
SHOWN = 20
ABOUT = """\
Imports topics from CSV files in the form of Klout's open ontology (github.com/klout/opendata, 8,033 topics).

Give the folder that the files are in, or the files. They are told apart by the names of their columns:
  topicId, topicSlug, topicDisplayName (and wikiItemId)     the topics; at least one such file is needed
  parentTopicId, childTopicId (and the slugs of both)       which topic lies under which others
  topicId, language, topicDisplayName                       names in other languages

Topics that we have already, by id or by slug, are filled up: our own tree keeps its names and its top. Nothing is
taken away, and importing the same files again changes nothing. Rows that cannot be used are told with file, row and
reason; all others are imported, in one transaction.
"""


class Command(BaseCommand):
    help = ABOUT

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")
        parser.add_argument("--all-problems", action="store_true", help=f"tell all problems, not the first {SHOWN}")
        parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER|FILE")

    def handle(self, *, paths: list[Path], dry_run: bool, all_problems: bool, **options: Any) -> None:
        try:
            summary = import_topics(paths=[Path(path) for path in paths], dry_run=dry_run)
        except NoOntology as error:
            raise CommandError(str(error)) from None
        told = summary.problems if all_problems else summary.problems[:SHOWN]
        for problem in told:
            self.stderr.write(str(problem))
        if len(told) < len(summary.problems):
            self.stderr.write(f"... and {len(summary.problems) - len(told):,} more: --all-problems tells them")
        if dry_run:
            self.stdout.write("This would happen; nothing is written:")
        for line in summary.lines():
            self.stdout.write(line)
        self.stdout.write(f"If these are Klout's: {ATTRIBUTION}")
