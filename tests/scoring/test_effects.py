"""The score once more without each account, held to the slow way: one call of the formula for each."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring import effects, formula
from scoring.features.base import ONE, FeatureTable

SCORER = formula.get("v1")
people = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(0, 50)), min_size=1, max_size=14)


@given(people, st.integers(1, 12))
def test_each_effect_is_the_difference_of_two_scores(rows: list[tuple[int, int, int]], at_once: int):
    account = np.arange(1, len(rows) + 1)
    person, network, fans = (np.array(column) for column in zip(*rows, strict=True))
    table = FeatureTable(account, network, {"reply_actors_recent": fans * ONE, "any_actors_recent": fans * ONE})
    scored = SCORER.score(table, person)
    whole = dict(zip(scored.entity.tolist(), scored.score.tolist(), strict=True))
    before, effects.ROWS = effects.ROWS, at_once
    try:
        found = effects.of_unlinking(SCORER, table, person, scored)
    finally:
        effects.ROWS = before
    assert sorted(found["account"].tolist()) == account.tolist()
    for number, owner, points in zip(found["account"], found["person_id"], found["points"], strict=True):
        rest = (person == owner) & (account != number)
        part = FeatureTable(account[rest], network[rest], {name: v[rest] for name, v in table.columns.items()})
        without = SCORER.score(part, person[rest]).score[0] if rest.any() else 1.0
        assert points == max(0.0, whole[int(owner)] - without)
        assert points >= 0


def test_nobody_linked_has_no_effects():
    nobody = np.zeros(0, dtype=np.int64)
    table = FeatureTable(nobody, nobody, {"reply_actors_recent": nobody})
    found = effects.of_unlinking(SCORER, table, nobody, SCORER.score(table, nobody))
    assert {name: len(values) for name, values in found.items()} == {"account": 0, "person_id": 0, "points": 0}
