"""Which keys the lake holds already."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.log.lake import Manifest, open_lake

Int64 = NDArray[np.int64]
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
        for name, rows in candidates(lake.manifest(), len(high), days, without):
            table = lake.read_table(name, columns=["key_high", "key_low"])
            found[rows] |= among(
                high[rows], low[rows], table.column("key_high").to_numpy(), table.column("key_low").to_numpy()
            )
    return found


def candidates(
    manifest: Manifest, count: int, days: Int64 | None, without: frozenset[str]
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Each file to look through, with the places of the keys that it may hold."""
    order = np.arange(count) if days is None else np.argsort(days, kind="stable")
    for day, item in manifest.days.items():
        if item.file in without:
            continue
        rows = order
        if days is not None:
            number = np.datetime64(day, "D").astype(np.int64)
            rows = order[slice(*np.searchsorted(days, [number, number + 1], sorter=order))]
        if len(rows):
            yield item.file, rows


def among(high: Int64, low: Int64, held_high: Int64, held_low: Int64) -> NDArray[np.bool_]:
    """Whether each key is among those held."""
    order = np.lexsort((low, high))
    sorted_high, sorted_low = high[order], low[order]
    found = np.zeros(len(high), dtype=bool)
    place = np.searchsorted(sorted_high, held_high)
    # Keys that share their high half (equal keys, that is) stand side by side: walk along them together.
    while True:
        inside = place < len(sorted_high)
        place, held_high, held_low = place[inside], held_high[inside], held_low[inside]
        same = sorted_high[place] == held_high
        place, held_high, held_low = place[same], held_high[same], held_low[same]
        if not len(place):
            return found
        found[order[place[sorted_low[place] == held_low]]] = True
        place = place + 1
