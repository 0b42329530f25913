"""Whatever is written into an address or sent with a form: each view answers it, and none breaks."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.datastructures import MultiValueDict

from accounts.models import Membership, Person, WatchList
from scoring.models import Topic
from tests.scoring.published import publish_score

pytestmark = pytest.mark.django_db

ODD = ["", "-1", "NaN", str(2**63), "x" * 5000, "a\x00b", "²😀ß", "http://[", "9999-12-31:9,x"]
# What breaks most: for one argument among others.
WORST = ["NaN", str(2**63), "a\x00b", "http://["]
# In an address, percent-encoded: what is no UTF-8 too, and more places of a number than the database has.
ODD_PARTS = ["a%00b", "%FF", "%C2%B2", "-1", "9" * 30, "x" * 300]
# 501 is what oEmbed asks for where a form is not known.
ANSWERS = {200, 202, 204, 301, 302, 303, 400, 401, 403, 404, 405, 409, 410, 422, 429, 501}
# The staff's own pages are Django's; the API has the same addresses twice; most networks are come back from alike.
LEFT_OUT = re.compile(r"^(admin/|api/v2/|accounts/(?!facebook|mastodon|mediawiki)\w+/login/callback/)")
# What a form needs for its other fields to matter.
VALID = {
    "lists": {"name": "Friends"},
    "lists/{list_id}": {"action": "remove", "handle": "alice"},
    "leaderboards": {"action": "leave"},
    "settings/export": {},
    "accounts/login/": {"login": "alice@example.com", "password": "a long pass phrase"},
}


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Each address of the URLconf, with {name} for what it takes."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, before + shape_of(entry))
        elif isinstance(entry, URLPattern) and not LEFT_OUT.match(before + shape_of(entry)):
            yield before + shape_of(entry)


def shape_of(entry: Any) -> str:
    route = str(entry.pattern)
    if type(entry.pattern).__name__ == "RegexPattern":
        route = re.sub(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)", r"\1", route).strip("^$").replace("\\", "")
    return re.sub(r"<(?:\w+:)?\s*(\w+)>", r"{\1}", route).replace("/?", "")


ADDRESSES = sorted(set(addresses(get_resolver().url_patterns)))


@contextmanager
def noting(names: set[str]) -> Iterator[None]:
    """Adds to `names` the arguments that are asked for meanwhile: what is worth sending."""
    read, listed = MultiValueDict.__getitem__, MultiValueDict.getlist

    def noted(method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(self: Any, key: Any, *more: Any) -> Any:
            if isinstance(self, QueryDict) and isinstance(key, str):
                names.add(key)
            return method(self, key, *more)

        return asked

    with (
        patch.object(MultiValueDict, "__getitem__", noted(read)),
        patch.object(MultiValueDict, "getlist", noted(listed)),
    ):
        yield


class Sender:
    """Sends requests whose effects are undone, and keeps what broke or was answered strangely."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies = client.cookies.copy()
        self.broken: list[str] = []
        self.sent = 0

    def send(self, method: str, path: str, data: dict[str, Any] | None = None) -> set[str]:
        """The names of the arguments that were asked for."""
        names: set[str] = set()
        self.sent += 1
        trouble = ""
        with transaction.atomic(), noting(names):
            try:
                answer = getattr(self.client, method)(path, data or {})
                if answer.streaming:
                    b"".join(answer.streaming_content)
                if answer.status_code not in ANSWERS:
                    trouble = str(answer.status_code)
            except Exception as error:
                trouble = f"{type(error).__name__}: {str(error)[:150]}"
            transaction.set_rollback(True)
        # Who was logged out comes back.
        self.client.cookies = self.cookies.copy()
        if trouble:
            self.broken.append(f"{method} {path[:80]} {str(data)[:200]}: {trouble}")
        return names - {"csrfmiddlewaretoken"}

    def every_argument(self, method: str, path: str, valid: dict[str, str], values: list[str]) -> None:
        """All arguments that the view asks for with each of `values`, and each alone; as long as it asks for others."""
        known: set[str] = set()
        new = self.send(method, path, valid)
        while new:
            known |= new
            found: set[str] = set()
            for value in values:
                found |= self.send(method, path, dict.fromkeys(known, value))
            # Many times the same name, too.
            found |= self.send(method, path, dict.fromkeys(known, values))
            for name in sorted(new) if len(known) > 1 else ():
                for value in WORST:
                    found |= self.send(method, path, valid | {name: value})
            new = found - known


@pytest.fixture
def alice(join: Callable[..., Person], settings: Any) -> Iterator[Person]:
    settings.ACCOUNT_RATE_LIMITS = False
    logging.disable()
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    yield person
    logging.disable(logging.NOTSET)


@pytest.fixture
def sender(alice: Person) -> Sender:
    client = Client()
    client.force_login(Membership.objects.get(person=alice).user)
    return Sender(client)


@pytest.fixture
def real(alice: Person, django_user_model: Any) -> defaultdict[str, str]:
    """What there is, by the name that addresses have for it; "1" for all else."""
    Topic.objects.get_or_create(slug="mastodon", defaults={"name": "Mastodon"})
    friends = WatchList.objects.create(owner=alice, name="Friends of old", created_at="2026-11-01T12:00Z")
    known = {
        "handle": "alice",
        "code": "PT",
        "slug": "mastodon",
        "network": "klout",
        "klout_id": str(alice.klout_id),
        "link_id": str(alice.links.first().pk),
        "list_id": str(friends.pk),
        "size": "small",
        "theme": "light",
        "form": "svg",
    }
    return defaultdict(lambda: "1", known)


def test_no_argument_of_an_address_breaks_a_page(sender: Sender, real: defaultdict[str, str]) -> None:
    for shape in ADDRESSES:
        sender.every_argument("get", "/" + shape.format_map(real), {}, ODD)
    assert sender.broken == []
    assert sender.sent > 500


def test_nothing_that_a_form_sends_breaks_a_page(sender: Sender, real: defaultdict[str, str]) -> None:
    for shape in ADDRESSES:
        sender.every_argument("post", "/" + shape.format_map(real), VALID.get(shape, {}), ODD)
    assert sender.broken == []
    assert sender.sent > 500


def test_no_part_of_an_address_breaks_a_page(sender: Sender, real: defaultdict[str, str]) -> None:
    for shape in ADDRESSES:
        for name in re.findall(r"\{(\w+)\}", shape):
            for part in ODD_PARTS:
                path = "/" + shape.format_map(defaultdict(lambda: "1", real | {name: part}))
                sender.send("get", path)
                sender.send("post", path)
    assert sender.broken == []
    assert sender.sent > 300


def test_a_query_that_is_no_text_breaks_no_page(sender: Sender, real: defaultdict[str, str]) -> None:
    for shape in ADDRESSES:
        path = "/" + shape.format_map(real)
        sender.send("get", path + "?q=%FF%00&after=%FF&days=%E2%82&people=%FF&before=%C0&sort=%FF&=&&;=%")
    assert sender.broken == []


def test_visitors_break_nothing_either(alice: Person, real: defaultdict[str, str]) -> None:
    visitor = Sender(Client())
    for shape in ADDRESSES:
        path = "/" + shape.format_map(real)
        names = visitor.send("get", path)
        for value in WORST if names else ():
            visitor.send("get", path, dict.fromkeys(names, value))
    assert visitor.broken == []
