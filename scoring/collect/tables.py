"""Reads a table of text, row by row, whatever separates its columns; a row that cannot be read loses no other row.

Lines are split here and not by the csv module over the file: one quote that nobody closes would make it swallow
everything after it.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from accounts.networks.lines import MAX_LINE, lines

# In the order of preference where several would do.
SEPARATORS = ("\t", ",", ";", "|", " ")
NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
SAMPLE = 64 * 1024
SAMPLE_LINES = 20
BLOCK = 1 << 20
# A quoted text that goes on for more lines was never closed.
MAX_LINES = 20


class Unreadable(Exception):
    """A file that is no table we can read; the message says why."""


@dataclass(slots=True)
class Line:
    """A row as found: its number in the file (the first is 1) and its columns; or why it has none."""

    number: int
    fields: list[str]
    reason: str = ""


class TextTable:
    """A file of rows, for use as a context. `size` and `position` count bytes on disk, for a progress bar."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size

    def __enter__(self) -> TextTable:
        self.raw: IO[bytes] = self.path.open("rb")
        try:
            zipped = self.raw.read(2) == b"\x1f\x8b"
            self.raw.seek(0)
            self.bytes: Any = gzip.GzipFile(fileobj=self.raw) if zipped else self.raw
            self.encoding = self.encoding_of(self.peek(4))
            self.sample = self.first_lines()
            self.separator = separator_of([line for line in self.sample if not line.startswith("#")] or self.sample)
        except BaseException:
            self.raw.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.raw.close()

    @property
    def position(self) -> int:
        return self.raw.tell()

    def peek(self, size: int) -> bytes:
        data: bytes = self.read(size)
        self.bytes.seek(0)
        return data

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self.bytes.read(size)
        except (OSError, EOFError) as error:
            raise Unreadable(f"{self.path}: the compressed file is damaged ({error})") from None
        return data

    def encoding_of(self, start: bytes) -> str:
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in start or start.startswith((b"PK\x03\x04", b"PAR1")):
            raise Unreadable(f"{self.path}: is not a table of text (CSV, TSV)")
        return "utf-8-sig"

    def first_lines(self) -> list[str]:
        """The first lines that hold anything; raises Unreadable where there is none."""
        data = self.peek(SAMPLE)
        lines = [line for line in data.decode(self.encoding, errors="replace").splitlines() if line.strip()]
        if not lines:
            raise Unreadable(f"{self.path}: the file is empty")
        # The last may have been cut.
        return (lines[:-1] if len(data) == SAMPLE and len(lines) > 1 else lines)[:SAMPLE_LINES]

    def lines(self) -> Iterator[str]:
        """Every line without its end. Bytes that are no UTF-8 come as lone surrogates; one too long comes cut."""
        return lines(self, encoding=self.encoding, errors="surrogateescape", block=BLOCK)

    def rows(self) -> Iterator[Line]:
        """Every row that is not blank, in order."""
        lines = self.lines()
        separator = self.separator
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
                yield Line(number, [line[:200]], f"the line is longer than {MAX_LINE:,} characters")
            elif separator == " ":
                yield Line(number, line.split())
            elif '"' not in line:
                yield Line(number, line.split(separator))
            else:
                # A quoted text may hold line ends: lines are added until it is closed, or given back.
                taken = [line]
                while (fields := self.quoted(taken)) is None and len(taken) < MAX_LINES:
                    following = waiting.pop(0) if waiting else next(lines, None)
                    if following is None:
                        break
                    taken.append(following)
                if fields:
                    yield Line(number, fields)
                    number += len(taken) - 1
                else:
                    waiting = taken[1:] + waiting
                    # Wrong only with what was added: then it was the first line's own quote that is open.
                    open_quote = fields is None or len(taken) > 1
                    reason = "a quote is not closed" if open_quote else "text stands after a closing quote"
                    yield Line(number, line.split(separator), reason)

    def quoted(self, lines: list[str]) -> list[str] | None:
        """The columns of a row with quotes; None where one is not closed yet, [] where they are wrong."""
        try:
            (fields,) = csv.reader(["\n".join(lines)], delimiter=self.separator, strict=True)
        except csv.Error as error:
            return None if "unexpected end" in str(error) else []
        return fields


def separator_of(sample: list[str]) -> str:
    """What separates the columns: what most lines agree on, then what makes most columns; a space only if nothing else.

    A bad row must not hide it, and neither must commas or spaces within a text.
    """
    best, best_rank = "", (0.0, 1)
    for separator in SEPARATORS:
        counts = [columns_of(line, separator) for line in sample]
        rank = (round(counts.count(counts[0]) / len(counts), 1), counts[0])
        if counts[0] > 1 and rank > best_rank and not (separator == " " and best):
            best, best_rank = separator, rank
    return best or ","


def columns_of(line: str, separator: str) -> int:
    if separator == " ":
        return len(line.split())
    try:
        return sum(len(fields) for fields in csv.reader([line], delimiter=separator))
    except csv.Error:
        return 0
