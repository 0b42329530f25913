"""The laws of a score, over accounts that no honest world holds: huge and tiny numbers, uploads, posts nobody answers.

test_v1_properties.py says the same of people as they are, and how scores rise; here nothing may give.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import formula
from scoring.features.base import ONE
from scoring.formula import v1
from scoring.formula.base import FAIR, Scored
from tests.scoring.formula.given import Row, table_of, unhurried

POSTS = ("any_published_recent", "any_reacted_recent")
SURE = ("any_people_ever", "any_confirmed_ever")
# Two that weigh more or less than others, one that stays apart, Wikipedia with its weight offline, one unheard of.
networks = st.sampled_from([1, 2, 5, 9, 99])
# From a 65,536th to what the engine cuts a counter off at.
amounts = st.one_of(
    st.sampled_from([1, ONE - 1, ONE, 1 << 62]),
    st.integers(0, 10**3 * ONE),
    st.integers(0, 62).map(lambda power: 1 << power),
)
features = st.dictionaries(st.sampled_from(sorted({*v1.USES, *POSTS, *SURE})), amounts, max_size=10)
versions = st.sampled_from(["v1", "v1+youtube"])
# What rounding of a hundred terms may leave.
CLOSE = 1e-9


@st.composite
def some_accounts(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for account in range(1, draw(st.integers(1, 5)) + 1):
        network = draw(networks)
        rows.append((network, account, draw(features)))
        if draw(st.booleans()):
            rows.append((network, account, draw(features), 1))
    return rows


def scored(version: str, rows: list[Row]) -> Scored:
    return formula.get(version).score(table_of(rows), np.ones(len(rows), dtype=np.int64))


def score_of(version: str, rows: list[Row]) -> float:
    return float(scored(version, rows).score[0])


@unhurried
@given(version=versions, rows=some_accounts())
def test_leaves_add_up_and_none_takes_anything(version, rows):
    found = scored(version, rows)
    leaves, score = found.leaves(found.entity), found.score[0]
    assert 1 <= score <= 100
    assert leaves.points.sum() == pytest.approx(score, abs=1e-6)
    assert (leaves.points > 0).all()
    assert found.reach[0] + found.amplification[0] + found.network_part[0] == pytest.approx(score, abs=1e-6)
    assert 1 + found.networks().points.sum() == pytest.approx(score, abs=1e-6)


@unhurried
@given(version=versions, rows=some_accounts(), network=networks, more=features, uploaded=features)
def test_no_link_lowers_a_score(version, rows, network, more, uploaded):
    before = score_of(version, rows)
    assert score_of(version, [*rows, (network, 99, more)]) >= before - CLOSE
    assert score_of(version, [*rows, (network, 99, more), (network, 99, uploaded, 1)]) >= before - CLOSE


@unhurried
@given(version=versions, rows=some_accounts(), network=networks, published=amounts, reacted=amounts)
def test_an_account_that_only_posts_adds_exactly_nothing(version, rows, network, published, reacted):
    spam = (network, 99, {"any_published_recent": published, "any_reacted_recent": reacted})
    assert score_of(version, [*rows, spam]) == score_of(version, rows)


@unhurried
@given(version=versions, rows=some_accounts())
def test_uploads_alone_end_below_their_bound_and_make_nothing_solid(version, rows):
    found = scored(version, [(network, account, known, 1) for network, account, known, *_ in rows])
    assert found.score[0] < 20
    assert found.confidence[0] <= FAIR


@unhurried
@given(version=versions, rows=some_accounts(), uploaded=features)
def test_uploads_take_nothing_and_lift_nobody_who_stands_above_their_bound_far(version, rows, uploaded):
    vouched = [(network, account, known) for network, account, known, *marked in rows if not marked]
    before = score_of(version, vouched)
    after = score_of(version, [*vouched, (1, 99, {}), (1, 99, uploaded, 1)])
    assert before - CLOSE <= after < max(before, 20) + 1.5
    if before >= 30:
        assert after < before + 0.5


@unhurried
@given(
    version=versions, network=networks, known=st.dictionaries(st.sampled_from(sorted(v1.USES)), st.integers(0, 10**6))
)
def test_an_audience_split_over_accounts_is_the_same_audience(version, network, known):
    whole = [(network, 1, {name: 3 * value for name, value in known.items()})]
    split = [(network, account, known) for account in (1, 2, 3)]
    assert score_of(version, split) == score_of(version, whole)


@unhurried
@given(rows=some_accounts())
def test_facebook_weighs_more_than_twitter_and_twitter_more_than_google(rows):
    def on(network: int) -> float:
        return score_of("v1+youtube", [(network, *row[1:]) for row in rows])

    facebook, twitter, google = (on(network) for network in (2, 1, 5))
    assert facebook >= twitter - CLOSE
    assert twitter >= google - CLOSE
    if 1.1 < google < 90:
        assert facebook > twitter > google
