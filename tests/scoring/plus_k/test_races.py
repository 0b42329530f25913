"""Many at once on a real PostgreSQL. Beside each guarantee stands what happens without its guard."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts import privacy
from accounts.models import Person
from accounts.networks.base import VERBS
from scoring.models import Answer, Endorsement, Interaction, PersonTopic, Purse, Question
from scoring.plus_k import giving, purse, settling
from scoring.plus_k.errors import NoneLeft, NotAllowed, TooLate, TooSoon
from tests.perks.racing import at_once, somebody_waits, while_open
from tests.perks.test_claim_processes import start
from tests.scoring.plus_k.giving import AT, DAY, MINUTE, a_topic, about, crowd, plus_k

pytestmark = pytest.mark.django_db(transaction=True)

# Ten threads give to everybody, in an order of the process's own.
GIVING = """
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from accounts.models import Person
from scoring.models import Topic
from scoring.plus_k import giving
from scoring.plus_k.errors import CannotGive

giver, *others = Person.objects.order_by("pk")
turn, at = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
topic, user = Topic.objects.get(slug="beekeeping"), giver.users.get()


def attempt(receiver):
    try:
        return giving.give(giver=giver, receiver=receiver, topic=topic, user=user, at=at)
    except CannotGive:
        return None


with ThreadPoolExecutor(10) as pool:
    print(sum(made is not None for made in pool.map(attempt, others[turn * 10:] + others[:turn * 10])))
"""


def giver_of(person: Person, at: datetime = AT) -> Callable[[Person], Endorsement]:
    topic = a_topic()
    return lambda receiver: plus_k(person, receiver, topic, at)


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """The constraint of this name is not there; afterwards it is again, and nobody's +K is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        [definition] = cursor.fetchone()
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            cursor.execute("TRUNCATE scoring_endorsement, scoring_purse")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


# ---------------------------------------------------------------- the allowance


def test_fifty_at_once_give_what_there_is_and_no_more() -> None:
    alice, *others = crowd(51)
    answers = at_once(*(partial(giver_of(alice), other) for other in others))
    assert Counter(type(answer) for answer in answers) == {Endorsement: 5, NoneLeft: 45}
    assert Endorsement.objects.count() == 5
    assert (Purse.objects.get().given, Purse.objects.get().allowance) == (5, 5)


def test_several_processes_give_what_there_is_and_no_more() -> None:
    crowd(31)
    processes = [start(GIVING, str(turn), AT.isoformat()) for turn in range(3)]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert sum(int(made) for made, _errors in answers) == 5
    assert Endorsement.objects.count() == Purse.objects.get().given == 5


