"""What a formula gives: scores of many entities as columns, and the leaves that explain them, down to one feature.

An entity is a person with linked accounts, or one account by itself; a formula takes its features from a FeatureTable
and a column that says whose each row is. Floats begin here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.features.base import FeatureTable

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

PARTS = ("reach", "amplification", "network")
# How much data stands behind a score; Scored.confidence holds the place in this tuple.
CONFIDENCES = ("provisional", "fair", "solid")
PROVISIONAL, FAIR, SOLID = range(3)
# The feature of the three leaves (one in each part; network and account 0) that make up the point of an empty account.
START = "start"
# Put at the end of a feature's name in the leaves of what a person uploaded: nobody else vouches for it.
UPLOADED = "~upload"


@dataclass(frozen=True, slots=True)
class Leaves:
    """n leaves: what one feature of one account brings to a part of an entity's score. Their points add up to it.

    entity, network (code), account: int64 [n]; part (one of PARTS) and feature (a column's name): texts [n]; value:
    float64 [n], in the feature's own unit (people, posts); points: float64 [n]. Sorted by entity, network, account.
    """

    entity: Int64
    network: Int64
    account: Int64
    part: NDArray[Any]
    feature: NDArray[Any]
    value: Float64
    points: Float64

    def __len__(self) -> int:
        return len(self.entity)


@dataclass(frozen=True, slots=True)
class NetworkPoints:
    """Points of each entity by network (code), sorted by both; with the point everybody starts with, the score."""

    entity: Int64
    network: Int64
    points: Float64

    def __len__(self) -> int:
        return len(self.entity)


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of m entities, sorted by entity, each once.

    score is in 1..100; reach, amplification and network_part are points and add up to it. confidence: int8 [m], a place
    in CONFIDENCES.
    """

    entity: Int64
    score: Float64
    reach: Float64
    amplification: Float64
    network_part: Float64
    confidence: NDArray[np.int8]
    by_network: NetworkPoints
    explain: Callable[[Int64], Leaves] = field(repr=False)

    def __len__(self) -> int:
        return len(self.entity)

    def networks(self) -> NetworkPoints:
        """Points by network, of networks that bring any."""
        return self.by_network

    def leaves(self, entities: Int64) -> Leaves:
        """The non-zero leaves of `entities`; those that were not scored have none."""
        return self.explain(np.asarray(entities, dtype=np.int64))


class Formula(Protocol):
    """A released formula: frozen, pure, and known by its version."""

    @property
    def version(self) -> str: ...

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        """Score the entities of `entity` (int64 [n], whose each row of `table` is).

        Raises ValueError where a feature is negative or not finite, or the lengths differ.
        """


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree that explains one score; `points` is the sum of its children's.

    kind: score, part, network, account, feature, start or other. network (code), account, part and feature say what it
    is about, as far as its place in the tree fixes it; value and unit are a feature's own ("1,200", "followers").
    """

    kind: str
    label: str
    points: float
    children: tuple[Node, ...] = ()
    network: int = 0
    account: int = 0
    part: str = ""
    feature: str = ""
    value: float | None = None
    unit: str = ""
