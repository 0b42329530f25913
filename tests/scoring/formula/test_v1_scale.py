"""Where v1 puts people on the scale, and how it gets harder to rise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from scoring.formula import v1
from scoring.formula.base import CONFIDENCES
from tests.scoring.formula.given import FACEBOOK, MASTODON, TWITTER, Row, alice, reactions, score_of, scored


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


@pytest.mark.parametrize("person", [everything, engagement_alone, counters_alone])
def test_a_doubling_brings_less_the_higher_one_stands(person):
    gains = []
    for height in (20, 40, 60, 80):
        times = times_for(height, person)
        gains.append(score_of(person(2 * times)) - score_of(person(times)))
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 1.5 * gains[3] > 0
    assert gains[2] > 1.5 * gains[3]


def test_an_empty_account_stands_at_exactly_one():
    empty = scored([alice()])
    assert empty.score.tolist() == [1.0]
    assert (empty.reach[0], empty.amplification[0], empty.network_part[0]) == (1 / 3, 1 / 3, 1 / 3)
    leaves = empty.leaves(empty.entity)
    assert leaves.part.tolist() == ["reach", "amplification", "network"]
    assert leaves.network.tolist() == leaves.account.tolist() == [0, 0, 0]


def test_people_stand_where_the_docstring_says():
    assert 68 < score_of(counters_alone(1)) < 75
    assert 38 < score_of(everything(1)) < 50
    month_of_replies = alice(**reactions(39, 49))
    assert 35 < score_of(month_of_replies) < 45
    assert 2 < score_of(alice(follow_actors_ever=1)) < 6


def test_a_month_of_silence_is_no_cliff():
    times = times_for(67, everything)
    network, account, features = everything(times)
    silent = {name: value // 2 if name.endswith("_recent") else value for name, value in features.items()}
    assert 62 < score_of((network, account, silent)) < 67


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


def test_confidence_counts_over_all_accounts():
    half = {"any_people_ever": 25, "any_confirmed_ever": 25}
    assert CONFIDENCES[scored([alice(account=1, **half), alice(MASTODON, account=2, **half)]).confidence[0]] == "solid"
    assert CONFIDENCES[scored([alice(account=1, **half)]).confidence[0]] == "fair"


def test_no_feature_counts_twice_in_one_part():
    assert len(set(v1.KEYS)) == len(v1.KEYS)
