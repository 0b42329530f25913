"""Rows as CSV, line by line, that no spreadsheet runs anything of."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

# What a spreadsheet takes for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Echo:
    """A file for the csv module that gives back each line in place of keeping it."""

    def write(self, line: str) -> str:
        return line


def written(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a file with `rows`; texts from outside go through `safe` first."""
    writer = csv.writer(Echo())
    for row in rows:
        yield writer.writerow(row)


def safe(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text
