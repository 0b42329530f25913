"""The door to a network as this system is set up: whose server, through which origin, as which app, at what time."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import NetworkApp
from accounts.networks.base import Network, Spec, Unreachable
from accounts.networks.http import Http, Judge
from accounts.networks.oauth import Client
from accounts.tokens import decrypt

# For a door that only fetches documents at addresses of their own.
ANYWHERE = "https://anywhere.invalid"
# While somebody waits for a page: seconds, and tries.
IMPATIENT: dict[str, Any] = {"read_timeout": 10.0, "total_timeout": 20.0, "attempts": 2, "longest_wait": 1.0}
# Where whoever asks tries again by themselves, and no more than a status is wanted.
ONCE: dict[str, Any] = {
    "read_timeout": 10.0,
    "total_timeout": 15.0,
    "attempts": 1,
    "longest_wait": 0.0,
    "max_bytes": 64 * 1024,
}


def rewritten(url: str) -> str:
    """`url`, at the origin that NETWORK_ORIGINS puts in the place of its own."""
    for origin, other in settings.NETWORK_ORIGINS.items():
        if url == origin or url.startswith((f"{origin}/", f"{origin}?")):
            return str(other) + url[len(origin) :]
    return url


def private_hosts() -> list[str]:
    """Hosts on private addresses that may be called: those listed, and those that stand in for a network's own."""
    stand_ins = [urlsplit(url).netloc for url in settings.NETWORK_ORIGINS.values() if url.startswith("http://")]
    return [*settings.NETWORK_PRIVATE_HOSTS, *stand_ins]


def http_for(
    network: Network | None,
    *,
    at: datetime,
    server: str = "",
    token: str = "",
    judge: Judge | None = None,
    secrets: Collection[str] = (),
    patient: bool = True,
    once: bool = False,
) -> Http:
    """Calls to `network` (None: to anything), at the time `at` and what has passed since; to be closed after use.

    server: the base URL where the network has many; else its own is called. judge: instead of the network's own.
    secrets: what no message may show, beside the token. patient: as a task may be; else as one who waits for a page.
    once: a single try, of which the status matters.
    """
    start = time.monotonic()
    return Http(
        rewritten(server or (network.spec.base_url if network else "") or ANYWHERE),
        token=token,
        token_param=network.spec.token_param if network else "",
        headers=network.spec.headers if network else None,
        judge=judge or (network.judge if network else None),
        user_agent=f"Klout-in-the-open (+{settings.SITE_URL})",
        now=lambda: at + timedelta(seconds=time.monotonic() - start),
        private_hosts=private_hosts(),
        secrets=secrets,
        **(ONCE if once else {} if patient else IMPATIENT),
    )


class NoApp(Unreachable):
    """We are not registered as an app at the network: its keys are not set."""


def is_on(spec: Spec) -> bool:
    """Whether people can connect accounts of a network: it has a way to, and its keys are set where it needs them."""
    return bool(spec.proof) and (not spec.needs_keys or all(settings.NETWORK_KEYS.get(spec.slug, ("", ""))))


def collect_scopes(spec: Spec, *, pages: bool = False) -> list[str]:
    """What "connect" asks for beyond identity; pages: also to read pages."""
    if spec.oauth is None:
        return []
    own = settings.LINKEDIN_SCOPES if spec.slug == "linkedin" else []
    return [*(own or spec.oauth.collect), *(spec.oauth.page_scopes if pages else ())]


def keys_of(spec: Spec, server: str = "") -> Client:
    """We as the app that `spec` knows, at `server` where it has many. Raises NoApp, LostKey."""
    if spec.needs_keys:
        if not is_on(spec):
            raise NoApp(f"{spec.label} is off: its keys are not set")
        return Client(*settings.NETWORK_KEYS[spec.slug])
    app = NetworkApp.objects.filter(network=spec.slug, server=server).first()
    if app is None:
        raise NoApp(f"we are no app of {server or spec.label}")
    return Client(app.client_id, decrypt(app.client_secret))
