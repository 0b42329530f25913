"""Several at once on a real PostgreSQL. Beside each guarantee stands what happens without its guard."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import F

from accounts.models import Person
from scoring.models import Answer, AskedExpert, Endorsement, ModerationEntry, Question, Report
from scoring.plus_k.errors import CannotGive, TooSoon
from scoring.questions import answering, asking, experts, reporting, standing, states
from scoring.questions.errors import AnsweredAlready, NotNow, SaidBefore, TooMany
from tests.perks.racing import at_once, while_open
from tests.scoring.questions.asking_around import AT, DAY, answer, ask, knows, member, user_of

pytestmark = pytest.mark.django_db(transaction=True)


def answering_of(question: Question, person: Person, text: str = "In May, on warm days.") -> Callable[[], Answer]:
    """An answer that is ready to be given: whatever is read before has been read."""
    user = user_of(person)
    return lambda: answering.answer(question=question, person=person, user=user, text=text, at=AT)


def reading(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, number: int) -> None:
    """`number` calls of the function wait for each other before any goes on: all have read before one writes."""
    real, barrier = getattr(module, name), threading.Barrier(number)

    def met(*args: Any, **values: Any) -> Any:
        found = real(*args, **values)
        barrier.wait(timeout=20)
        return found

    monkeypatch.setattr(module, name, met)


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions and answers are read as they are, and locked by nobody."""

    def unlocked(pk: int) -> Question:
        return Question.objects.select_related("topic", "person").get(pk=pk)

    for module in (states, asking, answering):
        monkeypatch.setattr(module, "locked_question", unlocked)


# ---------------------------------------------------------------- what is counted


def test_all_answers_at_once_are_counted() -> None:
    question = ask(member("Alice"))
    people = [member(f"Member{number}") for number in range(8)]
    given = at_once(*(answering_of(question, one, f"This is the answer of {one.handle}.") for one in people))
    assert [type(one) for one in given] == [Answer] * 8
    question.refresh_from_db()
    assert question.answered == 8


def test_without_the_lock_one_of_two_answers_is_not_counted(monkeypatch) -> None:
    question = ask(member("Alice"))
    first = answering_of(question, member("Bob"))
    second = answering_of(question, member("Charlie"), "In June, here in the north.")
    without_locks(monkeypatch)
    # Both count before either is committed: the second one waits for the row, and writes what it had counted before.
    _given, _other, waited = while_open(first, second)
    question.refresh_from_db()
    assert waited
    assert (question.answered, Answer.objects.filter(state="visible").count()) == (1, 2)


def test_two_answers_of_the_same_person_at_once_are_one() -> None:
    question, bob = ask(member("Alice")), member("Bob")
    answers = at_once(answering_of(question, bob), answering_of(question, bob, "Or was it in June? I forget."))
    assert Counter(type(one) for one in answers) == {Answer: 1, AnsweredAlready: 1}
    question.refresh_from_db()
    assert (question.answered, Answer.objects.count()) == (1, 1)


def test_without_their_turn_the_constraint_keeps_them_to_one(monkeypatch) -> None:
    question, bob = ask(member("Alice")), member("Bob")
    without_locks(monkeypatch)
    monkeypatch.setattr(standing, "turn", lambda person: None)
    monkeypatch.setattr(Answer.objects, "update_or_create", plainly)
    reading(monkeypatch, standing, "within_the_day", 2)
    answers = at_once(answering_of(question, bob), answering_of(question, bob, "Or was it in June? I forget."))
    assert Counter(type(one) for one in answers) == {Answer: 1, IntegrityError: 1}


def plainly(*, defaults: dict[str, Any], **values: Any) -> tuple[Answer, bool]:
    return Answer.objects.create(**values, **defaults), True


# ---------------------------------------------------------------- what is no longer there


def test_no_answer_comes_to_a_question_that_is_being_withdrawn() -> None:
    alice, bob = member("Alice"), member("Bob")
    question, user = ask(alice), user_of(alice)
    _done, refused, waited = while_open(
        lambda: asking.withdraw(question=question, person=alice, user=user, at=AT), answering_of(question, bob)
    )
    assert (waited, type(refused)) == (True, NotNow)
    assert not Answer.objects.exists()


