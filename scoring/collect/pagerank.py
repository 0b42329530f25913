"""The rank of articles in their whole encyclopedia, from a table of ranks or from links, into the counter "pagerank".

A table of ranks is read once, row by row: what is kept of it are the sum and the rows of linked articles. Links come as
a table or as a wiki's own dumps (wiki_dump.py); they are kept as two numbers of eight bytes each, and a title as its
hash: ranking 20 million links takes about 3 GB. From links, the counters "inlinks" and "outlinks" follow too.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accounts.models import LinkedAccount
from accounts.networks.base import Counter
from scoring.collect import wiki_dump
from scoring.collect.bulk import known_network
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Progress, Refused, Rejects, Summary, quiet
from scoring.collect.tables import TextTable, Unreadable

Int64 = NDArray[np.int64]
# items(titles): their Wikidata items, by title; only asked where the table names articles so.
Items = Callable[[Sequence[str]], Mapping[str, str]]
# Counter -> its value, of one article.
Found = Mapping[str, int]
# pagerank(from, to, weight): pages in order, and the rank of each; ranks add up to one.
PageRank = Callable[[Int64, Int64, Int64], tuple[Int64, NDArray[np.float64]]]

# The counter counts billionths.
UNIT = 1_000_000_000
MOST_LINKS = 20_000_000
# Rows between two reports of progress.
EVERY = 100_000
# The longest title has 255 bytes.
MAX_TITLE = 300
_ITEM = re.compile(r"Q[1-9][0-9]{0,11}")


def import_ranks(
    *, path: Path, wiki: str, items: Items, at: datetime, rejects: Path | None = None, progress: Progress = quiet
) -> Summary:
    """Read a table of ranks, and store those of linked articles.

    A row is a title or a Wikidata item (Q7259), a tab, and the rank. A counter is the rank's share of the sum of all
    rows. Rows that cannot be used go to `rejects` (else `path` with .rejects.csv after it). Raises Refused where the
    file as a whole is wrong, and the errors of `items`.
    """
    return _import(path, wiki, at, rejects, progress, lambda rows, wanted: _table(rows, wanted, items))


def import_links(
    *,
    path: Path,
    wiki: str,
    pagerank: PageRank,
    at: datetime,
    most: int = MOST_LINKS,
    rejects: Path | None = None,
    progress: Progress = quiet,
) -> Summary:
    """Read all links between a wiki's articles, and store what linked articles have in their graph: PageRank, how many
    articles link to them, and to how many they link.

    path: a table, from a title, a tab, to a title; or <wiki>-<date>-pagelinks.sql[.gz] as Wikimedia publishes it, with
    its page, redirect and linktarget beside it. A link counts once, and one of a page to itself not at all. Otherwise
    as `import_ranks`; also refused where there are more than `most` links.
    """
    if wiki_dump.is_dump(path):
        return _import_dump(path, wiki, at, rejects, progress, pagerank, most)
    return _import(path, wiki, at, rejects, progress, lambda rows, wanted: _linked(rows, wanted, pagerank, most))


class _Rows:
    """The rows of a file, as two texts each; what is none is rejected, with its number and the reason."""

    def __init__(self, table: TextTable, summary: Summary, rejects: Rejects, progress: Progress) -> None:
        self.table, self.summary, self.rejects, self.progress = table, summary, rejects, progress
        self.number = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for number, line in enumerate(self.table.lines(), start=1):
            self.number = number
            if self.number % EVERY == 0:
                self.progress("reading", self.table.position, self.table.size)
            if not line.strip() or line.startswith("#"):
                continue
            self.summary.read += 1
            fields = line.split("\t")
            if len(fields) != 2 or not all(fields):
                self.reject(f"it has {len(fields)} columns, not two with a tab between them", line[:500])
            elif any(len(field) > MAX_TITLE or not field.isprintable() for field in fields):
                self.reject("a column is too long, or holds what no title holds", line[:500])
            else:
                yield fields[0], fields[1]

    def reject(self, reason: str, *row: str) -> None:
        self.rejects.add(str(self.number), reason, row, label=f"row {self.number}")


# A reader: the counters of wanted titles, out of the rows.
_Reader = Callable[[_Rows, "frozenset[str]"], Mapping[str, Found]]


def _import(path: Path, wiki: str, at: datetime, rejects: Path | None, progress: Progress, reader: _Reader) -> Summary:
    articles, wanted = _linked_here(path, wiki)
    summary = Summary("wikipedia")
    target = rejects or path.with_name(f"{path.name}.rejects.csv")
    try:
        with TextTable(path) as table, Rejects(summary, target, ["row", "reason", "found"]) as refused:
            progress("reading", 0, table.size)
            found = reader(_Rows(table, summary, refused, progress), wanted)
            progress("reading", table.size, table.size)
    except Unreadable as error:
        raise Refused(str(error)) from None
    return _stored(articles, found, summary, at, progress)


def _import_dump(
    path: Path, wiki: str, at: datetime, rejects: Path | None, progress: Progress, pagerank: PageRank, most: int
) -> Summary:
    articles, wanted = _linked_here(path, wiki)
    summary = Summary("wikipedia")
    target = rejects or path.with_name(f"{path.name}.rejects.csv")
    try:
        with Rejects(summary, target, ["row", "reason", "found"]) as refused:
            start, end, summary.read = wiki_dump.links(
                path,
                most=most,
                reject=lambda where, reason, shown: refused.add(where, reason, [shown]),
                progress=progress,
            )
    except Unreadable as error:
        raise Refused(str(error)) from None
    summary.read += summary.rejected
    if not len(start):
        raise Refused(f"{path}: no row holds a link between two articles")
    return _stored(articles, _of_graph(start, end, wanted, pagerank), summary, at, progress)


def _linked_here(path: Path, wiki: str) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The linked articles of a wiki with their titles, and all these titles. Raises Refused."""
    if not path.is_file():
        raise Refused(f"{path}: there is no such file")
    articles = _articles(wiki)
    if not articles:
        raise Refused(f"no article of the wiki {wiki!r} is linked")
    return articles, frozenset(title for titles in articles.values() for title in titles)


