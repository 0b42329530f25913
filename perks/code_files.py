"""Files of codes as brands have them: plain text, CSV or XLSX, from any program, in any encoding, and hostile ones.

Nothing is believed of a file: what it is is seen in its bytes, and everything in it has a bound.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, time, timedelta
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_BYTES = 20 * 1024**2
MAX_ROWS = 100_000
# Of a code; and of what is looked at in a row.
LONGEST = 200
MAX_COLUMNS = 50
MAX_CELL = 10_000
# Of a spreadsheet, unpacked: in all, and how often a part of it may be larger than it is packed.
MAX_UNPACKED = 120 * 1024**2
MAX_RATIO = 200
MAX_PARTS = 1_000
# A spreadsheet keeps so many digits of a number, and forgets the others.
SURE_DIGITS = 15
# Headings of the column, as they are usual.
HEADINGS = re.compile(
    r"(?:promo|coupon|voucher|discount|gift|access|ticket|gutschein|rabatt|unique)?[ _-]*(?:codes?|vouchers?|coupons?)",
    re.IGNORECASE,
)
WHOLE = re.compile(r"[0-9]{1,3}")
LETTERS = re.compile(r"[A-Za-z]{1,2}")


class BadFile(Exception):
    """Nothing can be taken from the file; `str(error)` is a sentence in the active language."""

    text: str | Promise = gettext_lazy("This file cannot be read. Use plain text, CSV or XLSX.")

    def __init__(self, text: str | Promise = "") -> None:
        super().__init__(str(text or self.text))


class WhichColumn(BadFile):
    """There are several columns and none is known for the codes: `headings` are the texts of the first row."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.headings = [heading[:40] for heading in headings]
        super().__init__(_("The file has several columns. Please say which one holds the codes."))


class Row(NamedTuple):
    """A row as people count it, from 1; `trouble` is a word of perks.codes.REASONS."""

    number: int
    text: str
    trouble: str = ""


def rows_of(file: IO[bytes], *, name: str, size: int, column: str = "") -> Iterator[Row]:
    """The codes in `file` (`size` bytes), stripped, one for each row below a heading; empty rows at the end left out.

    column: its heading, number (from 1) or letters; "": recognised. Raises BadFile, WhichColumn, at once or on the way.
    """
    return _codes(_cells_of(file, name=name, size=size), column.strip())


def texts_of(file: IO[bytes], *, name: str, size: int) -> Iterator[list[str]]:
    """The texts of each row of any such file; "" for a cell that holds a date or the like. Raises BadFile."""
    for texts, _trouble in _cells_of(file, name=name, size=size):
        yield [text.rpartition(MARK)[2].strip() if text[:1] == MARK else text.strip() for text in texts]


def _cells_of(file: IO[bytes], *, name: str, size: int) -> Iterator[tuple[list[str], str]]:
    if size > MAX_BYTES:
        raise BadFile(_("The file is larger than 20 MB."))
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start[:4] == b"PK\x03\x04":
        return _cells_of_workbook(file)
    return _cells_of_text(file, plain=name.lower().endswith(".txt"))


# ---------------------------------------------------------------- the column


def _codes(cells: Iterator[tuple[list[str], str]], column: str) -> Iterator[Row]:
    """Rows of one column of `cells`: (texts, trouble of the whole row or of cells, by a mark before the text)."""
    first: list[tuple[list[str], str]] = []
    for row in cells:
        first.append(row)
        if any(text.strip() for text in row[0]) or len(first) == MAX_ROWS:
            break
    heading = [text.strip() for text in first[-1][0]] if first else []
    index, below = _column(heading, column)
    start = len(first) if below else 0
    rows = chain(() if below else first, cells)
    empty: list[Row] = []
    for number, (texts, trouble) in enumerate(rows, start + 1):
        if number > MAX_ROWS + start:
            if any(text.strip() for text in texts):
                raise BadFile(_("The file has more than 100,000 rows. Please split it."))
            if number > MAX_ROWS * 2:
                return
            continue
        found = _row(number, texts[index] if index < len(texts) else "", trouble)
        if found.text or found.trouble:
            yield from empty
            empty.clear()
            yield found
        else:
            empty.append(found)


def _row(number: int, text: str, trouble: str) -> Row:
    if text[:1] == MARK:
        word, _mark, text = text[1:].partition(MARK)
        return Row(number, text, word)
    return Row(number, text.strip(), trouble)


# Stands before a cell's text with the trouble of that cell; no text of a spreadsheet can have it.
MARK = "\x00"


