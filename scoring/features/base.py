"""The shape of features: one row for each account and source, whole numbers in 65,536ths (`ONE`), and whose each is.

Between the log and the formula everything is a whole number, so that sums do not depend on their order, the number of
threads or the engine. Decay and weights are quantised once; floats begin in the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# 1.0 in the fixed-point numbers of features, decay weights and standings.
ONE = 1 << 16

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of n rows, sorted by account and source.

    account, network: int64 [n], the account's number and its network's code. columns: name -> int64 [n] in 65,536ths
    (a table of counters may carry float64 in the same unit); a name missing means zero everywhere. supplied: int64 [n],
    1 in the row of what the account's owner alone vouches for (an upload), beside the account's row proper, 0.
    """

    account: Int64
    network: Int64
    columns: Mapping[str, NDArray[np.int64] | NDArray[np.float64]] = field(default_factory=dict)
    supplied: Int64 = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.supplied is None:
            object.__setattr__(self, "supplied", np.zeros(len(self.account), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.account)

    def column(self, name: str) -> NDArray[np.int64] | NDArray[np.float64]:
        values = self.columns.get(name)
        return np.zeros(len(self), dtype=np.int64) if values is None else values

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> FeatureTable:
        """Some of the rows: their places in a wanted order, or a mask."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return FeatureTable(self.account[rows], self.network[rows], columns, self.supplied[rows])
