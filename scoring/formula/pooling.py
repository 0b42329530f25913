"""Puts the rows of a feature table in one order, whatever order they came in, and adds them up by entity and network.

Pieces hold whole entities, so that a formula's working memory does not grow with the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import ONE, FeatureTable
from scoring.formula.base import Float64, Int64

# Sums of whole numbers are exact up to here; an int64 ends at twice as much.
WHOLE = 1 << 62


@dataclass(frozen=True, slots=True)
class Piece:
    """r rows of m whole entities, sorted by entity, network and account; a cell is an entity on one network (c cells).

    rows: places in the table [r]. cell_of_row [r]; first_row [c], network [c], entity_of_cell [c]; first_cell [m],
    entity [m] are the entities' ids.
    """

    table: FeatureTable
    rows: Int64
    cell_of_row: Int64
    first_row: Int64
    network: Int64
    entity_of_cell: Int64
    first_cell: Int64
    entity: Int64

    def values(self, column: str) -> NDArray[Any]:
        """A column's rows, in 65,536ths. Raises ValueError where one is negative or not finite."""
        values = self.table.column(column)[self.rows]
        wrong = values < 0 if values.dtype.kind in "iu" else ~(np.isfinite(values) & (values >= 0))
        if np.any(wrong):
            place = int(np.flatnonzero(wrong)[0])
            account = int(self.table.account[self.rows[place]])
            raise ValueError(f"{column} of account {account} is {values[place] / ONE}; a feature is a number from 0 up")
        return values

    @property
    def supplied(self) -> Int64:
        """1 in rows of what their owner uploaded."""
        return self.table.supplied[self.rows]

    def by_cell(self, values: NDArray[Any]) -> Float64:
        """Rows added up by cell. Whole numbers are added as such: no order of accounts changes the sum."""
        if len(self.first_row) == len(self.rows):
            return values.astype(np.float64) / ONE
        total = np.add.reduceat(values, self.first_row).astype(np.float64)
        if values.dtype.kind in "iu" and int(values.max()) > WHOLE // len(values):
            # What a server of one's own claims to count, twice, is more than a whole number holds.
            rough = np.add.reduceat(values.astype(np.float64), self.first_row)
            total = np.where(rough < WHOLE, total, rough)
        return np.asarray(total / ONE)

    def by_entity(self, cells: Float64) -> Float64:
        """Cells added up by entity."""
        return np.asarray(np.add.reduceat(cells, self.first_cell))


def pieces(table: FeatureTable, entity: Int64, *, at_most: int, rows: Int64 | None = None) -> Iterator[Piece]:
    """The rows of `table` (or these `rows`), row i belonging to entity[i], in pieces of about `at_most` rows.

    Raises ValueError where the lengths differ.
    """
    if len(entity) != len(table):
        raise ValueError(f"{len(table)} rows of features, but {len(entity)} entities")
    if rows is None:
        rows = np.arange(len(table))
    order = rows[np.lexsort((table.supplied[rows], table.account[rows], table.network[rows], entity[rows]))]
    ordered = entity[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(order) else order
    low = 0
    while low < len(order):
        after = np.searchsorted(starts, low + at_most)
        high = int(starts[after]) if after < len(starts) else len(order)
        yield piece_of(table, order[low:high], ordered[low:high])
        low = high


def piece_of(table: FeatureTable, rows: Int64, entity: Int64) -> Piece:
    network = table.network[rows]
    new_entity = np.concatenate([[True], entity[1:] != entity[:-1]])
    new_cell = new_entity | np.concatenate([[True], network[1:] != network[:-1]])
    first_row = np.flatnonzero(new_cell)
    opens_entity = new_entity[first_row]
    return Piece(
        table=table,
        rows=rows,
        cell_of_row=np.cumsum(new_cell) - 1,
        first_row=first_row,
        network=network[first_row],
        entity_of_cell=np.cumsum(opens_entity) - 1,
        first_cell=np.flatnonzero(opens_entity),
        entity=entity[first_row][opens_entity],
    )