def _column(heading: list[str], wanted: str) -> tuple[int, bool]:
    """Which column it is, from 0, and whether the first row is a heading. Raises BadFile, WhichColumn."""
    lowered = [text.casefold() for text in heading]
    known = next((place for place, text in enumerate(heading) if HEADINGS.fullmatch(text)), None)
    filled = [place for place, text in enumerate(heading) if text]
    if wanted:
        if wanted.casefold() in lowered:
            return lowered.index(wanted.casefold()), True
        index = _by_place(wanted)
        if index is None or index >= max(len(heading), 1):
            raise BadFile(_("The file has no column %(name)s.") % {"name": wanted[:40]})
        return index, known == index
    if known is not None:
        return known, True
    if len(filled) > 1:
        raise WhichColumn(heading)
    return (filled[0] if filled else 0), False


def _by_place(wanted: str) -> int | None:
    """From 0: of "2" and of "B" 1; None for other words."""
    if WHOLE.fullmatch(wanted) and int(wanted) > 0:
        return int(wanted) - 1
    if LETTERS.fullmatch(wanted):
        place = 0
        for letter in wanted.upper():
            place = place * 26 + ord(letter) - ord("A") + 1
        return place - 1
    return None


# ---------------------------------------------------------------- text and CSV


def _encoding(file: IO[bytes]) -> str:
    """What the bytes are written in: by their mark, else UTF-8 where they are that, else Western Europe's old one."""
    start = file.read(4096)
    file.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Without a mark: in UTF-16 every other byte of plain letters is zero.
    if len(start) >= 4 and start[1::2].count(0) > len(start) // 3:
        return "utf-16-le"
    if len(start) >= 4 and start[::2].count(0) > len(start) // 3:
        return "utf-16-be"
    decoder = io.TextIOWrapper(file, encoding="utf-8-sig")
    try:
        while decoder.read(65_536):
            pass
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        decoder.detach()
        file.seek(0)
    return "utf-8-sig"


def _cells_of_text(file: IO[bytes], *, plain: bool) -> Iterator[tuple[list[str], str]]:
    text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace")
    try:
        lines = _lines(text)
        first = list(islice(lines, 20))
        delimiter = "" if plain else _delimiter(first)
        for line in chain(first, lines):
            if not delimiter:
                yield [_without_mark(line.strip().strip('"'))], ""
                continue
            try:
                cells = next(csv.reader([line], delimiter=delimiter), [])
            except csv.Error:
                yield [_without_mark(line[:LONGEST])], "unreadable"
                continue
            yield [_without_mark(cell) for cell in cells[:MAX_COLUMNS]], ""
    finally:
        # The file may be closed already where nobody wanted the rest.
        with suppress(ValueError):
            text.detach()


def _without_mark(text: str) -> str:
    """A cell's text that cannot be taken for one with trouble of its own."""
    return "�" + text[1:] if text[:1] == MARK else text


def _lines(text: IO[str]) -> Iterator[str]:
    """Lines without their ends, each cut where nobody's code is that long."""
    while line := text.readline(MAX_CELL):
        rest = line
        while rest and not rest.endswith("\n") and len(rest) == MAX_CELL:
            rest = text.readline(MAX_CELL)
        yield line.rstrip("\n")


def _delimiter(lines: Iterable[str]) -> str:
    """What stands between the cells of the first lines; "" for lines of one cell each."""
    for line in lines:
        outside = re.sub(r'"[^"]*"', "", line)
        counts = {mark: outside.count(mark) for mark in (";", "\t", ",", "|")}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ""


# ---------------------------------------------------------------- spreadsheets


def _check_archive(file: IO[bytes]) -> None:
    """Raises BadFile for what unpacks to far more than it is; zipfile reads no more of a part than is stated."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise BadFile(_("The spreadsheet is too large. Please save the codes as CSV."))
        for part in parts:
            if part.file_size > 1024**2 and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                raise BadFile(_("The spreadsheet is packed in an unusual way. Please save the codes as CSV."))
    file.seek(0)


def _cells_of_workbook(file: IO[bytes]) -> Iterator[tuple[list[str], str]]:
    """The first sheet's rows. Entities are refused by defusedxml, which openpyxl reads with."""
    from openpyxl import DEFUSEDXML, load_workbook

    assert DEFUSEDXML
    try:
        _check_archive(file)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True):
                yield [_cell(value) for value in row], ""
        finally:
            book.close()
    except (BadFile, GeneratorExit):
        raise
    except Exception as error:
        # openpyxl raises nearly anything for a file that is broken on purpose.
        raise BadFile() from error


def _cell(value: Any) -> str:
    """A cell's text; with a mark and the trouble before it where it is no code."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = _without_mark(value[:MAX_CELL])
        return f"{MARK}kind{MARK}{text}" if text.startswith("#") and text.endswith(("!", "?", "/A")) else text
    if isinstance(value, bool | date | time | timedelta):
        return f"{MARK}kind{MARK}"
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        text = str(int(value)) if whole else repr(value)
        return text if len(text.strip("-")) <= SURE_DIGITS else f"{MARK}digits{MARK}{text}"
    return f"{MARK}kind{MARK}"
