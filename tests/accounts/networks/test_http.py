"""Calls to a server: what is retried, what is not waited for, what is never called, and what no message shows."""

import logging
import ssl
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from accounts.networks.base import RateLimited, Revoked, Unreachable
from accounts.networks.http import Http, NotFound
from accounts.networks.sockets import AddressRefused, is_public
from tests.accounts.networks.conftest import NOW
from tests.fakes.loopback import Reply
from tests.fakes.mastodon import TOKEN, FakeMastodon

PATH = "/api/v1/accounts/verify_credentials"
Call = Callable[..., Http]


def test_it_sends_the_token_and_says_who_calls(mastodon: FakeMastodon, call: Call) -> None:
    assert call().get(PATH).data["username"] == "alice"
    headers = mastodon.asked[0].headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["user-agent"] == "Klout tests (+http://127.0.0.1)"
    assert headers["host"] == mastodon.host


def test_it_reads_links_to_neighbouring_pages(mastodon: FakeMastodon, call: Call) -> None:
    links = '<https://a.example/x?max_id=1&types[]=a>; rel="next", <https://a.example/x?min_id=2>; rel="prev"'
    mastodon.faults.append(Reply(data=[], headers={"Link": links}))
    assert call().get(PATH).links == {
        "next": "https://a.example/x?max_id=1&types[]=a",
        "prev": "https://a.example/x?min_id=2",
    }


@pytest.mark.parametrize("fault", [Reply(503, {}), Reply(500, body=b"<html>"), Reply(hang_up=True), Reply(502, {})])
def test_a_passing_fault_is_tried_again(mastodon: FakeMastodon, call: Call, fault: Reply) -> None:
    mastodon.faults.extend([fault, fault])
    assert call().get(PATH).data["username"] == "alice"
    assert len(mastodon.asked) == 3


def test_a_lasting_fault_ends_as_unreachable(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.extend([Reply(503, {"error": "Down for maintenance"})] * 10)
    with pytest.raises(Unreachable, match=rf"{mastodon.host}{PATH} answered 503: Down for maintenance"):
        call().get(PATH)
    assert len(mastodon.asked) == 4


def test_a_slow_server_is_given_up(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.extend([Reply(data={}, delay=0.5)] * 4)
    with pytest.raises(Unreachable, match=r"did not answer \(ReadTimeout\)"):
        call(read_timeout=0.05).get(PATH)


def test_a_server_that_drips_is_given_up(mastodon: FakeMastodon, call: Call) -> None:
    # Every byte comes in time, and the answer never ends.
    mastodon.faults.extend([Reply(data={}, drip=0.05)] * 4)
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"did not answer \(ReadTimeout\)"):
        call(total_timeout=0.2, attempts=1).get(PATH)
    assert time.monotonic() - started < 2


def test_nobody_answers(mastodon: FakeMastodon, call: Call) -> None:
    with FakeMastodon() as gone:
        pass
    with pytest.raises(Unreachable, match="did not answer"):
        call(base_url=gone.url, private_hosts=[gone.host]).get(PATH)


# ---------------------------------------------------------------- waiting
RESET = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"X-RateLimit-Reset": "2026-11-22T12:05:00.000000Z"}, RESET),
        ({"X-Rate-Limit-Reset": str(int(RESET.timestamp()))}, RESET),
        ({"Retry-After": "300"}, RESET),
        ({"Retry-After": "Sun, 22 Nov 2026 12:05:00 GMT"}, RESET),
        ({}, NOW + timedelta(minutes=5)),
        ({"Retry-After": "soon"}, NOW + timedelta(minutes=5)),
        ({"Retry-After": "99999999999"}, NOW + timedelta(days=1)),
        ({"X-RateLimit-Reset": "9999-12-31T23:59:59Z"}, NOW + timedelta(days=1)),
    ],
)
def test_a_long_wait_is_told_and_not_slept(
    mastodon: FakeMastodon, call: Call, headers: dict[str, str], until: datetime
) -> None:
    mastodon.faults.append(Reply(429, {"error": "Too many requests"}, headers))
    with pytest.raises(RateLimited) as limited:
        call().get(PATH)
    assert limited.value.until == until
    assert len(mastodon.asked) == 1


def test_a_server_in_maintenance_says_when_to_come_back(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.append(Reply(503, {}, {"Retry-After": "300"}))
    with pytest.raises(RateLimited) as limited:
        call().get(PATH)
    assert limited.value.until == RESET


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {"X-RateLimit-Reset": "2026-11-22T11:59:00Z"}])
def test_a_short_wait_is_waited_for(mastodon: FakeMastodon, call: Call, headers: dict[str, str]) -> None:
    mastodon.faults.append(Reply(429, {}, headers))
    assert call().get(PATH).data["username"] == "alice"


def test_a_short_wait_is_as_long_as_the_server_says(mastodon: FakeMastodon, call: Call) -> None:
    http = call()
    mastodon.faults.append(Reply(429, {}, {"Retry-After": "0.3"}))
    with stamina.set_testing(False):
        started = time.monotonic()
        http.get(PATH)
    assert 0.3 <= time.monotonic() - started < 2


# ---------------------------------------------------------------- refusals
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_means_revoked(mastodon: FakeMastodon, call: Call, status: int) -> None:
    mastodon.faults.append(Reply(status, {"error": "The access token was revoked"}))
    with pytest.raises(Revoked, match=f"answered {status}: The access token was revoked"):
        call().get(PATH)
    assert len(mastodon.asked) == 1


