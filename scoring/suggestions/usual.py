"""What is usual a few points higher: medians of the features of those who stand there, network by network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.features.base import ONE, FeatureTable, Int64
from scoring.formula.base import Float64, Scored

# How many points higher the people stand whom one is held against: the first band that has ENOUGH of them. Members are
# asked first, then all accounts of that network; at the very last FEWEST will do.
BANDS = ((3.0, 7.0), (2.0, 8.0), (1.0, 9.0), (1.0, 15.0))
ENOUGH = 10
FEWEST = 3


def ranges(first: Int64, size: Int64) -> Int64:
    """first[0], first[0] + 1, ... (size[0] of them), first[1] ..."""
    offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return np.asarray(np.repeat(first, size) + offset, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of a table by entity and network: a cell's rows are `size` places of `order` from `first` on (all int64)."""

    table: FeatureTable
    order: Int64
    first: Int64
    size: Int64
    entity: Int64
    network: Int64

    @classmethod
    def of(cls, table: FeatureTable, entity: Int64) -> Cells:
        order = np.lexsort((table.supplied, table.account, table.network, entity))
        owner, network = entity[order], table.network[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (owner[1:] != owner[:-1]) | (network[1:] != network[:-1])
        first = np.flatnonzero(new)
        return cls(table, order, first, np.diff(np.append(first, len(order))), owner[first], network[first])

    def __len__(self) -> int:
        return len(self.first)

    def sums(self, column: str, cells: Int64) -> Float64:
        """A column added up over the rows of these `cells`, in its own unit."""
        values = self.table.columns.get(column)
        if values is None or not len(cells):
            return np.zeros(len(cells))
        size = self.size[cells]
        # Of the chosen cells' rows alone: there may be millions of others.
        rows = self.order[ranges(self.first[cells], size)]
        return np.asarray(np.add.reduceat(values[rows], np.cumsum(size) - size) / ONE)


class Usual:
    """Medians among members, and among all accounts (each for itself) where there are few members."""

    def __init__(self, members: tuple[Cells, Scored], accounts: tuple[Cells, Scored]) -> None:
        self.pools = [
            (cells, scored.score[np.searchsorted(scored.entity, cells.entity)]) for cells, scored in (members, accounts)
        ]
        self.known: dict[tuple[int, int], Int64] = {}

    def medians(self, network: int, score: float, columns: Sequence[str]) -> dict[str, float]:
        """column -> median on `network` (code) of those about five points above `score`; {} where they are too few."""
        peers = self.peers(network, score)
        if peers is None:
            return {}
        cells, chosen = peers
        return {column: float(np.median(cells.sums(column, chosen))) for column in columns}

    def peers(self, network: int, score: float) -> tuple[Cells, Int64] | None:
        for pool in range(len(self.pools)):
            for band in BANDS:
                found = self._within(pool, network, score, band)
                if len(found) >= ENOUGH:
                    return self.pools[pool][0], found
        return (self.pools[-1][0], found) if len(found) >= FEWEST else None

    def _within(self, pool: int, network: int, score: float, band: tuple[float, float]) -> Int64:
        cells, scores = self.pools[pool]
        here = self.known.get((pool, network))
        if here is None:
            here = np.flatnonzero(cells.network == network)
            here = self.known[pool, network] = here[np.argsort(scores[here], kind="stable")]
        begin = np.searchsorted(scores[here], score + band[0], side="left")
        return here[begin : np.searchsorted(scores[here], score + band[1], side="right")]
