"""What attacks gain, and what honest growth keeps, in a small made-up world: the goals of the attack suite.

tests.benchmarks.bench_attacks prints the figures of a larger world.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.benchmarks import attacks
from tests.benchmarks.bench_attacks import BY, Scores, done, scores, targets_of
from tests.benchmarks.worlds import World, honest

# Near the bottom one person more is worth a few points to anybody: there an attack may gain a part of what it gains
# elsewhere, from the median on next to nothing.
HEIGHTS = (20, 40, 55)
MOST_AT_THE_BOTTOM, MOST = 0.2, 2.0
UNGUARDED = {name: BY[name] for name in ("all", "none")}


@pytest.fixture(scope="module")
def world() -> World:
    return honest(1000, 40_000)


@pytest.fixture(scope="module")
def before(world: World) -> Scores:
    return scores(world, UNGUARDED)


@pytest.fixture(scope="module")
def targets(world: World, before: Scores) -> list[int]:
    return targets_of(world, before, HEIGHTS)


@pytest.fixture
def gained(world: World, before: Scores, targets: list[int]) -> Callable[..., dict[str, np.ndarray]]:
    """Points that doing something brings to each target, by v1 with all guards and none, and by the plain score."""

    def gained(doing: Callable[..., None]) -> dict[str, np.ndarray]:
        after = scores(done(world, targets, doing), UNGUARDED)
        return {by: after.of(targets, by) - before.of(targets, by) for by in ("all", "none", "plain")}

    return gained


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_an_attack_that_pays_elsewhere_gains_two_points_at_most(name: str, gained):
    gains = gained(attacks.ATTACKS[name])
    pays = gains["plain"] >= 15
    most = np.array([MOST_AT_THE_BOTTOM * gains["plain"][0], MOST, MOST])
    assert (gains["all"] <= most)[pays].all(), gains


@pytest.mark.parametrize("name", ["ring of 100 with 1,000 bots around it", "edited export with invented posts"])
def test_what_an_outsider_tries_next_gains_no_more(name: str, gained):
    gains = gained(attacks.FURTHER[name])
    assert (gains["plain"][:2] >= 10).all()
    assert (gains["all"] <= MOST).all(), gains


@pytest.mark.parametrize("name", ["ring of 100", "1,000 new accounts at once", "pod of 20"])
def test_without_the_guards_it_would_pay_here_too(name: str, gained):
    gains = gained(attacks.ATTACKS[name])
    assert (gains["none"] > 2 * np.maximum(gains["all"], 1))[:2].all(), gains


@pytest.mark.parametrize("unknown", [False, True])
def test_honest_growth_of_the_same_size_keeps_nine_tenths(unknown: bool, gained):
    gains = gained(attacks.Growth(1000, 14, unknown=unknown))
    assert (gains["none"] > 2).all()
    assert (gains["all"] >= 0.9 * gains["none"]).all(), gains


def test_the_guards_leave_an_honest_world_alone(before: Scores):
    assert np.abs(before.v1["all"] - before.v1["none"]).max() < 0.5
