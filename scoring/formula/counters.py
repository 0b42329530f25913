"""Scores a table of counters by a released formula, row by row, with no history and no database.

A counter is a feature like any other: so many people without names, `<verb>_surplus`. Followers, lists, friends are
counts of people or lists as they stand; mentions and retweets received are rates that fade (UNITS says what one is
taken for). What an account does itself (following, mentions and retweets sent, posts) has no weight.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TextIO

import numpy as np

from scoring import formula
from scoring.features import catalogue
from scoring.features.base import ONE, FeatureTable
from scoring.formula.base import Float64
from scoring.formula.declared import declared

# Counter -> how many people of the last month one unit of it is taken for, where it is no plain count. PeerIndex's
# mentions and retweets received (and a table in its form) are rates that fade by a half-life nobody published: at five
# a unit, an account of 150 followers has the two or three people who mention or pass on that it usually has.
UNITS: Mapping[str, float] = {"mentions_received": 5.0, "retweets_received": 5.0}
OWN_DOINGS = ("following", "mentions_sent", "retweets_sent", "posts")
SCORE = "score"
DELIMITERS = (",", ";", "\t", "|")
BYTE_ORDER_MARK = "\ufeff"
# Rows scored at a time, and the longest field: a quote that is never closed must not swallow the file into memory.
ROWS = 20_000
FIELD_CHARACTERS = 1 << 20
# More than anything can be counted to; the arithmetic is safe far beyond.
LARGEST = 1e30
# Problems told one by one; the rest are counted.
TOLD = 100


class BadTable(ValueError):
    """The table cannot be scored at all; the message says why."""


def counters_of(network: str) -> Mapping[str, str]:
    """Counter -> the column it fills, or "" where it has no weight. Raises BadTable for a network without counters."""
    known = catalogue.NETWORKS.get(network)
    if known is None or not known.counters:
        having = ", ".join(sorted(slug for slug, declared in catalogue.NETWORKS.items() if declared.counters))
        raise BadTable(f"{network!r} is no network with counters; those are: {having}")
    weighed = {name: catalogue.column_of(verb, "surplus", "") for name, verb in known.counters.items()}
    return weighed | dict.fromkeys(OWN_DOINGS, "")


def counted_by(version: str, network: str) -> None:
    """Raises BadTable where a formula keeps the network apart from the score, so that everybody would have 1."""
    if declared(version).weight_of(catalogue.NETWORKS[network].code) > 0:
        return
    switched = [
        f"{version}+{name}" for name, code in formula.SWITCHES.items() if code == catalogue.NETWORKS[network].code
    ]
    hint = f"; {' or '.join(switched)} counts it (--formula)" if switched else ""
    raise BadTable(f"formula {version} does not count {network}, so that everybody would have a score of 1{hint}")


def tells_reactions(network: str, names: Iterable[str]) -> bool:
    """Whether any of these counters counts reactions; who merely follows counts only as far as those bear it out."""
    verbs = catalogue.NETWORKS[network].counters
    return any(name in verbs and not catalogue.VERBS[verbs[name]].standing for name in names)


def columns_of(values: Mapping[str, Float64], network: str) -> dict[str, Float64]:
    """The columns of a FeatureTable that counters (name -> values) fill; those without weight fill none."""
    return {
        column: values[name] * (ONE * UNITS.get(name, 1.0))
        for name, column in counters_of(network).items()
        if column and name in values
    }


def score_values(values: Mapping[str, Float64], *, rows: int, network: str, version: str) -> Float64:
    """Scores [rows] of accounts by their counters: name -> float64 [rows], from 0 up; a counter left out is 0."""
    columns = columns_of(values, network)
    account = np.arange(rows, dtype=np.int64)
    code = np.full(rows, catalogue.NETWORKS[network].code, dtype=np.int64)
    return formula.get(version).score(FeatureTable(account, code, columns), account).score


@dataclass(slots=True)
class Summary:
    """What was done, in numbers. Rows are counted as a spreadsheet does: the header is row 1."""

    rows: int = 0
    scored: int = 0
    blank: int = 0
    missing: tuple[str, ...] = ()
    empty: dict[str, int] = field(default_factory=dict)
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """Where the counters are among `width` cells. Raises BadTable in `of`, where the table cannot be scored."""

    delimiter: str
    width: int
    # Counter -> its place in a row.
    places: Mapping[str, int]

    @classmethod
    def of(cls, cells: Sequence[str], delimiter: str, known: Mapping[str, str]) -> Header:
        names = [cell.strip().lower() for cell in cells]
        if SCORE in names:
            raise BadTable(f"the table has a column {SCORE!r} already; rename it or leave it out")
        twice = sorted({name for name in names if name in known and names.count(name) > 1})
        if twice:
            raise BadTable(f"the header names {', '.join(twice)} more than once")
        places = {name: place for place, name in enumerate(names) if name in known}
        if not places:
            raise BadTable(f"the header names none of {', '.join(known)}; it names {', '.join(cells)[:200]}")
        return cls(delimiter, len(cells), places)


class Records:
    """Rows of a CSV file with their own text, so that what came in goes out byte for byte."""

    def __init__(self, source: TextIO) -> None:
        self.lines = iter(source)
        self.taken: list[str] = []
        self.first = True

    def __iter__(self) -> Records:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.taken.append(line)
        if self.first:
            self.first = False
            line = line.removeprefix(BYTE_ORDER_MARK)
        return line

    def rows(self, delimiter: str) -> Iterator[tuple[str, list[str] | None]]:
        """(text, cells) of each row; cells is None where a field has no end, as after a quote that is not closed."""
        reader = csv.reader(self, delimiter=delimiter)
        while True:
            try:
                cells: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells, reader = None, csv.reader(self, delimiter=delimiter)
            yield self.text(), cells

    def text(self) -> str:
        text = "".join(self.taken)
        self.taken.clear()
        return text


def delimiter_of(line: str, known: Mapping[str, str]) -> str:
    """The delimiter that finds most counters in the header, the comma if none does better."""

    def found(delimiter: str) -> int:
        cells = next(csv.reader([line.removeprefix(BYTE_ORDER_MARK)], delimiter=delimiter), [])
        return sum(cell.strip().lower() in known for cell in cells)

    return max(DELIMITERS, key=found)


def with_cells(text: str, *cells: str, delimiter: str) -> str:
    """A row's text with cells put at its end, before its line ending."""
    body = text.rstrip("\r\n")
    return delimiter.join((body, *cells)) + text[len(body) :]


