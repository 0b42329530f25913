"""Ratios: of sums, bounded, whole numbers again, and nothing where there is nothing to divide by."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.features.base import ONE
from scoring.features.catalogue import Ratio
from scoring.features.derived import completed, quotient

# Up to what a counter can say, in 65,536ths.
amounts = st.lists(st.tuples(st.integers(0, 1 << 62), st.integers(0, 1 << 62)), min_size=1, max_size=20)


@given(amounts, st.sampled_from([0.0, 1.0]), st.sampled_from([1.0, 1000.0, 1e6]))
def test_a_ratio_is_what_division_gives_and_never_out_of_bounds(rows, least, most):
    of, to = np.array(rows, dtype=np.int64).T
    found = quotient(of, to, least=least, most=most)
    assert found.dtype == np.int64
    for above, below, value in zip(of.tolist(), to.tolist(), found.tolist(), strict=True):
        exact = min(Fraction(above, max(below, int(least * ONE))), int(most)) * ONE if below else 0
        assert abs(value - exact) <= max(1, exact / 2**50)
        assert 0 <= value <= most * ONE


def test_weights_count_and_a_missing_column_is_zero():
    ratio = Ratio(
        "deep", "recent", "Deep", "of all", {"share": 1.0, "like": 0.25}, {"share": 1.0, "like": 1.0, "reply": 1.0}
    )
    columns = {"share": np.array([3 * ONE, 0, 1 << 61]), "like": np.array([ONE, 2 * ONE, 0])}
    found = completed(columns, [ratio])
    assert found["deep_ratio"].tolist() == [round(3.25 / 4 * ONE), ONE // 4, ONE]
    assert set(found) == {"share", "like", "deep_ratio"}


def test_what_cannot_be_divided_has_no_column_or_no_value():
    ratio = Ratio("fame", "", "Fame", "followers", {"followers": 1.0}, {"following": 1.0}, least=1.0)
    assert "fame_ratio" not in completed({"followers": np.array([ONE])}, [ratio])
    # Following half of an account, as decayed sums have it, is no reason to be famous.
    found = completed({"followers": np.array([ONE, ONE]), "following": np.array([0, ONE // 2])}, [ratio])
    assert found["fame_ratio"].tolist() == [0, ONE]


def test_counters_of_any_size_make_ratios_and_none_goes_round():
    people = 10**12
    columns = {"list_surplus": np.array([people, 1 << 46]) * ONE, "follow_surplus": np.array([people, 1 << 46]) * ONE}
    columns["connect_surplus"] = columns["follow_surplus"]
    listed = completed(columns)["listed_ratio"]
    # A thousand lists for each follower and each friend; two counters of what no network has are no negative number.
    assert listed.tolist() == [500 * ONE, 500 * ONE]
