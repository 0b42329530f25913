"""`manage.py import_pagerank`: the rank of linked articles of Wikipedia in their whole encyclopedia."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.calling import http_for
from accounts.networks import NETWORKS, wikipedia
from accounts.networks.base import NetworkError
from scoring.collect.pagerank import MOST_LINKS, import_links, import_ranks
from scoring.collect.summary import Refused
from scoring.engine.graph import pagerank
from scoring.management.bars import Bars

ABOUT = """\
Stores the PageRank of linked articles of Wikipedia, in billionths of the rank of all articles together.

FILE is a text of two columns with a tab between them (it may be packed with gzip):
  an article and its rank        by title (Ada_Lovelace), or by Wikidata item (Q7259) as danker publishes its ranks;
                                 the wiki is asked which items the linked articles are
  with --links: from, to         titles of articles that link to each other; the rank is computed from them

Importing a file twice on a day adds nothing. Rows that cannot be used go to FILE.rejects.csv with their number and the
reason; all others count.
"""


class Command(BaseCommand):
    help = ABOUT

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wiki", default="en", help="the wiki's code, such as en or de (default: en)")
        parser.add_argument("--links", action="store_true", help="FILE holds links, not ranks")
        parser.add_argument(
            "--most-links",
            type=int,
            default=MOST_LINKS,
            metavar="N",
            help=f"refuse more links (default: {MOST_LINKS:,})",
        )
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, wiki: str, links: bool, most_links: int, file: Path, **options: Any) -> None:
        at = timezone.now()

        def items(titles: Sequence[str]) -> Mapping[str, str]:
            with http_for(NETWORKS["wikipedia"], at=at, server=f"https://{wiki}.wikipedia.org") as http:
                return wikipedia.items(http, wiki, titles)

        try:
            with Bars() as bars:
                if links:
                    summary = import_links(
                        path=Path(file), wiki=wiki, pagerank=pagerank, at=at, most=most_links, progress=bars
                    )
                else:
                    summary = import_ranks(path=Path(file), wiki=wiki, items=items, at=at, progress=bars)
        except (Refused, NetworkError) as error:
            raise CommandError(str(error)) from None
        for line in summary.lines():
            self.stdout.write(line)
