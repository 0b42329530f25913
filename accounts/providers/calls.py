"""What allauth calls, through our door: bounded, retried, never to a private address, at the origin that stands in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils import timezone
from requests.adapters import BaseAdapter

from accounts.calling import http_for, rewritten
from accounts.networks.base import NetworkError, RateLimited

# Ours are better: the agent names the operator, and what we accept is JSON.
_OURS = frozenset({"accept", "accept-encoding", "connection", "content-length", "user-agent"})


class ThroughOurDoor(BaseAdapter):
    """Sends what requests has prepared by accounts.networks.http; its errors say the host and no more."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = rewritten(str(request.url))
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() not in _OURS}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        assert body is None or isinstance(body, bytes)
        response = requests.Response()
        response.request, response.url = request, url
        try:
            with http_for(None, at=timezone.now(), patient=False) as http:
                # A token asked for at one address is not asked for at another.
                found = http.fetch(url, method=str(request.method), headers=headers, body=body or b"", redirects=0)
        except RateLimited:
            response.status_code, response._content = 429, b"{}"
            return response
        except NetworkError as error:
            host = urlsplit(url).hostname
            raise requests.ConnectionError(f"{host} did not answer ({type(error).__name__})") from None
        response.status_code, response._content = found.status, found.body
        response.headers.update(found.headers)
        response.headers.setdefault("content-type", "")
        return response

    def close(self) -> None:
        pass


def session() -> requests.Session:
    """A session whose every request goes through our door; proxies and .netrc of the environment are not used."""
    found = requests.Session()
    found.trust_env = False
    for scheme in ("http://", "https://"):
        found.mount(scheme, ThroughOurDoor())
    return found