def _stored(
    articles: Mapping[str, tuple[str, ...]],
    found: Mapping[str, Found],
    summary: Summary,
    at: datetime,
    progress: Progress,
) -> Summary:
    """Store what was found of the linked articles, by the first of their titles that was."""
    missing = []
    with Staging(spec=known_network("wikipedia"), origin="bulk", at=at) as staging:
        for account, titles in sorted(articles.items()):
            counters = next((found[title] for title in titles if title in found), None)
            if counters is None:
                missing.append(account)
                continue
            for name, value in counters.items():
                staging.counter(account, Counter(name, value))
        merge(staging, summary, progress=progress)
    summary.tallies = {"linked articles": len(articles), "of them in the file": len(articles) - len(missing)}
    if missing:
        summary.notes.append(f"not in the file: {', '.join(missing[:10])}{' and others' if len(missing) > 10 else ''}")
    return summary


def _articles(wiki: str) -> dict[str, tuple[str, ...]]:
    """The linked articles of a wiki by their id, with the titles that they may have: the newest, and the id's own."""
    links = LinkedAccount.objects.filter(account__network="wikipedia", account__external_id__startswith=f"{wiki}:")
    found = {}
    for external_id, handle in links.values_list("account__external_id", "account__handle"):
        names = [name for name in (handle, external_id) if name.startswith(f"{wiki}:")]
        found[external_id] = tuple(dict.fromkeys(_title(name.removeprefix(f"{wiki}:")) for name in names))
    return found


def _title(text: str) -> str:
    return text.strip().replace(" ", "_")


def _table(rows: _Rows, wanted: frozenset[str], items: Items) -> Mapping[str, Found]:
    """Billionths of the sum of all ranks, by wanted title."""
    names = {title: title for title in wanted}
    if all(_ITEM.fullmatch(line.partition("\t")[0]) for line in rows.table.sample[1:] or rows.table.sample):
        names = {item: title for title, item in items(sorted(wanted)).items()}
    ranks: dict[str, float] = {}
    ranked, exact = 0.0, 0.0
    for name, said in rows:
        try:
            rank = float(said)
        except ValueError:
            rank = math.nan
        if not 0 <= rank < math.inf:
            # The first row may name the columns.
            if rows.number > 1:
                rows.reject(f"the rank is {said[:60]!r}, not a number from 0", f"{name}\t{said}")
            else:
                rows.summary.read -= 1
            continue
        title = names.get(_title(name))
        if title is not None and title in ranks:
            rows.reject("the article stands in an earlier row too", f"{name}\t{said}")
            continue
        # Many small numbers are added to a large one: what is lost each time is kept (Neumaier).
        larger = ranked + rank
        exact += (ranked - larger) + rank if ranked >= rank else (rank - larger) + ranked
        ranked = larger
        if title is not None:
            ranks[title] = rank
    total = ranked + exact
    if not 0 < total < math.inf:
        raise Refused(f"{rows.table.path}: no row holds a rank above 0")
    return {title: {"pagerank": round(rank / total * UNIT)} for title, rank in ranks.items()}


def _linked(rows: _Rows, wanted: frozenset[str], pagerank: PageRank, most: int) -> Mapping[str, Found]:
    actors, targets = array("q"), array("q")
    for first, second in rows:
        actor, target = _number(first), _number(second)
        if actor != target:
            actors.append(actor)
            targets.append(target)
            if len(actors) > most:
                raise Refused(f"{rows.table.path}: holds more than {most:,} links; --most-links allows more")
    if not actors:
        raise Refused(f"{rows.table.path}: no row holds a link")
    pairs = np.stack([np.frombuffer(actors, dtype=np.int64), np.frombuffer(targets, dtype=np.int64)])
    start, end = wiki_dump.once(*pairs)
    return _of_graph(start, end, wanted, pagerank)


def _of_graph(start: Int64, end: Int64, wanted: frozenset[str], pagerank: PageRank) -> Mapping[str, Found]:
    """Billionths of the rank of the whole graph and the links in and out, by wanted title that is in it."""
    pages, ranks = pagerank(start, end, np.ones(len(start), dtype=np.int64))
    found = {}
    for title in wanted:
        number = _number(title)
        place = int(np.searchsorted(pages, number))
        if place < len(pages) and pages[place] == number:
            found[title] = {
                "pagerank": round(float(ranks[place]) * UNIT),
                "inlinks": int(np.count_nonzero(end == number)),
                "outlinks": int(np.count_nonzero(start == number)),
            }
    return found


def _number(title: str) -> int:
    return wiki_dump.number(_title(title).encode("utf-8", "surrogateescape"))
