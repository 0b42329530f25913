"""The simpler counts that a score must not be worse than: each gives one number for each of the people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.backtest.edges import DAY
from scoring.backtest.splitting import LASTING, Known, moment_of
from scoring.engine.graph import pagerank

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

# TunkRank's chance that somebody who reads a message passes it on; its author leaves it open.
PASSED_ON = 0.5
TOLERANCE = 1e-9
MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who reacted to whom: actor, target, count (int64 [p]), sorted by target and actor; own reactions left out."""

    actor: Int64
    target: Int64
    count: Int64


def pairs_of(known: Known) -> Pairs:
    counts = (known.actor != known.target) & ~np.isin(known.verb, LASTING)
    size = np.int64(known.people[-1] + 1)
    both, count = np.unique(known.target[counts] * size + known.actor[counts], return_counts=True)
    return Pairs(both % size, both // size, count.astype(np.int64))


def of(known: Known) -> Mapping[str, Float64]:
    """name -> float64 [m], in the order of known.people; what nobody reacted to has 0."""
    pairs = pairs_of(known)
    size = int(known.people[-1]) + 1
    found = {
        "distinct reactors": np.bincount(pairs.target, minlength=size).astype(np.float64),
        "reactions": np.bincount(pairs.target, weights=pairs.count, minlength=size).astype(np.float64),
    }
    if known.timed:
        found["recent reactions, 7 days"] = recent(known, half_life=7.0, size=size)
        found["recent reactions, 30 days"] = recent(known, half_life=30.0, size=size)
    found |= {
        "PageRank": spread(pairs, size=size),
        "TunkRank": tunkrank(pairs, size=size),
    }
    return {name: values[known.people] for name, values in found.items()}


def recent(known: Known, *, half_life: float, size: int) -> Float64:
    """Reactions, each by 2 ** (-age / half-life), its age to the microsecond."""
    counts = (known.actor != known.target) & ~np.isin(known.verb, LASTING)
    target, at = known.target[counts], known.at[counts]
    # Added up oldest first, so that no order of rows changes a last digit and with it a tie.
    order = np.argsort(at, kind="stable")
    age = (moment_of(known.as_of) - at[order]) / DAY
    return np.bincount(target[order], weights=np.exp2(-age / half_life), minlength=size).astype(np.float64)


def spread(pairs: Pairs, *, size: int) -> Float64:
    """PageRank with damping 0.85; an actor hands its rank to those it reacted to, by how often."""
    values = np.zeros(size)
    accounts, rank = pagerank(pairs.actor, pairs.target, pairs.count)
    values[accounts] = rank
    return values


def tunkrank(pairs: Pairs, *, size: int) -> Float64:
    """Influence(X) = sum of (1 + p * Influence(F)) / |those F reacted to| over those F who reacted to X.

    Daniel Tunkelang, "A Twitter Analog to PageRank", 2009; p is PASSED_ON.
    """
    reached = np.maximum(np.bincount(pairs.actor, minlength=size), 1)
    share = 1.0 / reached[pairs.actor]
    influence: Float64 = np.zeros(size)
    for _ in range(MOST_ROUNDS):
        handed = (1.0 + PASSED_ON * influence[pairs.actor]) * share
        following = np.bincount(pairs.target, weights=handed, minlength=size).astype(np.float64)
        change = float(np.abs(following - influence).max(initial=0.0))
        influence = following
        if change < TOLERANCE * max(float(influence.max(initial=0.0)), 1.0):
            break
    return influence
