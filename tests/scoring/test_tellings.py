"""What a daily run tells people: that their score moved and why, and what they earned; never twice."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from django.core import mail
from django.db import connection

from accounts.models import Erasure, Notification, Person
from scoring import daily, tellings
from scoring.models import Award, DayChange, Score, ScoreHistory, ScoreRun, ToldScore
from scoring.publish import history_partition
from tests.scoring.conftest import AT, TODAY, names, replies

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def publish(db):
    """publish(day, {person: score}) leaves what a newest daily run would, `day` days after TODAY; returns the run."""

    def publish(day: int, scores: dict[Person, float], *, networks: dict[str, float] | None = None) -> ScoreRun:
        as_of = TODAY + timedelta(days=day)
        run = ScoreRun.objects.create(as_of=as_of, formula="v1", state=ScoreRun.State.DONE, counts={"current": True})
        history_partition(as_of)
        for person, score in scores.items():
            parts = {"reach": score, "amplification": 0.0, "network_part": 0.0}
            same = parts | {"percentile": 50.0, "confidence": "fair", "formula": "v1", "as_of": as_of, "score": score}
            Score.objects.update_or_create(person=person, defaults={"run": run, **same})
            ScoreHistory.objects.filter(person_id=person.pk, as_of=as_of).delete()
            ScoreHistory.objects.create(person_id=person.pk, run_id=run.pk, networks=networks or {}, **same)
        return run

    return publish


def told(kind: str = "score_moved") -> list[str]:
    return list(Notification.objects.filter(kind=kind).order_by("pk").values_list("person__handle", flat=True))


def tell(run: ScoreRun, **given: object) -> tellings.Told:
    return tellings.tell(run=run, **given)


def test_three_points_are_told_and_less_is_not(join, publish) -> None:
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    tell(publish(0, {alice: 40.0, bob: 40.0, charlie: 40.0}))
    assert told() == []
    tell(publish(1, {alice: 43.0, bob: 42.9, charlie: 36.5}))
    assert told() == ["Alice", "Charlie"]


def test_slow_moves_add_up_until_they_are_told(join, publish) -> None:
    alice = join("Alice")
    for day, score in enumerate([40.0, 41.5, 42.9, 43.1, 45.0]):
        tell(publish(day, {alice: score}))
    [row] = Notification.objects.filter(kind="score_moved")
    assert row.subject == "Your score moved from 40.0 to 43.1"
    assert ToldScore.objects.get().score == 43.1


def test_the_same_day_again_tells_nobody_again(join, publish) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}))
    tell(publish(1, {alice: 45.0}))
    # As when a day is computed once more, from a log that has grown.
    tell(publish(1, {alice: 49.0}))
    assert told() == ["Alice"]
    tell(publish(2, {alice: 49.0}))
    assert told() == ["Alice", "Alice"]


def test_it_says_what_moved_it_in_words_that_add_up(join, publish, django_capture_on_commit_callbacks) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}, networks={"twitter": 30.0, "linkedin": 9.0}))
    for day, moments, decay in ((1, 1.0, -0.4), (2, 4.5, -0.6)):
        DayChange.objects.create(
            person=alice,
            as_of=TODAY + timedelta(days=day),
            since=TODAY + timedelta(days=day - 1),
            points=moments + decay + 0.1,
            moments=moments,
            decay=decay,
            rest=0.1,
        )
    publish(1, {alice: 40.7})
    with django_capture_on_commit_callbacks(execute=True):
        tell(publish(2, {alice: 44.7}, networks={"twitter": 35.2, "linkedin": 8.5}))
    [message] = mail.outbox
    html = message.alternatives[0].content
    for text in (message.body, html):
        assert "Your score is 44.7 now: +4.7 since 1 November 2026." in text
        assert "people reacted to your posts" in text
        assert "older reactions fade with time" in text
        for points in ("+5.5", f"{MINUS}1.0", "+0.2", "+5.2", f"{MINUS}0.5"):
            assert points in text
        assert text.index("Twitter/X") < text.index("LinkedIn")


def test_a_fall_is_told_kindly(join, publish, django_capture_on_commit_callbacks) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}))
    with django_capture_on_commit_callbacks(execute=True):
        tell(publish(1, {alice: 35.0}))
    [message] = mail.outbox
    assert f"{MINUS}5.0" in message.body
    assert "Nothing was lost" in message.body


def test_who_knows_of_the_formula_is_not_told_once_more(join, publish) -> None:
    alice, bob = join("Alice"), join("Bob")
    tell(publish(0, {alice: 40.0, bob: 40.0}))
    tell(publish(1, {alice: 50.0, bob: 50.0}), told_of_formula=[alice.pk])
    assert told() == ["Bob"]
    tell(publish(2, {alice: 50.5, bob: 50.5}))
    assert told() == ["Bob"]


def test_a_score_made_between_two_runs_waits_for_the_next_run(join, publish) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}))
    run = publish(1, {alice: 41.0})
    provisional = ScoreRun.objects.create(as_of=run.as_of, formula="v1", kind=ScoreRun.Kind.PROVISIONAL)
    Score.objects.update(run=provisional, score=60.0)
    tell(run)
    assert told() == []


def test_who_waits_to_be_erased_is_left_in_peace(join, publish) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}))
    Erasure.objects.create(person=alice, requested_at=AT, due_at=AT + timedelta(days=14), visibility="public")
    tell(publish(1, {alice: 50.0}))
    assert told() == []


def test_a_run_that_was_killed_while_it_told_goes_on_where_it_was(join, publish, monkeypatch) -> None:
    people = [join(f"Person{number}") for number in range(4)]
    monkeypatch.setattr(tellings, "BATCH", 1)
    tell(publish(0, dict.fromkeys(people, 40.0)))
    run = publish(1, dict.fromkeys(people, 50.0))
    for person in people:
        Award.objects.create(person=person, family="score", level=3, earned_on=run.as_of)
    notify, calls = tellings.notify.notify, []

    def dying(**given: object) -> None:
        calls.append(given)
        if len(calls) in (3, 5):
            raise KeyboardInterrupt
        notify(**given)

    monkeypatch.setattr(tellings.notify, "notify", dying)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            tell(run)
    tell(run)
    assert told() == ["Person0", "Person1", "Person2", "Person3"]
    assert told("achievement_earned") == ["Person0", "Person1", "Person2", "Person3"]


def test_of_two_that_tell_at_once_one_does(join, publish) -> None:
    alice = join("Alice")
    tell(publish(0, {alice: 40.0}))
    run = publish(1, {alice: 50.0})
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [tellings.LOCK])
        assert tell(run) == tellings.Told(0, 0)
        assert told() == []
        # The server notices a closed connection only after a while.
        other.execute("SELECT pg_advisory_unlock(%s)", [tellings.LOCK])
    assert tell(run).moved == 1
    assert told() == ["Alice"]


def test_many_levels_at_once_are_one_message(join, publish) -> None:
    alice = join("Alice")
    run = publish(0, {alice: 80.0})
    for family, levels in (("score", 5), ("people", 4), ("networks", 2)):
        for level in range(1, levels + 1):
            Award.objects.create(person=alice, family=family, level=level, earned_on=run.as_of)
    tell(run)
    [row] = Notification.objects.all()
    assert row.kind == "achievement_earned"
    assert row.subject == "You have earned: Score (level 5), People moved (level 4), Networks (level 2)"
    assert "People moved, level 4: 1,000 or more people who reacted" in row.text
    tell(publish(1, {alice: 80.0}))
    assert Notification.objects.count() == 1


def test_what_was_earned_before_anybody_was_told_is_no_news(join, publish) -> None:
    alice = join("Alice")
    Award.objects.create(person=alice, family="score", level=1, earned_on=date(2026, 1, 1))
    tell(publish(0, {alice: 40.0}))
    assert told("achievement_earned") == []
    Award.objects.create(person=alice, family="score", level=2, earned_on=date(2026, 11, 2))
    tell(publish(1, {alice: 40.0}))
    assert told("achievement_earned") == ["Alice"]


def test_the_number_of_people_who_did_not_move_costs_nothing(join, publish, django_assert_max_num_queries) -> None:
    people = {join(f"Person{number}"): 40.0 for number in range(30)}
    tell(publish(0, people))
    run = publish(1, people)
    with django_assert_max_num_queries(8):
        tell(run)
    assert told() == []


def test_a_daily_run_tells_by_itself(join, happen, django_capture_on_commit_callbacks) -> None:
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    daily.run(as_of=TODAY, at=AT)
    assert told("achievement_earned") == ["Alice"]
    assert told() == []
    assert ToldScore.objects.get().score == Score.objects.get().score
    happen(replies("a", names("other", 400), "2026-11-01"))
    with django_capture_on_commit_callbacks(execute=True):
        daily.run(as_of=TODAY + timedelta(days=1), at=AT + timedelta(days=1))
    assert told() == ["Alice"]
    assert any("Your score moved from" in message.subject for message in mail.outbox)
    assert Notification.objects.get(kind="score_moved").url == "/alice/why"
