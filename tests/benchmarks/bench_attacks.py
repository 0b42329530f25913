"""What attacks gain, by v1 and by a plain score of log-counts, and what guards take from honest growth.

    python -m tests.benchmarks.bench_attacks [--accounts 3000] [--events 120000] [--only TEXT]

Each is done to three accounts of one made-up world (tests.benchmarks.worlds), of about 20, 40 and 60 points, and scored
by the real engine and formulas: with all guards, without any, and with each alone. Gains are in points.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scoring import formula
from scoring.engine import duckdb as engine
from scoring.engine import guards
from tests.benchmarks.attacks import ATTACKS, FURTHER, GROWTH
from tests.benchmarks.worlds import World, code, honest

HEIGHTS = (20, 40, 60)
BY: Mapping[str, frozenset[int]] = {
    "all": guards.ENABLED,
    "none": frozenset(),
    "burst": frozenset({guards.BURST}),
    "circle": frozenset({guards.CIRCLE}),
}
Doing = Callable[[World, int, np.random.Generator], None]


@dataclass(frozen=True)
class Scores:
    """Scores of all accounts by v1 with each set of guards, and by the plain formula."""

    account: np.ndarray
    v1: Mapping[str, np.ndarray]
    plain: np.ndarray

    def of(self, targets: list[int], by: str) -> np.ndarray:
        column = self.plain if by == "plain" else self.v1[by]
        return column[np.searchsorted(self.account, targets)]


def scores(world: World, by: Mapping[str, frozenset[int]] = BY) -> Scores:
    v1, plain = formula.get("v1"), formula.get("plain")
    given = world.inputs()
    found = {}
    for name, enabled in by.items():
        table = engine.compute(given, enabled=enabled).features
        scored = v1.score(table, table.account)
        found[name] = scored.score
        if not enabled:
            simple = plain.score(table, table.account).score
    return Scores(scored.entity, found, simple)


def targets_of(world: World, before: Scores, heights: tuple[int, ...] = HEIGHTS) -> list[int]:
    """Accounts of the first network, no two alike, whose scores lie nearest to each of `heights`, and to whom three
    people at least reacted."""
    people = np.bincount(world.events["target"], minlength=len(world.network) + 1)[before.account]
    fit = (world.network[before.account - 1] == code("twitter")) & (people >= 3)
    found: list[int] = []
    for height in heights:
        free = fit & ~np.isin(before.account, found)
        found.append(int(before.account[np.argmin(np.where(free, np.abs(before.v1["all"] - height), np.inf))]))
    return found


def done(world: World, targets: list[int], doing: Doing, *, seed: int = 5) -> World:
    after = world.copy()
    after.spared = np.array(targets)
    for nth, target in enumerate(targets):
        doing(after, target, np.random.default_rng([seed, nth]))
    return after


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=3000)
    parser.add_argument("--events", type=int, default=120_000)
    parser.add_argument("--only", default="", help="only what has this text in its name")
    options = parser.parse_args()
    world = honest(options.accounts, options.events)
    before = scores(world)
    targets = targets_of(world, before)
    print(f"{len(world.events['target']):,} reactions among {options.accounts:,} accounts; three targets:")
    for by, label in {"all": "v1", "plain": "plain"}.items():
        print(f"  {label:6}" + "".join(f"{score:8.1f}" for score in before.of(targets, by)))
    shifted = before.v1["all"] - before.v1["none"]
    print(
        f"the guards move honest scores by {np.abs(shifted).mean():.4f} on average, {np.abs(shifted).max():.2f} at most"
    )
    print(f"{'points gained':42}" + "".join(f"{label:>22}" for label in LABELS.values()))
    for name, doing in {**ATTACKS, **FURTHER, **GROWTH}.items():
        if options.only in name:
            begun = time.perf_counter()
            after = scores(done(world, targets, doing))
            gains = {by: after.of(targets, by) - before.of(targets, by) for by in LABELS}
            line = "".join(f"{' '.join(f'{gain:+6.1f}' for gain in gains[by]):>22}" for by in LABELS)
            told = lost(gains) if name in GROWTH else missed(gains)
            print(f"{name:42}{line}  {told} ({time.perf_counter() - begun:.0f} s)", flush=True)


LABELS = {
    "plain": "plain",
    "all": "v1",
    "none": "v1, no guard",
    "burst": "v1, bursts alone",
    "circle": "v1, circles alone",
}


def missed(gains: Mapping[str, np.ndarray]) -> str:
    """Whether the goal is reached: at most 2 points where the plain score gives 15 or more."""
    return "MISSED" if ((gains["plain"] >= 15) & (gains["all"] > 2)).any() else "ok"


def lost(gains: Mapping[str, np.ndarray]) -> str:
    """What share of honest growth the guards take; the goal is less than a tenth."""
    shares = 1 - gains["all"] / gains["none"]
    return f"loses {' '.join(f'{share:.1%}' for share in shares)}{'' if shares.max() < 0.1 else ' MISSED'}"


if __name__ == "__main__":
    main()
