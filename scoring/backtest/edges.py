"""Reads a file of reactions, one a row: actor, target and time, whatever separates or names them."""

from __future__ import annotations

import csv
import io
import re
import warnings
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoring.collect import times
from scoring.collect.tables import TextTable, Unreadable, separator_of
from scoring.features.catalogue import VERBS

Int64 = NDArray[np.int64]

BLOCK = 16 << 20
DAY = 86_400_000_000
MOST_REPEATS = 1_000
# Names of columns as graphs' files have them, in lower case, without spaces, dashes and underscores.
NAMES: Mapping[str, frozenset[str]] = {
    "actor": frozenset(["actor", "src", "source", "from", "fromnodeid", "sender", "rater", "follower"]),
    "target": frozenset(["target", "dst", "dest", "destination", "to", "tonodeid", "receiver", "ratee"]),
    "time": frozenset(["occurredat", "time", "timestamp", "epoch", "ts", "unixtime", "unixts", "date", "datetime"]),
    "weight": frozenset(["weight", "w", "count", "times"]),
    "verb": frozenset(("verb",)),
}
# Rows told one by one, of each kind.
TOLD = 5
PLAIN_NUMBERS = re.compile(r"[-0-9.eE+ \t]+")
# Ids that a parser of numbers would change: 007 is not 7.
PADDED = re.compile(rb"(?:^|[^0-9.])0[0-9]")


class BadEdges(ValueError):
    """The file, or what was asked of it, cannot be tested; the message says why."""


@dataclass(frozen=True, slots=True)
class Edges:
    """n reactions among `people` accounts, which are numbered from 0.

    actor, target: int64 [n]. at: int64 [n] microseconds since 1970, or None without times. verb: int64 [n], as in the
    catalogue. repeats: int64 [n], how often a row counts. row: int64 [n], its number in the file, from 1.
    """

    actor: Int64
    target: Int64
    at: Int64 | None
    verb: Int64
    repeats: Int64
    row: Int64
    people: int
    # The account numbers of those people in this installation's log; None where they are a file's.
    numbers: Int64 | None = None
    # What a reader should know of how the file was understood, and of rows that were not, or oddly, counted.
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.actor)


@dataclass(frozen=True, slots=True)
class Layout:
    """Place of each column, from 0; `header`: whether the first row names them."""

    places: Mapping[str, int]
    header: bool


def parse_mapping(text: str) -> dict[str, str]:
    """`actor=2,target=1,time=4` or by names as {ours: theirs}. Raises BadEdges."""
    mapping: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs or ours not in NAMES:
            raise BadEdges(f"{pair!r} is not OURS=THEIRS, where OURS is one of {', '.join(NAMES)}")
        mapping[ours] = theirs
    return mapping


def read(path: Path, *, timed: bool = True, verb: str = "mention", mapping: Mapping[str, str] | None = None) -> Edges:
    """The reactions in `path` (text, or gzip of it). timed: whether rows need a time; verb: of rows that name none.

    Rows that cannot be read are left out and told. Raises BadEdges where the file as a whole is of no use.
    """
    if not path.is_file():
        raise BadEdges(f"{path}: there is no such file")
    try:
        with TextTable(path) as table:
            layout = laid_out(table, timed=timed, mapping=mapping or {})
            return Reader(table, layout, timed=timed, verb=verb).edges()
    except Unreadable as error:
        raise BadEdges(str(error)) from None


def is_comment(line: str) -> bool:
    return line.startswith(("#", "%"))


def split_line(line: str, separator: str) -> list[str]:
    """The columns of a line; one with quotes as CSV has them. A quote that is not closed is part of the text."""
    if separator == " ":
        return line.split()
    if '"' in line:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
        except (csv.Error, StopIteration):
            pass
    return [cell.strip() for cell in line.split(separator)]


