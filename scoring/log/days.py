"""The rows of a day as they stand in the lake: merged by key, sorted by target and key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.log.lake import DayFile, Lake

Int64 = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]

DAY = 86_400_000_000
SCHEMA = pa.schema(
    [
        ("key_high", pa.int64()),
        ("key_low", pa.int64()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
        ("target", pa.int64()),
        ("actor", pa.int64()),
        ("post", pa.int64()),
        ("network", pa.int16()),
        ("verb", pa.int16()),
        ("origin", pa.int16()),
    ]
)
# The same columns as PostgreSQL has them, for scoring.columns.
SELECT = "key, occurred_at, target, actor, post, network, verb, origin"
TYPES = {
    "key": "uuid",
    "occurred_at": "timestamptz",
    "target": "int8",
    "actor": "int8",
    "post": "int8",
    "network": "int2",
    "verb": "int2",
    "origin": "int2",
}


def pick(columns: Columns, rows: NDArray[Any]) -> Columns:
    """Some of the rows: a mask, or their places in a wanted order."""
    return {name: values[rows] for name, values in columns.items()}


def without(columns: Columns, accounts: Int64) -> Columns:
    """The rows that name none of `accounts`, as target or actor."""
    if not len(accounts):
        return columns
    named = np.isin(columns["target"], accounts) | np.isin(columns["actor"], accounts)
    return pick(columns, ~named) if named.any() else columns


def merged(first: Columns, second: Columns) -> Columns:
    """The rows of both, one for each key (where both have it, `first`'s), sorted by target and key."""
    both = {name: np.concatenate([first[name], second[name]]) for name in SCHEMA.names}
    # lexsort is stable: of equal keys, the earlier place comes first.
    order = np.lexsort((both["key_low"], both["key_high"]))
    high, low = both["key_high"][order], both["key_low"][order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    by_key = order[new]
    return pick(both, by_key[np.argsort(both["target"][by_key], kind="stable")])


def nothing() -> Columns:
    return {
        field.name: np.empty(0, dtype=field.type.to_pandas_dtype()) for field in SCHEMA if field.name != "occurred_at"
    } | {"occurred_at": np.empty(0, dtype=np.int64)}


def read_day(lake: Lake, day: DayFile) -> Columns:
    table = lake.read_table(day.file)
    columns = {}
    for name in SCHEMA.names:
        column = table.column(name)
        columns[name] = (column.cast(pa.int64()) if name == "occurred_at" else column).to_numpy()
    return columns


def write_day(lake: Lake, day: str, columns: Columns) -> DayFile | None:
    """Write a day's rows (merged before) as a new file; None where there are none."""
    rows = len(columns["key_high"])
    if not rows:
        return None
    arrays = [
        pa.array(columns[field.name]).cast(pa.timestamp("us")).cast(field.type)
        if field.name == "occurred_at"
        else pa.array(columns[field.name], type=field.type)
        for field in SCHEMA
    ]
    file = lake.create_table(f"days/{day}", pa.table(arrays, schema=SCHEMA))
    return DayFile(file, rows, key_sum(columns))


def key_sum(columns: Columns) -> int:
    """The sum of the keys' halves modulo 2**64."""
    return sum(int(columns[half].view(np.uint64).sum()) for half in ("key_high", "key_low")) % 2**64
