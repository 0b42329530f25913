"""Fits the weights of a formula's groups on human judgements: pairs of people, and which one is more influential.

AUC is of the difference of the final scores, on people that the weights have not seen: a pair is held out only if both
of its people are. Plain NumPy, deterministic for a seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import FeatureTable
from scoring.formula.base import Float64, Int64
from scoring.formula.pooled import Group, Pooled
from scoring.formula.pooling import pieces

Booleans = NDArray[np.bool_]
# Of the people, held out in each split; how hard the weights are drawn to where they stood, in units of the mean loss.
HELD_OUT = 0.4
TOWARDS = 0.005
ROUNDS = 400
# The least that a fitted group weighs beside where it stood: reactions must count, whatever these judges looked at.
LEAST = 0.5


class TooFewPairs(ValueError):
    """There are too few pairs to fit on some people and look at others."""


@dataclass(frozen=True, slots=True)
class Judged:
    """n people, one row of features each, and m pairs of them (places): `chosen` where the first was judged higher."""

    table: FeatureTable
    first: Int64
    second: Int64
    chosen: Booleans

    @property
    def people(self) -> int:
        return len(self.table)


@dataclass(frozen=True, slots=True)
class Fitted:
    """weights: of each fitted group. auc: on all pairs, in sample. held_out: AUC of each split on people not seen."""

    weights: Mapping[str, float]
    auc: float
    held_out: Float64

    @property
    def mean(self) -> float:
        return float(self.held_out.mean())

    def interval(self) -> tuple[float, float]:
        """In which the AUC lies in 19 of 20 such splits."""
        low, high = np.percentile(self.held_out, [2.5, 97.5])
        return float(low), float(high)


def auc(difference: Float64, chosen: Booleans) -> float:
    """How often a pair that chose the first stands above one that chose the second, ties counted half."""
    ordered = np.sort(difference)
    ranks = (np.searchsorted(ordered, difference, "left") + np.searchsorted(ordered, difference, "right") + 1) / 2
    ones = int(chosen.sum())
    if not 0 < ones < len(chosen):
        raise ValueError("judgements that all say the same cannot be ranked")
    return float((ranks[chosen].sum() - ones * (ones + 1) / 2) / (ones * (len(chosen) - ones)))


def auc_of(formula: Pooled, judged: Judged, pairs: Booleans | None = None) -> float:
    """The AUC of the difference of `formula`'s final scores on the judged pairs, or some of them."""
    score = formula.score(judged.table, judged.table.account).score
    some = slice(None) if pairs is None else pairs
    return auc((score[judged.first] - score[judged.second])[some], judged.chosen[some])


def splits(judged: Judged, number: int, seed: int) -> list[tuple[Booleans, Booleans]]:
    """(pairs to fit on, pairs to look at) that share no people; pairs of one of each are in neither."""
    found = []
    for split in range(number):
        held = np.random.default_rng([seed, split]).random(judged.people) < HELD_OUT
        first, second = held[judged.first], held[judged.second]
        found.append((~first & ~second, first & second))
    return found


def fit(
    formula: Pooled, judged: Judged, names: Sequence[str], *, number: int = 60, seed: int = 1, least: float = LEAST
) -> Fitted:
    """Fit the weights of the groups `names`, all else of the formula as it stands; their sum stays what it was.

    number, seed: of the splits. least: of where it stood, how little a group may weigh. Raises ValueError for a group
    that the formula does not have, and TooFewPairs where a split has nothing to fit on or to look at.
    """
    missing = set(names) - {group.name for group in formula.groups}
    if missing:
        raise ValueError(f"{formula.version} has no group {', '.join(sorted(missing))}")
    cuts = splits(judged, number, seed)
    # To say how often who was chosen stands higher takes pairs that chose the first, and pairs that chose the second.
    if any(not train.any() or len(set(judged.chosen[test].tolist())) < 2 for train, test in cuts):
        raise TooFewPairs(
            f"{len(judged.chosen):,} pairs of {judged.people:,} people are too few, or too much alike, to fit on some "
            "of the people and look at pairs of the others"
        )
    problem = Problem.of(formula, judged, names, least)
    held_out = []
    for train, test in cuts:
        score = problem.scores(problem.fitted(judged, train))
        held_out.append(auc((score[judged.first] - score[judged.second])[test], judged.chosen[test]))
    weights = problem.fitted(judged, np.ones(len(judged.chosen), dtype=bool))
    fitted = with_weights(formula, dict(zip(names, weights.tolist(), strict=True)))
    return Fitted(dict(zip(names, weights.tolist(), strict=True)), auc_of(fitted, judged), np.array(held_out))


