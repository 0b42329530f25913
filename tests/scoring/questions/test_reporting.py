"""Reporting, holding, deciding, objecting: what happens, who is told, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from accounts.models import Notification, NotificationChoice
from scoring.models import ModerationEntry, Report
from scoring.models.questions import Ground
from scoring.questions import deciding, reporting
from scoring.questions.errors import NotAllowed, NotNow, TooMany, Unfit
from scoring.questions.states import Thing
from tests.scoring.questions.asking_around import AT, DAY, HOUR, answer, ask, give_score, member, staff, user_of

pytestmark = pytest.mark.django_db


def report(thing: Thing, reporter, reason: str = "spam", text: str = "", at=AT) -> Report:
    return reporting.report(thing=thing, reporter=reporter, user=user_of(reporter), reason=reason, text=text, at=at)


def reported(number: int, thing: Thing, **values) -> list:
    reporters = [member(f"Reporter{i}", **({"scored": True} | values)) for i in range(number)]
    for one in reporters:
        report(thing, one)
    return reporters


def told(person, kind: str) -> list[str]:
    return list(Notification.objects.filter(user=user_of(person), kind=kind).values_list("text", flat=True))


def test_the_third_report_holds_an_answer_until_the_staff_has_looked() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    given = answer(question, bob)
    reported(2, given)
    given.refresh_from_db()
    assert given.state == "visible"
    report(given, member("Charlie", scored=True))
    given.refresh_from_db()
    question.refresh_from_db()
    assert (given.state, given.ground, question.answered) == ("held", "reports", 0)
    entry = ModerationEntry.objects.get()
    assert (entry.action, entry.user, entry.answer, entry.reason) == ("hold", None, given, "3 people reported it.")
    assert "several people reported it" in told(bob, "post_held")[0]


@pytest.mark.parametrize("values", [{"scored": False}, {"days": 6}, {"kind": "organisation"}])
def test_reports_of_people_without_a_standing_hold_nothing(values: dict) -> None:
    question = ask(member("Alice"))
    reported(5, question, **values)
    question.refresh_from_db()
    assert question.state == "visible"
    # The staff sees them nevertheless.
    assert Report.objects.filter(question=question, decided_at=None).count() == 5


def test_reports_of_who_was_mostly_wrong_hold_nothing() -> None:
    alice = member("Alice")
    by = staff()
    reporters = [member(f"Reporter{i}", scored=True) for i in range(2)]
    wrong = member("Wrong", scored=True)
    for number in range(3):
        question = ask(alice, f"What about hive number {number}?", at=AT + number * DAY)
        report(question, wrong)
        deciding.let_stand(thing=question, user=by, note="Nothing is wrong with it.", at=AT + number * DAY)
    question = ask(alice, "When do bees sleep in winter?", at=AT + 4 * DAY)
    for one in (*reporters, wrong):
        report(question, one)
    question.refresh_from_db()
    assert question.state == "visible"
    report(question, member("Charlie", scored=True))
    question.refresh_from_db()
    assert question.state == "held"


def test_what_the_staff_let_stand_is_not_held_again_by_more_reports() -> None:
    alice, by = member("Alice"), staff()
    question = ask(alice)
    reported(3, question)
    deciding.let_stand(thing=question, user=by, at=AT + HOUR)
    for number in range(3):
        report(question, member(f"More{number}", scored=True), at=AT + 2 * HOUR)
    question.refresh_from_db()
    assert question.state == "visible"
    # Other words are looked at anew.
    question.changed_at = AT + 3 * HOUR
    question.save()
    report(question, member("Charlie", scored=True), at=AT + 4 * HOUR)
    question.refresh_from_db()
    assert question.state == "held"


def test_nobody_reports_twice_nor_what_they_wrote_themselves() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    first = report(question, bob)
    assert report(question, bob, "abuse").pk == first.pk
    with pytest.raises(NotAllowed):
        report(question, alice)
    assert Report.objects.count() == 1


@pytest.mark.parametrize(("reason", "text"), [("", ""), ("nonsense", ""), ("other", " ")])
def test_a_report_says_what_is_wrong(reason: str, text: str) -> None:
    with pytest.raises(Unfit):
        report(ask(member("Alice")), member("Bob"), reason, text)


def test_the_twenty_first_report_of_a_day_waits() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    given = [answer(question, member(f"Member{i}"), f"This is answer number {i}.") for i in range(21)]
    for one in given[:20]:
        report(one, bob)
    with pytest.raises(TooMany):
        report(given[20], bob)


def test_a_removed_answer_tells_its_author_why_and_its_reporters_that_they_were_right() -> None:
    alice, bob, charlie, by = member("Alice"), member("Bob"), member("Charlie"), staff()
    question = ask(alice)
    given = answer(question, bob)
    report(given, charlie)
    deciding.remove(thing=given, user=by, ground=Ground.SPAM, note="It sells something.", at=AT + HOUR)
    given.refresh_from_db()
    question.refresh_from_db()
    assert (given.state, given.ground, given.note, question.answered) == ("removed", "spam", "It sells something.", 0)
    assert "advertising or spam" in told(bob, "post_removed")[0]
    assert "It sells something." in told(bob, "post_removed")[0]
    assert "the answer that you reported was removed" in told(charlie, "report_decided")[0]
    row = Report.objects.get()
    assert (row.upheld, row.decided_at) == (True, AT + HOUR)
    entry = ModerationEntry.objects.get()
    assert (entry.action, entry.user, entry.person, entry.reason) == ("remove", by, bob, "spam: It sells something.")
    with pytest.raises(NotNow):
        deciding.remove(thing=given, user=by, ground=Ground.SPAM, note="Again.", at=AT)
    assert ModerationEntry.objects.count() == 1


def test_a_report_that_is_turned_down_lets_it_stand_and_counts_against_nobody_but_the_reporter() -> None:
    alice, bob, by = member("Alice"), member("Bob"), staff()
    question = ask(alice)
    report(question, bob)
    deciding.let_stand(thing=question, user=by, note="It is a fair question.", at=AT)
    assert "lets it stand" in told(bob, "report_decided")[0]
    assert Report.objects.get().upheld is False
    # Its author never heard of it.
    assert not Notification.objects.filter(user=user_of(alice)).exists()
    assert ModerationEntry.objects.get().action == "dismiss"
    with pytest.raises(NotNow):
        deciding.let_stand(thing=question, user=by, at=AT)


def test_an_objection_is_read_once_and_puts_it_back_or_not() -> None:
    alice, bob, by = member("Alice"), member("Bob"), staff()
    question = ask(alice)
    given = answer(question, bob)
    me = {"thing": given, "person": bob, "user": user_of(bob)}
    with pytest.raises(NotNow):
        reporting.object_to(text="Why?", at=AT, **me)
    deciding.remove(thing=given, user=by, ground=Ground.OTHER, note="Rude.", at=AT)
    with pytest.raises(NotAllowed):
        reporting.object_to(thing=given, person=alice, user=user_of(alice), text="It is fine.", at=AT)
    reporting.object_to(text="It is a proverb.", at=AT + HOUR, **me)
    with pytest.raises(NotNow):
        reporting.object_to(text="Really.", at=AT + HOUR, **me)
    deciding.refuse_objection(thing=given, user=by, note="Rude all the same.", at=AT + 2 * HOUR)
    assert "Rude all the same." in told(bob, "objection_refused")[0]
    with pytest.raises(NotNow):
        reporting.object_to(text="Once more.", at=AT + 3 * HOUR, **me)
    deciding.let_stand(thing=given, user=by, note="On second thoughts.", at=AT + 4 * HOUR)
    question.refresh_from_db()
    assert question.answered == 1
    assert told(bob, "post_shown")
    assert list(ModerationEntry.objects.order_by("at").values_list("action", flat=True)) == [
        *("remove", "refuse objection", "restore")
    ]


def test_an_answer_that_was_held_from_the_first_is_told_of_when_it_is_shown() -> None:
    alice, new, by = member("Alice"), member("Bob", days=2), staff()
    given = answer(ask(alice), new, "See https://library.example/bees for it.")
    deciding.let_stand(thing=given, user=by, at=AT + HOUR)
    assert "Bob Archer has answered" in told(alice, "question_answered")[0]


def test_what_was_withdrawn_stays_withdrawn() -> None:
    from scoring.questions import answering

    bob = member("Bob")
    given = answer(ask(member("Alice")), bob)
    reported(3, given)
    answering.withdraw(answer=given, person=bob, user=user_of(bob), at=AT)
    with pytest.raises(NotNow):
        deciding.let_stand(thing=given, user=staff(), at=AT)
    with pytest.raises(NotNow):
        report(given, member("Charlie"))


def test_a_removal_says_why() -> None:
    question = ask(member("Alice"))
    by = staff()
    with pytest.raises(Unfit):
        deciding.remove(thing=question, user=by, ground=Ground.SPAM, note=" ", at=AT)
    with pytest.raises(Unfit):
        deciding.remove(thing=question, user=by, ground=Ground.REPORTS, note="Reported.", at=AT)
    assert not ModerationEntry.objects.exists()


def test_lines_of_the_log_are_only_added() -> None:
    question = ask(member("Alice"))
    reported(3, question)
    entry = ModerationEntry.objects.get()
    for attempt in (
        lambda: ModerationEntry.objects.update(reason="Nothing happened."),
        lambda: ModerationEntry.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            attempt()
    # Names go when somebody is erased.
    assert ModerationEntry.objects.update(person=None) == 1


def test_old_reports_are_forgotten_and_open_ones_kept() -> None:
    alice, by = member("Alice"), staff()
    decided, open_ = ask(alice), ask(alice, "Which hive is best for beginners?")
    bob = member("Bob")
    report(decided, bob)
    report(open_, bob)
    deciding.let_stand(thing=decided, user=by, at=AT + DAY)
    assert reporting.forget_reports(AT + timedelta(days=365)) == 0
    assert reporting.forget_reports(AT + timedelta(days=366)) == 1
    assert Report.objects.get().question == open_


def test_mails_of_decisions_come_whatever_one_chose(django_capture_on_commit_callbacks) -> None:
    bob = member("Bob")
    NotificationChoice.objects.create(user=user_of(bob), matter="moderation", mail="off", on_site=False, push=False)
    given = answer(ask(member("Alice")), bob)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        deciding.remove(thing=given, user=staff(), ground=Ground.SPAM, note="It sells something.", at=AT)
    assert [message.to for message in mail.outbox] == [["bob@example.com"]]


def test_who_has_a_score_later_counts_from_then_on() -> None:
    question = ask(member("Alice"))
    later = reported(3, question, scored=False)
    for one in later[:2]:
        give_score(one)
    report(question, member("Charlie", scored=True))
    question.refresh_from_db()
    assert question.state == "held"
