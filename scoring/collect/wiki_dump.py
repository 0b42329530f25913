"""The links of a wiki from its own dumps: its tables page, redirect, linktarget and pagelinks, as Wikimedia has them.

Kept are numbers alone: 16 bytes for each article and each title linked to, 16 for each link, and as much again while
links are joined to articles; a title is its hash. Files are read row by row, packed or not.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scoring.collect.summary import Progress, Refused
from scoring.collect.tables import Unreadable

Int64 = NDArray[np.int64]
# reject(where, reason, what was found).
Reject = Callable[[str, str, str], None]

FILE = re.compile(r"(?P<before>.*-)pagelinks(?P<after>\.sql(?:\.gz)?)")
# A statement of a dump has about a megabyte.
LONGEST = 64 << 20
# Redirects that lead to redirects.
MOST_HOPS = 3
_VALUE = rb"(NULL|-?[0-9][0-9.eE+-]*|'(?:[^'\\]|\\.)*')"
_COLUMN = re.compile(rb"\s+`(\w+)`\s")
_INSERT = re.compile(rb"INSERT (?:IGNORE )?INTO `\w+` (?:\([^)]*\) )?VALUES\s*")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_EVERY = 1 << 16


def number(title: bytes) -> int:
    """A title as a number of 64 bits; two of ten million titles have the same in one of 300,000 encyclopedias."""
    return int.from_bytes(hashlib.md5(title, usedforsecurity=False).digest()[:8], "big", signed=True)


def is_dump(path: Path) -> bool:
    return FILE.fullmatch(path.name) is not None


@dataclass(slots=True)
class _Numbers:
    """Two columns of numbers that grow row by row."""

    first: array[int] = field(default_factory=lambda: array("q"))
    second: array[int] = field(default_factory=lambda: array("q"))

    def add(self, first: int, second: int) -> None:
        self.first.append(first)
        self.second.append(second)

    def sorted(self) -> tuple[Int64, Int64]:
        first, second = np.frombuffer(self.first, np.int64), np.frombuffer(self.second, np.int64)
        order = np.argsort(first, kind="stable")
        return first[order], second[order]


def links(path: Path, *, most: int, reject: Reject, progress: Progress) -> tuple[Int64, Int64, int]:
    """(from, to, rows read): the links between articles as numbers of titles, each pair once, redirects followed.

    path: <wiki>-<date>-pagelinks.sql[.gz], with the other tables beside it. Left out are links to what is no article
    (red links, other namespaces), from redirects, and of an article to itself. A row that cannot be used is told by
    `reject`. Raises Refused where a table is missing or holds more than `most` rows of use, Unreadable for a file that
    is no dump.
    """
    files = _beside(path)
    read = 0
    pages, redirecting = _Numbers(), set[int]()
    for row in _rows(files["page"], ("page_id", "page_namespace", "page_title", "page_is_redirect"), reject, progress):
        read += 1
        if row[1] == b"0":
            pages.add(int(row[0]), number(_text(row[2])))
            if row[3] == b"1":
                redirecting.add(int(row[0]))
            _bounded(len(pages.first), most, files["page"], "articles")
    page_ids, page_titles = pages.sorted()
    leads = _Numbers()
    for row in _rows(files["redirect"], ("rd_from", "rd_namespace", "rd_title"), reject, progress):
        read += 1
        if row[1] == b"0" and int(row[0]) in redirecting:
            leads.add(int(row[0]), number(_text(row[2])))
    found = _Numbers()
    if files["linktarget"] is not None:
        targets = _Numbers()
        for row in _rows(files["linktarget"], ("lt_id", "lt_namespace", "lt_title"), reject, progress):
            read += 1
            if row[1] == b"0":
                targets.add(int(row[0]), number(_text(row[2])))
                _bounded(len(targets.first), 4 * most, files["linktarget"], "titles")
        target_ids, target_titles = targets.sorted()
        for row in _rows(path, ("pl_from", "pl_from_namespace", "pl_target_id"), reject, progress):
            read += 1
            if row[1] == b"0" and row[2] != b"NULL":
                found.add(int(row[0]), int(row[2]))
                _bounded(len(found.first), most, path, "links")
        start, target = np.frombuffer(found.first, np.int64), np.frombuffer(found.second, np.int64)
        place, known = _places(target_ids, target)
        start, end = start[known], target_titles[place[known]]
    else:
        # Wikis older than 1.43 say in the table itself what a link leads to.
        for row in _rows(path, ("pl_from", "pl_from_namespace", "pl_namespace", "pl_title"), reject, progress):
            read += 1
            if row[1] == row[2] == b"0":
                found.add(int(row[0]), number(_text(row[3])))
                _bounded(len(found.first), most, path, "links")
        start, end = np.frombuffer(found.first, np.int64), np.frombuffer(found.second, np.int64)
    articles = ~np.isin(page_ids, np.fromiter(redirecting, np.int64, len(redirecting)))
    return (*_between(page_ids, page_titles, articles, leads, start, end), read)


def _between(
    page_ids: Int64, page_titles: Int64, articles: NDArray[np.bool_], leads: _Numbers, start: Int64, end: Int64
) -> tuple[Int64, Int64]:
    """Links from a page's id to a title's number as pairs of articles' titles, each once."""
    place, known = _places(page_ids, start)
    known[known] = articles[place[known]]
    sources, end = page_titles[place[known]], end[known]
    redirect_ids, aims = leads.sorted()
    place, known = _places(page_ids, redirect_ids)
    names, aims = page_titles[place[known]], aims[known]
    order = np.argsort(names, kind="stable")
    names, aims = names[order], aims[order]
    for _ in range(MOST_HOPS):
        place, known = _places(names, end)
        if not known.any():
            break
        end = np.where(known, aims[place], end)
    existing = np.sort(page_titles[articles])
    kept = _places(existing, end)[1] & (sources != end)
    if not kept.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return once(sources[kept], end[kept])


