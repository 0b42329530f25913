"""Numbers agree wherever they are read, with what stands beside them, and are written as the reader's language does."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import Person
from scoring import suspicions
from scoring.models import DayChange, Suggestion, Suspicion
from scoring.numbers import gained
from scoring.suggestions.words import sentence
from tests.scoring.published import AS_OF, publish_score

pytestmark = pytest.mark.django_db
# 43.07 is 1.13 above 41.94; what is read is 43.1 and 41.9.
SCORE, BEFORE = 43.07, 41.94


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1")
    publish_score(person, features=[("reach", "follow_actors_ever", 500.0, SCORE - 1)], history={1: BEFORE, 30: BEFORE})
    DayChange.objects.create(
        person=person,
        as_of=AS_OF,
        since=AS_OF - timedelta(days=1),
        points=SCORE - BEFORE,
        moments=0.7,
        decay=0.0,
        rest=SCORE - BEFORE - 0.7,
        formula_change=0.0,
    )
    return person


@pytest.fixture
def own(client: Client, alice: Person) -> Client:
    client.force_login(alice.users.get())
    return client


def text_of(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_a_change_is_the_difference_of_what_is_read(alice: Person) -> None:
    assert gained(SCORE, BEFORE) == 1.2
    assert alice.score.changes([], as_read=True) == {1: None, 7: None, 30: None}


@pytest.mark.parametrize("address", ["/dashboard", "/alice", "/compare?people=alice&days=90"])
def test_changes_and_the_sentence_of_the_chart_agree(own: Client, address: str) -> None:
    text = text_of(own, address)
    assert "+1.2" in text
    assert "+1.1" not in text


def test_the_sentence_of_a_chart_adds_up(own: Client) -> None:
    text = text_of(own, "/alice/chart?days=30")
    assert "the score rose by 1.2, from 41.9 to 43.1" in text


def test_the_day_is_told_alike_where_every_point_comes_from(own: Client) -> None:
    assert "Since the day before: +1.2" in text_of(own, "/alice/why")


def test_what_hardly_moved_is_not_said_to_stand_where_it_did_not(join) -> None:
    bob = join("Bob", twitter="2")
    publish_score(bob, features=[("reach", "follow_actors_ever", 500.0, 39.06)], history={3: 40.04})
    text = text_of(Client(), "/bob/chart")
    assert "the score rose by 0.1, from 40.0 to 40.1" in text


def test_a_program_gets_the_change_as_it_is(alice: Person) -> None:
    history = [type(alice.score)(as_of=AS_OF - timedelta(days=1), score=BEFORE)]
    assert alice.score.changes(history)[1] == pytest.approx(1.13)


def test_what_counts_less_has_the_readers_numbers(alice: Person) -> None:
    row = Suspicion(person=alice, reason="burst", people=1234.0, counted_as=4.6, points=1.54)
    with translation.override("de"):
        german = suspicions.in_words(row)
    assert "1.234" in german
    assert "4,6" in german
    assert "1,5" in german
    row.counted_as = 4.97
    assert "as those of 5." in suspicions.in_words(row), "not 5.0 of people"


def test_a_suggestion_has_the_readers_numbers() -> None:
    with translation.override("de"):
        assert "1.234" in sentence(network="twitter", feature="like_actors_recent", more=1234)
    assert "1,234" in sentence(network="twitter", feature="like_actors_recent", more=1234)


def test_a_german_dashboard_has_german_numbers_only(own: Client, alice: Person) -> None:
    account = alice.links.get().account_id
    Suspicion.objects.create(person=alice, account=account, reason="burst", people=9, counted_as=2.5, points=1.5)
    Suggestion.objects.create(
        person=alice,
        rank=1,
        network="twitter",
        account=account,
        feature="like_actors_recent",
        value=10.0,
        attainable=2000.0,
        points=2.25,
    )
    text = text_of(own, "/dashboard", accept_language="de")
    assert "43,1" in text
    assert "1.990" in text
    # A dot between digits is a German thousand, and followed by three of them.
    assert re.findall(r"\d\.\d{1,2}(?!\d)", text) == []
