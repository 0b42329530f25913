"""An Http to a network that a loopback server plays: with the network's own headers, judge and way to carry a token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stamina

from accounts.networks.base import Network
from accounts.networks.http import Http
from tests.fakes.loopback import Loopback

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@contextmanager
def doors(network: Network, fake: Loopback, token: str) -> Iterator[Callable[..., Http]]:
    """Makes doors to `fake`, in the place of the network's own origin; the clock stands at NOW."""
    spec = network.spec
    made: list[Http] = []
    path = "/" + spec.base_url.partition("://")[2].partition("/")[2]

    def make(**changes: Any) -> Http:
        if made and not changes:
            return made[0]
        settings: dict[str, Any] = {
            "token": token,
            "token_param": spec.token_param,
            "headers": spec.headers,
            "judge": network.judge,
            "user_agent": "Klout tests (+http://127.0.0.1)",
            "now": lambda: NOW,
            "private_hosts": [fake.host],
            "read_timeout": 2.0,
            "total_timeout": 4.0,
        }
        made.append(Http(fake.url + path, **(settings | changes)))
        return made[-1]

    with stamina.set_testing(True, attempts=4, cap=True):
        make()
        yield make
    for http in made:
        http.close()
