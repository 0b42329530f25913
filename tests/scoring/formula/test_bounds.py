"""What bounds take off, as a person would check it: followers whom nobody bears out, and uploads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from scoring import formula
from scoring.formula import bounds, v1
from tests.scoring.formula.given import (
    FACEBOOK,
    TWITTER,
    Row,
    alice,
    features,
    reactions,
    some_rows,
    table_of,
    unhurried,
)

V1 = v1.FORMULA


def of_followers(*rows: Row) -> bounds.Bounds:
    return bounds.of_followers(V1, table_of(rows), np.ones(len(rows), dtype=np.int64))


def of_uploads(*rows: Row) -> bounds.Bounds:
    return bounds.of_uploads(V1, table_of(rows), np.ones(len(rows), dtype=np.int64))


def test_ten_thousand_followers_whom_few_react_to_count_as_few():
    found = of_followers(alice(follow_surplus=10_000, **reactions(5, 20)))
    assert (found.entity.tolist(), found.account.tolist(), found.people.tolist()) == ([1], [1], [10_000.0])
    assert 50 < found.counted_as[0] < 1000
    assert found.points[0] > 1


def test_followers_of_whom_enough_react_count_as_what_they_are():
    found = of_followers(alice(follow_surplus=300, **reactions(200, 800)))
    assert found.counted_as[0] > 0.95 * 300
    assert found.points[0] < 0.1


def test_the_points_are_the_score_without_the_bound_less_the_score():
    rows = [alice(follow_surplus=10_000, **reactions(5, 20)), alice(FACEBOOK, 2, connect_surplus=50)]
    table, person = table_of(rows), np.ones(2, dtype=np.int64)
    free = replace(V1, borne=[borne for borne in V1.borne if borne.counted == "listed"])
    # Facebook's fifty count as eight or so; the rest of the difference is theirs.
    found = bounds.of_followers(V1, table, person)
    assert found.account.tolist() == [1, 2]
    both = free.score(table, person).score[0] - V1.score(table, person).score[0]
    assert found.points.max() <= both
    alone = table_of(rows[:1]), np.ones(1, dtype=np.int64)
    expected = free.score(*alone).score[0] - V1.score(*alone).score[0]
    assert bounds.of_followers(V1, *alone).points[0] == pytest.approx(expected, abs=1e-9)


def test_it_is_said_of_the_account_that_has_most_of_a_networks_followers():
    found = of_followers(alice(account=5, follow_surplus=100), alice(account=9, follow_surplus=9000))
    assert (found.account.tolist(), found.people.tolist()) == ([9], [9100.0])


def test_an_upload_counts_up_to_its_bound_and_what_that_takes_off_is_the_score_without():
    rows = [
        (TWITTER, 1, features(**reactions(20, 80))),
        (TWITTER, 1, features(follow_surplus=50_000, any_people_ever=3000, **reactions(3000, 9000)), 1),
    ]
    table, person = table_of(rows), np.ones(2, dtype=np.int64)
    found = bounds.of_uploads(V1, table, person)
    assert (found.account.tolist(), found.people.tolist()) == ([1], [53_000.0])
    assert found.counted_as[0] == pytest.approx(20, abs=1)
    free = replace(V1, supplied_bound=np.inf)
    assert found.points[0] == pytest.approx(free.score(table, person).score[0] - V1.score(table, person).score[0])
    assert found.points[0] > 20


def test_who_uploaded_nothing_is_told_nothing_of_uploads():
    assert not len(of_uploads(alice(follow_surplus=10_000)))
    assert not len(of_followers())
    assert not len(of_uploads())


@unhurried
@given(some_rows(min_size=1))
def test_no_bound_ever_gives_points_and_none_counts_more_than_there_are(rows: list[Row]):
    person = np.arange(len(rows), dtype=np.int64) % 2
    table = table_of(rows)
    for found in (bounds.of_followers(V1, table, person), bounds.of_uploads(V1, table, person)):
        assert (found.points >= 0).all()
        assert np.isin(found.account, table.account).all()
    followers = bounds.of_followers(V1, table, person)
    assert (followers.counted_as <= followers.people * (1 + 1e-9)).all()
    scores = formula.get("v1").score(table, person)
    assert (followers.points <= 100 - scores.score[np.searchsorted(scores.entity, followers.entity)]).all()
