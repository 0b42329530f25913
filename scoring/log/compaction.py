"""Moves the rows of closed days from PostgreSQL to the lake, and rewrites the days of erased accounts.

A batch of days is one transaction: PostgreSQL deletes the rows while it hands them over, the lake commits them, then
PostgreSQL commits. Killed before the lake's commit, nothing has happened; killed between the two, the rows are in both
places, and whoever reads them takes each key once, as does the next compaction.
"""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise

import numpy as np
from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from scoring import columns
from scoring.log.days import (
    DAY,
    SELECT,
    TYPES,
    Columns,
    Int64,
    merged,
    nothing,
    pick,
    read_day,
    without,
    write_day,
)
from scoring.log.erasure import erased_accounts
from scoring.log.features import without_accounts
from scoring.log.lake import DayFile, Lake, Manifest, open_lake
from scoring.log.locks import moving, writing_lake
from scoring.models import Tombstone

# Rows of one batch, days apart: what is in memory at once, and how long importers wait.
BATCH = 500_000
Progress = Callable[[str], None]


def quiet(text: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class Compacted:
    """rows moved out of PostgreSQL, and their days; accounts erased, files rewritten for it; old files removed."""

    rows: int = 0
    days: int = 0
    erased: int = 0
    rewritten: int = 0
    removed: int = 0

    def line(self) -> str:
        text = f"{self.rows:,} rows of {self.days:,} closed days moved to the lake"
        if self.erased:
            text += f"; {self.erased:,} erased accounts taken out of {self.rewritten:,} files"
        return text


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def compact(before: date, *, at: datetime | None = None, progress: Progress | None = None) -> Compacted:
    """Move the rows of days before `before` (UTC) to the lake, and finish the erasures.

    at: when; it dates the erasures (`before` where it is not given). Waits for another writer of the lake. Raises
    BrokenLake, and what the lake's file system raises: then nothing is lost, and the next compaction goes on.
    """
    say = progress or quiet
    done = Compacted()
    with writing_lake():
        lake = open_lake()
        manifest = lake.manifest()
        waiting = np.array(
            Tombstone.objects.filter(rewritten_at=None).order_by("account").values_list("account", flat=True),
            dtype=np.int64,
        )
        erased = erased_accounts()
        if len(waiting):
            manifest = rewrite(lake, manifest, waiting, done, say)
            Tombstone.objects.filter(account__in=waiting.tolist(), rewritten_at=None).update(
                rewritten_at=Greatest(at or midnight(before), F("erased_at"))
            )
            done.erased = len(waiting)
        for first, last, rows in batches(before):
            say(f"{first} to {last}: {rows:,} rows" if first != last else f"{first}: {rows:,} rows")
            with moving():
                manifest = move(lake, manifest, first, last, erased, done)
        lake.tick()
        done.removed = lake.sweep()
    return done


def batches(before: date) -> Iterator[tuple[date, date, int]]:
    """First day, last day and rows of each batch of whole days that PostgreSQL still holds."""
    counted = columns.read(
        connection,
        """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM scoring_interaction
        WHERE occurred_at < %s GROUP BY day ORDER BY day
        """,
        [midnight(before)],
        {"day": "date", "rows": "int8"},
    )
    first: date | None = None
    total = 0
    last: date = before
    for day, rows in zip(counted["day"].tolist(), counted["rows"].tolist(), strict=True):
        if first is not None and total + rows > BATCH:
            yield first, last, total
            first, total = None, 0
        first, last, total = first or day, day, total + rows
    if first is not None:
        yield first, last, total


def move(lake: Lake, manifest: Manifest, first: date, last: date, erased: Int64, done: Compacted) -> Manifest:
    """Take the rows of `first` to `last` out of PostgreSQL and commit their days to the lake."""
    rows = columns.read(
        connection,
        f"DELETE FROM scoring_interaction WHERE occurred_at >= %s AND occurred_at < %s RETURNING {SELECT}",
        [midnight(first), midnight(date.fromordinal(last.toordinal() + 1))],
        TYPES,
    )
    done.rows += len(rows["key_high"])
    days = write_days(lake, manifest, without(rows, erased), erased)
    done.days += len(days)
    return lake.commit(manifest.with_days(days)) if days else manifest


def write_days(lake: Lake, manifest: Manifest, rows: Columns, erased: Int64) -> dict[str, DayFile | None]:
    """Merge `rows` with what the lake holds of their days, and write those days as new files."""
    day = rows["occurred_at"] // DAY
    order = np.argsort(day, kind="stable")
    rows, day = pick(rows, order), day[order]
    bounds = [*np.flatnonzero(np.diff(day, prepend=np.iinfo(np.int64).min)).tolist(), len(day)]
    written: dict[str, DayFile | None] = {}
    for start, end in pairwise(bounds):
        name = str(np.datetime64(int(day[start]), "D"))
        known = manifest.days.get(name)
        old = without(read_day(lake, known), erased) if known else nothing()
        written[name] = write_day(lake, name, merged(old, pick(rows, np.arange(start, end))))
    return written


def rewrite(lake: Lake, manifest: Manifest, accounts: Int64, done: Compacted, say: Progress) -> Manifest:
    """Take `accounts` out of the days and feature files that name them, in one commit."""
    days: dict[str, DayFile | None] = {}
    for name, day in manifest.days.items():
        table = lake.read_table(day.file, columns=["target", "actor"])
        if any(np.isin(table.column(column).to_numpy(), accounts).any() for column in ("target", "actor")):
            days[name] = write_day(lake, name, without(read_day(lake, day), accounts))
    features = without_accounts(lake, manifest, accounts)
    done.rewritten = len(days) + len(features)
    if not done.rewritten:
        return manifest
    say(f"{len(accounts):,} erased accounts taken out of {done.rewritten:,} files")
    changed = manifest.with_days(days)
    return lake.commit(Manifest(changed.number, changed.days, {**changed.features, **features}))


def append_day_rows(rows: Columns, *, progress: Progress | None = None) -> int:
    """Merge rows straight into the lake, past PostgreSQL: for loads that were never in it, such as a benchmark's.

    rows: key_high, key_low, occurred_at (microseconds since 1970), target, actor, post, network, verb, origin. Returns
    the number of days written.
    """
    with writing_lake():
        lake = open_lake()
        manifest = lake.manifest()
        days = write_days(lake, manifest, rows, erased_accounts())
        (progress or quiet)(f"{len(days):,} days of {len(rows['key_high']):,} rows")
        if days:
            lake.commit(manifest.with_days(days))
    return len(days)
