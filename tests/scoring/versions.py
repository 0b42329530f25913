"""Formulas for tests of switching: the baseline as v1, and others with its points turned down, so that all fall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from django.conf import settings

from scoring import daily, formula, reasons
from scoring.engine.base import Output
from scoring.features.base import FeatureTable, Int64
from scoring.formula.base import Formula, Leaves, NetworkPoints, Scored
from scoring.suspicions import weighing


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
    """release(monkeypatch, v2=0.5) makes a v2 of half of v1's points; v1 counts as the baseline does, and is live.

    What the real v1 gives is not these tests' matter, and may be fitted anew.
    """
    plain = formula.get(formula.BASELINE)
    more = {version: Dimmed(version, plain, share) for version, share in {"v1": 1.0, **shares}.items()}
    known = {**more, formula.BASELINE: plain}
    monkeypatch.setattr(formula, "VERSIONS", known)
    monkeypatch.setattr(settings, "FORMULA", "v1")
    return known


def computed_by(monkeypatch: pytest.MonkeyPatch, compute: Callable[..., Output]) -> None:
    """Let daily runs take their features from `compute`.

    What else a run tells people comes from the log, which is empty then; that has tests of its own.
    """
    nothing = SimpleNamespace(found=(), rows=None, since=None)
    monkeypatch.setattr(daily, "compute", compute)
    monkeypatch.setattr(daily, "beside", lambda results, *_args, **_given: results)
    monkeypatch.setattr(reasons, "tell_moments", lambda *_args, **_given: nothing)
    monkeypatch.setattr(reasons, "tell_change", lambda *_args, **_given: 0)
    monkeypatch.setattr(weighing, "tell", lambda *_args, **_given: 0)
