"""Linked accounts, read from a Mastodon server that plays on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import stamina
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import tokens
from accounts.models import Account, Credential, Cursor, LinkedAccount, Membership, Person, User
from accounts.networks import mastodon as mastodon_network
from accounts.networks.base import RateLimited, Revoked, Unreachable
from scoring import log
from scoring.collect import pulling
from scoring.collect.connecting import connect
from scoring.collect.links import AlreadyLinked
from scoring.collect.summary import Refused
from scoring.models import CounterReading, Interaction, Post
from tests.fakes.loopback import Reply
from tests.fakes.mastodon import TOKEN, FakeMastodon

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = AT - timedelta(days=3)


@pytest.fixture
def server(settings) -> Iterator[FakeMastodon]:
    with FakeMastodon() as fake, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_PRIVATE_HOSTS = [fake.host]
        yield fake


@pytest.fixture
def alice() -> Person:
    person = Person.objects.create(handle="Alice")
    user = User.objects.create_user("alice@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    return person


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
        connect(person=alice, network="facebook", server="", token="x", at=AT)
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
