"""What +K weigh once favours that are returned, rings and repetition count less."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from accounts.models import Account, LinkedAccount, Person
from scoring.models import Answer, Endorsement, PersonTopic, Question, Score
from scoring.plus_k import damping, giving
from scoring.plus_k.damping import Given, weights_of
from tests.scoring.plus_k.giving import AT, DAY, MINUTE, a_topic, about, plus_k
from tests.scoring.published import publish_score

AS_OF = date(2026, 11, 2)
Edges = Sequence[tuple[int, int]]


def table(edges: Edges, people: int) -> Given:
    """+K one after the other, in one topic."""
    rows = sorted((giver, receiver, number) for number, (giver, receiver) in enumerate(edges))
    giver, receiver, number = (np.array([row[at] for row in rows], dtype=np.int64) for at in range(3))
    count = len(rows)
    return Given(
        number, giver, receiver, np.ones(count, np.int64), np.zeros(count, np.int64), np.ones(count), np.arange(people)
    )


def weigh(edges: Edges, *, people: int = 100, standing: float = 1.0) -> dict[int, float]:
    """Number of the edge -> its weight."""
    rows = table(edges, people)
    return dict(zip(rows.number.tolist(), weights_of(rows, np.full(people, standing)).tolist(), strict=True))


def got(edges: Edges, person: int, **given: float) -> float:
    weights = weigh(edges, **given)  # type: ignore[arg-type]
    return sum(weights[number] for number, (_giver, receiver) in enumerate(edges) if receiver == person)


# ---------------------------------------------------------------- the rules


def test_strangers_count_whole() -> None:
    assert got([(1, 0), (2, 0), (3, 0)], 0) == pytest.approx(3.0)


def test_an_honest_person_with_one_mutual_friend_is_hardly_touched() -> None:
    """Ten give to 0, who gives to ten others; one of them is the same."""
    edges = [(giver, 0) for giver in range(1, 11)] + [(0, 1), *((0, receiver) for receiver in range(20, 29))]
    edges += [(giver, receiver) for giver in range(1, 11) for receiver in range(30 + giver, 36 + giver)]
    assert got(edges, 0) > 0.96 * 10


def test_two_who_only_give_to_each_other_count_for_a_fifth() -> None:
    assert weigh([(0, 1), (1, 0)])[0] == pytest.approx(0.2)


def test_of_many_from_one_giver_the_sum_stays_below_two() -> None:
    edges = [(1, 0)] * 40
    assert got(edges, 0) == pytest.approx(2.0, abs=1e-6)
    assert got(edges, 0) <= 2.0
    assert weigh(edges)[0] == 1.0


def test_who_gives_to_everybody_counts_less_for_each() -> None:
    few = [(0, receiver) for receiver in range(1, 31)]
    many = [(0, receiver) for receiver in range(1, 121)]
    assert weigh(few, people=200)[0] == 1.0
    assert weigh(many, people=200)[0] == pytest.approx(0.5)
    # All together are still more.
    assert sum(weigh(many, people=200).values()) > sum(weigh(few, people=200).values())


def test_a_small_closed_round_counts_little() -> None:
    """Each gives to the next two of five, nobody to who gave to them."""
    edges = [(one, (one + step) % 5) for one in range(5) for step in (1, 2)]
    assert max(weigh(edges).values()) < 0.45
    triangle = [(0, 1), (1, 2), (2, 0)]
    assert max(weigh(triangle).values()) == pytest.approx(0.2)


def test_a_clique_of_five_counts_for_a_fifth() -> None:
    edges = [(one, other) for one in range(5) for other in range(5) if one != other]
    assert max(weigh(edges).values()) <= 0.2 + 1e-9


def test_a_circle_of_twenty_in_a_large_network_counts_next_to_nothing() -> None:
    ring = [(one, other) for one in range(20) for other in range(20) if one != other]
    around = [(one, one + 1) for one in range(20, 399)]
    weights = weigh(ring + around, people=400)
    assert max(weights[number] for number in range(len(ring))) < 0.01
    assert min(weights[number] for number in range(len(ring), len(ring + around))) == 1.0


def test_a_large_community_is_no_ring() -> None:
    """Sixty people, each gives to eight of the others, drawn at random: most of it counts."""
    chance = np.random.default_rng(7)
    edges = [(one, int(other)) for one in range(60) for other in chance.choice(60, 9, replace=False) if other != one]
    assert np.mean(list(weigh(edges).values())) > 0.7


people, someone = 7, st.integers(0, 6)
some_edges = st.lists(st.tuples(someone, someone).filter(lambda edge: edge[0] != edge[1]), max_size=40)
some_standing = st.lists(st.sampled_from([0.0, 0.3, 0.5, 1.0]), min_size=7, max_size=7)


@settings(max_examples=150)
@drawn(edges=some_edges, giver=st.integers(1, 6), standing=some_standing)
def test_another_one_never_makes_less_of_what_somebody_has(edges: Edges, giver: int, standing: list[float]) -> None:
    def whole(of: Edges) -> float:
        rows = table(of, people)
        weights = weights_of(rows, np.array(standing))
        return float(weights[rows.receiver == 0].sum())

    assert whole([*edges, (giver, 0)]) >= whole(edges) - 1e-9


@settings(max_examples=100)
@drawn(edges=some_edges, standing=some_standing, who=st.integers(0, 6))
def test_weights_are_fractions_and_grow_with_standing(edges: Edges, standing: list[float], who: int) -> None:
    rows = table(edges, people)
    weights = weights_of(rows, np.array(standing))
    assert ((weights >= 0) & (weights <= 1)).all()
    assert not weights[np.array(standing)[rows.giver] == 0].any()
    # With one giver all the same, more standing of all makes every +K weigh as much more.
    assert weights_of(rows, np.array(standing) / 2) == pytest.approx(weights / 2)


@settings(max_examples=50)
@drawn(edges=some_edges, seed=st.integers(0, 1000))
def test_names_do_not_matter(edges: Edges, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(people)
    renamed = [(int(order[giver]), int(order[receiver])) for giver, receiver in edges]
    before, after = weigh(edges, people=people), weigh(renamed, people=people)
    assert [after[number] for number in range(len(edges))] == pytest.approx([before[n] for n in range(len(edges))])


# ---------------------------------------------------------------- in the database


@pytest.fixture
def old(join):
    """Somebody who has been here for a year."""

    def old(handle: str, score: float | None = 30.0, **accounts: str) -> Person:
        person = join(handle, **(accounts or {"twitter": handle}))
        Person.objects.filter(pk=person.pk).update(created_at=AT - 365 * DAY)
        if score is not None:
            publish_score(person)
            Score.objects.filter(person=person).update(score=score)
        return person

    return old


@pytest.mark.django_db
def test_weights_topics_and_answers_are_written(old, join) -> None:
    alice, bob, carol = old("Alice"), old("Bob"), old("Carol", score=None)
    about(alice)
    question = Question.objects.create(topic=a_topic(), person=bob, title="?", created_at=AT, active_at=AT)
    answer = Answer.objects.create(question=question, person=alice, text="!", created_at=AT)
    plus_k(bob, alice, a_topic(), answer=answer)
    plus_k(carol, alice, a_topic())
    damping.write(as_of=AS_OF)
    assert dict(Endorsement.objects.values_list("giver__handle", "weight")) == {"Bob": 1.0, "Carol": 0.3}
    assert PersonTopic.objects.get().plus_k == pytest.approx(1.3)
    answer.refresh_from_db()
    assert (answer.plus_k, answer.weight) == (1, 1.0)
    # Once more changes nothing.
    assert damping.write(as_of=AS_OF) == 0
    # After ninety days nothing of it counts.
    damping.write(as_of=AS_OF + timedelta(days=91))
    answer.refresh_from_db()
    assert (PersonTopic.objects.get().plus_k, answer.weight) == (0.0, 0.0)


@pytest.mark.django_db
def test_newcomers_count_nothing_until_they_are_here_for_a_day_and_have_a_network(old, join) -> None:
    alice, bob, carol = old("Alice"), join("Bob", twitter="2"), old("Carol")
    about(alice)
    Person.objects.filter(pk=bob.pk).update(created_at=datetime(2026, 11, 1, 1, tzinfo=UTC))
    carol.links.all().delete()
    klout = Account.objects.create(network="klout", external_id=str(carol.klout_id))
    LinkedAccount.objects.create(account=klout, person=carol)
    for giver in (bob, carol):
        plus_k(giver, alice, a_topic())
    damping.write(as_of=AS_OF)
    assert set(Endorsement.objects.values_list("weight", flat=True)) == {0.0}
    assert PersonTopic.objects.get().plus_k == 0.0
    account = Account.objects.create(network="twitter", external_id="9")
    LinkedAccount.objects.create(account=account, person=carol)
    damping.write(as_of=AS_OF + timedelta(days=1))
    assert set(Endorsement.objects.values_list("weight", flat=True)) == {0.3, 1.0}


@pytest.mark.django_db
def test_what_was_taken_back_counts_for_nothing(old) -> None:
    alice, bob = old("Alice"), old("Bob")
    giving.undo(endorsement=plus_k(bob, alice, *about(alice)), at=AT + MINUTE)
    damping.write(as_of=AS_OF)
    assert PersonTopic.objects.get().plus_k == 0.0
