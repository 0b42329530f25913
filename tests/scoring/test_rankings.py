"""How places are written: what changed alone, some topics at a time, and nobody who leaves waits for it."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from scoring import rankings
from scoring.models import PersonTopic, Ranking, Score, Topic
from tests.scoring.published import AS_OF, publish_score


@pytest.fixture
def ranked(join):
    """Alice before Bob before Charlie, in three topics each."""
    topics = [Topic.objects.create(slug=f"tides-{number}", name=f"Tides {number}") for number in range(3)]
    people = []
    for handle, score in [("Alice", 60.0), ("Bob", 50.0), ("Charlie", 40.0)]:
        person = join(handle)
        publish_score(person)
        Score.objects.filter(person=person).update(score=score)
        for topic in topics:
            PersonTopic.objects.create(person=person, topic=topic, chosen=True, added_at=timezone.now())
        people.append(person)
    rankings.write(as_of=AS_OF)
    return people


def places() -> list[tuple[str, int]]:
    found = PersonTopic.objects.order_by("topic", "place").values_list("person__handle", "place")
    return list(found)


@pytest.mark.django_db
@pytest.mark.parametrize("batch", [1, 4, 1_000])
def test_places_in_topics_are_the_same_however_many_are_written_at_once(ranked, monkeypatch, batch: int) -> None:
    assert places() == [("Alice", 1), ("Bob", 2), ("Charlie", 3)] * 3
    monkeypatch.setattr(rankings, "BATCH", batch)
    Score.objects.filter(person=ranked[2]).update(score=70.0)
    rankings.write(as_of=AS_OF)
    assert places() == [("Charlie", 1), ("Alice", 2), ("Bob", 3)] * 3


def test_topics_are_taken_together_until_they_have_enough_rows(monkeypatch) -> None:
    monkeypatch.setattr(rankings, "BATCH", 10)
    assert list(rankings.together([(1, 4), (2, 30), (5, 6), (6, 4), (9, 1)])) == [(1, 2), (5, 6), (9, 9)]
    assert list(rankings.together([])) == []


@pytest.mark.django_db
def test_no_place_is_written_that_stays(ranked) -> None:
    written = [*places_as_written()]
    assert rankings.write(as_of=AS_OF) == 0
    assert [*places_as_written()] == written
    Score.objects.filter(person=ranked[0]).update(score=61.0)
    with CaptureQueriesContext(connection) as asked:
        assert rankings.write(as_of=AS_OF) == 1
    # Nobody has another place in a topic: those are not even gone through.
    assert not [query for query in asked if "UPDATE scoring_persontopic" in query["sql"]]


def places_as_written() -> list[tuple[str, int]]:
    """Where each place lies in its table: elsewhere once it is written again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ctid::text, rank FROM scoring_ranking UNION ALL SELECT ctid::text, place FROM scoring_persontopic"
        )
        found: list[tuple[str, int]] = cursor.fetchall()
    return found


@pytest.mark.django_db(transaction=True)
def test_who_leaves_while_places_are_written_does_not_wait(ranked) -> None:
    alice = ranked[0]
    with psycopg.connect(dsn()) as other:
        other.execute("UPDATE scoring_ranking SET rank = rank + 1")
        other.execute("UPDATE scoring_persontopic SET place = place + 1")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        try:
            rankings.leave(alice)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
    alice.refresh_from_db()
    assert alice.shown["leaderboards"] == "hidden"
    rankings.write(as_of=AS_OF)
    assert not Ranking.objects.filter(person=alice).exists()
    assert set(PersonTopic.objects.filter(person=alice).values_list("place", flat=True)) == {None}


def dsn() -> str:
    """Where the tests' database is, for a connection beside Django's."""
    info = connection.connection.info
    return make_conninfo(host=info.host, port=info.port, dbname=info.dbname, user=info.user, password=info.password)
