"""Levels and the way there are compared with what is kept, stretch by stretch of people: what is the same stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts import privacy
from accounts.models import Person
from scoring.achievements import award, kept
from scoring.achievements.catalogue import BY_SLUG
from scoring.models import Award, AwardProgress
from tests.perks.racing import somebody_waits
from tests.scoring.conftest import AT, TODAY

FAMILIES = [BY_SLUG["score"], BY_SLUG["lists"], BY_SLUG["networks"]]


@pytest.fixture(params=[1, 2, 200_000])
def people(join: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[Person]:
    """Five people, compared one by one, two by two, or all at once, by number or by where the numbers begin and end."""
    monkeypatch.setattr(kept, "SLICE", request.param)
    monkeypatch.setattr(kept, "NUMBERED", 1 if request.param == 1 else request.param)
    return [join(name) for name in ("Alice", "Bob", "Carol", "Dora", "Emil")]


def numbers(people: list[Person]) -> Any:
    return np.array([person.pk for person in people], dtype=np.int64)


def keep(people: list[Person], *, everybody: bool = True, points: Any = None, **values: list[float]) -> int:
    return award.keep_progress(
        persons=numbers(people),
        values={slug: np.array(value) for slug, value in values.items()},
        points=points or {},
        families=FAMILIES,
        everybody=everybody,
    )


def rows() -> set[tuple[str, str, float]]:
    return set(AwardProgress.objects.values_list("person__handle", "family", "value"))


def test_levels_are_given_once_and_a_day_with_nothing_new_writes_nothing(people: list[Person]) -> None:
    values = {"lists": np.array([72.0, 0, 10, 9, 10_000]), "networks": np.array([1.0, 1, 0, 0, 8])}
    give: Callable[[], int] = lambda: award.award(  # noqa: E731
        persons=numbers(people), values=values, families=FAMILIES, as_of=TODAY
    )
    assert give() == (3 + 0 + 2 + 1 + 7) + (1 + 1 + 5)
    with CaptureQueriesContext(connection) as asked:
        assert give() == 0
    assert not [query for query in asked.captured_queries if "INSERT" in query["sql"] or "TEMP" in query["sql"]]
    values["lists"] = np.array([5.0, 1, 10, 50, 10_000])
    assert give() == 1 + 2
    assert set(Award.objects.filter(family="lists", person=people[0]).values_list("level", flat=True)) == {1, 2, 3}


def test_how_far_people_are_is_kept_in_whole_numbers_and_who_is_gone_is_forgotten(people: list[Person]) -> None:
    alice, bob, *_others = people
    assert keep(people, score=[41.9, 12.5, 0.9, 7, 7], networks=[2, 0, 1, 0, 0]) == 6
    assert ("Alice", "score", 41) in rows()
    assert ("Carol", "networks", 1) in rows()
    assert len(rows()) == 6, "less than one is nothing yet"
    with CaptureQueriesContext(connection) as asked:
        # What nobody would read differently is not written.
        assert keep(people, score=[41.2, 12.9, 0.3, 7.9, 7], networks=[2, 0, 1, 0, 0]) == 0
    assert not [query for query in asked.captured_queries if "TEMP" in query["sql"]]
    AwardProgress.objects.create(person=bob, family="gone", value=3)
    # Between two runs others are left alone, also those whose numbers are in between.
    keep([alice, people[4]], everybody=False, score=[50, 50], networks=[0, 1])
    assert rows() == {
        ("Alice", "score", 50),
        ("Bob", "score", 12),
        ("Bob", "gone", 3),
        ("Carol", "networks", 1),
        ("Dora", "score", 7),
        ("Emil", "score", 50),
        ("Emil", "networks", 1),
    }
    keep([bob, people[3]], score=[12, 8])
    assert rows() == {("Bob", "score", 12), ("Dora", "score", 8)}
    keep([], score=[])
    assert rows() == set()


def test_what_a_level_would_bring_is_kept_to_a_tenth(people: list[Person]) -> None:
    points = {"lists": np.array([0.44, np.nan, 0, 1, 1])}
    assert keep(people, points=points, lists=[1.0] * 5) == 5
    assert keep(people, points={"lists": np.array([0.41, np.nan, -0.01, 1, 1])}, lists=[1.0] * 5) == 0
    assert keep(people, points={"lists": np.array([0.5, 0.1, 0, np.nan, 1])}, lists=[1.0] * 5) == 3
    kept_points = dict(AwardProgress.objects.values_list("person__handle", "points"))
    assert kept_points == {"Alice": 0.5, "Bob": 0.1, "Carol": 0.0, "Dora": None, "Emil": 1.0}


@pytest.mark.django_db(transaction=True)
def test_a_run_waits_for_who_is_just_being_erased_and_no_erasure_for_the_run(join: Any) -> None:
    alice, bob = join("Alice"), join("Bob")
    keep([alice, bob], score=[20, 20])

    def run() -> int:
        try:
            # Something of hers changes, and something is new.
            return keep([alice, bob], score=[30, 30], networks=[1, 1])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            Person.objects.select_for_update().get(pk=alice.pk)
            running = beside.submit(run)
            for _ in range(1000):
                if somebody_waits() or running.done():
                    break
                time.sleep(0.01)
            # Had the run written of her before it waits, each would wait for the other now.
            privacy.erase_person(person=alice, at=AT)
        assert running.result(timeout=20) == 2
    assert rows() == {("Bob", "score", 30), ("Bob", "networks", 1)}
