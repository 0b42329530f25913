"""Going to a network that a loopback server plays, and coming back; and looking for secrets where none may be."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Credential, Person
from tests.fakes.oauth import CLIENT, FakeOAuth


@pytest.fixture
def plays(settings) -> Iterator[Callable[[str], FakeOAuth]]:
    """plays("twitter"): a server that stands in for all of X's, with our keys set."""
    with ExitStack() as running:

        def make(slug: str) -> FakeOAuth:
            fake = running.enter_context(FakeOAuth(slug))
            settings.NETWORK_ORIGINS = settings.NETWORK_ORIGINS | fake.origins()
            settings.NETWORK_PRIVATE_HOSTS = [*settings.NETWORK_PRIVATE_HOSTS, fake.host]
            if slug != "mastodon":
                settings.NETWORK_KEYS = settings.NETWORK_KEYS | {slug: CLIENT}
            return fake

        settings.SITE_URL = "http://testserver"
        yield make


def leave(response: HttpResponse) -> str:
    """The way to the network on the page that leads there."""
    assert response.status_code == 200, response.content
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', response.content.decode())
    assert found, "no page that leads to a network"
    return html.unescape(found[1])


def come_back(client: Client, fake: FakeOAuth, response: HttpResponse) -> Any:
    """Log in at the network and return to us: the answer of our callback."""
    parts = urlsplit(fake.visit(leave(response)))
    assert parts.netloc == "testserver"
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: Client, fake: FakeOAuth) -> Any:
    return come_back(client, fake, client.post(reverse("sign_in", args=[fake.slug])))


def agree(client: Client, slug: str, person: Person, **more: Any) -> HttpResponse:
    url = f"{reverse('connect_network', args=[slug])}?person={person.handle}"
    return client.post(url, {"step": "agree", "agree": "on", **more})


def connect(client: Client, fake: FakeOAuth, person: Person, **more: Any) -> Any:
    if fake.slug == "mastodon":
        more.setdefault("server", fake.url)
    return come_back(client, fake, agree(client, fake.slug, person, **more))


def nothing_leaks(fake: FakeOAuth, *texts: str) -> None:
    """No token, code or secret of `fake` is in a session, in a stored credential as it is, or in `texts`."""
    sessions = [repr(session.get_decoded()) for session in Session.objects.all()]
    stored = [repr(bytes(row.token)) + repr(bytes(row.refresh_token or b"")) for row in Credential.objects.all()]
    for place, found in (("sessions", sessions), ("credentials", stored), ("texts", texts)):
        for text in found:
            for secret in fake.secrets:
                assert secret not in text, f"{secret} in {place}"
