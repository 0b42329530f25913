"""Choices of one person that are made at the same moment, in two windows: what is bounded stays within its bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts import watching
from accounts.models import Person, User, Watched
from scoring import topics
from scoring.models import PersonTopic, Topic
from tests.accounts.conftest import race as race

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def test_no_more_topics_are_chosen_than_may_be(join: Any, race: Callable[..., list[Any]]) -> None:
    alice: Person = join("Alice")
    pairs = [[f"topic-{number}-{one}" for one in "ab"] for number in range(AT_ONCE)]
    for pair in pairs:
        Topic.objects.bulk_create(Topic(slug=slug, name=slug) for slug in pair)
    race(
        lambda number: topics.choose(person=alice, chosen=pairs[number], hidden=[], at=timezone.now(), most=2), AT_ONCE
    )
    chosen = set(PersonTopic.objects.filter(person=alice, chosen=True).values_list("topic__slug", flat=True))
    assert chosen in [set(pair) for pair in pairs]


def test_no_more_people_are_on_a_list_than_may_be(
    join: Any, race: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice: Person = join("Alice")
    user = User.objects.get(membership__person=alice)
    others = [join(name).handle for name in ("Bob", "Charlie", "Dora", "Emil")]
    friends = watching.create(owner=alice, name="Friends", at=timezone.now())
    monkeypatch.setattr(watching, "MOST_PEOPLE", 1)

    def attempt(number: int) -> bool:
        try:
            watching.add(watch_list=friends, handle=others[number], user=user, at=timezone.now())
        except watching.ListFull:
            return False
        return True

    assert sorted(race(attempt, AT_ONCE)) == [False, False, False, True]
    assert Watched.objects.filter(watch_list=friends).count() == 1
