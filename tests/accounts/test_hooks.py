"""What networks tell us on their own: only by their signature, once, and never more than they mean."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from accounts import privacy
from accounts.hooks import links, meta
from accounts.hooks.signatures import BadSignature, signed_request
from accounts.models import Account, Credential, Cursor, DeletionReceipt, LinkedAccount, Pause, Person
from tests.accounts.conftest import link

SECRET, X_SECRET = "a secret of ours at Meta", "the consumer secret of ours at X"
NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def our_apps(settings, tmp_path: Path) -> None:
    settings.NETWORK_KEYS = dict.fromkeys(meta.NETWORKS, ("our id", SECRET))
    settings.TWITTER_CONSUMER_SECRET = X_SECRET
    settings.SITE_URL = "https://klout.example"
    settings.LAKE = str(tmp_path / "lake")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(user_id: object = "4711", *, at: dt.datetime = NOW, secret: str = SECRET, **more: object) -> str:
    payload = {"algorithm": "HMAC-SHA256", "issued_at": int(at.timestamp()), "user_id": user_id} | more
    body = encoded(json.dumps(payload).encode())
    return f"{encoded(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}.{body}"


def tell(what: str, text: str, network: str = "facebook"):
    # As from outside: nobody is logged in, and there is no token against forged requests.
    return Client(enforce_csrf_checks=True).post(f"/hooks/{network}/{what}", {"signed_request": text})


@pytest.fixture
def hers(alice: Person) -> LinkedAccount:
    linked = link(alice, network="facebook", external_id="4711", handle="")
    LinkedAccount.objects.update(linked_at=NOW - 24 * HOUR)
    Credential.objects.create(link=linked, token=b"sealed")
    Credential.objects.update(updated_at=NOW - 24 * HOUR)
    return linked


# ---------------------------------------------------------------- signatures


def test_the_example_of_metas_documentation_is_read_the_way_it_says() -> None:
    # Signed as their page does it in PHP: hash_hmac over the encoded payload, raw, base64url without padding.
    assert signed_request(signed("218471"), SECRET)["user_id"] == "218471"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "no dot",
        "a.b.c",
        signed(secret="another secret"),
        signed().partition(".")[2],
        "." + signed().partition(".")[2],
        signed()[:-4],
        "!" + signed()[1:],
        signed().partition(".")[0] + "." + encoded(b'{"algorithm":"HMAC-SHA256","user_id":"1"}'),
        signed(algorithm="none"),
        signed(user_id=None),
        signed(user_id=["4711"]),
        signed(user_id=True),
        signed(user_id="4" * 101),
        "\u00e9" * 20,
    ],
    # They hold the time of day: as names they would be others in each process that collects them.
    ids=map(str, range(16)),
)
@pytest.mark.parametrize("what", ["delete", "deauthorize"])
def test_what_is_not_signed_by_meta_is_refused(hers: LinkedAccount, what: str, text: str) -> None:
    assert tell(what, text).status_code == 403
    assert LinkedAccount.objects.get().state == "active"
    assert Credential.objects.exists()
    assert not DeletionReceipt.objects.exists()


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(BadSignature):
        signed_request(signed(secret=""), "")


@pytest.mark.parametrize("network", ["facebook", "twitter", "nothing"])
def test_without_an_app_of_ours_there_is_no_such_address(settings, db: None, network: str) -> None:
    settings.NETWORK_KEYS = {"twitter": ("id", SECRET)}
    settings.TWITTER_CONSUMER_SECRET = ""
    assert tell("delete", signed(), network).status_code == 404
    assert Client().get("/hooks/x", {"crc_token": "x"}).status_code == 404


@pytest.mark.parametrize("address", ["/hooks/facebook/delete", "/hooks/facebook/deauthorize", "/hooks/x"])
@pytest.mark.parametrize("size", [100_001, 3_000_000])
def test_too_much_is_not_read(db: None, address: str, size: int) -> None:
    response = Client().post(address, data=b"x" * size, content_type="application/json")
    assert response.status_code == 413


@pytest.mark.parametrize("address", ["/hooks/facebook/delete", "/hooks/facebook/deauthorize"])
def test_they_only_allow_post(db: None, address: str) -> None:
    assert Client().get(address).status_code == 405


# ---------------------------------------------------------------- Meta


def test_deleting_erases_the_account_and_says_where_to_look(hers: LinkedAccount, alice: Person) -> None:
    answer = tell("delete", signed()).json()
    receipt = DeletionReceipt.objects.get()
    assert answer == {"url": f"https://klout.example/deletion/{receipt.code}", "confirmation_code": receipt.code}
    assert receipt.state == "done"
    assert not Account.objects.exists()
    assert Person.objects.get() == alice
    page = Client().get(f"/deletion/{receipt.code}").content.decode()
    assert "It is done" in page
    for trace in ("4711", "Alice"):
        assert trace not in page
    assert Client().get("/deletion/unknown").status_code == 404


def test_somebody_unknown_gets_a_code_too(hers: LinkedAccount) -> None:
    answer = tell("delete", signed("999")).json()
    assert "Nothing was kept" in Client().get(answer["url"].removeprefix("https://klout.example")).content.decode()
    assert LinkedAccount.objects.exists()


def test_a_receipt_holds_no_id(hers: LinkedAccount) -> None:
    tell("delete", signed())
    assert "4711" not in json.dumps(list(DeletionReceipt.objects.values()), default=str)


@pytest.mark.parametrize("network", ["instagram", "threads"])
def test_accounts_known_by_name_are_found_by_the_number_of_their_profile(alice: Person, network: str) -> None:
    linked = link(alice, network=network, external_id="alice.archer", handle="alice.archer")
    Cursor.objects.create(link=linked, stream="profile", value={"user_ids": ["17841400", "24000000000000001"]})
    other = link(alice, network=network, external_id="charlie", handle="charlie")
    Cursor.objects.create(link=other, stream="profile", value={"user_ids": ["17841401"]})
    tell("delete", signed("17841400", at=NOW + HOUR), network)
    assert LinkedAccount.objects.get() == other


def test_a_log_in_by_the_network_goes_too(alice: Person, bob: Person) -> None:
    for person, uid in ((alice, "4711"), (bob, "4712")):
        SocialAccount.objects.create(user=person.users.get(), provider="facebook", uid=uid)
    SocialAccount.objects.update(last_login=NOW - HOUR)
    code = tell("delete", signed()).json()["confirmation_code"]
    assert SocialAccount.objects.get().uid == "4712"
    assert DeletionReceipt.objects.get(code=code).state == "done"


def test_a_request_that_comes_again_does_nothing_to_what_was_linked_since(hers: LinkedAccount, alice: Person) -> None:
    text = signed()
    tell("delete", text)
    again = link(alice, network="facebook", external_id="4711", handle="")
    LinkedAccount.objects.update(linked_at=NOW + HOUR)
    Credential.objects.create(link=again, token=b"sealed")
    Credential.objects.update(updated_at=NOW + HOUR)
    assert tell("delete", text).status_code == 200
    assert tell("deauthorize", text).status_code == 200
    assert LinkedAccount.objects.get().state == "active"
    assert Credential.objects.exists()
    assert [receipt.state for receipt in DeletionReceipt.objects.order_by("pk")] == ["done", "nothing"]


def test_what_is_being_read_is_deleted_afterwards(hers: LinkedAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, list]] = []
    monkeypatch.setattr("accounts.hooks.views.current_app.send_task", lambda name, args: sent.append((name, args)))

    def busy(**given: object) -> None:
        raise privacy.Busy

    with monkeypatch.context() as patched:
        patched.setattr(privacy, "unlink", busy)
        answer = tell("delete", signed()).json()
    receipt = DeletionReceipt.objects.get()
    assert sent == [("accounts.tasks.finish_deletion", [receipt.pk, [hers.pk]])]
    assert not Credential.objects.exists(), "nothing more can be read"
    address = answer["url"].removeprefix("https://klout.example")
    assert "It is being done" in Client().get(address).content.decode()
    assert meta.finish(receipt, [hers.pk], at=NOW) == []
    assert meta.finish(receipt, [hers.pk], at=NOW + HOUR) == []
    receipt.refresh_from_db()
    assert (receipt.state, receipt.finished_at) == ("done", NOW)
    assert "It is done" in Client().get(address).content.decode()


def test_taking_access_back_breaks_the_link_and_keeps_what_was_collected(
    hers: LinkedAccount, alice: Person, django_capture_on_commit_callbacks
) -> None:
    page = link(alice, network="facebook", external_id="5", handle="bakery")
    LinkedAccount.objects.filter(pk=page.pk).update(kind="page", through=hers)
    Credential.objects.create(link=page, token=b"sealed")
    with django_capture_on_commit_callbacks(execute=True):
        assert tell("deauthorize", signed()).status_code == 200
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {"broken"}
    assert not Credential.objects.exists()
    assert Pause.objects.filter(reason="broken", ended_at=None).count() == 2
    assert [message.subject for message in mail.outbox] == ["Facebook no longer lets us read account 4711"]
    with django_capture_on_commit_callbacks(execute=True):
        tell("deauthorize", signed())
    assert len(mail.outbox) == 1


# ---------------------------------------------------------------- X

OLD = {
    "user_event": {
        "revoke": {
            "date_time": "2026-11-20T09:48:12+00:00",
            "target": {"app_id": "13090192"},
            "source": {"user_id": "63046977"},
        }
    }
}
NEW = {
    "data": {
        "filter": {"user_id": "63046977"},
        "event_type": "oauth.revoke",
        "payload": {"user_id": "63046977", "date_time": "2026-11-20T09:48:12+00:00"},
    }
}


def x(event: object, *, secret: str = X_SECRET, signature: str | None = None):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    given = signature
    if given is None:
        given = "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return Client(enforce_csrf_checks=True).post(
        "/hooks/x", data=body, content_type="application/json", headers={"x-twitter-webhooks-signature": given}
    )


@pytest.fixture
def on_x(alice: Person) -> LinkedAccount:
    linked = link(alice, network="twitter", external_id="63046977", handle="alice")
    Credential.objects.create(link=linked, token=b"sealed")
    Credential.objects.update(updated_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    return linked


def test_the_challenge_is_answered_with_our_signature(db: None) -> None:
    answer = Client().get("/hooks/x", {"crc_token": "Y2hhbGxlbmdl+/=-_"}).json()
    wanted = hmac.new(X_SECRET.encode(), b"Y2hhbGxlbmdl+/=-_", hashlib.sha256).digest()
    assert answer == {"response_token": "sha256=" + base64.b64encode(wanted).decode()}
    assert Client().get("/hooks/x").status_code == 400
    assert Client().get("/hooks/x", {"crc_token": "x" * 501}).status_code == 400


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_nobody_gets_an_event_signed_by_asking_for_the_answer_to_a_challenge(
    on_x: LinkedAccount, encoding: str
) -> None:
    forged = json.dumps({"user_event": {"revoke": {"source": {"user_id": "63046977"}}}}).encode(encoding)
    query = urlencode({"crc_token": forged})
    answer = Client().get(f"/hooks/x?{query}")
    signature = answer.json()["response_token"] if answer.status_code == 200 else ""
    sent = Client().post("/hooks/x", forged, "application/json", headers={"x-twitter-webhooks-signature": signature})
    assert sent.status_code == 403
    assert LinkedAccount.objects.get().state == "active"


@pytest.mark.parametrize("event", [OLD, NEW])
def test_a_revocation_breaks_the_link_and_deletes_its_token(
    on_x: LinkedAccount, event: dict, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert x(event).status_code == 200
    assert LinkedAccount.objects.get().state == "broken"
    assert not Credential.objects.exists()
    assert mail.outbox[0].subject == "Twitter/X no longer lets us read @alice"
    with django_capture_on_commit_callbacks(execute=True):
        x(event)
    assert len(mail.outbox) == 1


def test_an_event_from_before_the_account_was_connected_again_is_not_about_it(on_x: LinkedAccount) -> None:
    Credential.objects.update(updated_at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    assert x(OLD).status_code == x(NEW).status_code == 200
    assert LinkedAccount.objects.get().state == "active"
    assert Credential.objects.exists()


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=AAAA", "md5=AAAA", "\u00e9"], ids=["none", "empty", "wrong", "other", "odd"]
)
def test_what_is_not_signed_by_x_is_refused(on_x: LinkedAccount, signature: str) -> None:
    assert x(OLD, signature=signature).status_code == 403
    assert x(OLD, secret="another").status_code == 403
    assert LinkedAccount.objects.get().state == "active"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (b"no json", 400),
        (b"[" * 50_000, 400),
        ([], 200),
        ({"user_event": []}, 200),
        ({"user_event": {"revoke": {"source": {"user_id": {"id": 1}}}}}, 200),
        ({"data": {"event_type": "like.create", "payload": {"user_id": "63046977"}}}, 200),
        ({"tweet_create_events": [{"id": 1}]}, 200),
    ],
)
def test_other_events_and_nonsense_do_nothing(on_x: LinkedAccount, event: object, status: int) -> None:
    assert x(event).status_code == status
    assert LinkedAccount.objects.get().state == "active"


@pytest.mark.parametrize("value", [None, "soon", "nan", 1e30, [], -1e30])
def test_a_time_that_is_none_counts_as_now(value: object) -> None:
    assert links.moment(value, NOW) == NOW


def test_a_message_from_the_future_counts_as_sent_now() -> None:
    assert links.moment((NOW + HOUR).timestamp(), NOW) == NOW
