"""From the reference's rows to what the engine is given: columns from PostgreSQL, and day files of a lake."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, VERBS
from scoring.engine.base import Inputs
from tests.scoring.engine.reference import Event, Log

AS_OF = date(2026, 11, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOG = ("key_high", "key_low", "target", "actor", "post", "network", "verb", "origin")


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def microseconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds()) * 1_000_000 + at.microsecond


def columns_of(events: Sequence[Event]) -> dict[str, np.ndarray]:
    return {
        "key_high": ids(*(event.key >> 32 for event in events)),
        "key_low": ids(*(event.key & 0xFFFFFFFF for event in events)),
        "occurred_at": ids(*(microseconds(event.at) for event in events)),
        "target": ids(*(event.target for event in events)),
        "actor": ids(*(event.actor for event in events)),
        "post": ids(*(event.post for event in events)),
        "network": ids(*(NETWORKS[event.network].spec.code for event in events)),
        "verb": ids(*(VERBS[event.verb] for event in events)),
        "origin": ids(*(ORIGINS[event.origin] for event in events)),
    }


def write_lake(folder: Path, events: Iterable[Event]) -> tuple[list[str], list[date]]:
    """A file for each day; the paths and their days, in order."""
    by_day: dict[date, list[Event]] = {}
    for event in events:
        by_day.setdefault(event.at.date(), []).append(event)
    paths = []
    for day in sorted(by_day):
        columns = columns_of(by_day[day])
        small = {"network": pa.int16(), "verb": pa.int16(), "origin": pa.int16()}
        arrays = {name: pa.array(columns[name], small.get(name, pa.int64())) for name in LOG}
        arrays["occurred_at"] = pa.array(columns["occurred_at"], pa.int64()).cast(pa.timestamp("us", "UTC"))
        path = folder / f"{day}.parquet"
        pq.write_table(pa.table(arrays), path, compression="zstd")
        paths.append(str(path))
    return paths, sorted(by_day)


def pauses_of(log: Log) -> dict[str, np.ndarray]:
    """Each paused day as a pause of its own, but that neighbouring days are one, and that the first is said twice."""
    rows = []
    for account, days in log.paused.items():
        ordered = sorted((day - EPOCH.date()).days for day in days)
        for day in ordered:
            if rows and rows[-1][0] == account and rows[-1][2] == day:
                rows[-1][2] = day + 1
            else:
                rows.append([account, day, day + 1])
        rows += [[account, day, day + 1] for day in ordered[:1]]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return dict(zip(("account", "start", "end"), table.T, strict=True))


def inputs_of(
    log: Log,
    *,
    as_of: date = AS_OF,
    lake: Path | None = None,
    in_lake: Sequence[Event] = (),
    newest: Sequence[Event] | None = None,
) -> Inputs:
    """All events as newest rows, unless `newest` and `in_lake` (rows to write under `lake`) say otherwise."""
    paths, days = write_lake(lake, in_lake) if lake is not None else ([], [])
    return Inputs(
        as_of=as_of,
        lake=paths,
        lake_days=days,
        newest=columns_of(log.events if newest is None else newest),
        relations={
            "target": ids(*(row.target for row in log.relations)),
            "actor": ids(*(row.actor for row in log.relations)),
            "verb": ids(*(VERBS[row.verb] for row in log.relations)),
            "network": ids(*(NETWORKS[row.network].spec.code for row in log.relations)),
            "origin": ids(*(ORIGINS[row.origin] for row in log.relations)),
        },
        counters={
            "account": ids(*(row.account for row in log.counters)),
            "network": ids(*(NETWORKS[row.network].spec.code for row in log.counters)),
            "name": np.array([row.name for row in log.counters], dtype=np.str_),
            "value": ids(*(row.value for row in log.counters)),
            "origin": ids(*(ORIGINS[row.origin] for row in log.counters)),
        },
        totals={
            "account": ids(*(row.account for row in log.totals)),
            "post": ids(*(row.post for row in log.totals)),
            "verb": ids(*(VERBS[row.verb] for row in log.totals)),
            "total": ids(*(row.total for row in log.totals)),
            "occurred_at": ids(*(microseconds(row.at) for row in log.totals)),
            "network": ids(*(NETWORKS[row.network].spec.code for row in log.totals)),
            "origin": ids(*(ORIGINS[row.origin] for row in log.totals)),
        },
        erased=ids(*log.erased),
        owners={"account": ids(*log.owners), "person": ids(*log.owners.values())},
        pauses=pauses_of(log),
        published={
            "account": ids(*(row.account for row in log.published)),
            "post": ids(*(row.post for row in log.published)),
            "occurred_at": ids(*(microseconds(row.at) for row in log.published)),
        },
    )
