"""No log has a token of an address with which its reader could join a team, take a perk or end somebody's mails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

pytestmark = pytest.mark.django_db
SECRET = "aL1ve-tOken_of-Alice"


def with_a_token(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern) and route.endswith("<str:token>"):
            yield route.replace("<str:token>", SECRET)
        elif isinstance(entry, URLResolver):
            yield from with_a_token(entry, route)


@pytest.mark.parametrize("path", sorted(with_a_token(get_resolver())))
def test_a_form_without_its_csrf_token_logs_no_token_of_the_address(path: str, caplog) -> None:
    answer = Client(enforce_csrf_checks=True).post(path)
    assert (SECRET in caplog.text) is False
    assert answer.status_code != 403 or path.replace(SECRET, "[token]") in caplog.text


def test_an_invitation_that_is_no_more_is_logged_without_its_token(caplog) -> None:
    assert Client().get(f"/teams/join/{SECRET}").status_code == 410
    assert "Gone: /teams/join/[token]" in caplog.text
    assert SECRET not in caplog.text


def test_nothing_there_is_logged_without_a_token_too_and_other_addresses_whole(caplog) -> None:
    client = Client()
    assert client.get(f"/teams/join/{SECRET}/").status_code == 404
    assert client.get("/teams/join/two/parts/and/more").status_code == 404
    assert SECRET not in caplog.text
    assert "Not Found: /teams/join/[token]/parts/and/more" in caplog.text


def test_where_somebody_came_from_is_logged_without_a_token(caplog) -> None:
    came_from = f"https://elsewhere.example/teams/join/{SECRET}"
    client = Client(enforce_csrf_checks=True)
    client.cookies["klout_csrf"] = "x" * 32
    answer = client.post(f"/teams/join/{SECRET}", secure=True, headers={"referer": came_from})
    assert answer.status_code == 403
    assert "elsewhere.example/teams/join/[token]" in caplog.text
    assert SECRET not in caplog.text
