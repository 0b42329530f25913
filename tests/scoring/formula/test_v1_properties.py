"""What must hold of every score by v1, whatever the accounts."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.features.base import ONE, FeatureTable
from scoring.features.catalogue import ANY, COLUMNS, MEASURES, VERBS, column_of
from scoring.formula import pooled, v1
from scoring.formula.base import PARTS
from tests.scoring.formula.given import (
    MASTODON,
    TWITTER,
    alice,
    columns,
    reactions,
    score_of,
    scored,
    some_features,
    some_networks,
    some_rows,
    table_of,
    unhurried,
)

# What counts only as far as reactions bear it out, and what ends at its weight: it rises to where nobody can tell.
ENDS = {
    column
    for group in v1.GROUPS
    for column in group.terms
    if group.bounded or group.name in {borne.counted for borne in v1.BORNE}
}


@unhurried
@given(rows=some_rows(min_size=1), which=st.data(), column=columns, more=st.integers(ONE, 10**6 * ONE))
def test_one_more_person_anywhere_raises_the_score(rows, which, column, more):
    place = which.draw(st.integers(0, len(rows) - 1))
    network, account, features, supplied = (*rows[place], 0)[:4]
    raised = list(rows)
    raised[place] = (network, account, {**features, column: features.get(column, 0) + more}, supplied)
    before, after = score_of(*rows), score_of(*raised)
    assert after >= before - 1e-12
    if column not in ENDS and not any((*row, 0)[3] for row in rows):
        assert after > before


@pytest.mark.parametrize("column", sorted(v1.USES))
def test_one_more_person_counts_even_beside_a_million_million(column):
    for exponent in range(13):
        people = 10**exponent
        before, after, doubled = (score_of(alice(**{column: n})) for n in (people, people + 1, 2 * people))
        assert 1 < before <= after + 1e-12 <= doubled + 2e-12 < 100 + 1e-9
        if column not in ENDS or people < 1_000:
            assert before < after <= doubled


def test_no_conceivable_crowd_reaches_the_top():
    everybody = dict.fromkeys(v1.USES, 1e13)
    less = dict.fromkeys(v1.USES, 1e12)
    assert 95 < score_of(alice(**less)) < score_of(alice(**everybody)) < 100


@unhurried
@given(rows=some_rows(min_size=1), network=some_networks, features=some_features)
def test_linking_another_account_never_lowers_a_score(rows, network, features):
    linked = [*rows, (network, 10**12 + 1, features)]
    assert score_of(*linked) >= score_of(*rows)
    counted = {column: value for column, value in features.items() if column not in ENDS}
    if any(value >= ONE for value in counted.values()) and not any((*row, 0)[3] for row in rows):
        assert score_of(*linked) > score_of(*rows)


@unhurried
@given(rows=some_rows(min_size=1), network=some_networks)
def test_an_account_that_nobody_reacts_to_changes_nothing(rows, network):
    before, after = scored(rows), scored([*rows, (network, 10**12 + 1, {})])
    assert after.score[0] == before.score[0]
    assert len(after.leaves(after.entity)) == len(before.leaves(before.entity))


@unhurried
@given(rows=some_rows(min_size=2), seed=st.integers())
def test_the_order_of_accounts_does_not_matter_to_the_last_bit(rows, seed):
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    one, other = scored(rows), scored(shuffled)
    for name in ("score", "reach", "amplification", "network_part", "confidence"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    first, second = one.leaves(one.entity), other.leaves(other.entity)
    assert first.points.tolist() == second.points.tolist()
    assert first.account.tolist() == second.account.tolist()


def test_the_order_of_accounts_does_not_matter_to_fractions_either():
    amounts = np.random.default_rng(0).random(40) * ONE / 1000
    account = np.arange(40)
    person, network = np.ones(40, dtype=np.int64), np.full(40, TWITTER)
    points = set()
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(40)
        table = FeatureTable(account[order], network, {"follow_surplus": amounts[order]})
        points.add(float(formula.get("v1").score(table, person).networks().points[0]))
    assert len(points) == 1


@pytest.mark.parametrize("version", ["v1", "plain"])
@pytest.mark.parametrize("supplied", [0, 1])
@pytest.mark.parametrize("accounts", [2, 3, 5])
def test_counts_beyond_all_reason_on_several_accounts_end_no_run_and_lower_no_score(version, supplied, accounts):
    # 1 << 62 is what the engine cuts a counter off at; servers of one's own tell whatever they like.
    claimed = dict.fromkeys(
        ("follow_surplus", "mention_surplus", "reply_actors_recent", "reply_events_recent"), 1 << 62
    )
    modest = {name: value >> 20 for name, value in claimed.items()}

    def score(*rows):
        person = np.ones(len(rows) + 1, dtype=np.int64)
        person[0] = 0
        found = formula.get(version).score(table_of([alice(account=0, follow_surplus=5), *rows]), person)
        assert np.isfinite(found.leaves(found.entity).points).all()
        assert found.leaves(np.array([1])).points.sum() == pytest.approx(found.score[1], abs=1e-6)
        return float(found.score[1])

    scores = [score(*((TWITTER, n, claimed, supplied) for n in range(1, k + 1))) for k in range(1, accounts + 1)]
    assert all(before <= after <= 100 for before, after in pairwise(scores))
    assert scores[0] >= score((TWITTER, 1, modest, supplied))
    assert score((TWITTER, 1, claimed, supplied), *((TWITTER, n, {}) for n in range(2, 7))) >= scores[0]


@unhurried
@given(people=st.lists(some_rows(min_size=1, max_size=4), min_size=1, max_size=6))
def test_a_score_does_not_depend_on_who_is_scored_beside(people):
    rows = [row for person in people for row in person]
    entity = np.array([number for number, person in enumerate(people) for _ in person], dtype=np.int64)
    together = formula.get("v1").score(table_of(rows), entity)
    assert together.score.tolist() == [score_of(*person) for person in people]


@unhurried
@given(rows=some_rows(min_size=1))
def test_leaves_and_parts_and_networks_add_up_to_the_score(rows):
    result = scored(rows, person=7)
    leaves, networks = result.leaves(result.entity), result.networks()
    score = result.score[0]
    assert leaves.points.sum() == pytest.approx(score, abs=1e-9)
    assert (leaves.points > 0).all()
    parts = {part: leaves.points[leaves.part == part].sum() for part in PARTS}
    assert parts["reach"] == pytest.approx(result.reach[0], abs=1e-9)
    assert parts["amplification"] == pytest.approx(result.amplification[0], abs=1e-9)
    assert parts["network"] == pytest.approx(result.network_part[0], abs=1e-9)
    assert result.reach[0] + result.amplification[0] + result.network_part[0] == pytest.approx(score, abs=1e-9)
    assert 1 + networks.points.sum() == pytest.approx(score, abs=1e-9)
    for network, points in zip(networks.network, networks.points, strict=True):
        assert leaves.points[leaves.network == network].sum() == pytest.approx(points, abs=1e-9)
    assert 1 <= score < 100
    assert set(leaves.entity) == {7}
    keys = zip(leaves.network, leaves.account, leaves.part, leaves.feature, strict=True)
    assert len(set(keys)) == len(leaves)


@unhurried
@given(
    rows=some_rows(min_size=1, max_size=3),
    column=st.sampled_from(sorted(set(COLUMNS) - set(v1.USES) - {"any_published_recent"})),
)
def test_repetitions_and_what_only_confidence_needs_bring_no_points(rows, column):
    network, account, features = rows[0][:3]
    assert score_of((network, account, {**features, column: 10**6 * ONE}), *rows[1:]) == score_of(*rows)


def test_every_column_of_the_formula_is_one_that_the_catalogue_can_measure():
    # A verb whose network is still to come has a weight already; a column misspelt would never count.
    measurable = {column_of(verb, measure.name, measure.window) for verb in [*VERBS, ANY] for measure in MEASURES}
    assert set(v1.USES) <= measurable | set(COLUMNS)


def test_splitting_an_audience_over_accounts_of_a_network_gains_nothing():
    whole = score_of(alice(follow_actors_ever=900, **reactions(30, 90)))
    split = score_of(*(alice(account=n, follow_actors_ever=300, **reactions(10, 30)) for n in (1, 2, 3)))
    assert split == pytest.approx(whole, abs=1e-9)


def test_pieces_of_the_table_are_scored_as_the_whole(monkeypatch):
    random.seed(5)
    names = random.sample(sorted(v1.USES), 12)
    rows = [
        (random.choice([TWITTER, MASTODON, 99]), n, {name: random.randrange(10**7) for name in random.sample(names, 4)})
        for n in range(400)
    ]
    entity = np.array([random.randrange(150) for _ in rows], dtype=np.int64)
    whole = formula.get("v1").score(table_of(rows), entity)
    leaves = whole.leaves(whole.entity)
    monkeypatch.setattr(pooled, "ROWS", 7)
    pieces = formula.get("v1").score(table_of(rows), entity)
    assert pieces.entity.tolist() == whole.entity.tolist() == sorted(set(entity.tolist()))
    assert pieces.score.tolist() == whole.score.tolist()
    assert pieces.networks().points.tolist() == whole.networks().points.tolist()
    assert pieces.leaves(pieces.entity).points.tolist() == leaves.points.tolist()
    some = whole.leaves(np.array([3, 140, 10**9]))
    assert set(some.entity) == {3, 140}
    assert some.points.tolist() == leaves.points[np.isin(leaves.entity, [3, 140])].tolist()


def test_nobody_is_scored_without_an_error():
    nobody = scored([])
    assert len(nobody) == len(nobody.networks()) == len(nobody.leaves(nobody.entity)) == 0


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_it_refuses_features_that_are_no_amounts_and_names_the_account(value):
    table = table_of([alice(account=1), alice(account=42)])
    columns = {"follow_surplus": np.array([1.0, value])}
    broken = type(table)(table.account, table.network, columns)
    with pytest.raises(ValueError, match="follow_surplus of account 42"):
        formula.get("v1").score(broken, table.account)


def test_it_refuses_entities_that_do_not_match_the_table():
    with pytest.raises(ValueError, match="2 rows of features, but 1 entities"):
        formula.get("v1").score(table_of([alice(account=1), alice(account=2)]), np.array([1]))


def test_an_unknown_formula_is_refused_with_the_names_of_those_there_are():
    with pytest.raises(formula.UnknownFormula, match="no formula 'v0'; known: v1"):
        formula.get("v0")
