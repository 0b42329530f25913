"""What is due is claimed once, in one query for any number; what fails waits longer, and is parked in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from celery import current_app
from django.core import mail
from django.db import connections

from accounts import erasure, linking
from accounts.models import Credential, Cursor, LinkedAccount
from accounts.networks import NETWORKS
from accounts.networks.base import RateLimited
from klout.celery import app
from scoring import tasks
from scoring.collect import pulling, schedule
from tests.fakes.loopback import Reply
from tests.scoring.collect.conftest import AT
from tests.scoring.collect.towns import fill

pytestmark = pytest.mark.django_db
MASTODON = NETWORKS["mastodon"].spec
HOUR = timedelta(hours=1)


def ids(link: LinkedAccount) -> set[int]:
    return set(link.cursors.values_list("pk", flat=True))


# ---------------------------------------------------------------- what is due


@pytest.mark.parametrize("people", [10, 1000])
def test_a_round_takes_one_query_however_many_are_due(people, django_assert_num_queries):
    fill(people, at=AT, due=AT - HOUR, networks=["mastodon"], streams=["profile", "notifications"])
    with django_assert_num_queries(1):
        claimed = schedule.claim(at=AT)
    assert len(claimed) == 2 * people
    assert {network for _, network in claimed} == {"mastodon"}


def test_what_is_claimed_is_claimed_once_and_again_when_it_was_lost(link):
    assert {cursor for cursor, _ in schedule.claim(at=AT)} == ids(link)
    assert schedule.claim(at=AT + schedule.LOST - timedelta(seconds=1)) == []
    assert {cursor for cursor, _ in schedule.claim(at=AT + schedule.LOST)} == ids(link)


def test_a_round_is_bounded_and_the_longest_due_come_first(link):
    first, second, *_ = sorted(ids(link))
    Cursor.objects.filter(pk=second).update(due_at=AT - HOUR)
    assert schedule.claim(at=AT, limit=1) == [(second, "mastodon")]
    assert schedule.claim(at=AT, limit=1) == [(first, "mastodon")]


@pytest.mark.parametrize(
    "change",
    [
        {"due_at": AT + timedelta(seconds=1)},
        {"next_allowed_at": AT + timedelta(seconds=1)},
        {"parked_at": AT - HOUR},
        {"queued_at": AT - timedelta(minutes=59)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_due_is_not_claimed(link, change):
    link.cursors.update(**change)
    assert schedule.claim(at=AT) == []
    assert schedule.due(at=AT) == {}


def test_only_what_can_be_read_is_claimed(link, linked):
    LinkedAccount.objects.update(state=LinkedAccount.State.BROKEN)
    assert schedule.claim(at=AT) == []
    LinkedAccount.objects.update(state=LinkedAccount.State.ACTIVE)
    assert schedule.claim(at=AT, without=["mastodon"]) == []
    Credential.objects.all().delete()
    assert schedule.claim(at=AT) == []
    dead = linked("Bob", "friendster", "1")
    Cursor.objects.create(link=dead, stream="profile", due_at=AT)
    assert schedule.claim(at=AT) == []


def test_of_who_asked_to_be_erased_nothing_more_is_collected(link):
    erasure.ask(person=link.person, at=AT)
    assert schedule.claim(at=AT) == []
    assert schedule.due(at=AT) == {}
    erasure.withdraw(person=link.person)
    assert {cursor for cursor, _ in schedule.claim(at=AT)} == ids(link)


def test_a_page_is_read_with_the_token_of_the_account_it_came_with(link, linked):
    page = linked("Alice", "mastodon", "page@town.example", token=None)
    cursor = Cursor.objects.create(link=page, stream="profile", due_at=AT)
    assert cursor.pk not in {pk for pk, _ in schedule.claim(at=AT)}
    LinkedAccount.objects.filter(pk=page.pk).update(through=link)
    assert schedule.claim(at=AT) == [(cursor.pk, "mastodon")]


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_claim_nothing_twice(race):
    fill(500, at=AT, due=AT - HOUR, networks=["mastodon"], streams=["profile", "notifications"])
    claimed = race(lambda _: schedule.claim(at=AT), 4)
    every = [pk for pks in claimed for pk, _ in pks]
    assert len(every) == len(set(every))
    # What another round held was left to it; the next round finds nothing that was forgotten.
    assert len(every) + len(schedule.claim(at=AT)) == 1000


@pytest.mark.django_db(transaction=True)
def test_a_round_does_not_wait_for_a_cursor_that_is_being_stored(link):
    first, *others = sorted(ids(link))
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM accounts_cursor WHERE id = %s FOR UPDATE", [first])
        assert sorted(schedule.claim(at=AT)) == [(pk, "mastodon") for pk in others]
    finally:
        other.rollback()
        other.close()


def test_streams_of_a_newer_version_are_given_to_those_who_lack_them(link, linked):
    link.cursors.filter(stream="notifications").delete()
    uploaded = linked("Bob", "mastodon", "bob@town.example", token=None)
    LinkedAccount.objects.filter(pk=uploaded.pk).update(proof="upload")
    assert schedule.complete(at=AT) == 1
    assert set(link.cursors.values_list("stream", flat=True)) == set(MASTODON.streams)
    assert schedule.complete(at=AT) == 0


def test_a_stream_that_was_not_allowed_is_not_given(link, monkeypatch):
    link.cursors.filter(stream="notifications").delete()
    needs = dict(MASTODON.needs) | {"notifications": ("read:notifications",)}
    monkeypatch.setattr(type(NETWORKS["mastodon"]), "spec", replace(MASTODON, needs=needs))
    Credential.objects.update(scopes=["profile"])
    assert schedule.complete(at=AT) == 0
    Credential.objects.update(scopes=["profile", "read:notifications"])
    assert schedule.complete(at=AT) == 1


# ---------------------------------------------------------------- when next


def test_the_next_reading_is_the_networks_hours_away_and_not_the_same_for_all(link):
    every = timedelta(hours=MASTODON.every)
    times = {schedule.next_reading(MASTODON, Cursor(pk=pk), AT) for pk in range(200)}
    assert len(times) == 200
    assert all(AT + every <= time <= AT + every * 1.1 for time in times)
    assert max(times) - min(times) > every * 0.08
    again = schedule.next_reading(MASTODON, Cursor(pk=7), AT + timedelta(minutes=5))
    assert again - AT == schedule.next_reading(MASTODON, Cursor(pk=7), AT) - AT + timedelta(minutes=5)


def test_failures_wait_longer_each_time_and_after_days_are_parked_and_told_once(
    link, django_capture_on_commit_callbacks
):
    profile, notifications, *_ = link.cursors.order_by("pk")
    waits, at = [], AT
    with django_capture_on_commit_callbacks(execute=True):
        while not Cursor.objects.get(pk=profile.pk).parked_at:
            schedule.fail(profile, error="it did not answer", at=at)
            due_at = Cursor.objects.get(pk=profile.pk).due_at
            waits.append((due_at - at).total_seconds() / 60)
            at = due_at
        schedule.fail(notifications, error="it did not answer", at=AT)
        for _ in range(9):
            schedule.fail(notifications, error="it did not answer", at=at + schedule.PATIENCE)
    for wait, least in zip(waits, (5, 15, 45, 135, 360, 360), strict=False):
        assert least <= wait <= least * 1.1
    assert at - AT >= schedule.PATIENCE
    assert at - AT - timedelta(minutes=waits[-1]) < schedule.PATIENCE + timedelta(hours=7)
    assert link.cursors.filter(parked_at__isnull=False).count() == 2
    (message,) = mail.outbox
    assert "it did not answer" in message.body
    assert "Mastodon" in message.subject
    claimed = {pk for pk, _ in schedule.claim(at=at + timedelta(days=30))}
    assert claimed == ids(link) - {profile.pk, notifications.pk}


def test_a_short_outage_parks_nobody_however_often_it_was_tried(link):
    cursor = link.cursors.first()
    for minute in range(50):
        schedule.fail(cursor, error="down", at=AT + timedelta(minutes=minute))
    cursor.refresh_from_db()
    assert (cursor.failures, cursor.parked_at) == (50, None)


def test_a_reading_that_goes_well_forgets_the_failures(server, link):
    cursor = link.cursors.get(stream="profile")
    schedule.fail(cursor, error="down", at=AT - HOUR)
    assert pulling.attempt(cursor_id=cursor.pk, at=AT).state == "read"
    cursor.refresh_from_db()
    assert (cursor.failures, cursor.failing_since, cursor.error) == (0, None, "")
    assert cursor.due_at > AT + timedelta(hours=11)


def test_who_is_unparked_is_read_at_once_and_what_was_not_allowed_stays_so(link):
    link.cursors.filter(stream="profile").update(parked_at=AT, failures=9, failing_since=AT, due_at=AT + 9 * HOUR)
    link.cursors.exclude(stream="profile").update(parked_at=AT, error="You did not allow this to be read.")
    assert schedule.unpark(Cursor.objects.all(), at=AT) == 1
    assert {pk for pk, _ in schedule.claim(at=AT)} == {link.cursors.get(stream="profile").pk}


def test_a_network_that_counts_all_our_calls_holds_everybody(server, link, monkeypatch):
    until = AT + 2 * HOUR
    monkeypatch.setattr(
        type(NETWORKS["mastodon"]), "judge", lambda *_: RateLimited(until, everybody=True), raising=False
    )
    server.faults.append(Reply(403, {"error": "quotaExceeded"}))
    first, second, *others = sorted(ids(link))
    assert pulling.attempt(cursor_id=first, at=AT).state == "waiting"
    link.cursors.update(due_at=AT, next_allowed_at=None)
    assert schedule.claim(at=AT) == []
    asked = len(server.asked)
    assert pulling.attempt(cursor_id=second, at=AT).state == "waiting"
    assert len(server.asked) == asked
    assert {pk for pk, _ in schedule.claim(at=until)} == {first, second, *others}


# ---------------------------------------------------------------- queues


@pytest.fixture
def published(monkeypatch) -> list[tuple[int, str, int]]:
    sent: list[tuple[int, str, int]] = []

    def apply_async(args, *, queue, priority, **_):
        if len(sent) == 1:
            raise ConnectionError("the broker went away")
        sent.append((args[0], queue, priority))

    monkeypatch.setattr(tasks.pull_stream, "apply_async", apply_async)
    return sent


def test_what_cannot_be_queued_is_claimed_by_the_next_round(link, published):
    with pytest.raises(ConnectionError):
        tasks.queue_pulls(schedule.claim(at=AT), priority=tasks.DUE)
    ((queued, queue, priority),) = published
    assert (queue, priority) == ("pull.mastodon", tasks.DUE)
    assert {pk for pk, _ in schedule.claim(at=AT)} == ids(link) - {queued}


def test_an_account_just_linked_is_queued_at_once(link, monkeypatch):
    link.cursors.update(due_at=AT - timedelta(days=1))
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: sent.append((name, args)))
    linking.linked.send(sender=LinkedAccount, link=link, at=AT)
    assert sent == [("scoring.tasks.read_link", [link.pk])]
    queued = []
    monkeypatch.setattr(
        tasks, "queue_pulls", lambda claimed, priority: queued.extend((pk, priority) for pk, _ in claimed)
    )
    tasks.read_link(link.pk)
    assert {pk for pk, _ in queued} == ids(link)
    assert {priority for _, priority in queued} == {tasks.AWAITED}


def test_the_beat_has_a_round_every_minute(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["schedule pulls"]
    assert entry["schedule"] == 60.0
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
