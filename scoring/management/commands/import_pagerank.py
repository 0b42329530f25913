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
from scoring.collect.wiki_dump import is_dump
from scoring.engine.graph import pagerank
from scoring.management.bars import Bars

ABOUT = """\
Stores the PageRank of linked articles of Wikipedia, in billionths of the rank of all articles together.

FILE is a text of two columns with a tab between them (it may be packed with gzip):
  an article and its rank        by title (Ada_Lovelace), or by Wikidata item (Q7259) as danker publishes its ranks;
                                 the wiki is asked which items the linked articles are
  with --links: from, to         titles of articles that link to each other; the rank is computed from them
Or it is a wiki's own table of links, <wiki>-<date>-pagelinks.sql.gz, as dumps.wikimedia.org has it, with the tables
page, redirect and linktarget of that day beside it; the rank is computed from it as well. Links between articles alone
count, and redirects are followed. From links, the articles' links in and out are counted too, so give all of a wiki's.

Ranking N million links takes about N * 150 MB of memory, so that 20 million (a small wiki's) are the most unless
--most-links says otherwise; the tables are read row by row.

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
        parser.add_argument("--links", action="store_true", help="FILE is a table of links, not of ranks")
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
                if links or is_dump(Path(file)):
                    summary = import_links(
                        path=Path(file), wiki=wiki, pagerank=pagerank, at=at, most=most_links, progress=bars
                    )
                else:
                    summary = import_ranks(path=Path(file), wiki=wiki, items=items, at=at, progress=bars)
        except (Refused, NetworkError) as error:
            raise CommandError(str(error)) from None
        for line in summary.lines():
            self.stdout.write(line)
