"""The door to a network as this system is set up: whose server, through which origin, as which app, at what time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from accounts.networks.base import Network
from accounts.networks.http import Http

# For a door that only fetches documents at addresses of their own.
ANYWHERE = "https://anywhere.invalid"


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


def http_for(network: Network | None, *, at: datetime, server: str = "", token: str = "") -> Http:
    """Calls to `network` (None: to anything), at the time `at` and what has passed since; to be closed after use.

    server: the base URL where the network has many; else its own is called.
    """
    start = time.monotonic()
    return Http(
        rewritten(server or (network.spec.base_url if network else "") or ANYWHERE),
        token=token,
        token_param=network.spec.token_param if network else "",
        headers=network.spec.headers if network else None,
        judge=network.judge if network else None,
        user_agent=f"Klout-in-the-open (+{settings.SITE_URL})",
        now=lambda: at + timedelta(seconds=time.monotonic() - start),
        private_hosts=private_hosts(),
    )