def test_what_is_not_there_is_not_asked_for_again(mastodon: FakeMastodon, call: Call) -> None:
    with pytest.raises(NotFound, match="answered 404"):
        call().get("/api/v1/nothing")
    assert len(mastodon.asked) == 1


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b'{"a": NaN}', b"[" * 100_000])
def test_an_answer_that_is_no_json_is_unreachable(mastodon: FakeMastodon, call: Call, body: bytes) -> None:
    mastodon.faults.append(Reply(200, body=body))
    with pytest.raises(Unreachable, match="did not answer with JSON"):
        call().get(PATH)


def test_an_answer_may_not_be_endless(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.append(Reply(200, data="x" * 200_000))
    with pytest.raises(Unreachable, match="answered with more than 97 KiB"):
        call(max_bytes=100_000).get(PATH)


def test_a_compressed_answer_is_bounded_by_what_it_unpacks_to(mastodon: FakeMastodon, call: Call) -> None:
    import gzip

    body = gzip.compress(b" " * 5_000_000)
    mastodon.faults.append(Reply(200, body=body, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Unreachable, match="answered with more than"):
        call(max_bytes=1_000_000).get(PATH)


# ---------------------------------------------------------------- redirects
def test_a_redirect_on_the_same_host_is_followed(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.append(Reply(301, {}, {"Location": PATH}))
    assert call().get("/old").data["username"] == "alice"


def test_the_token_goes_to_no_other_host(mastodon: FakeMastodon, call: Call) -> None:
    with FakeMastodon() as other:
        mastodon.faults.append(Reply(302, {}, {"Location": f"{other.url}{PATH}"}))
        with pytest.raises(Unreachable, match="sends us to another host"):
            call(private_hosts=[mastodon.host, other.host]).get(PATH)
        assert other.asked == []


@pytest.mark.parametrize("location", ["https://[", "", "ftp://127.0.0.1", "//"])
def test_a_redirect_to_nowhere_is_an_error(mastodon: FakeMastodon, call: Call, location: str) -> None:
    mastodon.faults.extend([Reply(302, {}, {"Location": location})] * 50)
    with pytest.raises((Unreachable, AddressRefused)):
        call().get(PATH)


def test_redirects_in_a_ring_end(mastodon: FakeMastodon, call: Call) -> None:
    mastodon.faults.extend([Reply(302, {}, {"Location": PATH})] * 50)
    with pytest.raises(Unreachable, match="from address to address"):
        call().get(PATH)


# ---------------------------------------------------------------- whom we call
def test_a_private_address_is_not_called(mastodon: FakeMastodon, call: Call) -> None:
    for host in ("127.0.0.1", "localhost"):
        port = mastodon.host.partition(":")[2]
        with pytest.raises(AddressRefused, match="private address"):
            call(base_url=f"https://{host}:{port}", private_hosts=[]).get(PATH)
    assert mastodon.asked == []


def test_a_name_with_one_private_address_is_not_called(call: Call) -> None:
    http = call(
        base_url="https://evil.example", private_hosts=[], resolve=lambda host, port: ["93.184.215.14", "10.0.0.1"]
    )
    with pytest.raises(AddressRefused, match=r"evil.example is at a private address"):
        http.get(PATH)


def test_the_address_that_was_checked_is_the_one_called(mastodon: FakeMastodon, call: Call) -> None:
    port = int(mastodon.host.partition(":")[2])
    asked: list[str] = []

    def resolve(host: str, number: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    http = call(base_url=f"http://town.example:{port}", private_hosts=[f"town.example:{port}"], resolve=resolve)
    assert http.get(PATH).data["username"] == "alice"
    assert asked == ["town.example"]
    assert mastodon.asked[0].headers["host"] == f"town.example:{port}"


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server shows to prove that it is town.example, to those who trust the authority made for this test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "town.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2090, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("town.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "town.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_server_must_prove_its_name(certificate: ssl.SSLContext, call: Call) -> None:
    with FakeMastodon(tls=certificate) as town:

        def get(name: str) -> str:
            named = f"{name}:{town.port}"
            there = call(base_url=f"https://{named}", private_hosts=[named], resolve=lambda host, port: ["127.0.0.1"])
            return str(there.get(PATH).data["username"])

        assert get("town.example") == "alice"
        with pytest.raises(Unreachable, match=r"did not answer \(ConnectError\)"):
            get("other.example")
        assert len(town.asked) == 1


def test_an_unknown_name_is_unreachable(call: Call) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    with pytest.raises(Unreachable, match="stands for no address"):
        call(base_url="https://nowhere.example", resolve=resolve).get(PATH)


@pytest.mark.parametrize(
    "url",
    [
        "http://town.example",
        "ftp://town.example",
        "town.example",
        "https://",
        "https://a:b@town.example",
        "https://[::1",
        "",
    ],
)
def test_a_bad_base_url_is_refused_at_once(call: Call, url: str) -> None:
    with pytest.raises(AddressRefused):
        call(base_url=url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
    ],
)
def test_it_knows_private_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


# ---------------------------------------------------------------- secrets
def test_no_message_repr_or_log_shows_the_token(
    mastodon: FakeMastodon, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = call()
    shown = [repr(http), str(http), repr(http._client.headers)]
    for fault in (401, 403, 404, 418, 429, 503):
        mastodon.faults.extend([Reply(fault, {"error": f"no such token: {TOKEN}"})] * 4)
        with pytest.raises((Revoked, Unreachable, RateLimited)) as raised:
            http.get(f"/api/{TOKEN}")
        error: BaseException | None = raised.value
        while error is not None:
            shown += [str(error), repr(error)]
            error = error.__cause__ if error.__cause__ or error.__suppress_context__ else error.__context__
        mastodon.faults.clear()
    assert "[token]" in shown[3]
    assert all(TOKEN not in text for text in shown)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert all(TOKEN not in message for message in ours)
