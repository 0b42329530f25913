"""What every engine brings in before the first step, by type, and how its last step becomes an Output."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scoring.engine import steps
from scoring.engine.base import Columns, Inputs, Output
from scoring.engine.graph import UNKNOWN
from scoring.engine.pauses import segments
from scoring.features.base import FeatureTable, Int64
from scoring.features.catalogue import COLUMNS, UNCERTAINTY
from scoring.features.derived import completed

DAY = 86_400_000_000  # microseconds

Types = Mapping[str, pa.DataType]

_LOG: Types = {
    "target": pa.int64(),
    "actor": pa.int64(),
    "post": pa.int64(),
    "network": pa.int16(),
    "verb": pa.int16(),
    "origin": pa.int16(),
}
_KEY: Types = {"key_high": pa.int64(), "key_low": pa.int64()}
# What a row of the lake holds.
LAKE: Types = {**_LOG, **_KEY, "occurred_at": pa.timestamp("us", tz="UTC")}
# The fields of Inputs that are columns, by their types.
GIVEN: Mapping[str, Types] = {
    "newest": {**_LOG, **_KEY, "occurred_at": pa.int64()},
    "relations": {name: kind for name, kind in _LOG.items() if name != "post"},
    "counters": {
        "account": pa.int64(),
        "network": pa.int16(),
        "name": pa.string(),
        "value": pa.int64(),
        "origin": pa.int16(),
    },
    "totals": {
        "account": pa.int64(),
        "post": pa.int64(),
        "network": pa.int16(),
        "verb": pa.int16(),
        "total": pa.int64(),
        "origin": pa.int16(),
        "occurred_at": pa.int64(),
    },
    "published": {"account": pa.int64(), "post": pa.int64(), "occurred_at": pa.int64()},
    "owners": {"account": pa.int64(), "person": pa.int64()},
}
# The tables whose rows are of a day, and count if it is before the score's.
DATED = ("lake", "newest", "totals", "published")


class Derived(NamedTuple):
    """A small table that follows from the day of the score and from what Inputs holds beside the log."""

    name: str
    types: Types
    columns: Columns


def derived(inputs: Inputs) -> list[Derived]:
    """The tables erased, decay, pauses and counter_verbs of scoring.engine.steps."""
    end = day_number(inputs.as_of)
    decay = steps.decay(end)
    paused = segments(**{name: np.asarray(values) for name, values in inputs.pauses.items()}, as_of_day=end)
    counted = {name: np.array(values) for name, values in steps.counter_verbs().items()}
    return [
        Derived("erased", {"account": pa.int64()}, {"account": inputs.erased}),
        Derived("decay", dict.fromkeys(decay, pa.int64()), decay),
        Derived("pauses", dict.fromkeys(paused, pa.int64()), paused),
        Derived("counter_verbs", dict.fromkeys(counted, pa.int16()) | {"name": pa.string()}, counted),
    ]


def table(columns: Columns, types: Types) -> pa.Table:
    """Columns as an Arrow table of these types; what else the columns hold stays behind."""
    return pa.table({name: pa.array(np.asarray(columns[name])).cast(kind) for name, kind in types.items()})


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def days_of(newest: Columns) -> list[int]:
    """The days (since 1970) that the newest rows are of."""
    days: list[int] = np.unique(np.asarray(newest["occurred_at"], dtype=np.int64) // DAY).tolist()
    return days


def check(inputs: Inputs) -> None:
    """Raises ValueError where the inputs contradict themselves."""
    if len(np.unique(inputs.owners["account"])) < len(inputs.owners["account"]):
        raise ValueError("owners: an account is named twice, but it belongs to one person")
    if isinstance(inputs.lake, list) and len(inputs.lake) != len(inputs.lake_days):
        raise ValueError(f"lake: {len(inputs.lake)} files but {len(inputs.lake_days)} days")


def output(found: Columns, standing: tuple[Int64, Int64], guards: Columns) -> Output:
    """The rows of the last step, sorted, with the standing of each; who is not named in `standing` is unknown."""
    account = np.asarray(found["account"], dtype=np.int64)
    features = FeatureTable(
        account=account,
        network=np.asarray(found["network"], dtype=np.int64),
        columns=completed(
            {
                column: np.asarray(found[column], dtype=np.int64)
                for column in (*COLUMNS, *UNCERTAINTY)
                if column in found
            }
        ),
        supplied=np.asarray(found["supplied"], dtype=np.int64),
    )
    named = np.argsort(standing[0])
    accounts, values = standing[0][named], standing[1][named]
    weighs = np.full(len(account), UNKNOWN, dtype=np.int64)
    if len(accounts):
        place = np.minimum(np.searchsorted(accounts, account), len(accounts) - 1)
        known = accounts[place] == account
        weighs[known] = values[place[known]]
    return Output(features=features, standing=weighs, guards=guards)
