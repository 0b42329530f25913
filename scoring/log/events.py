"""Every dated row of the log, each once: for those who look at single events rather than at sums of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow.dataset
from django.db import connection
from numpy.typing import NDArray

from scoring import columns
from scoring.log.compaction import midnight
from scoring.log.days import DAY, SCHEMA, SELECT, TYPES, without
from scoring.log.erasure import erased_accounts
from scoring.log.lake import open_lake
from scoring.log.lookup import known
from scoring.log.reading import files, snapshot

WANTED = ("target", "actor", "verb", "occurred_at")


# What of it tells who did what to whom.
DOING = ("target", "actor", "verb", "post", "occurred_at")


def events(until: date, wanted: Sequence[str] = WANTED) -> dict[str, NDArray[Any]]:
    """Columns target, actor, verb (int64) and occurred_at (int64, microseconds since 1970) of what happened before
    `until`, 0:00 UTC, or others of the log that are `wanted`, `target` and `actor` among them; the erased are left
    out. All of it is held in memory: 32 bytes a row."""
    found = snapshot(until)
    newest = found.newest
    in_lake = known(newest["key_high"], newest["key_low"], days=newest["occurred_at"] // DAY)
    parts = [{name: np.asarray(newest[name][~in_lake], dtype=np.int64) for name in wanted}]
    lake = found.lake
    if isinstance(lake, list) and lake:
        lake = pyarrow.dataset.dataset(lake, schema=SCHEMA, format="parquet")
    if lake:
        for batch in lake.to_batches(columns=list(wanted)):
            held = {name: batch.column(name) for name in wanted}
            if "occurred_at" in held:
                held["occurred_at"] = held["occurred_at"].cast("int64")
            parts.append({name: column.to_numpy().astype(np.int64) for name, column in held.items()})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in wanted}
    return dict(without(whole, found.erased))


def doings(network: int, until: date) -> dict[str, NDArray[np.int64]]:
    """Columns target, actor, verb, post and occurred_at of what happened on `network` (its code) before `until`, as
    `events` has it. Of the lake only the columns are read, and only that network's rows are kept."""
    newest = columns.read(
        connection,
        f"SELECT {SELECT} FROM scoring_interaction WHERE network = %s AND occurred_at < %s",  # noqa: S608 (our own names)
        [network, midnight(until)],
        TYPES,
    )
    in_lake = known(newest["key_high"], newest["key_low"], days=newest["occurred_at"] // DAY)
    parts = [{name: np.asarray(newest[name][~in_lake], dtype=np.int64) for name in DOING}]
    lake = open_lake()
    manifest = lake.manifest()
    days = files(lake, manifest, [day for day in sorted(manifest.days) if day < until.isoformat()])
    if isinstance(days, list) and days:
        days = pyarrow.dataset.dataset(days, schema=SCHEMA, format="parquet")
    if days:
        there = pyarrow.dataset.field("network") == network
        table = days.to_table(columns=list(DOING), filter=there)
        whole = {name: table.column(name) for name in DOING}
        whole["occurred_at"] = whole["occurred_at"].cast("int64")
        parts.append({name: column.to_numpy().astype(np.int64) for name, column in whole.items()})
    both = {name: np.concatenate([part[name] for part in parts]) for name in DOING}
    return dict(without(both, erased_accounts()))
