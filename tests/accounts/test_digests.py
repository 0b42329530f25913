"""The digest: one mail of all that waits, in the reader's morning, never twice, and never lost."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from accounts import digests
from accounts.models import Membership, Notification, NotificationChoice, Person, User

# A Tuesday.
NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)
MORNING = NIGHT.replace(hour=8, minute=1)
MONDAY = datetime(2026, 11, 30, 8, 1, tzinfo=UTC)


def wait(person: Person, subject: str = "Your score moved", *, at: datetime = NIGHT, kind: str = "score_moved") -> None:
    """Something waits for the digest since `at`; scores are wanted in it."""
    user = person.users.get()
    NotificationChoice.objects.get_or_create(
        user=user, matter="score", defaults={"mail": "digest", "on_site": True, "push": False}
    )
    Notification.objects.create(
        user=user,
        person=person,
        kind=kind,
        subject=subject,
        text=f"{subject}, and why.",
        url="/alice",
        created_at=at,
        in_digest=True,
    )


def daily(person: Person) -> Person:
    User.objects.filter(membership__person=person).update(digest="daily")
    return person


def send(at: datetime = MORNING) -> digests.Sent:
    return digests.send_due(at=at)


def sent() -> list[str]:
    return sorted(message.to[0].partition("@")[0] for message in mail.outbox)


def test_one_mail_of_all_that_waits_and_none_where_nothing_does(alice: Person, bob: Person) -> None:
    daily(alice), daily(bob)
    wait(alice, "First")
    wait(alice, "Second")
    assert send() == digests.Sent(mails=1)
    [message] = mail.outbox
    html = message.alternatives[0].content
    assert message.to == ["alice@example.org"]
    assert message.subject == "2 pieces of news at Klout"
    for text in (message.body, html):
        assert text.index("First, and why.") < text.index("Second, and why.")
        assert "/unsubscribe/" in text
        assert "every day" in text
    assert "/alice" in html
    assert not Notification.objects.filter(in_digest=True).exists()
    assert send() == digests.Sent()
    assert len(mail.outbox) == 1


def test_a_weekly_digest_comes_on_monday(alice: Person) -> None:
    wait(alice)
    for at in (MORNING, MONDAY - timedelta(days=1), MONDAY - timedelta(minutes=2)):
        assert send(at) == digests.Sent()
    assert send(MONDAY) == digests.Sent(mails=1)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("Asia/Kolkata", (2, 30)), ("America/New_York", (13, 0)), ("Pacific/Kiritimati", (18, 0)), ("UTC", (8, 0))],
)
def test_it_comes_in_the_reader_s_morning(alice: Person, zone: str, utc: tuple[int, int]) -> None:
    daily(alice)
    Person.objects.update(time_zone=zone)
    begun = datetime(2026, 11, 25, *utc, tzinfo=UTC)
    wait(alice, at=begun - timedelta(hours=5))
    assert send(begun - timedelta(minutes=1)) == digests.Sent()
    assert send(begun + timedelta(minutes=1)) == digests.Sent(mails=1)


def test_what_came_after_the_morning_waits_for_the_next(alice: Person) -> None:
    daily(alice)
    wait(alice, at=MORNING + timedelta(minutes=5))
    assert send(MORNING + timedelta(hours=5)) == digests.Sent()
    assert send(MORNING + timedelta(days=1)) == digests.Sent(mails=1)


def test_a_morning_that_was_missed_is_made_up_for(alice: Person) -> None:
    daily(alice)
    wait(alice)
    assert send(MORNING + timedelta(hours=9)) == digests.Sent(mails=1)


def test_what_should_have_been_mailed_at_once_does_not_wait_for_monday(alice: Person, bob: Person) -> None:
    wait(alice, "Somebody claims it", kind="claim_made")
    wait(bob, "Your account", kind="link_broken")
    assert send(NIGHT + timedelta(minutes=5)) == digests.Sent()
    assert send(NIGHT + timedelta(minutes=11)) == digests.Sent(mails=2)


def test_lines_name_the_person_where_a_log_in_speaks_for_several(alice: Person, bob: Person) -> None:
    daily(alice)
    Membership.objects.create(user=alice.users.get(), person=bob)
    wait(alice, "First")
    Notification.objects.create(
        user=alice.users.get(), person=bob, kind="score_moved", subject="Second", created_at=NIGHT, in_digest=True
    )
    send()
    assert "Bob: Second" in mail.outbox[0].body


def test_who_no_longer_speaks_for_somebody_hears_nothing_of_them(alice: Person) -> None:
    wait(daily(alice))
    Membership.objects.all().delete()
    assert send() == digests.Sent()
    assert mail.outbox == []


def test_one_mail_server_s_no_to_one_address_stops_nobody_else(alice: Person, bob: Person, monkeypatch) -> None:
    for person in (alice, bob):
        wait(daily(person))
    keep = EmailBackend.send_messages

    def picky(self, messages):
        if messages[0].to == ["alice@example.org"]:
            raise SMTPRecipientsRefused({})
        return keep(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", picky)
    assert send() == digests.Sent(mails=1, failed=1)
    monkeypatch.undo()
    assert send() == digests.Sent(mails=1)
    assert sent() == ["alice", "bob"]


def test_without_a_mail_server_it_soon_gives_up_and_nothing_is_lost(join, monkeypatch) -> None:
    people = [daily(join(f"Person{number}")) for number in range(8)]
    for person in people:
        wait(person)

    def gone(self, messages):
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", gone)
        assert send() == digests.Sent(failed=digests.FAILURES)
    assert send() == digests.Sent(mails=8)


def test_a_run_that_was_killed_is_taken_up_where_it_was(join, monkeypatch) -> None:
    for number in range(5):
        wait(daily(join(f"Person{number}")))
    keep, calls = digests.digest_of, []

    def dying(*given):
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return keep(*given)

    monkeypatch.setattr(digests, "digest_of", dying)
    with pytest.raises(KeyboardInterrupt):
        send()
    assert len(mail.outbox) == 3
    assert send() == digests.Sent(mails=2)
    assert sent() == [f"person{number}" for number in range(5)]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_mail_nobody_twice(alice: Person, race, monkeypatch, guarded: bool) -> None:
    wait(daily(alice))
    keep = digests.digest_of

    def slow(*given):
        # Long enough for the other run to have read what waits.
        time.sleep(0.3)
        return keep(*given)

    monkeypatch.setattr(digests, "digest_of", slow)
    if not guarded:
        # The negative control: without the locks the race is there, and is lost.
        monkeypatch.setattr(digests, "waiting_for", lambda user: Notification.objects.filter(user=user, in_digest=True))
    found = race(lambda _: send().mails, 2)
    assert sum(found) == (1 if guarded else 2)
    assert len(mail.outbox) == sum(found)


@pytest.mark.django_db(transaction=True)
def test_what_is_being_mailed_at_once_is_left_alone(alice: Person, race, monkeypatch) -> None:
    wait(alice, kind="link_broken")
    row = Notification.objects.get()
    with transaction.atomic():
        Notification.objects.select_for_update().get(pk=row.pk)
        assert race(lambda _: digests.send_to(row.user_id, mail.get_connection()), 1) == [False]
    assert race(lambda _: digests.send_to(row.user_id, mail.get_connection()), 1) == [True]