def named_places(cells: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[\s_-]", "", cell.lower().lstrip("#%")) for cell in cells]
    found: dict[str, int] = {}
    for ours, names in NAMES.items():
        places = [place for place, name in enumerate(plain) if name in names]
        if len(places) > 1:
            raise BadEdges(f"the file has {len(places)} columns for {ours}: name the right one with --map {ours}=...")
        if places:
            found[ours] = places[0]
    return found


def laid_out(table: TextTable, *, timed: bool, mapping: Mapping[str, str]) -> Layout:
    """Which column is what: by --map, by a header, or by what stands in them. Raises BadEdges."""
    comments = [line for line in table.sample if is_comment(line)]
    lines = [line for line in table.sample if not is_comment(line)]
    if not lines:
        raise BadEdges(f"{table.path}: its first lines are all comments")
    # Some graphs separate by spaces here and by tabs there; where all is numbers, either ends a column.
    table.separator = " " if all(PLAIN_NUMBERS.fullmatch(line) for line in lines) else separator_of(lines)
    rows = [split_line(line, table.separator) for line in lines]
    first = named_places(rows[0])
    header = len(first) > 1 or any(theirs in rows[0] and not theirs.isdigit() for theirs in mapping.values())
    above = split_line(comments[-1].lstrip("#% "), table.separator) if comments else []
    names = rows[0] if header else above if len(above) == len(rows[0]) else []
    places = named_places(names)
    for ours, theirs in mapping.items():
        if theirs in names:
            places[ours] = names.index(theirs)
        elif theirs.isascii() and theirs.isdigit() and int(theirs):
            places[ours] = int(theirs) - 1
        else:
            told = f"it has {', '.join(names)}" if names else "columns without names are numbered from 1"
            raise BadEdges(f"the file has no column {theirs!r} (for {ours}); {told}")
    places = guessed(places, rows[1:] if header else rows, timed=timed)
    if timed and "time" not in places:
        raise BadEdges(
            f"{table.path}: no column holds times. Name it (--map time=4), or test without times by hiding actors: "
            "--no-times"
        )
    return Layout(places, header)


def guessed(places: dict[str, int], rows: Sequence[Sequence[str]], *, timed: bool) -> dict[str, int]:
    """Fill in what no name tells: the first columns are actor and target; of the others, the one of the largest numbers
    is the time, or without times the first is the weight."""
    width = min((len(row) for row in rows), default=0)
    free = [place for place in range(width) if place not in places.values()]
    for ours in ("actor", "target"):
        if ours not in places:
            if not free:
                raise BadEdges(f"the file has no column for {ours}: name it with --map {ours}=...")
            places[ours] = free.pop(0)
    if timed and "time" not in places:
        sizes = {place: size_of([row[place] for row in rows]) for place in free}
        best = max(sizes, key=lambda place: sizes[place], default=None)
        if best is not None and sizes[best] > 0:
            places["time"] = best
    if not timed and "weight" not in places:
        # Larger ones are times or ids.
        small = [place for place in free if all(row[place].isdigit() and len(row[place]) < 7 for row in rows)]
        if small:
            places["weight"] = small[0]
    return places


def size_of(cells: Sequence[str]) -> int:
    """The middle one of the moments that `cells` are; 0 where most are none."""
    moments = []
    for cell in cells:
        try:
            moments.append(times.parse(cell) or 0)
        except ValueError:
            continue
    return sorted(moments)[len(moments) // 2] if len(moments) * 2 > len(cells) else 0


class Reader:
    """Gathers the rows of one file. Blocks of whole numbers are parsed at once, any other block row by row."""

    def __init__(self, table: TextTable, layout: Layout, *, timed: bool, verb: str) -> None:
        self.table = table
        self.places = layout.places
        self.header = layout.header
        self.timed = timed
        self.verb = VERBS[verb].number
        self.needed = 1 + max(layout.places.values())
        # Ids that are no plain numbers, in the order they came.
        self.texts: dict[str, int] = {}
        self.pieces: list[tuple[NDArray[np.int64], NDArray[np.bool_]]] = []
        self.rejected = 0
        self.notes: list[str] = []

    def edges(self) -> Edges:
        number = 0
        for block in self.blocks():
            lines = block.count(b"\n")
            piece = None if number == 0 or "verb" in self.places else self.quick(block, number, lines)
            self.pieces.append(piece or self.slow(block, number))
            number += lines
        if self.rejected > TOLD:
            self.notes.append(f"  and {self.rejected - TOLD:,} more rows that cannot be read")
        whole = (
            np.concatenate([piece for piece, _ in self.pieces], axis=1)
            if self.pieces
            else np.zeros((6, 0), dtype=np.int64)
        )
        if not whole.shape[1]:
            raise BadEdges(f"{self.table.path}: no row can be read. {' '.join(self.notes)}")
        return self.finished(whole, np.concatenate([is_text for _, is_text in self.pieces], axis=1))

    def blocks(self) -> Iterator[bytes]:
        """The file's bytes cut at ends of lines, always in UTF-8; the first is small, as it may hold a header."""
        if self.table.encoding == "utf-16":
            lines = self.table.lines()
            while chunk := "".join(line + "\n" for _, line in zip(range(1 << 17), lines, strict=False)):
                yield chunk.encode("utf-8", errors="surrogateescape")
            return
        rest, size = b"", 1 << 16
        while data := self.table.read(size):
            data = (rest + data).replace(b"\r\n", b"\n")
            end = data.rfind(b"\n") + 1
            if end:
                yield data[:end]
            rest, size = data[end:], BLOCK
        if rest.strip():
            yield rest + b"\n"

    def quick(self, block: bytes, number: int, lines: int) -> tuple[Int64, NDArray[np.bool_]] | None:
        """A block of nothing but whole numbers, as `slow` would give it; None where it is not that plain."""
        if b'"' in block or PADDED.search(block):
            return None
        wanted = [name for name in ("actor", "target", "time", "weight") if name in self.places]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = np.loadtxt(
                    io.StringIO(block.decode("ascii")),
                    dtype=np.int64,
                    comments=None,
                    delimiter=None if self.table.separator == " " else self.table.separator,
                    usecols=[self.places[name] for name in wanted],
                    ndmin=2,
                )
        except (ValueError, OverflowError, Warning):
            return None
        if len(found) != lines:
            return None
        piece = np.ones((6, lines), dtype=np.int64)
        columns = dict(zip(wanted, found.T, strict=True))
        piece[0], piece[1] = columns["actor"], columns["target"]
        piece[2] = moments_of(columns["time"]) if "time" in columns else 0
        piece[3] = self.verb
        if "weight" in columns:
            if (columns["weight"] < 1).any():
                return None
            piece[4] = columns["weight"]
        piece[5] = np.arange(number + 1, number + lines + 1)
        return piece, np.zeros((2, lines), dtype=bool)

    def slow(self, block: bytes, number: int) -> tuple[Int64, NDArray[np.bool_]]:
        """Row by row: actor, target, time, verb, repeats and row number, and which of the first two are texts."""
        kept = array("q")
        texts = bytearray()
        for line in block.decode("utf-8", errors="surrogateescape").split("\n")[:-1]:
            number += 1
            line = line.removeprefix("\ufeff") if number == 1 else line
            if not line.strip() or is_comment(line):
                continue
            if self.header:
                self.header = False
                continue
            try:
                values, are_texts = self.row(split_line(line, self.table.separator))
            except ValueError as error:
                self.rejected += 1
                if self.rejected <= TOLD:
                    self.notes.append(f"row {number:,} is left out: {error}")
                continue
            kept.extend((*values, number))
            texts.extend(are_texts)
        piece = np.frombuffer(kept, dtype=np.int64).reshape(-1, 6).T if kept else np.zeros((6, 0), dtype=np.int64)
        return piece, np.frombuffer(bytes(texts), dtype=np.bool_).reshape(-1, 2).T

    def row(self, cells: list[str]) -> tuple[tuple[int, ...], tuple[bool, bool]]:
        if len(cells) < self.needed:
            raise ValueError(f"it has {len(cells)} columns where {self.needed} are needed")
        actor, actor_is_text = self.number_of(cells[self.places["actor"]], "actor")
        target, target_is_text = self.number_of(cells[self.places["target"]], "target")
        at, verb, repeats = 0, self.verb, 1
        if self.timed:
            moment = times.parse(cells[self.places["time"]])
            if moment is None:
                raise ValueError("it has no time")
            at = moment
        if "verb" in self.places:
            name = cells[self.places["verb"]].lower()
            if name and name not in VERBS:
                raise ValueError(f"{name!r:.40} is no verb; known: {', '.join(VERBS)}")
            verb = VERBS[name].number if name else verb
        if "weight" in self.places:
            text = cells[self.places["weight"]]
            repeats = int(text) if text.isdigit() and len(text) < 19 else 0
            if repeats < 1:
                raise ValueError(f"the weight {text!r:.40} is no whole number from 1 up")
        return (actor, target, at, verb, repeats), (actor_is_text, target_is_text)

    def number_of(self, text: str, what: str) -> tuple[int, bool]:
        if not text:
            raise ValueError(f"it has no {what}")
        if len(text) < 19:
            try:
                number = int(text)
            except ValueError:
                pass
            else:
                if str(number) == text:
                    return number, False
        return self.texts.setdefault(text, len(self.texts)), True

    def finished(self, whole: Int64, text: NDArray[np.bool_]) -> Edges:
        ends = whole[:2].ravel()
        is_text = text.ravel()
        numbers, place = np.unique(ends[~is_text], return_inverse=True)
        numbered = np.empty(len(ends), dtype=np.int64)
        numbered[~is_text] = place
        numbered[is_text] = ends[is_text] + len(numbers)
        actor, target = numbered.reshape(2, -1)
        edges = Edges(
            actor=actor,
            target=target,
            at=whole[2] if self.timed else None,
            verb=whole[3],
            repeats=np.minimum(whole[4], MOST_REPEATS),
            row=whole[5],
            people=len(numbers) + len(self.texts),
            notes=self.notes,
        )
        edges.notes.extend(oddities(edges, int((whole[4] > MOST_REPEATS).sum())))
        return edges


def moments_of(numbers: Int64) -> Int64:
    """Microseconds since 1970 from numbers whose magnitude tells their unit, as scoring.collect.times has it."""
    size = np.abs(numbers)
    scale = np.where(size < times.SECONDS_BELOW, 1_000_000, np.where(size < times.MILLISECONDS_BELOW, 1_000, 1))
    return numbers * scale


def oddities(edges: Edges, clipped: int) -> list[str]:
    """What is counted, but not as one might think: reactions to oneself, rows said twice, and weights cut short."""
    found = []
    own = edges.row[edges.actor == edges.target]
    if len(own):
        found.append(f"{told(own, len(edges))} to oneself, which counts as nothing")
    keys = (
        (edges.actor, edges.target, edges.verb)
        if edges.at is None
        else (edges.actor, edges.target, edges.verb, edges.at)
    )
    order = np.lexsort((edges.row, *keys))
    again = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys:
        again &= key[order[1:]] == key[order[:-1]]
    twice = np.sort(edges.row[order[1:][again]])
    if len(twice):
        found.append(f"{told(twice, len(edges))} said before, word for word: each counts as a reaction of its own")
    if clipped:
        found.append(f"{clipped:,} rows weigh more than {MOST_REPEATS:,} and count as so many reactions")
    return found


def told(rows: Int64, whole: int) -> str:
    listed = ", ".join(f"{row:,}" for row in rows[:TOLD].tolist())
    more = f" and {len(rows) - TOLD:,} more" if len(rows) > TOLD else ""
    return f"{len(rows):,} of {whole:,} rows ({listed}{more})" + (" is" if len(rows) == 1 else " are")
