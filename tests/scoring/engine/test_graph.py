"""Standing on graphs whose ranks are known: solved by hand, or as one dense system of equations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine.graph import DAMPING, UNKNOWN, pagerank, standings
from scoring.features.base import ONE
from tests.scoring.engine.given import ids

edge_lists = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 5)), max_size=60)


def solved(edges: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Accounts and ranks by solving (1 - d P) x = (1 - d) / n, idle accounts handing on to everybody alike."""
    edges = [edge for edge in edges if edge[2] > 0]
    accounts = sorted({end for actor, target, _ in edges for end in (actor, target)})
    place = {account: row for row, account in enumerate(accounts)}
    count = len(accounts)
    handed = np.zeros((count, count))
    for actor, target, weight in edges:
        handed[place[target], place[actor]] += weight
    if not count:
        return np.zeros(0), np.zeros(0)
    total = handed.sum(axis=0)
    handed[:, total == 0] = 1.0
    handed /= handed.sum(axis=0)
    ranks = np.linalg.solve(np.eye(count) - DAMPING * handed, np.full(count, (1 - DAMPING) / count))
    return np.array(accounts), ranks


@given(edge_lists)
def test_ranks_solve_the_equations(edges: list[tuple[int, int, int]]):
    accounts, ranks = pagerank(*(ids(*(edge[part] for edge in edges)) for part in range(3)))
    expected_accounts, expected = solved(edges)
    assert accounts.tolist() == expected_accounts.tolist()
    assert np.allclose(ranks, expected, rtol=0, atol=1e-9)
    if len(ranks):
        assert ranks.sum() == pytest.approx(1, abs=1e-12)


@given(edge_lists, st.randoms(use_true_random=False))
def test_ranks_do_not_depend_on_the_order_of_edges(edges, random):
    shuffled = random.sample(edges, len(edges))
    first = pagerank(*(ids(*(edge[part] for edge in edges)) for part in range(3)))
    second = pagerank(*(ids(*(edge[part] for edge in shuffled)) for part in range(3)))
    assert first[0].tobytes() == second[0].tobytes()
    assert first[1].tobytes() == second[1].tobytes()


def test_two_who_answer_each_other_are_average():
    accounts, weighs = standings(ids(1, 2), ids(2, 1), ids(7, 3))
    assert accounts.tolist() == [1, 2]
    assert weighs.tolist() == [ONE, ONE]


def test_the_listened_to_weigh_more_than_those_who_listen():
    # Bob, Charlie and Dave react to Alice, who reacts to nobody: with d = 0.85 and her rank a handed to all alike,
    # a = 0.0375 + 0.2125 a + 0.85 * 3 b and b = 0.0375 + 0.2125 a.
    accounts, ranks = pagerank(ids(2, 3, 4), ids(1, 1, 1), ids(1, 1, 1))
    alice = (0.0375 + 2.55 * 0.0375) / (1 - 0.2125 - 2.55 * 0.2125)
    others = 0.0375 + 0.2125 * alice
    assert ranks == pytest.approx([alice, others, others, others], abs=1e-9)
    assert alice + 3 * others == pytest.approx(1)
    _, weighs = standings(ids(2, 3, 4), ids(1, 1, 1), ids(1, 1, 1))
    assert weighs[0] > ONE > weighs[1]
    assert weighs[1] == weighs[2] == weighs[3] > UNKNOWN
    assert accounts.tolist() == [1, 2, 3, 4]


def test_a_reaction_of_more_weight_hands_on_more():
    # Alice reacts to Bob twice as strongly as to Charlie.
    _, ranks = pagerank(ids(1, 1), ids(2, 3), ids(2, 1))
    assert ranks[1] > ranks[2] > ranks[0]


def test_whom_nobody_listens_to_and_who_hands_on_all_weighs_as_an_unknown():
    # A closed ring of two takes all that a third hands on.
    _, weighs = standings(ids(1, 2, 3), ids(2, 1, 1), ids(1, 1, 1))
    assert weighs[2] == UNKNOWN == round(ONE * (0.5 + 0.5 * np.log2(1.15)))


def test_account_numbers_far_apart_are_no_matter():
    near = standings(ids(1, 2, 3), ids(2, 3, 2), ids(5, 5, 5))
    far = standings(ids(-(2**62), 7, 2**62), ids(7, 2**62, 7), ids(5, 5, 5))
    assert far[0].tolist() == [-(2**62), 7, 2**62]
    assert far[1].tolist() == near[1].tolist()


def test_nobody_reacted():
    accounts, weighs = standings(ids(), ids(), ids())
    assert len(accounts) == len(weighs) == 0


def test_it_refuses_a_negative_weight():
    with pytest.raises(ValueError, match="negative"):
        standings(ids(1), ids(2), ids(-1))
