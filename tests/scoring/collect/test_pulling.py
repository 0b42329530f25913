"""Linked accounts, read from a Mastodon server that plays on the loopback."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, connections

from accounts import privacy, tokens
from accounts.models import Account, Credential, Cursor, LinkedAccount, Pause, Person
from accounts.networks import NETWORKS
from accounts.networks import mastodon as mastodon_network
from accounts.networks.base import RateLimited, Revoked, Unreachable
from klout.processes import wait_until
from scoring import log, tasks
from scoring.collect import pulling, schedule
from scoring.collect.connecting import connect
from scoring.collect.links import AlreadyLinked
from scoring.collect.summary import Refused
from scoring.models import CounterReading, Interaction, Post
from tests.fakes.loopback import Reply
from tests.fakes.mastodon import TOKEN

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = AT - timedelta(days=3)


@pytest.fixture
def link(server, alice) -> LinkedAccount:
    return connect(person=alice, network="mastodon", server=server.url, token=TOKEN, at=AT)


def test_everything_new_is_read_and_a_second_time_nothing(server, link):
    server.notify_many(200, START)
    summary = pulling.pull_link(link=link, at=AT)
    assert Interaction.objects.filter(target=link.account_id).count() == 200
    assert CounterReading.objects.get(account=link.account_id, name="followers").value == 12
    assert Post.objects.filter(account=link.account_id).count() == 7
    assert Account.objects.exclude(pk=link.account_id).filter(handle="").count() == 0
    assert summary.accounts_new == Account.objects.count() - 1 > 40
    again = pulling.pull_link(link=link, at=AT)
    assert (again.new, again.known) == (0, 3)
    server.notify_many(10, AT)
    assert pulling.pull_link(link=link, at=AT + timedelta(hours=1)).new >= 10


def test_rows_and_cursor_are_stored_together_or_not_at_all(server, link, monkeypatch):
    monkeypatch.setattr(mastodon_network, "PAGE", 20)
    server.notify_many(50, START)
    update = pulling.merge
    calls = []

    def failing(staging: object, summary: object) -> None:
        update(staging, summary)
        calls.append(staging)
        if len(calls) == 3:
            raise RuntimeError("the power went out")

    monkeypatch.setattr(pulling, "merge", failing)
    with pytest.raises(RuntimeError):
        pulling.pull_link(link=link, at=AT)
    # The profile and the first page of notifications are in; the second is not, and neither is its cursor.
    assert Interaction.objects.count() == 20
    assert Cursor.objects.get(link=link, stream="notifications").value == {"min_id": "20"}
    pulling.pull_link(link=link, at=AT)
    assert Interaction.objects.count() == 50


def test_what_was_compacted_is_known_when_it_is_read_again(server, link):
    server.notify_many(30, START)
    pulling.pull_link(link=link, at=AT)
    log.compact(AT.date() + timedelta(days=1))
    Cursor.objects.filter(link=link).update(value={})
    summary = pulling.pull_link(link=link, at=AT)
    assert summary.new == 0
    assert not Interaction.objects.exists()


def test_a_network_that_wants_a_pause_gets_it(server, link):
    server.notify_many(5, START)
    until = AT + timedelta(minutes=20)
    limited = Reply(429, {"error": "Too many requests"}, headers={"X-RateLimit-Reset": until.isoformat()})
    server.faults.extend([limited] * 2)
    with pytest.raises(RateLimited):
        pulling.pull_link(link=link, at=AT)
    cursor = Cursor.objects.get(link=link, stream="profile")
    assert cursor.next_allowed_at == until
    asked = len(server.asked)
    assert pulling.pull_due(at=AT + timedelta(minutes=19)).waiting == 1
    assert len(server.asked) == asked
    done = pulling.pull_due(at=AT + timedelta(minutes=21))
    assert (done.links, done.waiting) == (1, 0)
    assert Interaction.objects.count() == 5
    cursor.refresh_from_db()
    assert (cursor.next_allowed_at, cursor.error) == (None, "")


def test_a_token_taken_back_breaks_the_link_and_says_so_once(server, link, django_capture_on_commit_callbacks):
    server.tokens.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert pulling.pull_due(at=AT).broken == 1
        assert pulling.pull_due(at=AT).broken == 0
    link.refresh_from_db()
    assert link.state == LinkedAccount.State.BROKEN
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]
    assert TOKEN not in message.body
    # Connected again, it is read again.
    server.tokens["another-token"] = {"read"}
    connect(person=link.person, network="mastodon", server=server.url, token="another-token", at=AT)
    assert pulling.pull_due(at=AT).links == 1


def test_a_server_that_is_down_is_tried_again_and_stops_nobody_else(server, link, settings):
    bob = Person.objects.create(handle="Bob")
    gone = LinkedAccount.objects.create(
        account=Account.objects.create(network="mastodon", external_id="bob@gone.example"),
        person=bob,
        server="http://127.0.0.1:9",
    )
    settings.NETWORK_PRIVATE_HOSTS = [server.host, "127.0.0.1:9"]
    Credential.objects.create(link=gone, token=tokens.encrypt("x"))
    lost = LinkedAccount.objects.create(
        account=Account.objects.create(network="mastodon", external_id="bob@lost.example"), person=bob
    )
    Credential.objects.create(link=lost, token=b"encrypted with a key that was lost")
    server.notify_many(5, START)
    said: list[str] = []
    done = pulling.pull_due(at=AT, progress=said.append)
    assert (done.links, done.failed) == (1, 2)
    assert "2 accounts that could not be read" in done.line()
    assert "did not answer" in Cursor.objects.get(link=gone, stream="profile").error
    gone.refresh_from_db()
    assert gone.state == LinkedAccount.State.ACTIVE
    assert Interaction.objects.count() == 5
    assert len(said) == 3


def test_a_page_read_by_two_at_once_moves_the_cursor_once(server, link, monkeypatch):
    server.notify_many(5, START)
    merge, pages = pulling.merge, []

    def overtaken(staging: object, summary: object) -> None:
        pages.append(staging)
        if len(pages) == 2:
            Cursor.objects.filter(stream="notifications").update(value={"min_id": "77"})
        merge(staging, summary)

    monkeypatch.setattr(pulling, "merge", overtaken)
    with pytest.raises(pulling.Overtaken):
        pulling.pull_link(link=link, at=AT)
    assert not Interaction.objects.exists()


def test_a_record_that_cannot_be_used_loses_no_other(server, link):
    server.notify_many(5, START)
    server.notifications[2]["created_at"] = "in the evening"
    server.notify("favourite", "eve", AT + timedelta(days=30))
    summary = pulling.pull_link(link=link, at=AT)
    assert (Interaction.objects.count(), summary.rejected, len(summary.reasons)) == (4, 2, 2)


def test_an_account_of_somebody_else_cannot_be_connected(server, link):
    bob = Person.objects.create(handle="Bob")
    with pytest.raises(AlreadyLinked, match="linked to somebody else"):
        connect(person=bob, network="mastodon", server=server.url, token=TOKEN, at=AT)
    assert not bob.links.exists()


def test_nothing_is_kept_of_a_token_that_does_not_open(server, alice):
    with pytest.raises(Revoked):
        connect(person=alice, network="mastodon", server=server.url, token="wrong", at=AT)
    with pytest.raises(Refused, match="is not read through an API"):
        connect(person=alice, network="googleplus", server="", token="x", at=AT)
    with pytest.raises(Refused, match="say which one"):
        connect(person=alice, network="mastodon", server="", token="x", at=AT)
    assert not Account.objects.exists()
    assert not Credential.objects.exists()


def test_private_addresses_are_not_called(server, alice, settings):
    settings.NETWORK_PRIVATE_HOSTS = []
    with pytest.raises(Unreachable):
        connect(person=alice, network="mastodon", server=server.url, token=TOKEN, at=AT)
    assert server.asked == []


def test_the_token_is_stored_encrypted(link):
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM accounts_credential")
        assert TOKEN.encode() not in bytes(cursor.fetchone()[0])
    assert tokens.decrypt(Credential.objects.get().token) == TOKEN


def due(link: LinkedAccount) -> list[int]:
    return list(link.cursors.order_by("pk").values_list("pk", flat=True))


def test_a_long_reading_lets_others_have_their_turn_and_goes_on_where_it_was(server, link, monkeypatch):
    monkeypatch.setattr(mastodon_network, "PAGE", 20)
    server.notify_many(50, START)
    cursor = link.cursors.get(stream="notifications")
    turns = []
    for _ in range(4):
        done = pulling.attempt(cursor_id=cursor.pk, at=AT, enough=lambda: True)
        turns.append((done.state, Interaction.objects.count()))
        cursor.refresh_from_db()
    assert turns == [("more", 20), ("more", 40), ("more", 50), ("read", 50)]
    assert (cursor.pulled_at, cursor.queued_at) == (AT, None)
    assert cursor.due_at > AT


def test_a_stream_that_was_read_is_left_alone_when_its_task_comes_twice(server, link):
    first = due(link)[0]
    assert pulling.attempt(cursor_id=first, at=AT).state == "read"
    asked = len(server.asked)
    assert pulling.attempt(cursor_id=first, at=AT).state == "left"
    assert pulling.attempt(cursor_id=0, at=AT).state == "left"
    assert len(server.asked) == asked


def test_the_day_reads_what_is_due_and_leaves_what_a_worker_has_before_it(server, link):
    schedule.claim(at=AT)
    asked = len(server.asked)
    assert pulling.pull_due(at=AT + timedelta(minutes=30)).links == 0
    assert len(server.asked) == asked
    assert pulling.pull_due(at=AT + schedule.LOST).links == 1
    assert pulling.pull_due(at=AT + schedule.LOST).links == 0


@pytest.mark.django_db(transaction=True)
def test_a_stream_is_read_by_one_process_at_a_time(server, link):
    first = due(link)[0]
    asked = len(server.asked)
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [pulling.LOCK, first])
        assert pulling.attempt(cursor_id=first, at=AT).state == "left"
        assert len(server.asked) == asked
    finally:
        other.close()
    assert wait_until(lambda: pulling.attempt(cursor_id=first, at=AT).state == "read", seconds=5)


def test_the_first_reading_ends_with_its_last_stream_and_asks_for_a_score_once(server, link):
    *rest, last = due(link)
    server.notify_many(5, START)
    for cursor in rest:
        assert pulling.attempt(cursor_id=cursor, at=AT).score is None
    assert LinkedAccount.objects.get().first_read_at is None
    assert pulling.attempt(cursor_id=last, at=AT).score == link.person_id
    assert LinkedAccount.objects.get().first_read_at == AT
    later = AT + timedelta(days=1)
    assert [pulling.attempt(cursor_id=cursor, at=later).score for cursor in due(link)] == [None] * len(due(link))
    assert LinkedAccount.objects.get().first_read_at == AT


def test_the_first_reading_does_not_wait_for_a_stream_that_the_network_puts_off(server, link):
    *rest, last = due(link)
    for cursor in rest:
        pulling.attempt(cursor_id=cursor, at=AT)
    until = (AT + timedelta(hours=6)).isoformat()
    server.faults.extend([Reply(429, {"error": "Too many requests"}, headers={"X-RateLimit-Reset": until})] * 2)
    assert (pulling.attempt(cursor_id=last, at=AT).score) == link.person_id
    assert LinkedAccount.objects.get().first_read_at == AT


def test_the_task_reads_and_has_the_person_scored(server, link, monkeypatch):
    link.cursors.update(due_at=AT - timedelta(days=1))
    scored, queued = [], []
    monkeypatch.setattr(tasks.score_provisionally, "delay", scored.append)
    monkeypatch.setattr(tasks, "queue_pulls", lambda claimed, priority: queued.extend(claimed))
    for cursor in due(link):
        tasks.pull_stream(cursor)
    assert (scored, queued) == ([link.person_id], [])


def test_a_task_whose_turn_is_over_is_queued_behind_the_others(server, link, monkeypatch):
    link.cursors.update(due_at=AT - timedelta(days=1))
    queued = []
    monkeypatch.setattr(mastodon_network, "PAGE", 2)
    monkeypatch.setattr(tasks, "TURN", -1.0)
    monkeypatch.setattr(tasks, "queue_pulls", lambda claimed, priority: queued.extend(claimed))
    server.notify_many(5, START)
    cursor = link.cursors.get(stream="notifications").pk
    tasks.pull_stream(cursor)
    assert Interaction.objects.count() == 2
    assert (cursor, "mastodon") in queued


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_while_they_are_read_and_nothing_is_read_of_who_was_erased(server, link):
    cursor, *others = due(link)
    refused = []

    def asked(_: object) -> None:
        try:
            privacy.unlink(link=link, at=AT)
        except privacy.Busy:
            refused.append(True)
        finally:
            connection.close()

    def in_a_thread(request: object) -> None:
        thread = threading.Thread(target=asked, args=(request,))
        thread.start()
        thread.join(10)

    server.faults.append(in_a_thread)
    assert pulling.attempt(cursor_id=cursor, at=AT).state == "read"
    assert refused == [True]
    privacy.erase_person(person=link.person, at=AT)
    assert pulling.attempt(cursor_id=others[0], at=AT).state == "left"
    assert not Interaction.objects.exists()


def test_a_key_that_was_lost_parks_nobody(link, settings):
    settings.TOKEN_KEYS = ["another key"]
    for day in range(9):
        assert pulling.attempt(cursor_id=due(link)[0], at=AT + timedelta(days=day)).state == "failed"
    cursor = Cursor.objects.get(pk=due(link)[0])
    assert cursor.parked_at is None
    assert "TOKEN_KEYS" in cursor.error
    assert cursor.due_at > AT + timedelta(days=8)


def test_a_reader_that_fails_in_a_way_of_its_own_is_tried_again_later_and_says_no_more_than_its_kind(
    server, link, monkeypatch, caplog
):
    def broken(*_: object) -> None:
        raise KeyError(TOKEN)

    monkeypatch.setattr(type(NETWORKS["mastodon"]), "pull", broken)
    assert pulling.attempt(cursor_id=due(link)[0], at=AT).state == "failed"
    cursor = Cursor.objects.get(pk=due(link)[0])
    assert "KeyError" in cursor.error
    assert TOKEN not in cursor.error
    assert "KeyError" in caplog.text
    assert TOKEN not in caplog.text
    assert (cursor.failures, cursor.queued_at) == (1, None)
    assert cursor.due_at > AT


def test_a_stream_or_a_network_of_an_older_version_is_read_by_nobody(server, link, linked):
    old = Cursor.objects.create(link=link, stream="pokes", due_at=AT)
    assert pulling.attempt(cursor_id=old.pk, at=AT).state == "left"
    assert not Cursor.objects.filter(pk=old.pk).exists()
    dead = Cursor.objects.create(link=linked("Bob", "friendster", "1"), stream="profile", due_at=AT)
    assert pulling.attempt(cursor_id=dead.pk, at=AT).state == "left"
    assert pulling.pull_due(at=AT).links == 1


def test_a_stream_that_was_not_allowed_is_asked_for_by_nobody(server, link):
    link.cursors.filter(stream="notifications").update(parked_at=AT, error="You did not allow this to be read.")
    server.notify_many(5, START)
    pulling.pull_link(link=link, at=AT)
    assert not any(asked.path == "/api/v1/notifications" for asked in server.asked)
    assert not Interaction.objects.exists()
    assert LinkedAccount.objects.get().first_read_at == AT


def test_a_page_breaks_with_the_account_that_it_is_read_through(server, link, linked):
    page = linked("Alice", "mastodon", "page@town.example", token=None)
    LinkedAccount.objects.filter(pk=page.pk).update(through=link, server=server.url)
    cursor = Cursor.objects.create(link=page, stream="notifications", due_at=AT, queued_at=AT)
    server.tokens.clear()
    assert pulling.attempt(cursor_id=cursor.pk, at=AT).state == "broken"
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {"broken"}
    assert Pause.objects.filter(ended_at=None, started_at=AT).count() == 2
    # Connected anew, nothing is left that would keep it from being read at once.
    assert not Cursor.objects.filter(queued_at__isnull=False).exists()


def test_no_log_line_and_no_error_shows_a_token(server, link, caplog):
    server.faults.append(Reply(401, {"error": f"the token {TOKEN} is not known"}))
    assert pulling.attempt(cursor_id=due(link)[0], at=AT).state == "broken"
    link.cursors.update(due_at=AT)
    LinkedAccount.objects.update(state="active")
    server.faults.extend([Reply(500, {"error": f"the token {TOKEN} is not known"})] * 9)
    assert pulling.attempt(cursor_id=due(link)[0], at=AT).state == "failed"
    assert caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(Cursor.objects.values_list("error", flat=True))


# ---------------------------------------------------------------- the command


def command(server: str, handle: str = "Alice") -> str:
    out = StringIO()
    call_command("link_account", "--network", "mastodon", "--handle", handle, "--server", server, stdout=out)
    return out.getvalue()


def test_the_command_links_and_reads_with_a_token_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("KLOUT_TOKEN", TOKEN)
    server.notify_many(5, datetime.now(UTC) - timedelta(days=3))
    text = command(server.url)
    assert f"alice@{server.host} is linked to Alice" in text
    assert "Alice is new here: hidden" in text
    assert TOKEN not in text
    assert Interaction.objects.count() == 5
    assert Person.objects.get().visibility == Person.Visibility.HIDDEN


def test_the_command_refuses_a_wrong_token_and_leaves_nobody_behind(server, monkeypatch):
    monkeypatch.setenv("KLOUT_TOKEN", "wrong")
    with pytest.raises(CommandError, match="401"):
        command(server.url)
    assert not Person.objects.exists()
