"""What an import did, in whole numbers, and the file of what it could not use."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

# progress(stage, done, total): "reading" counts bytes or records, "storing" rows; total is 0 where nobody knows it.
Progress = Callable[[str, int, int], None]
FIRST_REASONS = 5


def quiet(stage: str, done: int, total: int) -> None:
    """Report nothing."""


class Refused(Exception):
    """An import that cannot be done at all; the message says why in words for whoever asked for it."""


@dataclass(slots=True)
class Summary:
    """`read` = `new` + `known` + `left_out` + `rejected`; `tallies`: what an export held, in its network's words."""

    network: str
    read: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    # Rows that name accounts whose owners asked not to be known here.
    left_out: int = 0
    accounts_new: int = 0
    tallies: dict[str, int] = field(default_factory=dict)
    # The first few reasons of rejections, and the file that holds them all ("" where there is none).
    reasons: list[str] = field(default_factory=list)
    rejects: str = ""
    notes: list[str] = field(default_factory=list)
    # All networks that one export held; the first is `network`. Empty: that one alone.
    networks: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        # Pairs, since the database would sort the names of an object its own way.
        return asdict(self) | {"tallies": [list(pair) for pair in self.tallies.items()]}

    def lines(self, *, dry_run: bool = False) -> list[str]:
        """The summary for a terminal."""
        would = "would be " if dry_run else ""
        lines = [", ".join(f"{number:,} {kind}" for kind, number in self.tallies.items())] if self.tallies else []
        lines.append(
            f"{self.read:,} rows read: {self.new:,} {would}new, {self.known:,} already known, "
            f"{self.rejected:,} rejected; {self.accounts_new:,} accounts {would}new"
        )
        if self.left_out:
            lines.append(f"{self.left_out:,} rows left out on request: they name accounts that have opted out")
        lines += [f"  {reason}" for reason in self.reasons]
        if self.rejected > len(self.reasons):
            lines.append(f"  and {self.rejected - len(self.reasons):,} more")
        if self.rejects:
            lines.append(f"What was rejected is in {self.rejects}")
        return [*lines, *self.notes]


class Rejects:
    """Counts what is rejected and writes it to a CSV that is made with the first of it. No path, no file."""

    def __init__(self, summary: Summary, path: Path | None, header: Sequence[str]) -> None:
        self.summary = summary
        self.path = path
        self.header = header
        self.file: TextIO | None = None

    def __enter__(self) -> Rejects:
        # An older import's rejects must not be taken for this one's.
        if self.path:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.file:
            self.file.close()

    def add(self, where: str, reason: str, row: Sequence[str] = (), label: str = "") -> None:
        """Reject `row`, found at `where` (called `label` in the summary)."""
        summary = self.summary
        summary.rejected += 1
        if len(summary.reasons) < FIRST_REASONS:
            summary.reasons.append(f"{label or where}: {reason}")
        if self.path and self.file is None:
            self.open(self.path)
        if self.file:
            self.writer.writerow([where, reason, *row])

    def open(self, path: Path) -> None:
        try:
            self.file = path.open("w", newline="", encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            self.path = None
            self.summary.notes.append(f"What was rejected could not be written to {path} ({error.strerror})")
            return
        self.writer = csv.writer(self.file)
        self.writer.writerow(self.header)
        self.summary.rejects = str(path)
