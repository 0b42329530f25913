"""Web push: a browser's keys are its own, only its push service is called, and what arrives can be read by it alone."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import http_ece
import jwt
import pytest
import stamina
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import push
from accounts.models import Notification, Person, PushSubscription, User
from accounts.notify import glimpse_of
from accounts.tasks import push_notification
from klout import checks
from tests.accounts.conftest import logged_in
from tests.fakes.loopback import Asked, Loopback, Reply

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Browser:
    """What a browser makes when it subscribes: a key pair and a secret; it alone can read what is pushed to it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)

    def subscription(self) -> dict[str, Any]:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "keys": {"p256dh": plain(point), "auth": plain(self.secret)}}

    def read(self, body: bytes) -> Any:
        return json.loads(
            http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        )


class PushService(Loopback):
    """Takes what is pushed, or says that a browser is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 201

    def route(self, asked: Asked) -> Reply:
        return Reply(status=self.status, data={})


@pytest.fixture
def service(settings) -> Iterator[PushService]:
    with PushService() as service, stamina.set_testing(True, attempts=2, cap=True):
        settings.NETWORK_PRIVATE_HOSTS = [service.host]
        yield service


@pytest.fixture
def browser(service: PushService) -> Browser:
    return Browser(f"{service.url}/wake/a-secret-place")


@pytest.fixture
def user(alice: Person) -> User:
    return alice.users.get()


def subscribe(client: Client, data: Any) -> Any:
    return client.post(
        reverse("push"), data, content_type="application/json", headers={"User-Agent": "Firefox/1 Linux"}
    )


def news(user: User, person: Person, **fields: Any) -> Notification:
    kind = {"kind": "import_done", "subject": "Alice's Twitter export is in", "url": "/settings/import"} | fields
    return Notification.objects.create(user=user, person=person, created_at=timezone.now(), **kind)


def test_what_is_pushed_can_be_read_by_the_browser_and_says_little(
    as_alice: Client, alice: Person, user: User, browser: Browser, service: PushService
) -> None:
    assert subscribe(as_alice, browser.subscription()).status_code == 201
    told = news(user, alice)
    push_notification(told.pk)
    [asked] = service.asked
    assert (asked.method, asked.path) == ("POST", "/wake/a-secret-place")
    assert asked.headers["content-encoding"] == "aes128gcm"
    assert int(asked.headers["ttl"]) == 24 * 3600
    assert b"Twitter" not in asked.body
    read = browser.read(asked.body)
    assert read["url"] == reverse("notification", args=[told.pk])
    assert read["body"] == glimpse_of(told)
    assert "Alice" not in json.dumps(read)
    with pytest.raises(http_ece.ECEException):
        Browser(browser.endpoint).read(asked.body)


def test_messages_are_of_one_length(alice: Person, user: User) -> None:
    lengths = {len(push.message_of(news(user, alice, kind=kind))) for kind in ("import_done", "claim_granted", "odd")}
    assert lengths == {push.PADDED_TO}


def test_the_push_service_can_tell_that_it_is_us(
    as_alice: Client, alice: Person, user: User, browser: Browser, service: PushService, settings
) -> None:
    settings.SITE_URL = "https://klout.example"
    subscribe(as_alice, browser.subscription())
    push.send(news(user, alice))
    scheme, _, rest = service.asked[0].headers["authorization"].partition(" ")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    assert (scheme, fields["k"]) == ("vapid", push.keys().public)
    point = base64.urlsafe_b64decode(fields["k"] + "=")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(fields["t"], key, algorithms=["ES256"], audience=service.url)
    assert claims["sub"] == "https://klout.example"
    assert 0 < claims["exp"] - timezone.now().timestamp() <= 24 * 3600


@pytest.mark.parametrize(("status", "left"), [(201, 1), (404, 0), (410, 0), (400, 1), (413, 1), (500, 1), (429, 1)])
def test_a_browser_that_is_gone_is_forgotten_and_no_other(
    as_alice: Client, alice: Person, user: User, browser: Browser, service: PushService, status: int, left: int, caplog
) -> None:
    subscribe(as_alice, browser.subscription())
    service.status = status
    with caplog.at_level(logging.INFO):
        push.send(news(user, alice))
    assert service.asked
    # Who knows the address may write to the browser.
    assert "a-secret-place" not in caplog.text
    assert PushSubscription.objects.count() == left


def test_one_browser_that_fails_keeps_no_other_from_being_woken(
    as_alice: Client, alice: Person, user: User, service: PushService
) -> None:
    subscribe(as_alice, Browser("https://10.0.0.1/inside").subscription())
    subscribe(as_alice, Browser(f"{service.url}/second").subscription())
    push.send(news(user, alice))
    assert [asked.path for asked in service.asked] == ["/second"]


def test_an_endpoint_within_our_own_network_is_never_called(
    as_alice: Client, alice: Person, user: User, service: PushService, settings, caplog
) -> None:
    subscribe(as_alice, Browser(f"{service.url}/a-secret-place").subscription())
    PushSubscription.objects.update(endpoint=f"https://localhost:{service.port}/a-secret-place")
    settings.NETWORK_PRIVATE_HOSTS = []
    with caplog.at_level(logging.WARNING):
        push.send(news(user, alice))
    assert service.asked == []
    assert "private address" in caplog.text
    assert "a-secret-place" not in caplog.text


def test_redirects_lead_nowhere(
    as_alice: Client, alice: Person, user: User, browser: Browser, service: PushService
) -> None:
    subscribe(as_alice, browser.subscription())
    service.faults.append(Reply(status=307, data={}, headers={"Location": f"{service.url}/elsewhere"}))
    push.send(news(user, alice))
    assert [asked.path for asked in service.asked] == ["/wake/a-secret-place"]


@pytest.mark.parametrize(
    "endpoint",
    [
        *("http://push.example/x", "ftp://push.example/x", "javascript:alert(1)", "", "https://", "not an address"),
        *("https://me:secret@push.example/x", "https://push.example/a b", "https://push.example/" + "x" * 1000),
        *("https://push.example:99999/x", "//push.example/x", "https://push.example/\x00"),
    ],
)
def test_an_endpoint_is_an_https_address(as_alice: Client, endpoint: str) -> None:
    response = subscribe(as_alice, Browser(endpoint).subscription())
    assert response.status_code == 400
    assert PushSubscription.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"p256dh": plain(b"\x04" + b"\x01" * 64)},
        {"p256dh": "AAAA"},
        {"p256dh": 7},
        {"auth": plain(b"short")},
        {"auth": "!" * 22},
        {"auth": None},
        None,
    ],
)
def test_keys_that_are_none_are_refused(as_alice: Client, change: dict[str, Any] | None) -> None:
    data = Browser("https://push.example/x").subscription()
    data["keys"] = None if change is None else data["keys"] | change
    assert subscribe(as_alice, data).status_code == 400
    assert PushSubscription.objects.count() == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b"[" * 5000, b'"x"', b'{"endpoint": ["x"]}', b" " * 9000])
def test_nonsense_is_refused(as_alice: Client, body: bytes) -> None:
    assert as_alice.post(reverse("push"), body, content_type="application/json").status_code == 400


def test_a_browser_is_woken_for_who_subscribed_last(as_alice: Client, bob: Person, user: User) -> None:
    given = Browser("https://push.example/shared").subscription()
    subscribe(as_alice, given)
    subscribe(logged_in(bob), given)
    assert [row.user for row in PushSubscription.objects.all()] == [bob.users.get()]


def test_only_so_many_browsers_are_kept_and_the_oldest_go(as_alice: Client, user: User) -> None:
    for number in range(push.MOST_BROWSERS + 2):
        subscribe(as_alice, Browser(f"https://push.example/{number}").subscription())
    kept = set(PushSubscription.objects.values_list("endpoint", flat=True))
    assert len(kept) == push.MOST_BROWSERS
    assert {"https://push.example/0", "https://push.example/1"} & kept == set()


def test_a_script_takes_its_own_browser_back_and_nobody_elses(as_alice: Client, bob: Person) -> None:
    subscribe(as_alice, Browser("https://push.example/1").subscription())
    theirs = {"remove": "https://push.example/1"}
    assert subscribe(logged_in(bob), theirs).json() == {"removed": False}
    assert subscribe(as_alice, theirs).json() == {"removed": True}
    assert PushSubscription.objects.count() == 0


def test_a_form_takes_a_browser_away_and_nobody_elses(as_alice: Client, bob: Person) -> None:
    subscribe(as_alice, Browser("https://push.example/1").subscription())
    number = PushSubscription.objects.get().pk
    logged_in(bob).post(reverse("push"), {"remove": number})
    assert PushSubscription.objects.count() == 1
    for odd in ("", "x", "-1", "9" * 40, "\N{SUPERSCRIPT TWO}"):
        as_alice.post(reverse("push"), {"remove": odd})
    assert PushSubscription.objects.count() == 1
    response = as_alice.post(reverse("push"), {"remove": number})
    assert (response.status_code, response["Location"]) == (302, reverse("notification_settings") + "#push")
    assert PushSubscription.objects.count() == 0


def test_it_needs_a_log_in_and_a_token(alice: Person) -> None:
    given = Browser("https://push.example/1").subscription()
    assert subscribe(Client(), given).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.users.get())
    assert subscribe(strict, given).status_code == 403
    assert PushSubscription.objects.count() == 0


def test_the_settings_list_browsers_without_their_addresses(as_alice: Client) -> None:
    subscribe(as_alice, Browser("https://push.example/a-secret-place").subscription())
    page = as_alice.get(reverse("notification_settings")).content.decode()
    assert "Firefox on Linux" in page
    assert "a-secret-place" not in page
    assert hashlib.sha256(b"https://push.example/a-secret-place").hexdigest() in page
    assert f'data-key="{push.keys().public}"' in page


def test_without_a_key_push_is_off_and_says_so(
    as_alice: Client, alice: Person, user: User, browser: Browser, service: PushService, settings
) -> None:
    subscribe(as_alice, browser.subscription())
    settings.VAPID_PRIVATE_KEY = ""
    push.send(news(user, alice))
    assert service.asked == []
    assert subscribe(as_alice, browser.subscription()).status_code == 409
    assert "its operator has not set them up" in as_alice.get(reverse("notification_settings")).content.decode()
    assert [message.id for message in checks.web_push_is_off(None)] == ["klout.I002"]
    from klout import doctor

    assert doctor.web_push("web push", timezone.now()).state == "note"


@pytest.mark.parametrize("text", ["short", "x" * 43 + "!", plain(b"\x00" * 32), plain(b"\xff" * 32), "é" * 43])
def test_a_key_that_is_none_stops_the_start(settings, text: str) -> None:
    assert checks.web_push(None) == []
    settings.VAPID_PRIVATE_KEY = text
    assert [message.id for message in checks.web_push(None)] == ["klout.E026"]


def test_the_key_of_development_is_made_once(tmp_path) -> None:
    import subprocess
    import sys

    code = "from klout import settings; print(settings.VAPID_PRIVATE_KEY)"
    environment = {"PATH": os.environ["PATH"], "KLOUT_VAR": str(tmp_path)}
    told = {
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(told) == 1
    assert len(push.decoded(told.pop().strip(), 32)) == 32


def test_erasing_takes_the_browsers_along(as_alice: Client, user: User) -> None:
    subscribe(as_alice, Browser("https://push.example/1").subscription())
    user.delete()
    assert PushSubscription.objects.count() == 0
