"""Pairs by the numbers of their ends, some at a time: NumPy widens what it counts or looks up, beyond any memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import Int64

Bools = NDArray[np.bool_]
Positions = NDArray[np.int32]
# Pairs at work at a time.
ROWS = 1 << 22


def stretches(rows: int) -> Iterator[slice]:
    """All of `rows` in turn, ROWS at a time."""
    for start in range(0, rows, ROWS):
        yield slice(start, min(start + ROWS, rows))


def counted(ends: Positions, chosen: Bools | None, count: int) -> Int64:
    """How many of the pairs, or of those `chosen`, each of `count` accounts is an end of."""
    number = np.zeros(count, dtype=np.int64)
    for part in stretches(len(ends)):
        number += np.bincount(ends[part] if chosen is None else ends[part][chosen[part]], minlength=count)
    return number
