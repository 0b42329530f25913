"""The baseline: what counters did before us, the logarithm of every count and nothing else.

    score = 1 + 99 * (1 - exp(-K * sum over networks and verbs of ln(1 + count)))

A count is everything that was seen of a verb on a network: each event of each actor anew (faded, for events fade before
they reach a formula), reactions without names, followers and other standing relations, and the surplus of counters.
No actor saturates, nobody's standing weighs, nothing is held down, uploads count like all else: what bought followers,
rings and robots gain here is what other formulas are measured against. (Followers known by name come as the engine's
guards left them; computed without guards they are raw too.) Never the formula that counts (scoring.formula.BASELINE).

K is set so that 150 followers with 5 mentions and 20 likes of late stand at about 40, as the median did at Klout. The
verbs that last make up reach, the others amplification; who reacts is not known to a counter, so that the part
"network" is the third of the point that everybody starts with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.features.base import ONE, FeatureTable
from scoring.features.catalogue import VERBS, column_of
from scoring.formula.base import FAIR, PROVISIONAL, UPLOADED, Float64, Int64, Leaves, NetworkPoints, Scored
from scoring.formula.collecting import Collected
from scoring.formula.pooling import Piece, pieces

K = 0.05
# Counts from which a score is "fair"; a count alone never makes it solid.
FAIR_COUNTED = 100
ROWS = 1 << 17

# Verb -> the columns that are one count.
COUNTS: Mapping[str, tuple[str, ...]] = {
    verb: tuple(
        column_of(verb, measure, window)
        for measure, window in (
            (("actors", "ever"), ("surplus", ""))
            if declared.standing
            else (("events", "recent"), ("anonymous", "recent"), ("surplus", ""))
        )
    )
    for verb, declared in VERBS.items()
}
PART: Mapping[str, str] = {verb: "reach" if known.standing else "amplification" for verb, known in VERBS.items()}
KEYS = tuple(
    (PART[verb], column + mark) for mark in ("", UPLOADED) for verb, columns in COUNTS.items() for column in columns
)


@dataclass(frozen=True, slots=True)
class Worked:
    """One piece: counts and logarithms of each verb by cell, the points of a unit of logarithm and points by entity."""

    counts: Mapping[str, Float64]
    logarithms: Mapping[str, Float64]
    per_unit: Float64
    points: Float64

    def brings(self, piece: Piece, verb: str) -> Float64:
        """Points of one verb by cell."""
        return np.asarray(self.logarithms[verb] * self.per_unit[piece.entity_of_cell])


def work(piece: Piece) -> Worked:
    cells = len(piece.first_row)
    counts, logarithms, whole = {}, {}, np.zeros(cells)
    for verb, columns in COUNTS.items():
        count = np.zeros(cells)
        for column in columns:
            if column in piece.table.columns:
                count += piece.by_cell(piece.values(column))
        counts[verb], logarithms[verb] = count, np.log1p(count)
        whole += logarithms[verb]
    latent = piece.by_entity(whole)
    points = -99.0 * np.expm1(-K * latent)
    return Worked(counts, logarithms, ratio(points, latent), points)


def ratio(part: Float64, whole: Float64) -> Float64:
    """part / whole, and 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


@dataclass(frozen=True, slots=True)
class Plain:
    version: str = "plain"

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        """See base.Formula."""
        empty: Float64 = np.zeros(0)
        nobody: Int64 = np.zeros(0, dtype=np.int64)
        ids, points, levels, cells = [nobody], [empty], [np.zeros(0, dtype=np.int8)], [(nobody, nobody, empty)]
        parts = {"reach": [empty], "amplification": [empty]}
        for piece in pieces(table, entity, at_most=ROWS):
            worked = work(piece)
            by_part = {part: np.zeros(len(piece.first_row)) for part in parts}
            counted = np.zeros(len(piece.first_row))
            for verb, part in PART.items():
                by_part[part] += worked.brings(piece, verb)
                counted += worked.counts[verb]
            ids.append(piece.entity)
            points.append(worked.points)
            levels.append(np.where(piece.by_entity(counted) >= FAIR_COUNTED, FAIR, PROVISIONAL).astype(np.int8))
            for part, column in parts.items():
                column.append(piece.by_entity(by_part[part]))
            whole = by_part["reach"] + by_part["amplification"]
            some = whole > 0
            cells.append((piece.entity[piece.entity_of_cell][some], piece.network[some], whole[some]))
        reach, amplification = (1 / 3 + np.concatenate(columns) for columns in parts.values())
        return Scored(
            entity=np.concatenate(ids),
            score=1.0 + np.concatenate(points),
            reach=reach,
            amplification=amplification,
            network_part=np.full(len(reach), 1 / 3),
            confidence=np.concatenate(levels),
            by_network=NetworkPoints(*(np.concatenate(column) for column in zip(*cells, strict=True))),
            explain=lambda entities: self.leaves(table, entity, entities),
        )

    def leaves(self, table: FeatureTable, entity: Int64, entities: Int64) -> Leaves:
        """The leaves of those `entities` that are in `entity`: a verb's points, divided by who counted how much."""
        chosen = np.flatnonzero(np.isin(entity, entities))
        collected = Collected(KEYS)
        for piece in pieces(table, entity, at_most=ROWS, rows=chosen):
            collected.add_start(piece)
            worked = work(piece)
            for verb, columns in COUNTS.items():
                per_count = ratio(worked.brings(piece, verb), worked.counts[verb])[piece.cell_of_row]
                for column in columns:
                    if column in table.columns:
                        values = piece.values(column) / ONE
                        for uploaded, mark in ((0, ""), (1, UPLOADED)):
                            points = np.where(piece.supplied == uploaded, values * per_count, 0.0)
                            collected.add(piece, (PART[verb], column + mark), values, points)
        return collected.leaves()


FORMULA = Plain()
