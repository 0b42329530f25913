"""Tables of an export (CSV), read row by row without trust: a row that cannot be read loses no other row.

Lines are split here and not by the csv module over the file: one quote that nobody closes would make it swallow
everything after it.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.networks.archive import Archive
from accounts.networks.lines import MAX_LINE, lines

SEPARATORS = (",", ";", "\t", "|")
CHUNK = 256 * 1024
SAMPLE = 16 * 1024
# A quoted text that goes on for more lines was never closed.
MAX_LINES = 2000
# Lines before the names of the columns: LinkedIn puts notes there.
PREAMBLE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins at (the first is 1), its cells, and their values by folded name of the column.

    `reason` says why a row cannot be used; it has no values then.
    """

    number: int
    cells: list[str]
    values: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    def get(self, column: str) -> str:
        return self.values.get(folded(column), "").strip()


def folded(name: str) -> str:
    """The name of a column without case, spaces and marks: "First Name" and "first_name" are one."""
    return "".join(character for character in name.casefold() if character.isalnum())


def columns(archive: Archive, name: str) -> set[str]:
    """Folded names of the columns, as far as the first lines tell: all cells of every line that has two or more."""
    lines = _sample(archive, name)
    cells = (
        cell for line in lines[:PREAMBLE] for cells in [_cells([line], _separator(line))] if cells for cell in cells
    )
    return {folded(cell) for cell in cells}


def records(archive: Archive, name: str, *needed: str) -> Iterator[Row]:
    """Rows below the line that names the columns, which must be among the first lines and hold all `needed`.

    A row that has another number of cells than columns has a reason instead of values; so has the only row that comes
    where the columns are not found.
    """
    wanted = {folded(column) for column in needed}
    names: list[str] = []
    separator = _separator_of(_sample(archive, name), wanted)
    for row in rows(archive, name, separator):
        if names:
            yield _named(row, names)
            continue
        found = [folded(cell) for cell in row.cells]
        if wanted <= set(found):
            names = found
            while not names[-1]:
                names.pop()
        elif row.number > PREAMBLE:
            break
    if not names and archive.size(name):
        yield Row(1, [], reason=f"has no columns {', '.join(needed)}")


def rows(archive: Archive, name: str, separator: str = "") -> Iterator[Row]:
    """Every row that is not blank, by its cells alone. separator: found out where none is given."""
    separator = separator or _separator_of(_sample(archive, name), set())
    lines = _lines(archive, name)
    waiting: list[str] = []
    number = 0
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            yield Row(number, [], reason=f"the line is longer than {MAX_LINE:,} characters")
            continue
        # A quoted text may hold line ends: lines are added until it is closed, or given back.
        taken, length = [line], len(line)
        while (cells := _cells(taken, separator)) is None and len(taken) < MAX_LINES and length < MAX_LINE:
            # Only a line with a quote can close what is open.
            following = waiting.pop(0) if waiting else next(lines, None)
            while following is not None and '"' not in following and len(taken) < MAX_LINES and length < MAX_LINE:
                taken.append(following)
                length += len(following)
                following = waiting.pop(0) if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            length += len(following)
        if cells:
            yield Row(number, cells)
            number += len(taken) - 1
        else:
            # Wrong only with what was added: then it was the first line's own quote that is open.
            open_quote = cells is None or len(taken) > 1
            waiting = taken[1:] + waiting
            yield Row(number, [], reason="a quote is not closed" if open_quote else "text stands after a closing quote")


def _named(row: Row, names: list[str]) -> Row:
    cells = row.cells
    while len(cells) > len(names) and not cells[-1].strip():
        cells = cells[:-1]
    if row.reason or len(cells) == len(names):
        return row if row.reason else Row(row.number, cells, dict(zip(names, cells, strict=True)))
    return Row(row.number, cells, reason=f"has {len(cells)} columns where {len(names)} are named")


def _cells(lines: list[str], separator: str) -> list[str] | None:
    """The cells of a row; None where a quote is not closed yet, [] where quotes are wrong."""
    text = "\n".join(lines)
    if '"' not in text:
        return text.split(separator)
    # Doubled quotes stand for themselves, so that an odd number of them leaves one open.
    if text.count('"') % 2:
        return None
    try:
        (cells,) = csv.reader([text], delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        return []
    return cells


def _separator(line: str) -> str:
    return max(SEPARATORS, key=line.count)


def _separator_of(sample: list[str], wanted: set[str]) -> str:
    """What separates the cells: what makes the wanted columns appear, else the mark that the first line has most of."""
    for separator in SEPARATORS if wanted else ():
        for line in sample[:PREAMBLE]:
            if wanted <= {folded(cell) for cell in _cells([line], separator) or []}:
                return separator
    return _separator(next((line for line in sample if line.strip()), ","))


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _sample(archive: Archive, name: str) -> list[str]:
    start = archive.head(name, SAMPLE)
    return start.decode(_encoding(start), errors="replace").splitlines()


def _lines(archive: Archive, name: str) -> Iterator[str]:
    """Every line without its end; damaged characters are replaced, and a line that is too long comes cut, once."""
    encoding = _encoding(archive.head(name, SAMPLE))
    with archive.open(name) as file:
        yield from lines(file, encoding=encoding, errors="replace", block=CHUNK)
