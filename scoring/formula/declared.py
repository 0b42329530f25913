"""What a formula declares of itself: which features count in which part of a score, and how much a network counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.formula import get
from scoring.formula.base import PARTS

# What `Formula.confidence` goes by, beside what counts: people known, and people whom the network itself named.
SURENESS = frozenset(
    {"any_people_ever", "any_confirmed_ever", "any_squares_now", "any_squares_recent", "any_squares_long"}
)


@dataclass(frozen=True, slots=True)
class Declared:
    """parts: column -> the parts it counts in, in the order of PARTS. weights: network's code -> what it counts, beside
    `other_weight` of all networks that are not named."""

    version: str
    parts: Mapping[str, tuple[str, ...]]
    weights: Mapping[int, float]
    other_weight: float

    def weight_of(self, code: int) -> float:
        return self.weights.get(code, self.other_weight)

    def counts(self, code: int, column: str) -> tuple[str, ...]:
        """The parts in which a column of a network counts; none where the network itself counts nothing."""
        return self.parts.get(column, ()) if self.weight_of(code) > 0 else ()


def declared(version: str) -> Declared:
    """What the formula called `version` declares. Raises UnknownFormula."""
    scorer = get(version)
    found: dict[str, set[str]] = {}
    for part, column in getattr(scorer, "keys", ()):
        found.setdefault(column, set()).add(part)
    parts = {column: tuple(part for part in PARTS if part in named) for column, named in found.items()}
    weights: Mapping[int, float] = getattr(scorer, "network_weights", {})
    return Declared(version, parts, weights, float(getattr(scorer, "other_network_weight", 1.0)))
