"""The curve from latent values to the scale: through its anchors, ever rising, smooth, and never at the top."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.formula import v1
from scoring.formula.curve import Anchors, Curve
from tests.scoring.formula.given import unhurried

GOOD = [(0.0, 1.0), (1.0, 10.0), (3.0, 40.0), (6.0, 63.0), (12.0, 90.0), (math.inf, 100.0)]


@st.composite
def some_anchors(draw: st.DrawFn) -> Anchors:
    """Any anchors that rise, steep or flat, concave or not."""
    size = draw(st.integers(2, 6))
    steps = st.lists(st.floats(0.01, 20.0), min_size=size, max_size=size)
    widths, rises = draw(steps), draw(steps)
    rest = draw(st.floats(0.01, 20.0))
    scale = 99.0 / (sum(rises) + rest)
    x, y = accumulate(widths), accumulate(rise * scale for rise in rises)
    return [(0.0, 1.0), *((place, 1.0 + high) for place, high in zip(x, y, strict=True)), (math.inf, 100.0)]


@unhurried
@given(anchors=some_anchors())
def test_it_hits_every_anchor(anchors):
    curve = Curve(anchors)
    x, y = np.array(anchors[:-1]).T
    assert curve(x) == pytest.approx(y, abs=1e-9)
    assert curve(np.array([1e12]))[0] == pytest.approx(100.0)


@unhurried
@given(anchors=some_anchors())
def test_it_rises_everywhere_and_stays_on_the_scale(anchors):
    curve = Curve(anchors)
    last = anchors[-2][0]
    places = np.unique(np.concatenate([np.linspace(0.0, 2 * last, 2_000), [x for x, _ in anchors[:-1]]]))
    scores = curve(places)
    assert (np.diff(scores) > -1e-9).all()
    # From one anchor to the next, and beyond the last, in earnest.
    assert all(low < high for low, high in pairwise(curve(np.array([*(x for x, _ in anchors[:-1]), 1.5 * last]))))
    assert scores[0] == 1.0
    assert (scores < 100.0 + 1e-9).all()


@unhurried
@given(anchors=some_anchors())
def test_it_has_no_bend_that_is_a_corner(anchors):
    curve = Curve(anchors)
    x = np.array([place for place, _ in anchors[:-1]])
    steepest = np.max(np.diff(curve(x)) / np.diff(x))
    # Past the last anchor, the way in which most of what is left is gone.
    widths = np.array([*np.diff(x), (100.0 - anchors[-2][1]) / steepest])
    for place, near in zip(x[1:], 1e-6 * np.minimum(widths[1:], widths[:-1]), strict=True):
        low, middle, high = curve(np.array([place - near, place, place + near]))
        assert (high - middle) / near == pytest.approx((middle - low) / near, abs=1e-4 * steepest)


@unhurried
@given(anchors=some_anchors(), score=st.floats(1.0, 99.0))
def test_a_score_is_found_back_from_its_latent_value(anchors, score):
    curve = Curve(anchors)
    assert curve(np.array([curve.latent_at(score)]))[0] == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("score", [0.99, 100.0, math.nan, math.inf])
def test_a_score_off_the_scale_has_no_latent_value(score):
    with pytest.raises(ValueError, match="the scale goes from 1 to 100"):
        Curve(GOOD).latent_at(score)


def test_where_anchors_are_concave_so_is_the_curve():
    curve = Curve(v1.ANCHORS)
    slopes = curve.slope(np.linspace(0.01, 60.0, 500))
    assert (slopes > 0).all()
    from_forty_on = curve.slope(np.linspace(v1.ANCHORS[2][0], 60.0, 500))
    assert (np.diff(from_forty_on) < 1e-6).all()


def test_a_value_is_read_alike_whatever_stands_beside():
    curve, places = Curve(GOOD), np.linspace(0, 30, 301)
    assert curve(places).tolist() == [float(curve(np.array([place]))[0]) for place in places]


@pytest.mark.parametrize(
    ("anchors", "words"),
    [
        ([], "at least, not 0"),
        ([(0.0, 1.0), (1.0, 40.0), (math.inf, 100.0)], "at least, not 3"),
        ([(0.1, 1.0), *GOOD[1:]], "begin at the latent value 0, which is read as 1"),
        ([(0.0, 2.0), *GOOD[1:]], "begin at the latent value 0, which is read as 1"),
        (GOOD[:-1], "end at infinity"),
        ([*GOOD[:2], (math.inf, 40.0), *GOOD[3:]], "end at infinity"),
        ([*GOOD[:2], (math.nan, 40.0), *GOOD[3:]], "end at infinity"),
        ([*GOOD[:2], (3.0, math.nan), *GOOD[3:]], "lies above the one before"),
        ([*GOOD[:2], (1.0, 40.0), *GOOD[3:]], "lies above the one before"),
        ([*GOOD[:2], (3.0, 10.0), *GOOD[3:]], "lies above the one before"),
        ([*GOOD[:2], (3.0, 9.0), *GOOD[3:]], "lies above the one before"),
        ([*GOOD[:-1], (math.inf, 90.0)], "lies above the one before"),
        ([*GOOD[:-1], (math.inf, 101.0)], "none above 100"),
    ],
)
def test_anchors_that_are_no_scale_are_refused(anchors, words):
    with pytest.raises(ValueError, match=words):
        Curve(anchors)
