"""What must hold of every score by v2: v1's own where nobody gave +K, and a cap on what +K brings, whoever gives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.features.base import ONE, FeatureTable
from scoring.formula import pooled, population, v1, v2
from scoring.formula.base import FAIR, PARTS, PROVISIONAL, SOLID, Scored
from tests.scoring.formula.given import (
    FACEBOOK,
    TWITTER,
    Row,
    alice,
    amounts,
    columns,
    features,
    reactions,
    some_features,
    some_rows,
    table_of,
    unhurried,
)

KLOUT = v2.KLOUT
# Where +K alone ends.
END = 10.0
given_features = st.dictionaries(columns, amounts, max_size=12)
heights = st.floats(0.5, 200_000)


def by(version: str, *rows: Row) -> Scored:
    return formula.get(version).score(table_of(rows), np.ones(len(rows), dtype=np.int64))


def score_of(*rows: Row) -> float:
    return float(by("v2", *rows).score[0])


def plus_k(givers: float, account: int = 18) -> Row:
    """What the engine measures where so many gave one +K each yesterday."""
    found = reactions(givers, givers, "plus_k") | {"any_actors_now": givers, "any_people_ever": givers}
    return alice(KLOUT, account, any_confirmed_ever=givers, **found)


def elsewhere(times: float) -> Row:
    return alice(TWITTER, 1, follow_actors_ever=50 * times, **reactions(times, 4 * times))


def at(score: float) -> Row:
    """An account of that score."""
    low, high = 1e-6, 1e9
    for _ in range(200):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if score_of(elsewhere(middle)) < score else (low, middle)
    return elsewhere(high)


# ---------------------------------------------------------------- without +K it is v1


def told(scored: Scored) -> dict[str, list[float]]:
    """All that a formula says, to the last bit."""
    networks, leaves = scored.networks(), scored.leaves(scored.entity)
    parts = {
        "people": (scored, ("entity", "score", "reach", "amplification", "network_part", "confidence")),
        "networks": (networks, ("network", "points")),
        "leaves": (leaves, ("network", "account", "part", "feature", "value", "points")),
    }
    return {f"{kind} {name}": getattr(of, name).tolist() for kind, (of, names) in parts.items() for name in names}


@unhurried
@given(people=st.lists(some_rows(min_size=1, max_size=4), min_size=1, max_size=6))
def test_whoever_was_given_no_plus_k_has_the_score_of_v1_bit_for_bit(people):
    rows = [row for person in people for row in person]
    entity = np.array([number for number, person in enumerate(people) for _ in person], dtype=np.int64)
    first, second = (formula.get(version).score(table_of(rows), entity) for version in ("v1", "v2"))
    assert told(first) == told(second)


@unhurried
@given(rows=some_rows(min_size=1))
def test_an_account_here_that_nobody_gave_anything_changes_nothing(rows):
    with_it = by("v2", *rows, (KLOUT, 10**12 + 1, {}))
    assert told(by("v1", *rows)) == told(with_it)


def test_twenty_thousand_people_of_the_reference_population_have_the_score_of_v1_bit_for_bit():
    table, entity = population.reference(20_000)
    first, second = (formula.get(version).score(table, entity) for version in ("v1", "v2"))
    assert told(first) == told(second)
    assert not (table.network == KLOUT).any()


def test_who_is_scored_beside_somebody_with_plus_k_keeps_the_score_of_v1(monkeypatch):
    rows = [elsewhere(3), plus_k(50), alice(FACEBOOK, 7, **reactions(20, 60))]
    entity = np.array([1, 1, 2], dtype=np.int64)
    found = formula.get("v2").score(table_of(rows), entity)
    assert found.score[1] == by("v1", rows[2]).score[0]
    assert found.score[0] == score_of(*rows[:2])


# ---------------------------------------------------------------- the cap


@pytest.mark.parametrize("givers", [1, 2, 5, 20, 100, 1_000, 10**6, 10**12])
def test_plus_k_alone_ends_below_ten_points_however_many_give_it(givers):
    assert 1 < score_of(plus_k(givers)) < END


@unhurried
@given(features=given_features, rows=some_rows(max_size=3))
def test_whatever_stands_on_network_klout_lifts_nobody_by_more_than_the_cap(features, rows):
    before = score_of(*rows) if rows else 1.0
    after = score_of(*rows, (KLOUT, 10**12 + 1, features))
    assert after <= max(END, before + 9.0)
    if before >= 20:
        assert after - before < 1.6
    if before >= 40:
        assert after - before < 0.6


@pytest.mark.parametrize(("score", "most"), [(20, 1.54), (40, 0.59), (60, 0.28), (80, 0.12)])
def test_a_million_million_givers_add_little_and_less_the_higher_one_stands(score, most):
    row = at(score)
    gained = score_of(row, plus_k(10**12)) - score_of(row)
    assert 0 < gained < most


@unhurried
@given(height=heights, fewer=st.integers(0, 10**6), more=st.integers(1, 10**6))
def test_one_more_giver_never_lowers_a_score(height, fewer, more):
    row = elsewhere(height)
    assert score_of(row, plus_k(fewer + more)) >= score_of(row, plus_k(fewer)) >= score_of(row)


@unhurried
@given(rows=some_rows(min_size=1, max_size=3), mine=given_features, features=some_features)
def test_with_plus_k_too_linking_another_account_never_lowers_a_score(rows, mine, features):
    klout = (KLOUT, 10**12 + 1, mine)
    linked = (FACEBOOK, 10**12 + 2, features)
    assert score_of(*rows, klout, linked) >= score_of(*rows, klout) - 1e-12
    assert score_of(*rows, klout, linked) >= score_of(*rows, linked) - 1e-12


def test_more_givers_bring_more_and_each_one_less():
    for row in ((), (at(20),), (at(40),)):
        scores = [score_of(*row, plus_k(n)) for n in (0.001, 1, 2, 5, 20, 100, 1000)]
        assert all(low < high for low, high in pairwise(scores))
        assert scores[2] - scores[1] < scores[1] - scores[0]


def test_the_figures_of_its_description_are_what_it_gives():
    told = [line.split() for line in (v2.__doc__ or "").splitlines() if line.startswith("        ")]
    rows = {line[0].replace(",", ""): line[1:] for line in told if line[0].replace(",", "").isdigit()}
    assert set(rows) == {"1", "5", "20", "100", "1000"}
    for givers, cells in rows.items():
        expected = [float(cell.strip("()")) for cell in cells]
        found = []
        for score in (1, 20, 40, 60, 80):
            row = () if score == 1 else (at(score),)
            for version in ("v2", "v1"):
                before = float(by(version, *row).score[0]) if row else 1.0
                found.append(float(by(version, *row, yesterday(int(givers))).score[0]) - before)
        for place, (value, said) in enumerate(zip(found, expected, strict=True)):
            # At 1 in tenths, elsewhere in hundredths.
            assert value == pytest.approx(said, abs=0.051 if place < 2 else 0.011), (givers, place)


def yesterday(givers: int) -> Row:
    """One +K of each, as the engine weighs what happened a day ago and people whom nobody reacts to."""
    now, recent, long = (2 ** (-1 / half_life) for half_life in (5, 30, 365))
    month, year = (3 * weight / (weight + 2) for weight in (recent, long))
    return alice(
        KLOUT,
        18,
        any_actors_now=givers * now,
        any_actors_recent=givers * month,
        any_actors_long=givers * year,
        any_standing_recent=givers * month * 0.6,
        any_standing_long=givers * year * 0.6,
        plus_k_actors_recent=givers * month,
        plus_k_actors_long=givers * year,
        plus_k_posts_recent=recent,
    )


# ---------------------------------------------------------------- it explains itself, and proves nothing


@unhurried
@given(rows=some_rows(max_size=3), mine=given_features, again=given_features)
def test_leaves_parts_and_networks_add_up_to_the_score_with_plus_k_too(rows, mine, again):
    result = by("v2", *rows, (KLOUT, 10**12 + 1, mine), (KLOUT, 10**12 + 2, again))
    leaves, networks = result.leaves(result.entity), result.networks()
    score = result.score[0]
    assert leaves.points.sum() == pytest.approx(score, abs=1e-9)
    assert (leaves.points > 0).all()
    for part, points in zip(PARTS, (result.reach, result.amplification, result.network_part), strict=True):
        assert leaves.points[leaves.part == part].sum() == pytest.approx(points[0], abs=1e-9)
    for network, points in zip(networks.network, networks.points, strict=True):
        assert leaves.points[leaves.network == network].sum() == pytest.approx(points, abs=1e-9)


def test_fifty_plus_k_make_no_score_sure_and_take_no_sureness_away():
    assert by("v1", plus_k(50)).confidence[0] == SOLID
    assert by("v2", plus_k(50)).confidence[0] == PROVISIONAL
    known = alice(TWITTER, 1, any_people_ever=12, **reactions(12, 12))
    assert by("v2", known).confidence[0] == by("v2", known, plus_k(5000)).confidence[0] == FAIR


def test_it_does_not_matter_how_many_accounts_the_plus_k_are_spread_over():
    whole = score_of(at(20), alice(KLOUT, 18, **reactions(30, 90, "plus_k")))
    split = score_of(at(20), *(alice(KLOUT, n, **reactions(10, 30, "plus_k")) for n in (18, 19, 20)))
    assert split == pytest.approx(whole, abs=1e-9)


def test_pieces_of_the_table_are_scored_as_the_whole(monkeypatch):
    rows = [row for n in range(60) for row in (alice(TWITTER, n, **reactions(n, 2 * n)), plus_k(n % 7, 1000 + n))]
    entity = np.repeat(np.arange(60), 2)
    whole = formula.get("v2").score(table_of(rows), entity)
    monkeypatch.setattr(pooled, "ROWS", 7)
    pieces = formula.get("v2").score(table_of(rows), entity)
    assert pieces.score.tolist() == whole.score.tolist()


def test_on_another_scale_plus_k_ends_at_as_many_points():
    table = [(latent * 2, score) for latent, score in v1.ANCHORS]
    moved = v2.FORMULA.with_anchors("v9", table)
    row = plus_k(10**12)
    found = moved.score(table_of([row]), np.ones(1, dtype=np.int64)).score[0]
    assert moved.network_bounds[KLOUT] == pytest.approx(2 * v2.NETWORK_BOUNDS[KLOUT])
    assert found < END


def test_fractions_and_nobody_at_all_are_scored_without_an_error():
    tiny = FeatureTable(np.array([1]), np.array([KLOUT]), {"plus_k_actors_recent": np.array([1.0 / ONE])})
    assert formula.get("v2").score(tiny, np.ones(1, dtype=np.int64)).score[0] >= 1
    assert len(formula.get("v2").score(table_of([]), np.zeros(0, dtype=np.int64))) == 0
    assert score_of(alice(KLOUT, 1)) == 1.0
    assert features() == {}
