"""No form leads to another site, and none but the listed ones takes what another site sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import Person
from tests.scoring.reading import user_of

pytestmark = pytest.mark.django_db
ELSEWHERE = (
    *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("http:evil.example", "javascript:alert(1)", "\t//evil.example", "/\t/evil.example", "https:///evil.example"),
)
# What posts a way back: the address, and what else it wants.
FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/preferences", {"theme": "dark", "language": "en"}),
    ("/lists", {"name": "New"}),
    ("/leaderboards", {"action": "leave"}),
    ("/accounts/login/", {"login": "alice@example.com", "password": "a long pass phrase"}),
    ("/accounts/logout/", {}),
)
# Who sends these is known by a signature, by nothing at all, or holds the token against the form itself.
FROM_ELSEWHERE = {
    *("webmention", "unsubscribe", "x_hook", "deletion_hook", "deauthorize_hook"),
    # Reads what is sent only after the token was seen (scoring.uploads).
    "import",
    # allauth's own, on which a code of the network's is wanted; and the API, which reads alone.
    "v2",
}


def location(answer: Any) -> str:
    """Where a browser goes that gets this answer of http://testserver."""
    return urlsplit(
        urljoin("http://testserver/lists", re.sub(r"[\t\r\n]", "", answer["Location"]).replace("\\", "/"))
    ).netloc


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_a_way_back_is_a_page_of_this_site(join: Callable[..., Person], path: str, fields: dict[str, str]) -> None:
    alice = join("Alice")
    EmailAddress.objects.create(user=user_of(alice), email="alice@example.com", verified=True, primary=True)
    for number, wanted in enumerate(ELSEWHERE):
        client = Client()
        if "login" not in path:
            client.force_login(user_of(alice))
        sent = fields | {"next": wanted} | ({"name": f"New {number}"} if path == "/lists" else {})
        for address in (path, f"{path}?next={wanted}"):
            answer = client.post(address, sent)
            if answer.status_code == 302:
                assert location(answer) == "testserver", (address, wanted)
            else:
                assert "evil.example" not in re.sub(r'(?s)value="[^"]*"|next=[^"]*', "", answer.content.decode())
            sent |= {"name": f"Newer {number}"} if path == "/lists" else {}
    home = client.post(path, fields | {"next": "/compare", "name": "Newest"})
    assert home["Location"] == "/compare"


def exempt() -> Iterator[str]:
    def walk(resolver: Any, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            path = f"{before}{pattern.pattern}"
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, path)
            elif getattr(pattern.callback, "csrf_exempt", False):
                yield "v2" if re.match("(api/)?v2/", path) else pattern.name or path

    return walk(get_resolver(), "")


def test_forms_are_taken_from_our_own_pages_alone() -> None:
    """Whoever lets another one through says here why."""
    assert set(exempt()) == FROM_ELSEWHERE
