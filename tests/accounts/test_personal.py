"""Pages in the reader's language, zone and numbers; and nothing personal where nobody is logged in."""

import datetime as dt

import pytest
from django.conf import settings as conf
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from accounts.middleware import PersonalMiddleware
from accounts.models import Cursor, Person, User
from tests.accounts.conftest import PASSWORD, link, logged_in

SHOWN = Template("{% load humanize %}{{ at|date:'Y-m-d H:i' }} {{ number|floatformat:1 }} {{ many|intcomma }}")
AT = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    translation.activate("en")


def seen_by(user: User | AnonymousUser, rf: RequestFactory) -> str:
    """What a page shows of a time and two numbers to `user`."""

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(SHOWN.render(Context({"at": AT, "number": 1234.5, "many": 1234567})))

    request = rf.get("/")
    request.user = user
    if user.is_authenticated:
        request.COOKIES[conf.SESSION_COOKIE_NAME] = "x"
        request.session = logged_in(user.person).session
    return PersonalMiddleware(page)(request).content.decode()


def test_times_are_in_the_readers_zone_and_numbers_in_their_language(alice: Person, bob: Person, rf) -> None:
    Person.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    User.objects.filter(people=alice).update(language="de")
    assert seen_by(User.objects.get(people=alice), rf) == "2026-03-02 08:30 1234,5 1.234.567"
    translation.activate("en")
    assert seen_by(User.objects.get(people=bob), rf) == "2026-03-01 23:30 1234.5 1,234,567"
    assert seen_by(AnonymousUser(), rf) == "2026-03-01 23:30 1234.5 1,234,567"
    assert timezone.get_current_timezone_name() == "UTC", "the next request in this thread starts anew"


def test_a_page_says_when_in_the_zone_that_was_chosen(alice: Person, as_alice: Client) -> None:
    Cursor.objects.create(link=link(alice), stream="posts", pulled_at=dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC))
    assert "1 March 2026" in as_alice.get("/settings/networks").content.decode()
    Person.objects.update(time_zone="Asia/Tokyo")
    assert "2 March 2026" in as_alice.get("/settings/networks").content.decode()


def test_coming_in_and_going_out_change_the_language(alice: Person) -> None:
    User.objects.update(language="de")
    client = Client()
    assert '<html lang="en"' in client.get("/").content.decode()
    answer = client.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD}, follow=True)
    assert '<html lang="de"' in answer.content.decode()
    assert answer["Content-Language"] == "de"
    gone = client.post("/accounts/logout/", follow=True)
    assert '<html lang="en"' in gone.content.decode()
    assert "You are logged out." in gone.content.decode()
    assert gone["Content-Language"] == "en"


PUBLIC = ["/", "/alice", "/transparency/features", "/nobody", "/avatars/nobody"]


@pytest.mark.parametrize("path", PUBLIC)
def test_who_only_looks_gets_no_cookie(alice: Person, path: str) -> None:
    answer = Client().get(path)
    assert not answer.cookies
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("path", PUBLIC[:4])
def test_caches_are_told_what_a_page_depends_on(alice: Person, path: str) -> None:
    vary = {part.strip() for part in Client().get(path)["Vary"].split(",")}
    assert {"Accept-Language", "Cookie"} <= vary


def test_a_language_that_is_no_longer_spoken_is_passed_over(alice: Person, as_alice: Client) -> None:
    User.objects.update(language="tlh")
    assert '<html lang="en"' in as_alice.get("/settings").content.decode()


def test_a_session_of_nobody_costs_nothing(client: Client, db: None, django_assert_max_num_queries) -> None:
    client.cookies[conf.SESSION_COOKIE_NAME] = "made up"
    with django_assert_max_num_queries(2):
        assert client.get("/preferences").status_code == 200
