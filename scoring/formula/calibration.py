"""Sets a formula's anchors on a population (the median 40, the top 5% from 63 on), and says what a scale is like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from scoring.features.base import ONE, FeatureTable, Int64
from scoring.formula import population
from scoring.formula.base import Float64
from scoring.formula.curve import Anchors, Curve
from scoring.formula.pooled import Pooled

# Score -> the percentile of the population at which it stands.
AT = {10.0: 5.0, 40.0: 50.0, 63.0: 95.0}
# The account at which 90 stands: followers, lists, people who reacted in the last month. Extraordinary reach.
TOP = 90.0
TOP_ACCOUNT = (1e7, 5e4, 2e5)
# The 1,048 real scores of Klout (2011 to 2013), to print beside.
KLOUT: Mapping[float, float] = {10: 13.6, 25: 23.2, 50: 41.1, 75: 50.3, 90: 57.8, 99: 67.3}
HEIGHTS = (20.0, 40.0, 60.0, 80.0)
# Fewer people than these say too little of where a median lies.
FEWEST = 200


class TooFew(ValueError):
    """Anchors cannot be set on so few people, or on people who are all alike."""


@dataclass(frozen=True, slots=True)
class Doubling:
    """At a height: points that twice the people bring, and what a silent month costs."""

    height: float
    gained: float
    silence: float


def anchors(latent: Float64, top: float) -> Anchors:
    """The table for a population's latent values; `top` is where 90 stands. Raises TooFew."""
    if len(latent) < FEWEST:
        raise TooFew(f"{len(latent):,} people are too few to set a scale on; it takes {FEWEST:,}")
    places = [round(float(np.percentile(latent, percentile)), 3) for percentile in AT.values()]
    table = [(0.0, 1.0), *zip(places, AT, strict=True), (round(top, 3), TOP), (math.inf, 100.0)]
    if any(low[0] >= high[0] for low, high in pairwise(table)):
        raise TooFew("too many of these people are alike: the anchors would not rise")
    return tuple(table)


def reference_anchors(formula: Pooled) -> Anchors:
    """The table for the reference population."""
    _, latent = formula.latents(*population.reference())
    return anchors(latent, top_latent(formula))


def top_latent(formula: Pooled) -> float:
    return float(formula.latents(*one(*TOP_ACCOUNT))[1][0])


def one(followers: float, lists: float, reacting: float) -> tuple[FeatureTable, Int64]:
    """One account of the reference population's kind, on its first network."""
    amounts = np.array([[followers], [lists], [reacting]])
    features = population.account(amounts[0], amounts[1], amounts[2], population.NETWORKS[0])
    columns = {name: np.rint(values * ONE).astype(np.int64) for name, values in features.items()}
    account = np.ones(1, dtype=np.int64)
    return FeatureTable(account, np.full(1, population.NETWORKS[0]), columns), account


def quantiles(scores: Float64, percentiles: Sequence[float] = tuple(KLOUT)) -> dict[float, float]:
    return {percentile: float(np.percentile(scores, percentile)) for percentile in percentiles}


def doublings(formula: Pooled) -> list[Doubling]:
    """At each of HEIGHTS, for an account with 30 followers for each who reacted in a month, and a list for each 50."""

    def score(reacting: float, table: FeatureTable | None = None) -> float:
        given = table or typical(reacting)
        return float(formula.score(given, given.account).score[0])

    found = []
    for height in HEIGHTS:
        low, high = 1e-4, 1e9
        for _ in range(100):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if score(middle) < height else (low, middle)
        found.append(Doubling(height, score(2 * high) - height, height - score(high, silent(typical(high)))))
    return found


def typical(reacting: float) -> FeatureTable:
    return one(30 * reacting, 0.6 * reacting, reacting)[0]


def silent(table: FeatureTable, days: int = 30) -> FeatureTable:
    """The same account after so many days in which nobody reacted."""
    half_lives = {"_now": 5, "_recent": 30, "_long": 365}
    columns = {
        name: np.rint(
            values * 2.0 ** (-days / next((h for end, h in half_lives.items() if name.endswith(end)), math.inf))
        )
        for name, values in table.columns.items()
    }
    return FeatureTable(table.account, table.network, {name: v.astype(np.int64) for name, v in columns.items()})


def is_concave(table: Anchors) -> bool:
    """Whether rising gets harder with height from one anchor to the next."""
    curve = Curve(table)
    return bool((np.diff(np.diff(curve.y) / np.diff(curve.x)) < 0).all())


def next_version(formula: Pooled, version: str, table: Anchors, day: date, people: str) -> str:
    """The text of a formula's file: `formula` on another scale."""
    rows = "\n".join(f"    ({'math.inf' if math.isinf(x) else x}, {y})," for x, y in table)
    return f'''"""Formula {version}: {formula.version} on a scale of its own, set on {day} on {people}.

Nothing is weighed otherwise: see {formula.version}.py.
"""

import math

from scoring.formula import {formula.version}

# Latent value -> score.
ANCHORS: tuple[tuple[float, float], ...] = (
{rows}
)
FORMULA = {formula.version}.FORMULA.with_anchors("{version}", ANCHORS)
'''
