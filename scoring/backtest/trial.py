"""One backtest: the score and the baselines at a split, beside what came after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoring import formula
from scoring.backtest import baselines
from scoring.backtest.agreement import Agreement, agreements
from scoring.backtest.splitting import Known, Split
from scoring.engine import duckdb as engine
from scoring.engine.base import Inputs
from scoring.engine.guards import BURST, CIRCLE, ENABLED
from scoring.features.catalogue import NETWORKS
from scoring.formula.base import Scored

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

# What --guards asks for: what is added to the score's name, and which guards it is computed with.
GUARDS: Mapping[str, Mapping[str, frozenset[int]]] = {
    "on": {"": ENABLED},
    "off": {", no guards": frozenset()},
    "each": {
        "": ENABLED,
        ", no guards": frozenset(),
        ", bursts alone": frozenset({BURST}),
        ", circles alone": frozenset({CIRCLE}),
    },
}
# A table covers all there was of a network while it goes on: accounts.networks.base.ORIGINS["bulk"].
ORIGIN_BULK = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one split: each measure by name, the scores first."""

    split: Split
    scores: tuple[str, ...]
    agreements: Mapping[str, Agreement]

    @property
    def best(self) -> str:
        """The baseline of the highest rank correlation."""
        rest = [name for name in self.agreements if name not in self.scores]
        return max(rest, key=lambda name: self.agreements[name].spearman.value)


def inputs_of(known: Known, *, network: str) -> Inputs:
    """What the engine takes: every row an event of `network`, as imported from a table."""
    count = len(known.actor)
    nothing: Int64 = np.zeros(0, dtype=np.int64)
    whole = np.zeros(count, dtype=np.int64)
    newest = {
        "key_high": np.arange(count, dtype=np.int64),
        "key_low": whole,
        "occurred_at": known.at,
        # No account has the number 0.
        "target": known.target + 1,
        "actor": known.actor + 1,
        "post": whole,
        "network": whole + NETWORKS[network].code,
        "verb": known.verb,
        "origin": whole + ORIGIN_BULK,
    }
    return Inputs(
        as_of=known.as_of,
        lake=[],
        lake_days=[],
        newest=newest,
        relations=dict.fromkeys(("target", "actor", "verb", "network", "origin"), nothing),
        counters=dict.fromkeys(("account", "network", "value", "origin"), nothing) | {"name": np.zeros(0, np.str_)},
        totals=dict.fromkeys(("account", "post", "verb", "total", "occurred_at", "network", "origin"), nothing),
        erased=nothing,
        owners=dict.fromkeys(("account", "person"), nothing),
    )


def scores(
    known: Known, *, network: str, version: str, guards: Collection[int] = ENABLED, temp_folder: Path | None = None
) -> Float64:
    """The score of each of known.people, by the formula `version` and with these `guards` (scoring.engine.guards)."""
    output = engine.compute(inputs_of(known, network=network), enabled=guards, temp_folder=temp_folder)
    scored = formula.get(version).score(output.features, output.features.account)
    return aligned(scored, known.people + 1)


def aligned(scored: Scored, accounts: Int64) -> Float64:
    """The scores of `accounts`; 1, where everybody starts, of those that were not scored."""
    found = np.ones(len(accounts))
    if len(scored):
        place = np.minimum(np.searchsorted(scored.entity, accounts), len(scored) - 1)
        seen = scored.entity[place] == accounts
        found[seen] = scored.score[place[seen]]
    return found


def run(split: Split, by_score: Mapping[str, Float64], *, seed: int) -> Trial:
    """Compare scores (name -> float64 [m], the first the reference) and the baselines with what came after."""
    measures = {**by_score, **baselines.of(split.known)}
    found = agreements(split.truth, measures, reference=next(iter(by_score)), seed=seed)
    return Trial(split, tuple(by_score), found)
