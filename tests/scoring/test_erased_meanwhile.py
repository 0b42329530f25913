"""Somebody is erased in the very moment in which the daily run writes of them: it goes on without them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from django.db import connection, connections

from accounts.models import Person
from scoring import rankings, ties
from scoring.achievements import award
from scoring.achievements.catalogue import BY_SLUG
from scoring.models import Award, AwardProgress, Ranking, Tie
from tests.perks.racing import while_open
from tests.scoring.published import AS_OF, publish_score

pytestmark = pytest.mark.django_db(transaction=True)


def erase(person: Person) -> None:
    try:
        Person.objects.get(pk=person.pk).delete()
    finally:
        connections.close_all()


def written_while_erased(person: Person, statement: str, write: Callable[[], int]) -> int:
    """What `write` returns; `person` goes, by another connection, right after the first `statement` of it."""
    gone = []

    def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, parameters, many, context)
        if not gone and sql.strip().startswith(statement):
            gone.append(person)
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(erase, person).result(timeout=20)
        return answer

    with connection.execute_wrapper(watch):
        number = write()
    assert gone
    return number


@pytest.fixture
def people(join: Any) -> tuple[Person, Person]:
    return join("Alice", twitter="1"), join("Bob", twitter="2")


def levels(people: tuple[Person, Person]) -> dict[str, Any]:
    persons = np.array(sorted(person.pk for person in people), dtype=np.int64)
    return {"persons": persons, "values": {"score": np.array([45.0, 45.0])}, "families": [BY_SLUG["score"]]}


def test_levels_are_awarded_to_the_others(people: tuple[Person, Person]) -> None:
    _alice, bob = people
    write = lambda: award.award(**levels(people), as_of=date(2026, 11, 1))  # noqa: E731
    assert written_while_erased(bob, "INSERT INTO scoring_award", write) > 0
    assert set(Award.objects.values_list("person__handle", flat=True)) == {"Alice"}


def test_how_far_the_others_are_is_kept(people: tuple[Person, Person]) -> None:
    _alice, bob = people
    _gone, written, waited = while_open(
        lambda: Person.objects.get(pk=bob.pk).delete(),
        lambda: award.keep_progress(**levels(people), points={}, everybody=True),
    )
    assert waited
    assert written == 1
    assert set(AwardProgress.objects.values_list("person__handle", flat=True)) == {"Alice"}


def test_the_others_have_their_ties(people: tuple[Person, Person], join: Any, monkeypatch: Any) -> None:
    alice, bob = people
    charlie = join("Charlie", twitter="3")
    found = {
        "influencer": np.array([alice.pk, alice.pk]),
        "influencee": np.array([bob.pk, charlie.pk]),
        "weight": np.array([65_536, 65_536]),
        "reactions": np.array([1, 1]),
        "follows": np.array([0, 0]),
    }
    monkeypatch.setattr(ties.engine, "between", lambda *_args, **_options: found)
    nobody = np.zeros(0, np.int64)
    write = lambda: ties.write(rows=Mock(), standing=(nobody, nobody), guards=None)  # noqa: E731
    assert written_while_erased(bob, "INSERT INTO scoring_tie", write) == 1
    assert Tie.objects.get().influencee == charlie


def test_the_others_have_their_places(people: tuple[Person, Person]) -> None:
    alice, bob = people
    for person in people:
        publish_score(person)
    written_while_erased(bob, "WITH ranked", lambda: rankings.write(as_of=AS_OF))
    assert Ranking.objects.get().person == alice
