"""What every page may cost: 90 KB of styles and scripts as they travel, twelve queries, and no cookie for a visitor."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import notify
from accounts.models import Person
from scoring import rankings
from tests.scoring.published import AS_OF, publish_score

MOST_BYTES = 90_000
MOST_QUERIES = 12

# For everybody; the rest is for who is logged in.
PUBLIC = [
    *("/", "/alice", "/alice/why", "/alice/chart", "/alice/chart?days=all&show=score,reach", "/alice/moments"),
    *("/search", "/search?q=alice", "/search?q=alcie", "/leaderboards", "/leaderboards/country/PT"),
    *("/compare?people=alice,bob&days=90", "/transparency", "/transparency/formulas", "/transparency/features"),
    *("/transparency/data", "/share/alice", "/preferences", "/offline", "/embed/alice", "/accounts/password/reset/"),
    "/opt-out",
    "/perks",
    *("/achievements/all", "/achievements/people", "/alice/achievements"),
]
OWN = [
    *("/dashboard", "/welcome", "/alice/activity", "/leaderboards/following", "/lists", "/badges", "/notifications"),
    *("/settings", "/settings/networks", "/settings/topics", "/settings/visibility", "/settings/notifications"),
    *("/settings/log-in", "/settings/devices", "/settings/keys", "/settings/pause"),
    *("/settings/connect", "/settings/pinned", "/settings/import", "/achievements"),
]
# A form that changes something gives its visitor the cookie that protects it.
FORMS = ("/accounts/", "/preferences", "/opt-out")
FILES = re.compile(r'(?:<link rel="stylesheet"[^>]*href|<script[^>]*src)="/static/([^"?]+)')


def files_of(html: str) -> set[str]:
    return set(FILES.findall(html))


@cache
def travelling(name: str) -> int:
    """The bytes of a static file once gzip has been at it."""
    found = finders.find(name)
    assert found is not None, f"/static/{name} is not there"
    return len(gzip.compress(Path(str(found)).read_bytes(), 9))


@pytest.fixture
def own(join) -> Client:
    """Alice's browser; she and Bob have scores, and she has what pages list: news, a list, a topic."""
    alice, bob = join("Alice", twitter="1", mastodon="2"), join("Bob", twitter="3")
    Person.objects.filter(pk=alice.pk).update(country="PT")
    for person in (alice, bob):
        publish_score(person, history={day: 40.0 + day / 9 for day in range(1, 60)})
    user = alice.users.get()
    notify.notify(person=alice, kind="rest_over", context={"day": AS_OF, "url": "/settings"})
    rankings.write(as_of=AS_OF)
    client = Client()
    client.force_login(user)
    return client


# All pages in one test each: what they show takes longer to make than the pages.
def test_styles_and_scripts_of_a_page_are_light(own: Client) -> None:
    heavy = {}
    for path in [*PUBLIC, *OWN]:
        response = own.get(path)
        assert response.status_code == 200, f"{path} answers {response.status_code}"
        sizes = {name: travelling(name) for name in files_of(response.content.decode())}
        assert sizes, f"{path} has no style"
        if sum(sizes.values()) > MOST_BYTES:
            heavy[path] = sizes
    assert heavy == {}


def test_a_page_asks_the_database_no_more_than_twelve_times(own: Client) -> None:
    many = {}
    for path in [*PUBLIC, *OWN]:
        with CaptureQueriesContext(connection) as asked:
            response = own.get(path)
        assert response.status_code == 200, f"{path} answers {response.status_code}"
        if len(asked) > MOST_QUERIES:
            many[path] = [query["sql"][:200] for query in asked]
    assert many == {}


def test_a_visitor_gets_no_cookie(own: Client) -> None:
    cookies = {}
    for path in PUBLIC:
        if path.startswith(FORMS):
            continue
        response = Client().get(path)
        assert response.status_code == 200, f"{path} answers {response.status_code}"
        if response.cookies:
            cookies[path] = response.cookies.output()
    assert cookies == {}


def test_the_profile_is_of_these_pages() -> None:
    assert reverse("profile", args=["alice"]) in PUBLIC
