"""Language and colours: chosen by visitors and members, kept in cookies and with the log-in, led back only to us."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.context import THEME_COOKIE
from accounts.models import Person, User
from tests.accounts.conftest import logged_in


def choose(client: Client, **fields: str):
    return client.post("/preferences", {"language": "", "theme": ""} | fields)


def test_a_visitor_chooses_colours_and_gets_them_on_every_page(client: Client, db: None) -> None:
    assert b"data-theme" not in client.get("/").content
    response = choose(client, theme="dark")
    assert response.url == "/preferences"
    cookie = response.cookies[THEME_COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("dark", True, "Lax")
    assert cookie["max-age"] == 365 * 24 * 3600
    page = client.get("/").content.decode()
    assert 'data-theme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page
    shown = client.get("/preferences").content.decode()
    assert 'value="dark" id="id_theme_2" checked' in shown
    choose(client)
    assert b"data-theme" not in client.get("/").content


def test_a_visitor_chooses_a_language_against_the_browsers(client: Client, db: None) -> None:
    german = {"Accept-Language": "de"}
    assert '<html lang="de"' in client.get("/", headers=german).content.decode()
    assert choose(client, language="en").cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert '<html lang="en"' in client.get("/", headers=german).content.decode()
    choose(client)
    assert '<html lang="de"' in client.get("/", headers=german).content.decode()


def test_a_members_language_comes_along_to_other_browsers(alice: Person, as_alice: Client) -> None:
    choose(as_alice, language="de")
    assert User.objects.get().language == "de"
    elsewhere = logged_in(alice)
    response = elsewhere.get("/settings")
    assert '<html lang="de"' in response.content.decode()
    assert response["Content-Language"] == "de"
    choose(elsewhere)
    assert User.objects.get().language == ""
    assert '<html lang="en"' in elsewhere.get("/settings").content.decode()


@pytest.mark.parametrize("fields", [{"theme": "sepia"}, {"language": "xx"}])
def test_what_is_not_on_offer_is_refused(client: Client, db: None, fields: dict[str, str]) -> None:
    response = choose(client, **fields)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert THEME_COOKIE not in response.cookies


def test_a_cookie_that_somebody_wrote_is_not_believed(client: Client, db: None) -> None:
    client.cookies[THEME_COOKIE] = 'dark" onload="x'
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "xx"
    page = client.get("/preferences").content.decode()
    assert "data-theme" not in page
    assert "onload" not in page
    assert '<html lang="en"' in page


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/alice?by=network", "/alice?by=network"),
        ("https://evil.example/", "/preferences"),
        ("//evil.example/", "/preferences"),
        ("/\\evil.example/", "/preferences"),
        ("javascript:alert(1)", "/preferences"),
        ("alice", "/preferences"),
    ],
)
def test_the_way_back_is_a_path_of_this_site(client: Client, db: None, wanted: str, got: str) -> None:
    assert choose(client, theme="light", next=wanted).url == got
    shown = client.get("/preferences", {"next": wanted}).content.decode()
    assert ("evil.example" in shown, "javascript" in shown) == (False, False)


def test_every_page_offers_them_and_leads_back(alice: Person, client: Client) -> None:
    assert 'href="/preferences?next=/alice"' in client.get("/alice").content.decode()


def test_the_page_itself_is_not_for_search_engines_or_shared_caches(client: Client, db: None) -> None:
    response = client.get("/preferences")
    assert b'content="noindex"' in response.content
    assert "no-store" in response["Cache-Control"]
