"""How well a measure orders people by a truth: rank correlation and the best 5%, with intervals by bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

TOP = 0.05
# Resamples, and at most so many people drawn in all: of a million people a hundred resamples tell enough.
RESAMPLES = 400
DRAWN = 10_000_000
FEWEST_RESAMPLES = 60


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and between which values it would lie 19 times of 20 with other people of the same kind."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One measure: rank correlation, precision in the top 5%, and by how much the reference has more of each."""

    spearman: Estimate
    precision: Estimate
    # The reference measure's less this one's, on the same resamples.
    behind_spearman: Estimate
    behind_precision: Estimate


class Ties:
    """People in groups of equal value, so that weighted ranks need no sorting again."""

    def __init__(self, values: Float64) -> None:
        found, self.group = np.unique(values, return_inverse=True)
        self.count = len(found)

    def weights(self, weight: Float64) -> Float64:
        return np.bincount(self.group, weights=weight, minlength=self.count).astype(np.float64)

    def ranks(self, weight: Float64) -> Float64:
        """The middle rank of each of the people, among so many copies of each as `weight` says."""
        by_group = self.weights(weight)
        return np.asarray((np.cumsum(by_group) - by_group / 2)[self.group])

    def top(self, weight: Float64, size: float) -> Float64:
        """By how much each is among the best `size`: 1, 0, or the same fraction for all on the border."""
        by_group = self.weights(weight)
        above = by_group.sum() - np.cumsum(by_group)
        share = np.divide(size - above, by_group, out=np.zeros(self.count), where=by_group > 0)
        return np.asarray(np.clip(share, 0.0, 1.0)[self.group])


def correlation(one: Float64, other: Float64, weight: Float64) -> float:
    """The correlation of two columns of weighted people; 0 where one of them does not vary."""
    whole = weight.sum()
    one = one - (weight * one).sum() / whole
    other = other - (weight * other).sum() / whole
    scale = np.sqrt((weight * one * one).sum() * (weight * other * other).sum())
    return float((weight * one * other).sum() / scale) if scale > 0 else 0.0


def figures(truth: Ties, measures: list[Ties], weight: Float64) -> Float64:
    """[measures, 2]: Spearman and precision in the top 5%."""
    size = max(TOP * float(weight.sum()), 1.0)
    true_ranks, true_top = truth.ranks(weight), truth.top(weight, size)
    return np.array(
        [
            (
                correlation(measure.ranks(weight), true_ranks, weight),
                float((weight * measure.top(weight, size) * true_top).sum()) / size,
            )
            for measure in measures
        ]
    )


def agreements(truth: Float64, measures: Mapping[str, Float64], *, reference: str, seed: int) -> dict[str, Agreement]:
    """How each of `measures` (float64 [m]) agrees with `truth` [m], beside the one called `reference`."""
    people = len(truth)
    random = np.random.default_rng(seed)
    ties, groups = Ties(truth), [Ties(values) for values in measures.values()]
    found = figures(ties, groups, np.ones(people))
    resamples = int(np.clip(DRAWN // max(people, 1), FEWEST_RESAMPLES, RESAMPLES))
    drawn = np.stack(
        [
            figures(ties, groups, np.bincount(random.integers(0, people, people), minlength=people).astype(np.float64))
            for _ in range(resamples)
        ]
    )
    against = list(measures).index(reference)

    def estimate(value: Float64, samples: Float64) -> Estimate:
        low, high = np.percentile(samples, [2.5, 97.5])
        return Estimate(float(value), float(low), float(high))

    return {
        name: Agreement(
            *(estimate(found[place, kind], drawn[:, place, kind]) for kind in (0, 1)),
            *(
                estimate(found[against, kind] - found[place, kind], drawn[:, against, kind] - drawn[:, place, kind])
                for kind in (0, 1)
            ),
        )
        for place, name in enumerate(measures)
    }
