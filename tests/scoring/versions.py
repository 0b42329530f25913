"""Another formula for tests of switching: v1 with its points turned down, so that everybody with a score falls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from scoring import formula
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Formula, Leaves, NetworkPoints, Scored


@dataclass(frozen=True, slots=True)
class Dimmed:
    """What `of` gives, its points times `share`: still a formula, whose leaves add up."""

    version: str
    of: Formula
    share: float

    def score(self, table: FeatureTable, entity: Int64) -> Scored:
        scored = self.of.score(table, entity)
        start, networks = 1 / 3, scored.networks()
        return replace(
            scored,
            score=1.0 + self.share * (scored.score - 1.0),
            reach=start + self.share * (scored.reach - start),
            amplification=start + self.share * (scored.amplification - start),
            network_part=start + self.share * (scored.network_part - start),
            by_network=NetworkPoints(networks.entity, networks.network, self.share * networks.points),
            explain=lambda entities: self.leaves(scored, entities),
        )

    def leaves(self, scored: Scored, entities: Int64) -> Leaves:
        found = scored.leaves(entities)
        begun = found.feature == "start"
        return replace(found, points=np.where(begun, found.points, self.share * found.points))


def release(monkeypatch: pytest.MonkeyPatch, **shares: float) -> Mapping[str, Formula]:
    """release(monkeypatch, v2=0.5) makes a v2 whose points are half of v1's."""
    more = {version: Dimmed(version, formula.get("v1"), share) for version, share in shares.items()}
    known = {**formula.VERSIONS, **more}
    monkeypatch.setattr(formula, "VERSIONS", known)
    return known
