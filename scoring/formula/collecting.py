"""Gathers the leaves of a formula piece by piece, and hands them out in one order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.formula.base import PARTS, START, Float64, Int64, Leaves
from scoring.formula.pooling import Piece


class Collected:
    """Leaves of features named by (part, column) in `keys`; the point everybody starts with comes before them."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        named = [*((part, START) for part in PARTS), *keys]
        self.places = {key: place for place, key in enumerate(named)}
        if len(self.places) < len(named):
            raise ValueError("a feature counts twice in one part: its leaves would have one name")
        # Texts are shared, not copied: there may be tens of millions of leaves.
        self.parts = np.array([part for part, _ in named], dtype=object)
        self.features = np.array([feature for _, feature in named], dtype=object)
        none: Int64 = np.zeros(0, dtype=np.int64)
        self.whole: list[tuple[Int64, Int64, Int64, Int64]] = [(none, none, none, none)]
        self.floats: list[tuple[Float64, Float64]] = [(np.zeros(0), np.zeros(0))]

    def add_start(self, piece: Piece) -> None:
        """The point that each entity of `piece` starts with: a third in each part, of no network and no account."""
        none = np.zeros(len(piece.entity), dtype=np.int64)
        third = np.full(len(piece.entity), 1 / 3)
        for part in PARTS:
            self.whole.append((piece.entity, none, none, none + self.places[part, START]))
            self.floats.append((third, third))

    def add(self, piece: Piece, key: tuple[str, str], values: Float64, points: Float64) -> None:
        """The leaves of one feature, by row of `piece`; those without points are left out."""
        keep = np.flatnonzero(points > 0)
        cell = piece.cell_of_row[keep]
        account = piece.table.account[piece.rows[keep]]
        place = np.full(len(keep), self.places[key], dtype=np.int64)
        self.whole.append((piece.entity[piece.entity_of_cell[cell]], piece.network[cell], account, place))
        self.floats.append((values[keep], points[keep]))

    def leaves(self) -> Leaves:
        entity, network, account, place = (np.concatenate(column) for column in zip(*self.whole, strict=True))
        value, points = (np.concatenate(column) for column in zip(*self.floats, strict=True))
        order = np.lexsort((place, account, network, entity))
        return Leaves(
            entity=entity[order],
            network=network[order],
            account=account[order],
            part=self.parts[place[order]],
            feature=self.features[place[order]],
            value=value[order],
            points=points[order],
        )
