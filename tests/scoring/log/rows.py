"""Interactions as tests name them, past the import: a key, a day, a target and an actor."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow.parquet as pq

from scoring import log
from scoring.models import Interaction

START = date(2026, 10, 1)
LAST = date(2026, 12, 1)


def row(key: int, *, day: int = 0, target: int = 1, actor: int = 2, second: int = 0) -> Interaction:
    """An interaction on the day number `day`, whose content follows from its arguments."""
    when = datetime(START.year, START.month, START.day, tzinfo=UTC) + timedelta(
        days=day, seconds=second or key % 86_400
    )
    # Spread over all 128 bits, so that both halves take all signs.
    spread = uuid.uuid5(uuid.NAMESPACE_OID, str(key))
    return Interaction(key=spread, occurred_at=when, target=target, actor=actor, post=0, network=1, verb=3, origin=3)


def add(rows: Iterable[Interaction]) -> None:
    Interaction.objects.bulk_create(rows, ignore_conflicts=True)


def day_of(number: int) -> date:
    return START + timedelta(days=number)


def halves(key: uuid.UUID) -> tuple[int, int]:
    high, low = np.frombuffer(key.bytes, dtype=">i8").tolist()
    return high, low


def held(as_of: date = LAST) -> dict[tuple[int, int], tuple[int, int, int]]:
    """What a reader sees, key -> (microseconds, target, actor): each key once, nobody who was erased."""
    seen = {}
    snapshot = log.snapshot(as_of)
    erased = set(snapshot.erased.tolist())
    for path, day in zip(snapshot.lake, snapshot.lake_days, strict=True):
        table = pq.read_table(path).to_pydict()
        times = pq.read_table(path, columns=["occurred_at"]).column(0).cast("int64").to_pylist()
        keys = list(zip(table["key_high"], table["key_low"], strict=True))
        # In one file a key stands once, in its own day, and the rows are sorted as they should be.
        assert len(set(keys)) == len(keys)
        assert {time // 86_400_000_000 for time in times} == {(day - date(1970, 1, 1)).days}
        order = list(zip(table["target"], keys, strict=True))
        assert order == sorted(order)
        for key, time, target, actor in zip(keys, times, table["target"], table["actor"], strict=True):
            assert key not in seen, "a key in two days"
            seen[key] = (time, target, actor)
    newest = snapshot.newest
    for high, low, time, target, actor in zip(
        *(newest[name].tolist() for name in ("key_high", "key_low", "occurred_at", "target", "actor")), strict=True
    ):
        assert seen.setdefault((high, low), (time, target, actor)) == (time, target, actor)
    return {key: value for key, value in seen.items() if not erased & set(value[1:])}


def wanted(rows: Iterable[Interaction]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """What a reader should see of `rows`."""
    return {
        halves(row.key): (
            (row.occurred_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            row.target,
            row.actor,
        )
        for row in rows
    }
