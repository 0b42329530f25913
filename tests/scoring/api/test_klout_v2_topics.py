"""Topics in Klout's old API: their shape, their ids, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from scoring.models import PersonTopic, Topic

KEY = "a key that nobody guesses"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
HUGE = "10000000000000000042"


@pytest.fixture(autouse=True)
def keys(settings: Any) -> None:
    settings.API_KEYS = [KEY]


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice")
    music = Topic.objects.get(slug="music")
    Topic.objects.filter(pk=music.pk).update(external_id="5241585099662481339")
    timbaland = Topic.objects.create(slug="timbaland", name="Timbaland", external_id=HUGE)
    for topic, expertise, hidden in (
        (timbaland, 0.2, False),
        (music, 0.9, False),
        (Topic.objects.get(slug="tea"), 0.0, False),
        (Topic.objects.get(slug="bees"), 0.5, True),
    ):
        PersonTopic.objects.create(person=person, topic=topic, expertise=expertise, hidden=hidden, added_at=AT)
    return person


def topics_of(client: Client, person: Person, **more: str) -> Any:
    return client.get(f"/v2/user.json/{person.klout_id}/topics", {"key": KEY} | more)


def test_topics_have_klouts_shape_and_ids_that_are_text(client: Client, alice: Person, data: Path) -> None:
    answer = topics_of(client, alice).json()
    recorded = json.loads((data / "klout_api_v2" / "topics.json").read_text())
    assert {frozenset(one) for one in answer} == {frozenset(recorded[0])}
    assert all(isinstance(value, str) for one in answer for value in one.values())
    assert [(one["slug"], one["topicType"]) for one in answer] == [
        ("music", "sub"),
        ("timbaland", "entity"),
        ("tea", "entity"),
    ]
    assert answer[0] | {"imageUrl": ""} == recorded[0] | {"imageUrl": ""}
    assert answer[1]["id"] == HUGE
    assert answer[0]["imageUrl"].startswith("http")
    # Of our own alone: a number, as clients want, that no other topic has.
    assert answer[2]["id"].isdecimal()
    assert len(answer[2]["id"]) == 20


@pytest.mark.parametrize("choice", ["members", "hidden"])
def test_who_keeps_topics_back_has_none_here(client: Client, alice: Person, choice: str) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"topics": choice})
    answer = topics_of(client, alice)
    assert (answer.status_code, answer.json()) == (200, [])


def test_who_is_not_public_is_answered_as_who_does_not_exist(client: Client, alice: Person) -> None:
    assert topics_of(client, alice).status_code == 200
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    assert topics_of(client, alice).status_code == 404
    assert topics_of(client, alice, key="wrong").status_code == 403


def test_topics_take_few_queries(client: Client, alice: Person, django_assert_max_num_queries: Any) -> None:
    for topic in Topic.objects.exclude(person_topics__person=alice)[:60]:
        PersonTopic.objects.create(person=alice, topic=topic, chosen=True, added_at=AT)
    with django_assert_max_num_queries(4):
        assert len(topics_of(client, alice).json()) == 50