def test_without_the_lock_an_answer_comes_to_what_is_withdrawn(monkeypatch) -> None:
    alice, bob = member("Alice"), member("Bob")
    question, user = ask(alice), user_of(alice)
    without_locks(monkeypatch)
    while_open(lambda: asking.withdraw(question=question, person=alice, user=user, at=AT), answering_of(question, bob))
    question.refresh_from_db()
    assert (question.state, Answer.objects.filter(state="visible").count()) == ("withdrawn", 1)


# ---------------------------------------------------------------- how much in a day


def questions_of(alice: Person, number: int) -> list[Callable[[], Question]]:
    topic = ask(member("Bob")).topic
    user = user_of(alice)

    def one(place: int) -> Callable[[], Question]:
        title = f"What about hive number {place}?"
        return lambda: asking.ask(topic=topic, person=alice, user=user, title=title, at=AT)

    return [one(place) for place in range(number)]


def test_of_ten_questions_at_once_three_are_asked() -> None:
    alice = member("Alice")
    answers = at_once(*questions_of(alice, 10))
    assert Counter(type(one) for one in answers) == {Question: 3, TooMany: 7}
    assert Question.objects.filter(person=alice).count() == 3


def test_without_their_turn_all_of_them_are_asked(monkeypatch) -> None:
    alice = member("Alice")
    attempts = questions_of(alice, 5)
    monkeypatch.setattr(standing, "turn", lambda person: None)
    reading(monkeypatch, standing, "within_the_day", 5)
    answers = at_once(*attempts)
    assert Counter(type(one) for one in answers) == {Question: 5}


def test_the_same_question_twice_at_once_is_asked_once() -> None:
    alice = member("Alice")
    [first] = questions_of(alice, 1)
    answers = at_once(first, first)
    assert Counter(type(one) for one in answers) == {Question: 1, SaidBefore: 1}


# ---------------------------------------------------------------- +K


def giving_of(given: Answer, giver: Person) -> Callable[[], Endorsement]:
    user = user_of(giver)
    return lambda: answering.plus_k(answer=given, giver=giver, user=user)


def crowd(number: int) -> list[Person]:
    return [member(f"Giver{place}") for place in range(number)]


def test_fifty_plus_k_for_an_answer_at_once_are_fifty() -> None:
    given = answer(ask(member("Alice")), member("Bob"))
    done = at_once(*(giving_of(given, one) for one in crowd(50)))
    assert Counter(type(one) for one in done) == {Endorsement: 50}
    given.refresh_from_db()
    assert given.plus_k == Endorsement.objects.filter(answer=given, undone_at=None).count() == 50


def test_plus_k_that_read_before_they_write_would_be_lost() -> None:
    """What `plus_k = plus_k + 1` in one statement is for."""
    given = answer(ask(member("Alice")), member("Bob"))
    barrier = threading.Barrier(5)

    def read_then_write() -> None:
        number = Answer.objects.get(pk=given.pk).plus_k
        barrier.wait(timeout=20)
        Answer.objects.filter(pk=given.pk).update(plus_k=number + 1)

    at_once(*[read_then_write] * 5)
    given.refresh_from_db()
    assert given.plus_k == 1
    at_once(*[lambda: Answer.objects.filter(pk=given.pk).update(plus_k=F("plus_k") + 1)] * 5)
    given.refresh_from_db()
    assert given.plus_k == 6


def test_one_person_gives_twice_at_once_and_it_is_one() -> None:
    given, giver = answer(ask(member("Alice")), member("Bob")), member("Charlie")
    done = at_once(*[giving_of(given, giver)] * 4)
    assert Counter(type(one) for one in done) == {Endorsement: 1, TooSoon: 3}
    given.refresh_from_db()
    assert given.plus_k == 1


