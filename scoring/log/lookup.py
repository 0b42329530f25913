"""Which keys the lake holds already."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.log.lake import Manifest, open_lake

Int64 = NDArray[np.int64]
Places = NDArray[np.intp]
NO_FILES: frozenset[str] = frozenset()


def lake_files() -> frozenset[str]:
    """The day files that count now; one that is not among them later has been superseded."""
    return frozenset(day.file for day in open_lake().manifest().days.values())


def known(
    high: Int64, low: Int64, *, days: Int64 | None = None, without: frozenset[str] = NO_FILES
) -> NDArray[np.bool_]:
    """Whether the lake holds each key (two int64 columns).

    days: the day (since 1970) of each key, where only that day's file can hold it. without: files not to look through.
    """
    found = np.zeros(len(high), dtype=bool)
    if len(high):
        lake = open_lake()
        for file, order, sorted_high in candidates(lake.manifest(), high, low, days, without):
            table = lake.read_table(file, columns=["key_high", "key_low"])
            mark(
                found, order, sorted_high, low, table.column("key_high").to_numpy(), table.column("key_low").to_numpy()
            )
    return found


def candidates(
    manifest: Manifest, high: Int64, low: Int64, days: Int64 | None, without: frozenset[str]
) -> Iterator[tuple[str, Places, Int64]]:
    """Each file to look through, with the places of the keys that it may hold, sorted, and their high halves."""
    if days is None:
        order = np.lexsort((low, high))
        sorted_high = high[order]
        yield from ((item.file, order, sorted_high) for item in manifest.days.values() if item.file not in without)
        return
    order = np.lexsort((low, high, days))
    sorted_days, sorted_high = days[order], high[order]
    for day, item in manifest.days.items():
        number = np.datetime64(day, "D").astype(np.int64)
        start, end = np.searchsorted(sorted_days, [number, number + 1])
        if start < end and item.file not in without:
            yield item.file, order[start:end], sorted_high[start:end]


def mark(
    found: NDArray[np.bool_], order: Places, sorted_high: Int64, low: Int64, held_high: Int64, held_low: Int64
) -> None:
    """Set `found` at the places in `order` (whose high halves are `sorted_high`) of the keys that are held."""
    place = np.searchsorted(sorted_high, held_high)
    # Keys that share their high half (equal keys, that is) stand side by side: walk along them together.
    while True:
        inside = np.flatnonzero(place < len(sorted_high))
        inside = inside[sorted_high[place[inside]] == held_high[inside]]
        place, held_high, held_low = place[inside], held_high[inside], held_low[inside]
        if not len(place):
            return
        where = order[place]
        found[where[low[where] == held_low]] = True
        place = place + 1
