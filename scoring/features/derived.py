"""The ratios of the catalogue, from the columns that the engine's SQL has added up.

Each row by itself: what a person uploaded makes no ratio of what the networks themselves say. Sums are exact up to
2 ** 53, and what is larger is rounded as every machine rounds it: nothing that a counter can say is too large for a
float. Whole numbers in 65,536ths come out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import ONE, Int64
from scoring.features.catalogue import RATIOS, Ratio

Float64 = NDArray[np.float64]


def completed(columns: Mapping[str, Int64], ratios: Sequence[Ratio] = RATIOS) -> dict[str, Int64]:
    """`columns` (int64 [n] in 65,536ths, from 0 up) and the ratios that they allow, as <name>_ratio in the same unit.

    A ratio of which nothing is there on one side is left out: a name missing means zero.
    """
    found = dict(columns)
    for ratio in ratios:
        of, to = _sum(columns, ratio.of), _sum(columns, ratio.to)
        if of is not None and to is not None:
            found[f"{ratio.name}_ratio"] = quotient(of, to, least=ratio.least, most=ratio.most)
    return found


def quotient(of: Int64 | Float64, to: Int64 | Float64, *, least: float, most: float) -> Int64:
    """of / to in 65,536ths, `to` counting for `least` at least, and no more than `most`; 0 where `to` is 0."""
    divisor = np.maximum(to, round(least * ONE)).astype(np.float64)
    values = np.divide(of, divisor, out=np.zeros(len(of)), where=to > 0)
    whole: Int64 = np.rint(np.minimum(values, most) * ONE).astype(np.int64)
    return whole


def _sum(columns: Mapping[str, Int64], weights: Mapping[str, float]) -> Float64 | None:
    total: Float64 | None = None
    for name, weight in weights.items():
        if name in columns:
            # In 65,536ths as well, and the large part apart from the small one: in 64 bits the product may not fit.
            factor, values = round(weight * ONE), columns[name]
            term: Float64 = values.astype(np.float64)
            if factor != ONE:
                term = (values >> 16).astype(np.float64) * factor + ((values & (ONE - 1)) * factor >> 16)
            total = term if total is None else total + term
    return total
