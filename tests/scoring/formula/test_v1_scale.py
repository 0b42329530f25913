"""Where v1 puts people on the scale, and how it gets harder to rise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from scoring import formula
from scoring.features.base import ONE
from scoring.formula import calibration, population, v1
from scoring.formula.base import CONFIDENCES, UPLOADED
from tests.scoring.formula.given import FACEBOOK, MASTODON, TWITTER, Row, alice, features, reactions, score_of, scored


def everything(times: float) -> Row:
    return alice(
        follow_actors_ever=150 * times,
        list_actors_ever=2 * times,
        follow_standing_ever=120 * times,
        **reactions(4 * times, 15 * times),
    )


def engagement_alone(times: float) -> Row:
    return alice(**reactions(times, 4 * times))


def counters_alone(times: float) -> Row:
    return alice(
        follow_surplus=100_000 * times, list_surplus=1_000 * times, mention_surplus=80 * times, share_surplus=20 * times
    )


def times_for(height: float, person: Callable[[float], Row]) -> float:
    """How many times over `person` must be to stand at `height`."""
    low, high = 1e-9, 1e15
    for _ in range(200):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if score_of(person(middle)) < height else (low, middle)
    return low


def test_a_doubling_brings_less_the_higher_one_stands():
    gains = [row.gained for row in calibration.doublings(v1.FORMULA)]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 3 * gains[3] > 0
    assert gains[2] > 1.3 * gains[3]


@pytest.mark.parametrize("person", [everything, counters_alone])
def test_that_holds_of_others_from_the_middle_on(person):
    gains = []
    for height in (40, 60, 80):
        times = times_for(height, person)
        gains.append(score_of(person(2 * times)) - score_of(person(times)))
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 1.5 * gains[2] > 0


def test_a_month_of_silence_costs_no_more_than_a_doubling_is_worth():
    rows = calibration.doublings(v1.FORMULA)
    assert all(0 < row.silence < row.gained for row in rows)


def test_an_empty_account_stands_at_exactly_one():
    empty = scored([alice()])
    assert empty.score.tolist() == [1.0]
    assert (empty.reach[0], empty.amplification[0], empty.network_part[0]) == (1 / 3, 1 / 3, 1 / 3)
    leaves = empty.leaves(empty.entity)
    assert leaves.part.tolist() == ["reach", "amplification", "network"]
    assert leaves.network.tolist() == leaves.account.tolist() == [0, 0, 0]


def test_people_stand_where_the_docstring_says():
    population_table, person = population.reference()
    scores = formula.get("v1").score(population_table, person).score
    assert np.percentile(scores, [50, 95]) == pytest.approx([40, 63], abs=0.2)
    found = list(calibration.quantiles(scores).values())
    assert found == pytest.approx([12.7, 23.0, 40.0, 51.7, 59.4, 69.1], abs=0.1)
    # Within four points of the scores that Klout gave, wherever one looks.
    assert found == pytest.approx(list(calibration.KLOUT.values()), abs=4)
    assert np.array(calibration.reference_anchors(v1.FORMULA)) == pytest.approx(np.array(v1.ANCHORS), abs=0.002)


def test_above_ninety_is_for_extraordinary_reach_or_weight_offline():
    def of(followers: float, lists: float, reacting: float) -> Row:
        table, _ = calibration.one(followers, lists, reacting)
        return TWITTER, 1, {name: int(values[0]) for name, values in table.columns.items()}

    network, account, known = of(1e6, 1e4, 2e4)
    assert score_of((network, account, known)) < 88
    assert score_of((network, account, known), (9, 2, features(pagerank_counter=50_000, link_surplus=900))) > 90
    assert score_of(of(*calibration.TOP_ACCOUNT)) == pytest.approx(90, abs=0.1)


def test_bought_followers_bring_next_to_nothing_and_never_less_than_nothing():
    for height in (20, 40, 60, 80):
        network, account, known = everything(times_for(height, everything))
        for bought in (
            {"follow_surplus": 10_000 * ONE},
            {"follow_actors_ever": known["follow_actors_ever"] + 10_000 * ONE},
        ):
            assert 0 < score_of((network, account, {**known, **bought})) - height < 2


def test_an_upload_alone_brings_nobody_beyond_20_and_next_to_nothing_to_who_is_vouched_for():
    network, account, _ = everything(1)
    for times in (1, 30, 1e6, 1e9):
        uploaded = everything(times)[2]
        assert score_of((network, account, uploaded, 1)) < 20
        vouched = everything(times_for(40, everything))
        assert 0 <= score_of(vouched, (network, account, uploaded, 1)) - 40 < 0.1


def test_what_was_uploaded_is_marked_in_the_leaves():
    result = scored([everything(1), (TWITTER, 1, everything(2)[2], 1)])
    leaves = result.leaves(result.entity)
    marked = np.char.endswith(leaves.feature.astype(str), UPLOADED)
    assert leaves.points[marked].sum() == pytest.approx(result.score[0] - score_of(everything(1)), abs=1e-9)
    assert marked.any()


def test_posts_that_go_without_any_reaction_let_the_others_count_a_little_less():
    network, account, known = everything(3)
    answered = {**known, **features(any_published_recent=10, any_reacted_recent=10)}
    unanswered = {**known, **features(any_published_recent=20, any_reacted_recent=10)}
    assert score_of((network, account, answered)) == score_of((network, account, known))
    assert 0 < score_of((network, account, answered)) - score_of((network, account, unanswered)) < 1


def test_a_month_of_silence_is_no_cliff():
    network, account, known = everything(times_for(67, everything))
    weighs = {"_now": 2 ** (-30 / 5), "_recent": 0.5, "_long": 2 ** (-30 / 365)}

    def after(months: int) -> float:
        faded = {
            name: round(value * next((w**months for end, w in weighs.items() if name.endswith(end)), 1))
            for name, value in known.items()
        }
        return score_of((network, account, faded))

    lost = [67 - after(months) for months in range(5)]
    assert 0 < lost[1] < 5
    # Then it levels off: what comes after the fourth month is less than the first one took.
    assert lost[4] - lost[3] < lost[1]


def test_named_people_count_more_than_people_unknown():
    assert score_of(alice(follow_actors_ever=100)) > score_of(alice(follow_surplus=100))
    assert score_of(alice(**reactions(10, 10))) > score_of(alice(reply_anonymous_recent=10))


def test_who_passes_something_on_moves_more_than_who_likes_it():
    by_verb = [score_of(alice(**reactions(10, 20, verb))) for verb in ("share", "reply", "mention", "like")]
    assert by_verb == sorted(by_verb, reverse=True)
    assert len(set(by_verb)) == 4


def test_networks_weigh_as_klout_had_them():
    same = {"follow_actors_ever": 100, **reactions(10, 20)}
    scores = [score_of(alice(network, **same)) for network in (FACEBOOK, TWITTER, MASTODON, 99)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_each_further_network_adds_and_adds_less():
    def on(networks: int) -> float:
        return score_of(
            *(alice(100 + n, account=n, follow_actors_ever=150, **reactions(4, 15)) for n in range(1, networks + 1))
        )

    scores = [on(networks) for networks in range(1, 10)]
    gains = [after - before for before, after in pairwise(scores)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    # Being in many places with little life in each is not what makes somebody influential.
    assert scores[-1] < score_of(counters_alone(1))


@pytest.mark.parametrize(
    ("people", "confirmed", "counted", "expected"),
    [
        (0, 0, 0, "provisional"),
        (9, 9, 99, "provisional"),
        (10, 0, 0, "fair"),
        (0, 0, 100, "fair"),
        (10**6, 0, 10**6, "fair"),
        (10**6, 49, 10**6, "fair"),
        (50, 50, 0, "solid"),
    ],
)
def test_confidence_says_what_stands_behind_a_score(people, confirmed, counted, expected):
    person = scored([alice(any_people_ever=people, any_confirmed_ever=confirmed, follow_surplus=counted)])
    assert CONFIDENCES[person.confidence[0]] == expected


def test_what_was_uploaded_never_makes_a_score_solid():
    sure = {"any_people_ever": 10**6, "any_confirmed_ever": 10**6, "follow_surplus": 10**6}
    network, account, claimed = alice(**sure)
    for rows in (
        [(network, account, claimed, 1)],
        [alice(any_people_ever=9, any_confirmed_ever=9), (network, account, claimed, 1)],
    ):
        assert CONFIDENCES[scored(rows).confidence[0]] == "fair"


def test_confidence_counts_over_all_accounts():
    half = {"any_people_ever": 25, "any_confirmed_ever": 25}
    assert CONFIDENCES[scored([alice(account=1, **half), alice(MASTODON, account=2, **half)]).confidence[0]] == "solid"
    assert CONFIDENCES[scored([alice(account=1, **half)]).confidence[0]] == "fair"
