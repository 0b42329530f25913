"""Every dated row of the log, each once: for those who look at single events rather than at sums of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow.dataset
from numpy.typing import NDArray

from scoring.log.days import DAY, SCHEMA, without
from scoring.log.lookup import known
from scoring.log.reading import snapshot

WANTED = ("target", "actor", "verb", "occurred_at")


def events(until: date) -> dict[str, NDArray[Any]]:
    """Columns target, actor, verb (int64) and occurred_at (int64, microseconds since 1970) of what happened before
    `until`, 0:00 UTC; the erased are left out. All of it is held in memory: 32 bytes a row."""
    found = snapshot(until)
    newest = found.newest
    in_lake = known(newest["key_high"], newest["key_low"], days=newest["occurred_at"] // DAY)
    parts = [{name: np.asarray(newest[name][~in_lake], dtype=np.int64) for name in WANTED}]
    lake = found.lake
    if isinstance(lake, list) and lake:
        lake = pyarrow.dataset.dataset(lake, schema=SCHEMA, format="parquet")
    if lake:
        for batch in lake.to_batches(columns=list(WANTED)):
            columns = {name: batch.column(name) for name in WANTED}
            columns["occurred_at"] = columns["occurred_at"].cast("int64")
            parts.append({name: column.to_numpy().astype(np.int64) for name, column in columns.items()})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in WANTED}
    return dict(without(whole, found.erased))
