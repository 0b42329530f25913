"""Second factors: what is stored, who is asked for one, what is refused, and that the staff is asked as everybody is.

Passkeys themselves are made and used in a real browser: tests/browser/test_settings.py.
"""

import re
from pathlib import Path
from urllib.parse import urlencode

import allauth.mfa
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings as conf
from django.contrib.sessions.models import Session
from django.core import mail
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import privacy, second_factors
from accounts.models import Person, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_pages import check_page

# Of the half minutes since 1970.
STEP = 59_000_000
OURS = Path(conf.BASE_DIR, "templates")
STOCK = Path(allauth.mfa.__file__).parent.parent / "templates"
# Pages that our addresses never lead to: one page of ours lists all factors, and nobody signs up by passkey.
UNUSED = {
    "mfa/index.html",
    "mfa/trust.html",
    "mfa/webauthn/authenticator_list.html",
    "mfa/webauthn/signup_form.html",
    "mfa/webauthn/base.html",
    "mfa/totp/base.html",
    "mfa/recovery_codes/base.html",
    "mfa/webauthn/snippets/scripts.html",
    "mfa/webauthn/snippets/login_script.html",
}
PAGES = sorted({str(path.relative_to(STOCK)) for path in (STOCK / "mfa").rglob("*.html")} - UNUSED)
MAILS = sorted(path.name.removesuffix("_subject.txt") for path in (STOCK / "mfa/email").glob("*_subject.txt"))


def is_me(client: Client) -> None:
    """Show once more who one is."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


@pytest.fixture(autouse=True)
def still(monkeypatch) -> None:
    """The clock stands, so that no code lapses between being worked out and being sent."""
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([STEP]))


def code_for(secret: str, step: int = 0) -> str:
    return auth.format_hotp_value(auth.hotp_value(secret, STEP + step))


def with_app(client: Client) -> str:
    """Set up an authenticator app; its secret."""
    is_me(client)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    [secret] = re.findall(r'<code class="copy code">([A-Z2-7]+)</code>', page)
    assert client.post(reverse("mfa_activate_totp"), {"code": code_for(secret, -9)}).status_code == 200
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    assert answer.url == reverse("mfa_view_recovery_codes")
    return secret


def log_in(user: User, **fields: str) -> tuple[Client, str]:
    """A new browser after the password, and where it was sent."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD} | fields)
    return client, answer.url


@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_allauth_is_left(name: str) -> None:
    origin = Path(get_template(name).origin.name)
    assert origin.is_relative_to(OURS)
    assert "{% element" not in origin.read_text()


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_is_ours_in_text_and_html(name: str) -> None:
    for part in ("subject.txt", "message.txt", "message.html"):
        assert Path(get_template(f"mfa/email/{name}_{part}").origin.name).is_relative_to(OURS)


def test_the_secret_is_kept_encrypted_and_nowhere_else(alice: Person, as_alice: Client) -> None:
    secret = with_app(as_alice)
    stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    codes = re.findall(r"<code>(\d{8})</code>", as_alice.get(reverse("mfa_view_recovery_codes")).content.decode())
    assert len(set(codes)) == 10
    assert not any(code in stored for code in codes)
    assert second_factors.MFAAdapter().decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret
    assert not [session for session in Session.objects.all() if secret in repr(session.get_decoded())]


def test_the_keys_that_encrypt_can_be_changed(alice: Person, as_alice: Client, settings) -> None:
    secret = with_app(as_alice)
    settings.TOKEN_KEYS = ["a new key that is long enough for this", *settings.TOKEN_KEYS]
    client, _where = log_in(alice.users.get())
    assert client.post(reverse("mfa_authenticate"), {"code": code_for(secret)}).status_code == 302


def test_the_password_alone_no_longer_opens_the_door(alice: Person, as_alice: Client) -> None:
    secret = with_app(as_alice)
    client, where = log_in(alice.users.get())
    assert where == reverse("mfa_authenticate")
    assert client.get("/settings").status_code == 302
    page = client.get(where).content.decode()
    check_page(page)
    assert b"Incorrect code" in client.post(where, {"code": "000000"}).content
    assert client.get("/settings").status_code == 302
    assert client.post(where, {"code": code_for(secret)}).status_code == 302
    assert client.get("/settings").status_code == 200


def test_a_code_works_once(alice: Person, as_alice: Client) -> None:
    secret = with_app(as_alice)
    first, where = log_in(alice.users.get())
    code = code_for(secret)
    assert first.post(where, {"code": code}).status_code == 302
    second, where = log_in(alice.users.get())
    assert second.post(where, {"code": code}).status_code == 200
    assert second.get("/settings").status_code == 302


def test_a_recovery_code_works_once_and_few_are_told_of(alice: Person, as_alice: Client) -> None:
    with_app(as_alice)
    codes = as_alice.get(reverse("mfa_download_recovery_codes")).content.decode().split()
    for code in codes[:7]:
        client, where = log_in(alice.users.get())
        assert client.post(where, {"code": code}).status_code == 302
    client, where = log_in(alice.users.get())
    assert client.post(where, {"code": codes[0]}).status_code == 200
    page = as_alice.get("/settings/log-in").content.decode()
    assert "3 are left: make new ones in time." in page


def test_who_guesses_is_slowed_down(alice: Person, as_alice: Client) -> None:
    secret = with_app(as_alice)
    client, where = log_in(alice.users.get())
    for guess in range(5):
        client.post(where, {"code": f"00000{guess}"})
    page = client.post(where, {"code": code_for(secret)}).content.decode()
    assert "Too many" in page
    assert client.get("/settings").status_code == 302


