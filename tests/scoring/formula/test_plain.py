"""The baseline does what counters did: it takes every count at its word, and is never the formula that counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.features.base import ONE
from scoring.formula import plain
from scoring.formula.base import PARTS, UPLOADED, Scored
from tests.scoring.formula.given import FACEBOOK, TWITTER, Row, features, table_of, unhurried

columns = st.sampled_from(sorted({column for names in plain.COUNTS.values() for column in names}))
some_features = st.dictionaries(columns, st.integers(0, 10**5 * ONE), max_size=10)


def scored(*rows: Row) -> Scored:
    return formula.get("plain").score(table_of(rows), np.ones(len(rows), dtype=np.int64))


def score_of(network: int = TWITTER, **counts: float) -> float:
    return float(scored((network, 1, features(**counts))).score[0])


def test_it_is_there_by_name_and_is_not_what_tables_are_scored_by() -> None:
    assert list(formula.VERSIONS)[-1] == formula.BASELINE == "plain"
    assert formula.RELEASED != formula.BASELINE


def test_a_fan_who_reacts_a_thousand_times_counts_as_a_thousand() -> None:
    loud = score_of(reply_events_recent=1000, reply_actors_recent=1)
    crowd = score_of(reply_events_recent=1000, reply_actors_recent=1000)
    assert loud == crowd
    assert loud > score_of(reply_events_recent=1) + 15


def test_bought_followers_count_as_followers() -> None:
    honest = {"like_events_recent": 20, "mention_events_recent": 5}
    assert score_of(follow_surplus=150, **honest) == pytest.approx(40, abs=1)
    assert score_of(follow_surplus=50_150, **honest) > score_of(follow_surplus=150, **honest) + 15


def test_a_count_has_one_logarithm_whether_named_or_not() -> None:
    assert score_of(follow_actors_ever=400, follow_surplus=600) == score_of(follow_surplus=1000)


@unhurried
@given(rows=st.lists(st.tuples(st.sampled_from([TWITTER, FACEBOOK, 99]), some_features), min_size=1, max_size=5))
def test_leaves_parts_and_networks_add_up_to_the_score(rows) -> None:
    result = scored(*((network, place, counts) for place, (network, counts) in enumerate(rows)))
    leaves, score = result.leaves(result.entity), result.score[0]
    assert 1 <= score <= 100
    assert leaves.points.sum() == pytest.approx(score, abs=1e-9)
    assert 1 + result.networks().points.sum() == pytest.approx(score, abs=1e-9)
    for part, column in zip(PARTS, (result.reach, result.amplification, result.network_part), strict=True):
        assert leaves.points[leaves.part == part].sum() == pytest.approx(column[0], abs=1e-9)


@unhurried
@given(said=some_features, uploaded=some_features)
def test_an_upload_counts_like_all_else_under_a_name_of_its_own(said, uploaded) -> None:
    table = table_of([(TWITTER, 1, said), (TWITTER, 1, uploaded)])
    rows = replace(table, supplied=np.array([0, 1]))
    both = formula.get("plain").score(rows, np.ones(2, dtype=np.int64))
    leaves = both.leaves(both.entity)
    together = {name: said.get(name, 0) + uploaded.get(name, 0) for name in {*said, *uploaded}}
    assert both.score[0] == pytest.approx(scored((TWITTER, 1, together)).score[0], abs=1e-9)
    assert leaves.points.sum() == pytest.approx(both.score[0], abs=1e-9)
    marked = {name.removesuffix(UPLOADED) for name in leaves.feature.tolist() if name.endswith(UPLOADED)}
    assert marked == {name for name, count in uploaded.items() if count}
    names = list(zip(leaves.account.tolist(), leaves.part.tolist(), leaves.feature.tolist(), strict=True))
    assert len(set(names)) == len(names)


@unhurried
@given(rows=st.lists(some_features, min_size=1, max_size=4), more=some_features)
def test_another_account_never_lowers_it(rows, more) -> None:
    accounts = [(TWITTER, place, counts) for place, counts in enumerate(rows)]
    before = scored(*accounts).score[0]
    for network in (TWITTER, FACEBOOK):
        assert scored(*accounts, (network, 99, more)).score[0] >= before