def test_no_plus_k_for_an_answer_that_is_being_withdrawn() -> None:
    bob, giver = member("Bob"), member("Charlie")
    given, user = answer(ask(member("Alice")), bob), user_of(bob)
    _done, refused, waited = while_open(
        lambda: answering.withdraw(answer=given, person=bob, user=user, at=AT), giving_of(given, giver)
    )
    assert (waited, type(refused)) == (True, NotNow)
    given.refresh_from_db()
    # Nothing of it is left: neither the count, nor the +K, nor what it took from the purse.
    assert (given.plus_k, Endorsement.objects.count()) == (0, 0)
    with pytest.raises(CannotGive):
        giving_of(given, bob)()


# ---------------------------------------------------------------- reports


def reporting_of(given: Answer, reporter: Person) -> Callable[[], Report]:
    user = user_of(reporter)
    return lambda: reporting.report(thing=given, reporter=reporter, user=user, reason="spam", at=AT)


def test_who_reports_twice_at_once_has_reported_once() -> None:
    given, reporter = answer(ask(member("Alice")), member("Bob")), member("Charlie", scored=True)
    rows = at_once(*[reporting_of(given, reporter)] * 4)
    assert len({row.pk for row in rows}) == Report.objects.count() == 1


def test_without_locks_the_constraint_keeps_the_second_report_out(monkeypatch) -> None:
    given, reporter = answer(ask(member("Alice")), member("Bob")), member("Charlie", scored=True)
    monkeypatch.setattr(standing, "turn", lambda person: None)
    monkeypatch.setattr(reporting, "locked", lambda thing: Answer.objects.get(pk=thing.pk))
    reading(monkeypatch, standing, "within_the_day", 2)
    rows = at_once(*[reporting_of(given, reporter)] * 2)
    assert Counter(type(row) for row in rows) == {Report: 1, IntegrityError: 1}


def test_six_reports_at_once_hold_it_once() -> None:
    question = ask(member("Alice"))
    given = answer(question, member("Bob"))
    reporters = [member(f"Reporter{number}", scored=True) for number in range(6)]
    rows = at_once(*(reporting_of(given, one) for one in reporters))
    assert [type(row) for row in rows] == [Report] * 6
    given.refresh_from_db()
    question.refresh_from_db()
    assert (given.state, question.answered) == ("held", 0)
    assert ModerationEntry.objects.filter(action="hold").count() == 1


def test_without_the_lock_three_reports_at_once_hold_nothing(monkeypatch) -> None:
    given = answer(ask(member("Alice")), member("Bob"))
    reporters = [member(f"Reporter{number}", scored=True) for number in range(3)]
    monkeypatch.setattr(reporting, "locked", lambda thing: Answer.objects.get(pk=thing.pk))
    # Each sees its own report alone.
    reading(monkeypatch, reporting, "weighty", 3)
    at_once(*(reporting_of(given, one) for one in reporters))
    given.refresh_from_db()
    assert (given.state, Report.objects.count()) == ("visible", 3)


# ---------------------------------------------------------------- who is asked


def test_three_questions_at_once_ask_nobody_more_than_twice() -> None:
    knows(member("Bob"))
    asked = [ask(member(f"Member{number}"), f"What about hive number {number}?").pk for number in range(4)]
    at_once(*((lambda pk=pk: experts.tell(question_id=pk, at=AT)) for pk in asked))
    assert AskedExpert.objects.filter(day=AT.date()).count() <= 2
    at_once(*((lambda pk=pk: experts.tell(question_id=pk, at=AT + DAY)) for pk in asked))
    assert max(Counter(AskedExpert.objects.values_list("person", "day")).values()) <= 2


def test_a_third_time_in_a_day_is_refused_by_the_database() -> None:
    bob, alice = member("Bob"), member("Alice")
    rows = [
        AskedExpert(question=ask(alice, f"What about hive number {n}?"), person=bob, day=AT.date(), ordinal=n + 1)
        for n in range(3)
    ]
    with pytest.raises(IntegrityError, match="expert_asked_twice_a_day"):
        AskedExpert.objects.bulk_create(rows)
    assert connection.is_usable()