def with_weights(formula: Pooled, weights: Mapping[str, float]) -> Pooled:
    """The formula with other weights of some groups; 0 leaves a group out."""
    groups = tuple(replace(group, weight=weights.get(group.name, group.weight)) for group in formula.groups)
    return replace(formula, groups=groups)


def log_linear(formula: Pooled, columns: Sequence[str]) -> Pooled:
    """What to be level with: the logarithms of `columns`, equal weights to begin with, no curve, nothing borne out."""
    groups = tuple(Group(column, "reach", 0.3, 1.0, {column: 1.0}) for column in columns)
    straight = ((0.0, 1.0), (50.0, 51.0), (98.0, 99.0), (math.inf, 100.0))
    return replace(formula, version="log-linear", groups=groups, borne=(), anchors=straight)


@dataclass(frozen=True, slots=True)
class Problem:
    """One network's worth of people: latent = fixed + units @ weights, score = curve(latent)."""

    formula: Pooled
    fixed: Float64
    units: Float64
    start: Float64
    least: float

    @classmethod
    def of(cls, formula: Pooled, judged: Judged, names: Sequence[str], least: float) -> Problem:
        (piece,) = pieces(judged.table, judged.table.account, at_most=judged.people + 1)
        place = {group.name: number for number, group in enumerate(formula.groups)}
        start = np.array([formula.groups[place[name]].weight for name in names])
        tier = formula.tier(piece, None)
        scale = formula.weights_of(piece.network)
        units = np.stack(
            [tier.latent[place[name]] * scale / formula.groups[place[name]].weight for name in names], axis=1
        )
        return cls(formula, tier.whole - units @ start, units, start, least)

    def scores(self, weights: Float64) -> Float64:
        return self.formula.curve(self.fixed + self.units @ weights)

    def fitted(self, judged: Judged, pairs: Booleans) -> Float64:
        """Weights of the least logistic loss on `pairs`, by projected gradient steps, shorter after overshooting."""
        first, second = judged.first[pairs], judged.second[pairs]
        sign = np.where(judged.chosen[pairs], 1.0, -1.0)

        def loss(weights: Float64, steepness: float) -> tuple[float, Float64, float]:
            latent = self.fixed + self.units @ weights
            score, slope = self.formula.curve(latent), self.formula.curve.slope(latent)
            moved = slope[:, None] * self.units
            margin = sign * (score[first] - score[second])
            wrong = -sign / (1.0 + np.exp(steepness * margin))
            away = (weights - self.start) / self.start
            value = np.logaddexp(0.0, -steepness * margin).mean() + TOWARDS * (away @ away)
            by_weight = (
                steepness * (wrong @ (moved[first] - moved[second])) / len(sign) + 2 * TOWARDS * away / self.start
            )
            return float(value), by_weight, float((wrong * sign * margin).mean())

        weights, steepness, step = self.start.copy(), 0.1, 0.01
        value, by_weight, by_steepness = loss(weights, steepness)
        for _ in range(ROUNDS):
            candidate = self.projected(weights - step * by_weight)
            steeper = max(steepness - step * by_steepness, 1e-3)
            new = loss(candidate, steeper)
            if new[0] < value:
                done = value - new[0] < 1e-9
                (value, by_weight, by_steepness), weights, steepness, step = new, candidate, steeper, step * 1.3
                if done:
                    break
            else:
                step /= 3
                if step < 1e-9:
                    break
        return weights

    def projected(self, weights: Float64) -> Float64:
        """The weights, none below its least, brought back to the sum they had."""
        bounded = np.maximum(weights, self.least * self.start)
        return np.asarray(bounded * (self.start.sum() / bounded.sum()))