@pytest.mark.parametrize(
    "name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"]
)
def test_before_a_lock_is_changed_the_password_is_wanted_again(as_alice: Client, name: str) -> None:
    Authenticator.objects.create(
        user=User.objects.get(),
        type="recovery_codes",
        data={"seed": second_factors.MFAAdapter().encrypt("seed"), "used_mask": 0},
    )
    answer = as_alice.get(reverse(name))
    assert answer.url == f"/accounts/reauthenticate/?{urlencode({'next': reverse(name)})}"
    is_me(as_alice)
    page = as_alice.get(reverse(name)).content.decode()
    check_page(page)


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_told_by_mail(alice: Person, as_alice: Client) -> None:
    with_app(as_alice)
    assert [message.subject for message in mail.outbox] == ["Authenticator app set up"]
    assert mail.outbox[0].to == ["alice@example.org"]
    assert "If that was not you" in mail.outbox[0].body
    assert as_alice.post(reverse("mfa_deactivate_totp")).url == reverse("mfa_index")
    assert mail.outbox[-1].subject == "Authenticator app switched off"
    assert not Authenticator.objects.exists(), "codes for a lock that is gone open nothing"
    assert log_in(alice.users.get())[1] != reverse("mfa_authenticate")


def test_the_staff_is_asked_for_its_second_factor_too(alice: Person, as_alice: Client) -> None:
    secret = with_app(as_alice)
    User.objects.update(is_staff=True, is_superuser=True)
    user = alice.users.get()
    stranger = Client()
    assert stranger.get("/admin/").status_code == 302
    assert stranger.get("/admin/login/?next=/admin/").url == "/accounts/login/?next=%2Fadmin%2F"
    refused = stranger.post("/admin/login/", {"username": user.email, "password": PASSWORD, "next": "/admin/"})
    assert refused.status_code == 302
    assert stranger.get("/admin/", follow=True).request["PATH_INFO"] == "/accounts/login/"
    client, where = log_in(user, next="/admin/")
    assert client.get("/admin/").status_code == 302
    assert client.post(where, {"code": code_for(secret)}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_who_is_no_staff_is_told_so_and_not_asked_again(as_alice: Client) -> None:
    assert as_alice.get("/admin/login/?next=/admin/").status_code == 403


def test_our_one_page_stands_for_the_lists_of_allauth(as_alice: Client) -> None:
    for name in ("mfa_index", "mfa_list_webauthn"):
        assert as_alice.get(reverse(name)).url == "/settings/log-in"


@pytest.mark.parametrize(
    ("host", "party"),
    [
        ("klout.example", "klout.example"),
        ("www.klout.example", "klout.example"),
        ("klout.example.evil.example", "klout.example.evil.example"),
        ("notklout.example", "notklout.example"),
        ("localhost", "localhost"),
    ],
)
def test_passkeys_belong_to_the_name_of_the_site(settings, host: str, party: str) -> None:
    settings.SITE_URL = "https://klout.example"
    assert second_factors.relying_party(host) == party


@pytest.mark.parametrize(
    ("host", "secure", "work"),
    [
        ("klout.example", True, True),
        ("klout.example", False, False),
        ("localhost:8000", False, True),
        ("127.0.0.1:8000", False, False),
        ("[::1]:8000", True, False),
    ],
)
def test_passkeys_are_offered_where_browsers_make_them(
    rf: RequestFactory, settings, host: str, secure: bool, work: bool
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert second_factors.passkeys_work(rf.get("/", headers={"host": host}, secure=secure)) is work


def test_where_they_cannot_be_made_the_page_says_so(as_alice: Client, settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    there = as_alice.get("/settings/log-in", headers={"host": "localhost"}).content.decode()
    assert "Add a passkey" in there
    page = as_alice.get("/settings/log-in", headers={"host": "127.0.0.1"}).content.decode()
    assert "Add a passkey" not in page
    assert "only over HTTPS" in page
    assert "data-passkey" in Client().get("/accounts/login/", headers={"host": "localhost"}).content.decode()
    assert "data-passkey" not in Client().get("/accounts/login/", headers={"host": "127.0.0.1"}).content.decode()


def test_a_made_up_passkey_opens_nothing(alice: Person, client: Client) -> None:
    answer = client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["userVerification"] == "required"
    for credential in ("", "x", "{}", '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}'):
        assert client.post(reverse("mfa_login_webauthn"), {"credential": credential}).url == "/accounts/login/"
    assert client.get("/settings").status_code == 302


def test_attempts_with_passkeys_are_limited(client: Client, db: None) -> None:
    answers = [client.post(reverse("mfa_login_webauthn")).status_code for _attempt in range(11)]
    assert answers == [302] * 10 + [429]


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_view_recovery_codes", "mfa_add_webauthn", "log_in"])
def test_no_cache_keeps_a_secret(alice: Person, as_alice: Client, name: str) -> None:
    is_me(as_alice)
    seed = {"seed": second_factors.MFAAdapter().encrypt("seed"), "used_mask": 0}
    Authenticator.objects.create(user=alice.users.get(), type="recovery_codes", data=seed)
    answer = as_alice.get(reverse(name))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_the_ways_to_log_in_take_few_queries(as_alice: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(8):
        response = as_alice.get("/settings/log-in")
    assert response.status_code == 200
    check_page(response.content.decode())


def test_who_is_erased_leaves_no_second_factor(alice: Person, as_alice: Client) -> None:
    with_app(as_alice)
    [factors] = [privacy.export_person(alice)["person"]["second_factors"]]
    assert sorted(factor["type"] for factor in factors) == ["recovery_codes", "totp"]
    privacy.erase_person(person=alice, at=timezone.now())
    assert not Authenticator.objects.exists()
