"""A run's features stay in the lake, so that any day can be explained again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from scoring import log

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 4)


def test_features_come_back_sorted_by_account_with_their_types():
    columns = {"account": np.array([3, 1, 2]), "whole": np.array([30, 2**62, 20]), "part": np.array([0.3, 0.1, 0.2])}
    log.write_features(DAY, "v1", columns)
    found = log.read_features(DAY, "v1")
    assert {name: values.tolist() for name, values in found.items()} == {
        "account": [1, 2, 3],
        "whole": [2**62, 20, 30],
        "part": [0.1, 0.2, 0.3],
    }
    assert [values.dtype for values in found.values()] == [np.int64, np.int64, np.float64]


def test_some_accounts_can_be_read_alone():
    log.write_features(DAY, "v1", {"account": np.arange(1000), "x": np.arange(1000) * 2})
    found = log.read_features(DAY, "v1", accounts=np.array([7, 999, 5000]))
    assert (found["account"].tolist(), found["x"].tolist()) == ([7, 999], [14, 1998])


def test_a_later_run_of_the_same_day_supersedes_and_others_stay():
    log.write_features(DAY, "v1", {"account": np.array([1])})
    log.write_features(date(2026, 10, 5), "v1", {"account": np.array([2])})
    log.write_features(DAY, "v2", {"account": np.array([3])})
    log.write_features(DAY, "v1", {"account": np.array([4])})
    assert log.read_features(DAY, "v1")["account"].tolist() == [4]
    assert log.read_features(DAY, "v2")["account"].tolist() == [3]
    assert log.read_features(date(2026, 10, 5), "v1")["account"].tolist() == [2]


def test_it_says_that_there_was_no_run():
    with pytest.raises(log.NoFeatures, match="no run as of 2026-10-04 by v1"):
        log.read_features(DAY, "v1")


def test_what_a_run_kept_stands_for_another_formula_too_and_is_no_second_file(lake):
    log.write_features(DAY, "v1", {"account": np.array([1, 2])})
    log.write_features(DAY, "v1.guards", {"account": np.array([1]), "actor": np.array([9])})
    log.write_features(DAY, "v10", {"account": np.array([5])})
    before = sorted(lake.rglob("*.parquet"))
    log.copy_features(DAY, "v1", "v2")
    assert log.read_features(DAY, "v2")["account"].tolist() == [1, 2]
    assert log.read_features(DAY, "v2.guards")["actor"].tolist() == [9]
    assert sorted(lake.rglob("*.parquet")) == before
    with pytest.raises(log.NoFeatures, match="by v20 has left"):
        log.read_features(DAY, "v20")
    with pytest.raises(log.NoFeatures, match="as of 2026-10-05 by v1 has left"):
        log.copy_features(date(2026, 10, 5), "v1", "v2")


def test_what_was_computed_before_an_erasure_and_is_kept_after_it_names_nobody_erased():
    log.erase_accounts([2], at=datetime(2026, 10, 5, tzinfo=UTC))
    log.compact(date(2026, 10, 5), at=datetime(2026, 10, 5, 1, tzinfo=UTC))
    # A job on a cluster takes its time: it knew both of them.
    log.write_features(DAY, "v1", {"account": np.array([1, 2]), "x": np.array([5, 6])})
    log.write_features(DAY, "v1.guards", {"account": np.array([1, 1, 2]), "actor": np.array([2, 3, 1])})
    assert {name: values.tolist() for name, values in log.read_features(DAY, "v1").items()} == {
        "account": [1],
        "x": [5],
    }
    assert log.read_features(DAY, "v1.guards")["actor"].tolist() == [3]


def test_who_is_erased_is_gone_from_both_that_shared_a_file():
    log.write_features(DAY, "v1", {"account": np.array([1, 2])})
    log.copy_features(DAY, "v1", "v2")
    log.erase_accounts([2], at=datetime(2026, 10, 5, tzinfo=UTC))
    log.compact(date(2026, 10, 5), at=datetime(2026, 10, 5, 1, tzinfo=UTC))
    for formula in ("v1", "v2"):
        assert log.read_features(DAY, formula)["account"].tolist() == [1]
