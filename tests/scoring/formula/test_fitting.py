"""Fitting on judged pairs: it finds what judges went by, looks at people not seen, and keeps all else as it is."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from scoring.formula import fitting, judgements, v1
from scoring.formula.fitting import Judged
from tests.scoring.formula.given import unhurried

GROUPS = ("audience", "listed", "engaged", "moved")
COLUMNS = ("follow_surplus", "list_surplus", "mention_surplus", "share_surplus")
PEOPLE, PAIRS = 150, 500


def people(seed: int = 0) -> dict[str, np.ndarray]:
    """Counters of people that have little to do with each other, so that what counts can be told."""
    random = np.random.default_rng(seed)
    return {
        "followers": np.floor(np.exp(random.normal(6, 2, PEOPLE))),
        "listed": np.floor(np.exp(random.normal(2, 1.5, PEOPLE))),
        "mentions_received": np.exp(random.normal(1, 1.5, PEOPLE)),
        "retweets_received": np.exp(random.normal(0, 1.5, PEOPLE)),
    }


def judged_by(counter: str, *, noise: float = 0.3, seed: int = 0) -> Judged:
    """Pairs in which judges chose who has more of one counter, with some error."""
    random, values = np.random.default_rng([seed, 1]), people(seed)
    first, second = random.integers(0, PEOPLE, (2, PAIRS))
    second = np.where(first == second, (second + 1) % PEOPLE, second)
    seen = np.log1p(values[counter])
    chosen = seen[first] - seen[second] + random.normal(0, noise, PAIRS) > 0
    return Judged(judgements.table_of(values, "twitter"), first, second, chosen)


# ---------------------------------------------------------------- AUC and splits


@unhurried
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_the_right_order_ties_counted_half(rows):
    difference = np.array([float(value) for value, _ in rows])
    chosen = np.array([choice for _, choice in rows])
    if chosen.all() or not chosen.any():
        with pytest.raises(ValueError, match="all say the same"):
            fitting.auc(difference, chosen)
        return
    right = [(a > b) + (a == b) / 2 for a in difference[chosen] for b in difference[~chosen]]
    assert fitting.auc(difference, chosen) == pytest.approx(np.mean(right))
    ones = chosen.sum()
    ranks = rankdata(difference)[chosen].sum()
    assert fitting.auc(difference, chosen) == pytest.approx(
        (ranks - ones * (ones + 1) / 2) / (ones * (len(chosen) - ones))
    )


def test_no_person_is_both_fitted_on_and_looked_at():
    judged = judged_by("listed")
    cuts = fitting.splits(judged, 8, seed=3)
    assert len(cuts) == 8
    for train, test in cuts:
        fitted_on = {*judged.first[train].tolist(), *judged.second[train].tolist()}
        looked_at = {*judged.first[test].tolist(), *judged.second[test].tolist()}
        assert fitted_on
        assert looked_at
        assert not fitted_on & looked_at
    assert any((one != other).any() for (one, _), (other, _) in pairwise(cuts))
    again = fitting.splits(judged, 8, seed=3)
    assert all((one[0] == other[0]).all() for one, other in zip(cuts, again, strict=True))


# ---------------------------------------------------------------- what is fitted


def test_what_judges_went_by_weighs_more_afterwards_and_tells_people_not_seen():
    by_lists = fitting.fit(v1.FORMULA, judged_by("listed"), GROUPS, number=6)
    by_followers = fitting.fit(v1.FORMULA, judged_by("followers"), GROUPS, number=6)
    assert by_lists.weights["listed"] > by_followers.weights["listed"]
    assert by_followers.weights["audience"] > by_lists.weights["audience"]
    before = fitting.auc_of(v1.FORMULA, judged_by("listed"))
    assert by_lists.auc > before
    low, high = by_lists.interval()
    assert low <= by_lists.mean <= high
    assert len(by_lists.held_out) == 6
    assert by_lists.mean > 0.8


def test_the_weights_keep_their_sum_and_none_goes_below_half():
    stood = {group.name: group.weight for group in v1.FORMULA.groups}
    fitted = fitting.fit(v1.FORMULA, judged_by("followers", noise=0.0), GROUPS, number=2)
    assert sum(fitted.weights.values()) == pytest.approx(sum(stood[name] for name in GROUPS))
    for name, weight in fitted.weights.items():
        assert weight >= fitting.LEAST * stood[name] * 0.9
    again = fitting.fit(v1.FORMULA, judged_by("followers", noise=0.0), GROUPS, number=2)
    assert again.weights == fitted.weights
    assert again.held_out.tolist() == fitted.held_out.tolist()


def test_all_else_of_the_formula_stays_as_it_is():
    other = fitting.with_weights(v1.FORMULA, {"listed": 0.9})
    before, after = v1.FORMULA.groups, other.groups
    assert [group.weight for group in after if group.name == "listed"] == [0.9]
    assert [replace(group, weight=0) for group in after] == [replace(group, weight=0) for group in before]
    assert (other.anchors, other.borne) == (v1.FORMULA.anchors, v1.FORMULA.borne)


def test_the_score_that_is_fitted_is_the_score_that_people_get():
    judged = judged_by("listed")
    problem = fitting.Problem.of(v1.FORMULA, judged, GROUPS, fitting.LEAST)
    score = v1.FORMULA.score(judged.table, judged.table.account).score
    assert problem.scores(problem.start) == pytest.approx(score, abs=1e-9)


def test_judges_who_toss_a_coin_are_not_overheard():
    judged = judged_by("listed")
    coin = replace(judged, chosen=np.random.default_rng(7).random(PAIRS) < 0.5)
    assert fitting.fit(v1.FORMULA, coin, GROUPS, number=12).mean == pytest.approx(0.5, abs=0.07)


def test_too_few_pairs_and_unknown_groups_are_refused():
    judged = judged_by("listed")
    few = replace(judged, first=judged.first[:3], second=judged.second[:3], chosen=judged.chosen[:3])
    with pytest.raises(fitting.TooFewPairs, match="3 pairs of 150 people are too few"):
        fitting.fit(v1.FORMULA, few, GROUPS, number=4)
    alike = replace(judged, chosen=np.ones(PAIRS, dtype=bool))
    with pytest.raises(fitting.TooFewPairs, match="too much alike"):
        fitting.fit(v1.FORMULA, alike, GROUPS, number=4)
    with pytest.raises(ValueError, match="v1 has no group fame"):
        fitting.fit(v1.FORMULA, judged, ["listed", "fame"], number=4)


# ---------------------------------------------------------------- pairs of people in a file


def table(path: Path, rows: list[list[object]], counters: tuple[str, ...] = ("follower_count", "listed_count")) -> Path:
    header = ["Choice", *(f"{side}_{name}" for side in "AB" for name in counters)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_the_same_values_on_either_side_are_one_person(tmp_path):
    rows: list[list[object]] = [[1, 10, 2, 20, 3], [0, 20, 3, 30, 4], [1, 30, 4, 10, 2]]
    read = judgements.read(table(tmp_path / "pairs.csv", rows))
    assert read.judged.people == 3
    assert read.judged.chosen.tolist() == [True, False, True]
    followers = read.values["followers"]
    assert followers[read.judged.first].tolist() == [10, 20, 30]
    assert followers[read.judged.second].tolist() == [20, 30, 10]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the header needs Choice"),
        ("name,age\n", "the header needs Choice"),
        ("Choice,A_follower_count\n1,5\n", "the same counters as A_... and B_..."),
        ("Choice,A_shoe_size,B_shoe_size\n1,5,4\n", "the header needs Choice"),
        ("Choice,A_follower_count,B_follower_count\n", "no pairs below"),
        ("Choice,A_follower_count,B_follower_count\n1,5,4\n1,many,4\n", "row 3: could not convert"),
        ("Choice,A_follower_count,B_follower_count\n1,5\n", "row 2 has 2 cells, not 3"),
        ("Choice,A_follower_count,B_follower_count\n1,5,-4\n", "row 2: a counter is a number from 0 up"),
        ("Choice,A_follower_count,B_follower_count\n1,5,nan\n", "row 2: a counter is a number from 0 up"),
        ("Choice,A_follower_count,B_follower_count\n1,5,4\n2,5,4\n", "row 3: Choice is neither 0 nor 1"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_row_and_reason(tmp_path, text, words):
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(judgements.BadPairs, match=words):
        judgements.read(path)


# ---------------------------------------------------------------- the real judges


def test_on_real_judgements_it_is_level_with_log_linear_on_people_not_seen(data):
    judged = judgements.read(data / "peerindex" / "public_train.csv").judged
    assert (len(judged.chosen), judged.people) == (1_662, 467)
    fitted = fitting.fit(v1.FORMULA, judged, GROUPS, number=20)
    linear = fitting.fit(fitting.log_linear(v1.FORMULA, COLUMNS), judged, COLUMNS, number=20, least=0.0)
    assert fitted.mean >= linear.mean
    assert fitted.mean > 0.83
    # The weights that v1 holds are where the fit ends, as far as the optimum is told apart.
    for name, weight in fitted.weights.items():
        assert v1.WEIGHTS[name][0] == pytest.approx(weight, abs=0.02)
