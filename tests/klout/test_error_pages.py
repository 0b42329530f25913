"""What people see where something goes wrong: said kindly, with a way on, and even where little works any more."""

from __future__ import annotations

import pytest
from django.conf import settings as conf
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation
from django.views.defaults import bad_request, server_error

from accounts.models import Person
from klout.urls import urlpatterns as ours
from tests.accounts.conftest import alice as alice
from tests.accounts.conftest import apart as apart
from tests.accounts.conftest import join as join
from tests.accounts.conftest import logged_in
from tests.accounts.test_pages import Elements, check_page


def refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def malformed(request: HttpRequest) -> HttpResponse:
    raise BadRequest


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret of ours")


urlpatterns = [path("test/refused", refused), path("test/malformed", malformed), path("test/broken", broken), *ours]
ANSWERS = [
    ("/test/refused", 403, "not yours to open"),
    ("/test/malformed", 400, "could not read this request"),
    ("/test/broken", 500, "Something broke on our side"),
    ("/nobody", 404, "nobody has this handle"),
    ("/nobody/moments", 404, "nobody has this handle"),
    ("/leaderboards/topic/nothing-of-that-name", 404, "no page at this address"),
    ("/far/from/anything", 404, "no page at this address"),
]


@pytest.fixture
def visitor(db: None) -> Client:
    return Client(raise_request_exception=False)


def ways_on(page: str) -> list[str]:
    """Where the content of a page leads."""
    content = page.partition("<main")[2].partition("</main>")[0]
    elements = Elements(content).all
    return [known.get("href", known.get("action", "")) for tag, known in elements if tag in {"a", "form"}]


@pytest.mark.urls("tests.klout.test_error_pages")
@pytest.mark.parametrize(("address", "status", "words"), ANSWERS)
def test_what_went_wrong_is_said_with_a_way_on(visitor: Client, address: str, status: int, words: str) -> None:
    answer = visitor.get(address)
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert "/" in ways_on(page)
    assert 'content="noindex"' in page
    assert "secret" not in page
    check_page(page)


@pytest.mark.urls("tests.klout.test_error_pages")
def test_a_page_that_breaks_needs_neither_database_nor_request(visitor: Client, monkeypatch) -> None:
    def gone(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("there is no database")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", gone)
        patch.setattr(engines["django"].engine, "template_context_processors", (gone,))
        answer = visitor.get("/test/broken", headers={"Cookie": f"{conf.SESSION_COOKIE_NAME}=x"})
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


@pytest.mark.parametrize("error", [server_error, bad_request])
def test_it_names_the_language_that_it_speaks(rf: RequestFactory, error) -> None:
    request = rf.get("/")
    with translation.override("de"):
        page = (error(request) if error is server_error else error(request, None)).content.decode()
    assert '<html lang="de"' in page


def test_a_form_without_its_token_knows_who_sent_it(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.users.get())
    answer = client.post("/settings/visibility", {"visibility": "hidden"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This form has expired" in page
    assert "Alice Archer" in page, "they see that they are logged in"
    assert "/settings/visibility" in ways_on(page)
    check_page(page)


def test_too_many_attempts_are_told_to_wait(client: Client, db: None) -> None:
    for _attempt in range(21):
        answer = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Please wait a minute" in page
    assert {"/accounts/password/reset/", "/"} <= set(ways_on(page))
    check_page(page)


@pytest.mark.urls("tests.klout.test_error_pages")
def test_who_is_refused_is_told_as_whom(alice: Person) -> None:
    page = logged_in(alice).get("/test/refused").content.decode()
    assert "alice@example.org" in page
    assert "/accounts/logout/" in ways_on(page)


def test_a_page_that_is_not_there_is_the_same_for_every_address(client: Client, db: None) -> None:
    assert client.get("/nobody").content == client.get("/somebody-else").content
