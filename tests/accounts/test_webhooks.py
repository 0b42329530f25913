"""Webhooks: others' programs are told once they answer, by who can prove to be us, and no other address is called."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina
from django.core import mail
from django.db import connection

from accounts import calling, webhooks
from accounts.models import User, WebhookDelivery, WebhookEndpoint, WebhookTry
from accounts.signatures import TOLERANCE, WrongSignature, headers_of, new_secret, signed, verify
from accounts.tasks import deliver_webhooks, forget_webhooks
from tests.fakes.loopback import Asked, Reply
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State
NOW = datetime.now(UTC)
OWNER = "shop:1"


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with Receiver() as receiver, stamina.set_testing(True, attempts=1):
        settings.NETWORK_PRIVATE_HOSTS = [receiver.host]
        # However late in a run of all tests this one comes.
        receiver.clock = NOW.timestamp
        yield receiver


@pytest.fixture(autouse=True)
def events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "EVENTS", {**webhooks.EVENTS, "sold": "something was sold"})


@pytest.fixture
def endpoint(receiver: Receiver) -> WebhookEndpoint:
    made, receiver.secret = webhooks.add(owner=OWNER, url=receiver.address, events=["sold"])
    return made


def tell(about: str = "sale:1", at: datetime = NOW, **payload: Any) -> int:
    return webhooks.enqueue(owner=OWNER, event="sold", about=about, payload={"sale": about} | payload, at=at)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_what_happened_is_told_once_and_signed(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    assert tell() == 1
    assert tell() == 0
    assert webhooks.deliver_due(NOW) == (1, 0)
    assert webhooks.deliver_due(NOW) == (0, 0)
    [told] = receiver.told
    assert told == {"type": "sold", "timestamp": NOW.isoformat(), "data": {"sale": "sale:1"}}
    assert only().state == State.DELIVERED
    assert receiver.asked[0].headers["content-type"] == "application/json"


def test_signatures_are_those_of_the_standard() -> None:
    # The example of the standard's own libraries.
    secret, message, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    body = b'{"test": 2432232314}'
    assert signed(secret, message, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verify(secret, headers_of([secret], message, at, body), body, now=at) == message


@pytest.mark.parametrize("change", ["body", "id", "time", "secret", "signature", "old", "from the future", "nothing"])
def test_what_was_changed_or_is_old_is_refused(change: str) -> None:
    secret, at, body = new_secret(), 1_800_000_000, b'{"type":"sold"}'
    headers = headers_of([secret], "one", at, body)
    now = at + {"old": TOLERANCE + 1, "from the future": -TOLERANCE - 1}.get(change, 0)
    if change == "body":
        body = b'{"type":"sold!"}'
    elif change == "id":
        headers["webhook-id"] = "two"
    elif change == "time":
        headers["webhook-timestamp"] = str(at + 1)
    elif change == "secret":
        secret = new_secret()
    elif change == "signature":
        headers["webhook-signature"] = "v1,AAAA v2,\N{SNOWMAN}"
    elif change == "nothing":
        headers = {}
    with pytest.raises(WrongSignature):
        verify(secret, headers, body, now=now)


def test_a_message_that_somebody_sends_again_later_is_refused(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    tell()
    webhooks.deliver_due(NOW)
    [asked] = receiver.asked
    verify(receiver.secret, asked.headers, asked.body, now=time.time())
    with pytest.raises(WrongSignature, match="too old"):
        verify(receiver.secret, asked.headers, asked.body, now=NOW.timestamp() + TOLERANCE + 60)


def test_an_answer_of_500_is_followed_by_another_try_with_the_same_id(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    receiver.faults.append(Reply(status=500, data={"error": "out of order"}))
    tell()
    assert webhooks.deliver_due(NOW) == (0, 1)
    assert (only().state, only().status, only().tries) == (State.WAITING, 500, 1)
    assert webhooks.deliver_due(NOW + timedelta(seconds=4)) == (0, 0)
    assert webhooks.deliver_due(NOW + timedelta(seconds=6)) == (1, 0)
    ids = {asked.headers["webhook-id"] for asked in receiver.asked}
    times = {asked.headers["webhook-timestamp"] for asked in receiver.asked}
    assert (len(receiver.asked), len(ids), len(times)) == (2, 1, 2)
    log = [(row.status, row.error) for row in WebhookTry.objects.all()]
    assert log == [(500, "it answered 500"), (204, "")]


def test_it_is_given_up_after_two_days_of_tries(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.faults.extend(Reply(status=503) for _ in range(20))
    tell()
    at, waited = NOW, []
    while only().state == State.WAITING:
        at = only().due_at
        waited.append(at - NOW)
        webhooks.deliver_due(at)
    assert len(receiver.asked) == len(webhooks.WAITS) + 1 == 8
    assert timedelta(seconds=5) <= waited[1] < timedelta(seconds=6)
    assert timedelta(hours=41) < waited[-1] < timedelta(hours=42)
    assert only().state == State.FAILED


def test_it_can_be_sent_again_by_hand(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    tell()
    webhooks.deliver_due(NOW)
    webhooks.resend(delivery=only(), at=NOW)
    assert webhooks.deliver_due(NOW) == (1, 0)
    assert list(receiver.ids.values()) == [2]
    # A receiver that goes by the id does nothing twice.
    assert len(receiver.told) == 1
    assert WebhookTry.objects.count() == 2


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Reply(hang_up=True), 0),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), 0),
        (Reply(status=200, body=b"x" * 200_000), 0),
        (Reply(status=404), 404),
        (Reply(status=429, headers={"Retry-After": "3"}), 429),
    ],
)
def test_whatever_is_no_success_is_one_try_that_failed(
    endpoint: WebhookEndpoint, receiver: Receiver, fault: Reply, status: int
) -> None:
    receiver.faults.append(fault)
    tell()
    assert webhooks.deliver_due(NOW) == (0, 1)
    assert (only().state, only().status, len(receiver.asked)) == (State.WAITING, status, 1)
    assert only().error
    # Who knows such an address may write to it.
    assert "4711" not in only().error


def test_one_that_hangs_is_left_in_time_and_holds_up_no_other(
    endpoint: WebhookEndpoint, receiver: Receiver, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(calling.ONCE, "read_timeout", 0.3)
    monkeypatch.setitem(calling.ONCE, "total_timeout", 0.5)
    with Receiver() as other:
        settings.NETWORK_PRIVATE_HOSTS = [receiver.host, other.host]
        _made, other.secret = webhooks.add(owner=OWNER, url=other.address, events=["sold"])
        receiver.faults.extend(Reply(delay=1.0) for _ in range(9))
        for number in range(3):
            tell(f"sale:{number}")
        start = time.monotonic()
        assert webhooks.deliver_due(NOW) == (3, 1)
        assert time.monotonic() - start < 2
        assert (len(other.told), len(receiver.asked)) == (3, 1)
        # What fails comes after what answers.
        tell("sale:3", at=NOW + timedelta(minutes=1))
        webhooks.deliver_due(NOW + timedelta(minutes=1))
        assert len(other.told) == 4


def test_what_nobody_foresaw_is_a_try_that_failed_and_keeps_no_other_from_being_told(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, other = webhooks._call, webhooks.add(owner=OWNER, url=f"{receiver.url}/hooks/other", events=["sold"])[0]

    def break_one(to: WebhookEndpoint, *rest: Any) -> int:
        if to == endpoint:
            raise RuntimeError(to.url)
        return call(to, *rest)

    monkeypatch.setattr(webhooks, "_call", break_one)
    tell()
    webhooks.deliver_due(NOW)
    broken = WebhookDelivery.objects.get(endpoint=endpoint)
    assert (broken.state, broken.tries, broken.error) == (State.WAITING, 1, "RuntimeError")
    assert NOW + webhooks.WAITS[0] <= broken.due_at < NOW + webhooks.LEASE
    # Its address is in no log.
    assert WebhookTry.objects.get(delivery=broken).error == "RuntimeError"
    assert WebhookDelivery.objects.get(endpoint=other).tries == 1


def test_killed_between_sending_and_writing_it_down_it_is_sent_again_with_the_same_id(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell()
    with monkeypatch.context() as patch:
        patch.setattr(webhooks, "_mark", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            webhooks.deliver_due(NOW)
    # Whoever took it may still be at it.
    assert webhooks.deliver_due(NOW + timedelta(seconds=60)) == (0, 0)
    assert webhooks.deliver_due(NOW + timedelta(seconds=121)) == (1, 0)
    assert list(receiver.ids.values()) == [2]
    assert len(receiver.told) == 1


def test_both_secrets_sign_for_a_day_after_a_new_one(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    old = receiver.secret
    new = webhooks.rotate(endpoint=endpoint, at=NOW)
    assert new != old
    tell()
    webhooks.deliver_due(NOW + timedelta(hours=23))
    [asked] = receiver.asked
    then = NOW.timestamp() + 23 * 3600
    assert verify(old, asked.headers, asked.body, now=then) == verify(new, asked.headers, asked.body, now=then)
    tell("sale:2")
    webhooks.deliver_due(NOW + timedelta(hours=25))
    asked = receiver.asked[-1]
    verify(new, asked.headers, asked.body, now=NOW.timestamp() + 25 * 3600)
    with pytest.raises(WrongSignature, match="another secret"):
        verify(old, asked.headers, asked.body, now=NOW.timestamp() + 25 * 3600)


def test_an_address_that_fails_for_days_is_switched_off_and_its_people_are_told(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    olga = User.objects.create(email="olga@acme.example")
    owner = webhooks.Owner(users=lambda _: [olga], page=lambda _: "/brands/webhooks/1")
    monkeypatch.setattr(webhooks, "OWNERS", {"shop": owner})
    receiver.faults.extend(Reply(status=500) for _ in range(9))
    tell()
    webhooks.deliver_due(NOW)
    tell("sale:2", at=NOW + timedelta(days=4))
    webhooks.deliver_due(NOW + timedelta(days=4))
    assert WebhookEndpoint.objects.get().active
    tell("sale:3", at=NOW + timedelta(days=5))
    tell("sale:4", at=NOW + timedelta(days=5))
    # The first call failed some milliseconds after it was due.
    with django_capture_on_commit_callbacks(execute=True):
        webhooks.deliver_due(NOW + timedelta(days=5, minutes=1))
    assert not WebhookEndpoint.objects.get().active
    [message] = mail.outbox
    assert message.to == ["olga@acme.example"]
    assert "/brands/webhooks/1" in message.body
    assert "4711" not in message.body + message.subject
    assert not WebhookDelivery.objects.filter(state=State.WAITING).exists()
    assert tell("sale:5", at=NOW + timedelta(days=5)) == 0
    with pytest.raises(webhooks.WrongAddress):
        webhooks.resend(delivery=WebhookDelivery.objects.first(), at=NOW)


def test_an_answer_ends_the_counting_of_days(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.faults.append(Reply(status=500))
    tell()
    webhooks.deliver_due(NOW)
    assert WebhookEndpoint.objects.get().failing_since is not None
    webhooks.deliver_due(NOW + timedelta(minutes=1))
    assert WebhookEndpoint.objects.get().failing_since is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example/hook", "ftp://shop.example/hook", "https://user:word@shop.example/hook", "https://"),
        *("https://shop.example/ho ok", "https://shop.example:99999/hook", "javascript:alert(1)", "https://[::1/"),
    ],
)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(webhooks.WrongAddress):
        webhooks.add(owner=OWNER, url=url, events=["sold"])
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost", "192.168.1.1"])
def test_no_private_host_is_called(host: str) -> None:
    WebhookEndpoint.objects.create(
        owner=OWNER, url=f"https://{host}/x", events=["sold"], secret=webhooks.tokens.encrypt(new_secret())
    )
    tell()
    assert webhooks.deliver_due(NOW) == (0, 1)
    assert only().state == State.WAITING
    assert "address" in only().error or "public" in only().error


def test_only_who_wants_an_event_is_told_of_it(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(events=["ping"])
    assert tell() == 0
    with pytest.raises(KeyError):
        webhooks.enqueue(owner=OWNER, event="unheard of", about="x", payload={}, at=NOW)
    webhooks.ping(endpoint=endpoint, at=NOW)
    assert webhooks.deliver_due(NOW) == (1, 0)
    assert receiver.told[0]["type"] == "ping"


def test_an_owner_has_ten_addresses_at_most_and_each_once(receiver: Receiver) -> None:
    for number in range(10):
        webhooks.add(owner=OWNER, url=f"{receiver.url}/{number}", events=[])
    with pytest.raises(webhooks.WrongAddress):
        webhooks.add(owner=OWNER, url=f"{receiver.url}/10", events=[])
    webhooks.add(owner="shop:2", url=f"{receiver.url}/0", events=[])
    with pytest.raises(webhooks.WrongAddress, match="already"):
        webhooks.add(owner="shop:2", url=f"{receiver.url}/0", events=[])


def test_the_secret_is_kept_encrypted_and_never_logged(
    endpoint: WebhookEndpoint, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    assert receiver.secret.encode() not in bytes(endpoint.secret)
    receiver.faults.append(Reply(status=500))
    tell()
    with caplog.at_level(logging.DEBUG):
        webhooks.deliver_due(NOW)
        webhooks.rotate(endpoint=endpoint, at=NOW)
    assert "try 1" in caplog.text
    assert receiver.secret not in caplog.text
    assert "4711" not in caplog.text.replace("INSERT", "")


def test_old_deliveries_are_forgotten_with_their_log(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    tell(at=NOW - timedelta(days=91))
    tell("sale:2")
    webhooks.deliver_due(NOW)
    forget_webhooks()
    assert [delivery.about for delivery in WebhookDelivery.objects.all()] == ["sale:2"]
    assert WebhookTry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_it_once_and_outside_of_transactions(receiver: Receiver, race) -> None:
    _made, receiver.secret = webhooks.add(owner=OWNER, url=receiver.address, events=["sold"])
    for number in range(20):
        tell(f"sale:{number}")
    open_ones: list[int] = []

    def watch(_: Asked) -> Reply | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
            open_ones.append(cursor.fetchone()[0])
        return None

    receiver.faults.append(watch)
    answers = race(lambda _: webhooks.deliver_due(NOW), 4)
    assert sum(arrived for arrived, _ in answers) == 20
    assert len(receiver.asked) == 20
    assert len(receiver.told) == 20
    assert json.loads(receiver.asked[0].body)["type"] == "sold"


def test_the_task_sends_what_is_due(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    tell()
    deliver_webhooks()
    assert len(receiver.told) == 1
