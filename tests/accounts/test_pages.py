"""Every page and mail of log-in is ours, can be used without scripts, and keeps the strict policy."""

import re
from html.parser import HTMLParser
from pathlib import Path

import allauth.account
import pytest
from allauth.account import urls as allauth_urls
from allauth.account.adapter import get_adapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import context
from accounts.models import Person
from tests.accounts.conftest import link, logged_in

OURS = Path(settings.BASE_DIR, "templates")
STOCK = Path(allauth.account.__file__).parent.parent / "templates"
PAGES = sorted(str(path.relative_to(STOCK)) for path in (STOCK / "account").glob("*.html"))
MAILS = sorted(path.name.removesuffix("_subject.txt") for path in (STOCK / "account/email").glob("*_subject.txt"))
# What a page inherits from in allauth and ours have no use for.
UNUSED = {f"account/base_manage_{part}.html" for part in ("email", "password", "phone")}


@pytest.mark.parametrize("name", [name for name in PAGES if name not in UNUSED])
def test_no_page_of_allauth_is_left(name: str) -> None:
    origin = Path(get_template(name).origin.name)
    assert origin.is_relative_to(OURS)
    assert "{% element" not in origin.read_text()


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 20
    assert len(MAILS) > 10


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_of_allauth_is_ours_in_text_and_html(name: str, rf: RequestFactory, settings) -> None:
    settings.SITE_NAME = "Tom & Jerry"
    request = rf.get("/")
    request.user = AnonymousUser()
    known = {
        "activate_url": "https://site.example/confirm?a=1&b=2",
        "password_reset_url": "https://site.example/reset",
        "signup_url": "https://site.example/signup",
        "code": "ABC123",
        "from_email": "old@example.org",
        "to_email": "new@example.org",
        "deleted_email": "old@example.org",
        "ip": "192.0.2.1",
        "user_agent": "Browser <b>",
        "timestamp": "now",
    }
    with allauth_context.request_context(request):
        get_adapter().send_mail(f"account/email/{name}", "alice@example.org", known)
    [message] = mail.outbox
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    assert message.subject
    assert "\n" not in message.subject
    assert "Tom & Jerry" in message.body
    assert "Tom &amp; Jerry" in html
    assert "<b>" not in html
    assert "example.com" not in message.body + html
    assert settings.SITE_URL in html
    # Both say the same, links included.
    assert set(re.findall(r"https?://[\w./]+", message.body)) <= set(re.findall(r"https?://[\w./]+", html))


@pytest.mark.parametrize("name", MAILS)
def test_no_mail_of_allauth_falls_back_to_a_stock_text(name: str) -> None:
    for part in ("subject.txt", "message.txt", "message.html"):
        assert Path(get_template(f"account/email/{name}_{part}").origin.name).is_relative_to(OURS)


class Elements(HTMLParser):
    """The elements of a page, as (name, attributes)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.all.append((tag, dict(attrs)))


def check_page(page: str) -> None:
    """Labels for all fields, ids once, errors tied to fields, nothing that the policy forbids."""
    elements = Elements(page).all
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes.get("for") for tag, attributes in elements if tag == "label"}
    for tag, attributes in elements:
        assert "style" not in attributes
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "script" or attributes.get("src", "").startswith("/static/")
        if tag in {"input", "select", "textarea"} and attributes.get("type") not in {"hidden", "submit"}:
            assert attributes.get("aria-label") or attributes["id"] in labelled
        if "aria-describedby" in attributes:
            assert set(attributes["aria-describedby"].split()) <= set(ids)
        # Radio buttons are described by the fieldset around them.
        if attributes.get("aria-invalid") == "true" and attributes.get("type") != "radio":
            assert any(identifier.endswith("_error") for identifier in attributes["aria-describedby"].split())
    assert sum(tag == "h1" for tag, _ in elements) == 1
    assert "csrfmiddlewaretoken" in page or '<form method="post"' not in page


FOR_STRANGERS = ["login", "signup", "reset_password", "reset_password_done", "reset_password_from_key_done", "inactive"]
FOR_MEMBERS = ["logout", "email", "change_password", "reauthenticate"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", FOR_STRANGERS)
def test_a_page_for_strangers_can_be_used_by_everybody(client: Client, name: str) -> None:
    response = client.get(reverse(f"account_{name}"))
    assert response.status_code == 200
    check_page(response.content.decode())
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["login", "signup", "reset_password"])
def test_errors_are_tied_to_their_fields(client: Client, db: None, name: str) -> None:
    page = client.post(reverse(f"account_{name}"), {}).content.decode()
    assert page.count('aria-invalid="true"') >= 1
    check_page(page)


@pytest.mark.parametrize("name", FOR_MEMBERS)
def test_a_page_for_members_can_be_used_by_everybody(as_alice: Client, name: str) -> None:
    response = as_alice.get(reverse(f"account_{name}"))
    assert response.status_code == 200
    check_page(response.content.decode())


def test_pages_of_settings_can_be_used_by_everybody(alice: Person, as_alice: Client) -> None:
    linked = link(alice)
    for address in ("/settings", f"/settings/accounts/{linked.pk}/remove", "/settings/import"):
        page = as_alice.get(address)
        assert page.status_code == 200
        check_page(page.content.decode())
    refused = as_alice.post("/settings", {"handle": "?", "birth_year": "x"})
    assert refused.status_code == 200
    check_page(refused.content.decode())


def test_all_addresses_of_allauth_have_been_looked_at() -> None:
    """A new version may bring new pages: then this list and the templates are to be looked at."""
    names = {pattern.name.removeprefix("account_") for pattern in allauth_urls.urlpatterns}
    others = {
        "email_verification_sent",
        "confirm_email",
        "reset_password_from_key",
        "set_password",
        "confirm_login_code",
    }
    assert names == {*FOR_STRANGERS, *FOR_MEMBERS, *others}


def test_a_link_that_is_too_old_says_so(client: Client, db: None) -> None:
    for address in ("/accounts/confirm-email/abc:def/", "/accounts/password/reset/key/1-abc/"):
        page = client.get(address).content.decode()
        assert "no longer valid" in page
        check_page(page)


def test_the_banner_of_a_demo_follows_its_file(client: Client, db: None, settings, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(context.time, "monotonic", lambda: now[0])
    assert b'class="demo' not in client.get("/accounts/login/").content
    (settings.VAR / "demo").touch()
    assert b'class="demo' not in client.get("/accounts/login/").content, "it is remembered for a few seconds"
    now[0] += context.SECONDS
    assert b'class="demo' in client.get("/accounts/login/").content


@pytest.mark.parametrize("links", [0, 3, 30])
def test_the_list_of_networks_takes_few_queries_however_many_accounts(
    alice: Person, links: int, django_assert_max_num_queries
) -> None:
    for number in range(links):
        link(alice, external_id=str(number))
    client = logged_in(alice)
    with django_assert_max_num_queries(12):
        page = client.get("/settings/networks")
    assert page.content.count(b"slim") >= links
