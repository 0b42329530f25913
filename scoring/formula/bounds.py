"""What a formula's bounds take off: followers whom few reactions bear out, and what a person uploaded.

Both are worked out as the score once more without the bound, each by itself; what they take off together may be more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from scoring.features.base import FeatureTable
from scoring.formula.base import Float64, Int64
from scoring.formula.pooled import ROWS, Pooled, Tier
from scoring.formula.pooling import Piece, pieces

# The group of those who follow, and what counts only as far as it does.
FOLLOWERS, OF_FOLLOWERS = "audience", ("audience", "standing of the audience")


@dataclass(frozen=True, slots=True)
class Bounds:
    """n bounds, aligned: whose, on which account (of the network that it is about, the one that brings most), over how
    many people, as how many these count, and the points that the bound takes off."""

    entity: Int64
    account: Int64
    people: Float64
    counted_as: Float64
    points: Float64

    def __len__(self) -> int:
        return len(self.entity)


def of_followers(formula: Pooled, table: FeatureTable, entity: Int64) -> Bounds:
    """Followers by entity and network, as how many they count, and the points more if each did. Both count of a network
    is what networks and operators say; uploads have a bound of their own.

    table, entity: as for Pooled.score.
    """
    loose = replace(formula, borne=[borne for borne in formula.borne if borne.counted not in OF_FOLLOWERS])
    columns = next(group.terms for group in formula.groups if group.name == FOLLOWERS)
    place = [group.name for group in formula.groups].index(FOLLOWERS)
    found = [_none()]
    for piece in pieces(table, entity, at_most=ROWS):
        theirs = piece.supplied == 0
        by_row = _people(piece, columns) * theirs
        people = piece.by_cell(by_row)
        worked = formula.work(piece)
        tier, free = worked.vouched, loose.tier(piece, theirs)
        points = np.zeros(len(people))
        nth = np.arange(len(people)) - piece.first_cell[piece.entity_of_cell]
        # One network at a time: the first of everybody, then the second.
        for turn in range(int(nth.max(initial=-1)) + 1):
            mine = nth == turn
            online = np.where(mine, free.online, tier.online)
            whole = _whole(formula, piece, online, tier.offline)
            more = _with_uploads(formula, worked.uploaded, whole)
            points[mine] = (more - worked.points)[piece.entity_of_cell][mine]
        # What is counted at half weight on either side is half of the people on both.
        share = np.divide(tier.counted[place], tier.amount[place], out=np.ones(len(people)), where=people > 0)
        kept = people > 0
        found.append(
            Bounds(
                piece.entity[piece.entity_of_cell][kept],
                piece.table.account[piece.rows[_largest(by_row, piece.first_row)]][kept],
                people[kept],
                (people * share)[kept],
                np.maximum(points[kept], 0.0),
            )
        )
    return _joined(found)


def of_uploads(formula: Pooled, table: FeatureTable, entity: Int64) -> Bounds:
    """People of whom uploads alone tell, by entity, and the points more if these counted like anything else; counted_as
    is the score at which uploads end."""
    ends = float(1.0 + formula.points(np.array([formula.supplied_bound]))[0])
    free = replace(formula, supplied_bound=np.inf)
    columns = ["any_people_ever", *(name for name in formula.uses if name.endswith("_surplus"))]
    found = [_none()]
    for piece in pieces(table, entity, at_most=ROWS):
        worked = formula.work(piece)
        if worked.uploaded is None:
            continue
        by_row = _people(piece, columns) * (piece.supplied == 1)
        more = _with_uploads(free, worked.uploaded, worked.vouched.whole)
        first = piece.first_row[piece.first_cell]
        kept = worked.uploaded.whole > 0
        found.append(
            Bounds(
                piece.entity[kept],
                piece.table.account[piece.rows[_largest(by_row, first)]][kept],
                piece.by_entity(piece.by_cell(by_row))[kept],
                np.full(int(kept.sum()), ends),
                np.maximum(more - worked.points, 0.0)[kept],
            )
        )
    return _joined(found)


def _people(piece: Piece, columns: Iterable[str]) -> Int64:
    """Rows of these columns added up, in 65,536ths."""
    total = np.zeros(len(piece.rows), dtype=np.int64)
    for column in columns:
        if column in piece.table.columns:
            total += piece.values(column)
    return total


def _largest(values: Int64, first: Int64) -> Int64:
    """Where the largest value (the first of equal ones) of each stretch is; first: where each begins."""
    stretch = np.zeros(len(values), dtype=np.int64)
    stretch[first[1:]] = 1
    order = np.lexsort((-values, np.cumsum(stretch)))
    return np.asarray(order[first])


def _whole(formula: Pooled, piece: Piece, online: Float64, offline: Float64) -> Float64:
    """The latent value of each entity, from the cells' own."""
    _, joined = formula.join(piece, formula.weights_of(piece.network) * online)
    return np.asarray(joined + piece.by_entity(offline))


def _with_uploads(formula: Pooled, uploaded: Tier | None, vouched: Float64) -> Float64:
    return formula.points(vouched if uploaded is None else formula.lifted(vouched, uploaded.whole))


def _none() -> Bounds:
    nobody: Int64 = np.zeros(0, dtype=np.int64)
    return Bounds(nobody, nobody, np.zeros(0), np.zeros(0), np.zeros(0))


def _joined(found: list[Bounds]) -> Bounds:
    return Bounds(*(np.concatenate([getattr(one, name) for one in found]) for name in Bounds.__slots__))