def number_of(cell: str) -> float:
    """A counter's value. Raises ValueError that says what is wrong."""
    try:
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{cell.strip()[:40]!r}, which is no number")
    if value < 0:
        raise ValueError(f"{cell.strip()[:40]!r}, which is negative")
    if value > LARGEST:
        raise ValueError(f"{cell.strip()[:40]!r}, which is too large")
    return value


def numbers_of(cells: Sequence[str]) -> tuple[Float64, dict[int, str]]:
    """Values of a column's cells, 0 where a cell is empty or bad, and place -> reason of the bad ones."""
    try:
        values = np.array([float(cell or 0) for cell in cells])
        if ((values >= 0) & (values <= LARGEST)).all() and "_" not in "".join(cells):
            return values, {}
    except ValueError:
        pass
    values, reasons = np.zeros(len(cells)), {}
    for place, cell in enumerate(cells):
        try:
            values[place] = number_of(cell) if cell.strip() else 0.0
        except ValueError as error:
            reasons[place] = str(error)
    return values, reasons


def score_counters(
    source: TextIO,
    sink: TextIO,
    *,
    network: str,
    version: str = formula.RELEASED,
    tell: Callable[[str], None] = lambda line: None,
) -> Summary:
    """Copy the CSV table `source` to `sink` with the score of each row put at its end, in pieces of some thousand rows.

    Both are opened with newline="" and hold text that encodes back to the same bytes. A row that cannot be scored keeps
    its place with an empty score; `tell` is given the reason. Raises BadTable, and UnknownFormula for `version`.
    """
    formula.get(version)
    known = counters_of(network)
    counted_by(version, network)
    records = Records(source)
    line = next(records.lines, "")
    if not line.strip():
        raise BadTable("the table is empty: its first line must name the columns")
    if line.startswith(("\udcff\udcfe", "\udcfe\udcff")) or "\0" in line:
        raise BadTable("the table is not in UTF-8 (it looks like UTF-16); save it as CSV in UTF-8")
    records.lines = chain([line], records.lines)
    delimiter = delimiter_of(line, known)
    limit = csv.field_size_limit(FIELD_CHARACTERS)
    try:
        rows = records.rows(delimiter)
        text, cells = next(rows)
        header = Header.of(cells or [], delimiter, known)
        sink.write(with_cells(text, SCORE, delimiter=delimiter))
        scorer = Scorer(header, network, version, tell)
        while piece := list(islice(rows, ROWS)):
            sink.writelines(scorer.scored(piece))
    finally:
        csv.field_size_limit(limit)
    scorer.summary.missing = tuple(name for name in known if name not in header.places)
    return scorer.summary


class Scorer:
    """Scores pieces of one table, and keeps count."""

    def __init__(self, header: Header, network: str, version: str, tell: Callable[[str], None]) -> None:
        self.header, self.network, self.version, self.tell = header, network, version, tell
        self.summary = Summary(empty=dict.fromkeys(header.places, 0))

    def scored(self, piece: Sequence[tuple[str, list[str] | None]]) -> Iterator[str]:
        """The rows' texts with their scores."""
        header, start = self.header, self.summary.rows + 2
        bad: dict[int, str] = {}
        whole: list[int] = []
        blank: set[int] = set()
        for place, (_, cells) in enumerate(piece):
            if cells == [] and header.width > 1:
                blank.add(place)
            elif cells is None:
                bad[place] = f"a field is longer than {FIELD_CHARACTERS:,} characters: a quote is not closed?"
            elif len(cells or [""]) != header.width:
                bad[place] = f"it has {len(cells)} cells where the header has {header.width}"
            else:
                whole.append(place)
        values: dict[str, Float64] = {}
        for name, column in header.places.items():
            texts = [(piece[place][1] or [""])[column] for place in whole]
            values[name], reasons = numbers_of(texts)
            self.summary.empty[name] += sum(not text.strip() for text in texts)
            for place, reason in reasons.items():
                bad.setdefault(whole[place], f"{name} is {reason}")
        scores = score_values(values, rows=len(whole), network=self.network, version=self.version)
        by_place = dict(zip(whole, scores.tolist(), strict=True))
        for place in sorted(bad):
            self.problem(f"row {start + place}: {bad[place]}; its score is left empty")
        self.summary.rows += len(piece)
        self.summary.blank += len(blank)
        self.summary.scored += len(piece) - len(blank) - len(bad)
        for place, (text, cells) in enumerate(piece):
            if place in blank:
                yield text
            elif place in bad:
                short = [""] * (header.width - len(cells or []))
                yield with_cells(text, *short, "", delimiter=header.delimiter)
            else:
                yield with_cells(text, repr(by_place[place]), delimiter=header.delimiter)

    def problem(self, line: str) -> None:
        self.summary.problems += 1
        if self.summary.problems <= TOLD:
            self.tell(line)
        elif self.summary.problems == TOLD + 1:
            self.tell("more rows could not be scored; they are counted below, and their score is empty")