def test_what_is_read_first_and_written_then_is_given_too_often(monkeypatch) -> None:
    """The control: eight with a purse that is read, and written once everybody has read it."""
    alice, *others = crowd(9)
    barrier = threading.Barrier(8)

    def read_then_write(person: Person, at: datetime) -> Any:
        state = purse.state_of(person, at)
        barrier.wait(timeout=30)
        if state.left <= 0:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO scoring_purse (person_id, day, allowance, given) VALUES (%s, %s, %s, %s)
                ON CONFLICT (person_id) DO UPDATE SET given = excluded.given
                """,
                [person.pk, state.day, state.allowance, state.given + 1],
            )
        return state.day

    monkeypatch.setattr(purse, "take", read_then_write)
    answers = at_once(*(partial(giver_of(alice), other) for other in others))
    assert Counter(type(answer) for answer in answers) == {Endorsement: 8}
    assert Endorsement.objects.count() == 8
    # And the purse does not even know.
    assert Purse.objects.get().given == 1


def test_behind_the_conditional_update_a_constraint_stands(monkeypatch) -> None:
    alice, *others = crowd(7)
    for other in others[:5]:
        plus_k(alice, other, a_topic())
    monkeypatch.setattr(purse, "TAKE", purse.TAKE.replace(" OR purse.given < purse.allowance", " OR true"))
    with pytest.raises(Exception, match="purse_not_overdrawn"):
        plus_k(alice, others[5], a_topic())
    assert Endorsement.objects.count() == 5


def test_the_last_one_is_given_once_while_another_waits_for_the_purse() -> None:
    alice, *others = crowd(7)
    for other in others[:4]:
        plus_k(alice, other, a_topic())
    give = giver_of(alice)
    first, second, waited = while_open(lambda: give(others[4]), lambda: give(others[5]))
    assert waited
    assert isinstance(first, Endorsement)
    assert isinstance(second, NoneLeft)


def test_over_midnight_the_new_day_is_not_taken_back() -> None:
    alice, *others = crowd(12)
    last, midnight = datetime(2026, 11, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    for other in others[:5]:
        plus_k(alice, other, a_topic(), last)
    # The later one first; who asked before midnight waits for it, and gets one of the new day's.
    new, late, waited = while_open(
        lambda: giver_of(alice, midnight)(others[5]), lambda: giver_of(alice, last)(others[6])
    )
    assert waited
    assert (new.given_at, late.given_at) == (midnight, midnight)
    state = Purse.objects.get()
    assert (state.day, state.given) == (midnight.date(), 2)
    answers = at_once(*(partial(giver_of(alice, midnight), other) for other in others[7:]))
    assert Counter(type(answer) for answer in answers) == {Endorsement: 3, NoneLeft: 1}


# ---------------------------------------------------------------- the same one twice


def test_ten_clicks_at_once_give_one(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    answers = at_once(*[partial(giver_of(alice), bob)] * 10)
    assert Counter(type(answer) for answer in answers) == {Endorsement: 1, TooSoon: 9}
    assert Purse.objects.get().given == 1


def test_without_the_exclusion_a_second_click_gives_a_second_one(join) -> None:
    """The control."""
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    with without_constraint("scoring_endorsement", "endorsement_once_in_seven_days"):
        first, second, waited = while_open(lambda: giver_of(alice)(bob), lambda: giver_of(alice)(bob))
        assert waited
        assert [type(first), type(second)] == [Endorsement, Endorsement]
        assert Endorsement.objects.count() == 2


# ---------------------------------------------------------------- taking back


def test_taken_back_by_two_at_once_one_is_given_back(join) -> None:
    alice, bob, carol = join("Alice"), join("Bob"), join("Carol")
    about(carol)
    plus_k(alice, carol, a_topic())
    given = plus_k(alice, bob, *about(bob))
    undo = partial(giving.undo, endorsement=given, at=AT + MINUTE)
    _first, second, waited = while_open(undo, undo)
    assert waited
    assert isinstance(second, Endorsement)
    assert Purse.objects.get().given == 1


def test_taken_back_or_settled_never_both(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob))
    later = AT + 10 * MINUTE
    undo = partial(giving.undo, endorsement=given, at=later - timedelta(seconds=1))
    # Settled first: whoever takes back waits, and is too late.
    settled, refused, waited = while_open(partial(settling.settle, at=later), undo)
    assert (settled, waited, type(refused)) == (1, True, TooLate)
    # Taken back first: the settling does not wait, and finds nothing.
    again = plus_k(alice, bob, a_topic(), AT + 8 * DAY)
    undone, settled, waited = while_open(
        partial(giving.undo, endorsement=again, at=AT + 8 * DAY + 9 * MINUTE),
        partial(settling.settle, at=AT + 8 * DAY + 10 * MINUTE),
    )
    assert (undone.undone_at is not None, settled, waited) == (True, 0, False)
    assert Interaction.objects.filter(verb=VERBS["plus-k"]).count() == 1


def test_two_processes_that_settle_at_once_write_each_one_once() -> None:
    alice, *others = crowd(6)
    for other in others:
        plus_k(alice, other, a_topic())
    later = AT + 10 * MINUTE
    first, second, waited = while_open(partial(settling.settle, at=later), partial(settling.settle, at=later))
    assert (first, second, waited) == (5, 0, False)
    assert Interaction.objects.filter(verb=VERBS["plus-k"]).count() == 5


# ---------------------------------------------------------------- who goes meanwhile


def test_nobody_gives_to_who_is_being_erased(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    give, receiver = giver_of(alice), Person.objects.get(pk=bob.pk)
    _removed, refused, waited = while_open(lambda: privacy.erase_person(person=bob, at=AT), lambda: give(receiver))
    assert waited
    assert isinstance(refused, NotAllowed)
    assert not Endorsement.objects.exists()
    assert not Purse.objects.exists()


def test_who_is_erased_takes_along_what_is_just_being_given(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    about(bob)
    give = giver_of(alice)
    _given, _removed, waited = while_open(
        lambda: give(Person.objects.get(pk=bob.pk)), lambda: privacy.erase_person(person=bob, at=AT)
    )
    assert waited
    assert not Person.objects.filter(pk=bob.pk).exists()
    assert not Endorsement.objects.exists()


def test_taking_back_and_erasing_never_wait_for_each_other(join, monkeypatch) -> None:
    """Who gave for an answer is erased just when it is taken back: both change the answer's number and the +K."""
    alice, bob, carol = join("Alice"), join("Bob"), join("Carol")
    [topic] = about(bob)
    question = Question.objects.create(topic=topic, person=carol, title="How?", created_at=AT, active_at=AT)
    answer = Answer.objects.create(question=question, person=bob, text="So.", created_at=AT)
    given = plus_k(alice, bob, topic, answer=answer)
    put_back, erasing = purse.put_back, []

    def erase() -> None:
        try:
            privacy.erase_person(person=alice, at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as beside:

        def once_somebody_waits(*args: Any, **named: Any) -> bool:
            erasing.append(beside.submit(erase))
            for _ in range(1000):
                if somebody_waits() or erasing[0].done():
                    break
                time.sleep(0.01)
            return put_back(*args, **named)

        monkeypatch.setattr(purse, "put_back", once_somebody_waits)
        giving.undo(endorsement=given, at=AT + MINUTE)
        erasing[0].result(timeout=30)
    answer.refresh_from_db()
    assert answer.plus_k == 0
    assert not Endorsement.objects.exists()


def test_settling_leaves_out_who_is_being_erased_and_waits_for_nobody(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    plus_k(alice, bob, *about(bob))

    def begin_to_erase() -> None:
        assert transaction.get_connection().in_atomic_block
        Person.objects.select_for_update().get(pk=bob.pk)

    _held, settled, waited = while_open(begin_to_erase, partial(settling.settle, at=AT + 10 * MINUTE))
    assert (settled, waited) == (0, False)
    assert settling.settle(at=AT + 11 * MINUTE) == 1
    assert PersonTopic.objects.count() == 1
