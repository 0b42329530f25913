"""The shape of features: one row for each account, whole numbers in 65,536ths (`ONE`), and who owns which account.

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
    """Features of n accounts, sorted by account.

    account, network: int64 [n], the account's number and its network's code. columns: name -> int64 [n] in 65,536ths
    (a table of counters may carry float64 in the same unit); a name missing means zero everywhere.
    """

    account: Int64
    network: Int64
    columns: Mapping[str, NDArray[np.int64] | NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.account)

    def column(self, name: str) -> NDArray[np.int64] | NDArray[np.float64]:
        values = self.columns.get(name)
        return np.zeros(len(self), dtype=np.int64) if values is None else values