def once(start: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Pairs in order, each once."""
    order = np.lexsort((end, start))
    start, end = start[order], end[order]
    new = np.ones(len(start), dtype=np.bool_)
    new[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return start[new], end[new]


def _places(ordered: Int64, wanted: Int64) -> tuple[Int64, NDArray[np.bool_]]:
    """Where each of `wanted` stands in `ordered`, and whether it does."""
    if not len(ordered):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return place, ordered[place] == wanted


def _bounded(rows: int, most: int, path: Path | None, what: str) -> None:
    if rows > most:
        raise Refused(f"{path}: holds more than {most:,} {what}; --most-links allows more")


def _beside(path: Path) -> dict[str, Any]:
    """The tables' files; linktarget is None where the wiki is too old to have one. Raises Refused."""
    match = FILE.fullmatch(path.name)
    if match is None:
        raise Refused(f"{path}: is not called <wiki>-<date>-pagelinks.sql.gz, so that its other tables cannot be found")
    found: dict[str, Any] = {}
    for table in ("page", "redirect", "linktarget"):
        names = (f"{match['before']}{table}{end}" for end in (match["after"], ".sql.gz", ".sql"))
        found[table] = next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)
    for table in ("page", "redirect"):
        if found[table] is None:
            raise Refused(f"{path}: beside it there must be {match['before']}{table}{match['after']}")
    if found["linktarget"] is None and "pl_title" not in _columns(path):
        raise Refused(f"{path}: beside it there must be {match['before']}linktarget{match['after']}")
    return found


def _columns(path: Path) -> list[str]:
    """The columns of the table, as its dump declares them. Raises Unreadable."""
    found: list[str] = []
    with _Lines(path) as lines:
        for line in lines:
            if match := _COLUMN.match(line):
                found.append(match[1].decode())
            elif line.startswith(b"INSERT"):
                break
    if not found:
        raise Unreadable(f"{path}: is no dump of a table (it has no CREATE TABLE)")
    return found


def _rows(path: Path, wanted: Sequence[str], reject: Reject, progress: Progress) -> Iterator[Sequence[bytes]]:
    """The wanted columns of each row of a dump, as they stand there."""
    columns = _columns(path)
    if missing := [name for name in wanted if name not in columns]:
        raise Unreadable(f"{path}: its table has no column {', '.join(missing)}")
    places = [columns.index(name) + 1 for name in wanted]
    row = re.compile(rb"\(" + rb",".join([_VALUE] * len(columns)) + rb"\)", re.DOTALL)
    read = 0
    with _Lines(path) as lines:
        for place, line in enumerate(lines, start=1):
            begins = _INSERT.match(line)
            at = begins.end() if begins else len(line)
            while at < len(line) and line[at : at + 1] == b"(":
                match = row.match(line, at)
                if match is None or line[match.end() : match.end() + 1] not in (b",", b";"):
                    after = line.find(b"),(", at)
                    shown = (
                        line[at : after + 1 if after >= 0 else at + 200][:200].decode(errors="replace").rstrip(";\r\n")
                    )
                    reject(f"{path.name}, line {place}", f"it is no row of {len(columns)} values", shown)
                    at = after + 2 if after >= 0 else len(line)
                    continue
                yield match.group(*places)
                at = match.end() + 1
                read += 1
                if read % _EVERY == 0:
                    progress(f"reading {path.name}", lines.position, lines.size)
    progress(f"reading {path.name}", lines.size, lines.size)


class _Lines:
    """A file's lines as bytes, packed or not; `size` and `position` count bytes on disk. Raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.position = 0

    def __enter__(self) -> _Lines:
        self.raw: IO[bytes] = self.path.open("rb")
        packed = self.raw.read(2) == b"\x1f\x8b"
        self.raw.seek(0)
        self.file: Any = gzip.GzipFile(fileobj=self.raw) if packed else self.raw
        return self

    def __exit__(self, *error: object) -> None:
        self.raw.close()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                line: bytes = self.file.readline(LONGEST)
            except (OSError, EOFError) as error:
                raise Unreadable(f"{self.path}: the compressed file is damaged ({error})") from None
            if not line:
                return
            if len(line) == LONGEST and not line.endswith(b"\n"):
                raise Unreadable(f"{self.path}: a line is longer than {LONGEST:,} bytes: it is no dump")
            self.position = self.raw.tell()
            yield line


def _text(value: bytes) -> bytes:
    """A text as it was before it was quoted."""
    inner = value[1:-1]
    return _ESCAPED.sub(rb"\1", inner) if b"\\" in inner else inner
