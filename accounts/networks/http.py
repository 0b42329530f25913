"""The one door to networks over HTTP: bounded in time and size, retried where that helps, never to a private address.

A network file asks for JSON and gets JSON or one of the errors of `base`. Short waits are slept here; a long one is
RateLimited, so that the caller comes back instead of holding a worker. No message, repr or log line shows a token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpcore2
import httpx2
import stamina

from accounts.networks.base import RateLimited, Revoked, Unreachable, checked_text
from accounts.networks.sockets import AddressRefused, Deadline, Guarded, Resolve, is_listed, resolve

Params = Sequence[tuple[str, str]]

__all__ = ["AddressRefused", "Answer", "Http", "NotFound"]

# How long a network that says "too often" without a time is left alone, and the longest that any is believed.
_DEFAULT_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(days=1)
_REDIRECTS = 3
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;[^,<]{0,200}?\brel="?([a-z]+)"?')


class NotFound(Unreachable):
    """The network has nothing at this address."""


class _Again(Exception):
    """A try that failed in a way that may pass; `wait`: seconds that the network asked for."""

    def __init__(self, error: Unreachable, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON that a network answered with, and the addresses of neighbouring pages by their relation (next, prev)."""

    data: Any
    links: Mapping[str, str] = field(default_factory=dict)


class Http:
    """Calls to one server, with one token.

    base_url: https; http and private addresses are only for hosts in `private_hosts` (name, or name:port). user_agent
    should name a way to reach the operator. now: the clock that waits are reckoned by. longest_wait: seconds that may
    be slept between two tries. max_bytes: of one answer, unpacked. Environment proxies and .netrc are not used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        user_agent: str,
        now: Callable[[], datetime],
        private_hosts: Collection[str] = (),
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        total_timeout: float = 60.0,
        attempts: int = 4,
        longest_wait: float = 5.0,
        max_bytes: int = 16 * 1024**2,
        resolve: Resolve = resolve,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.private_hosts = frozenset(host.lower() for host in private_hosts)
        self.user_agent = user_agent
        self.now = now
        self._token = token
        self._settings: dict[str, Any] = {
            "connect_timeout": connect_timeout,
            "read_timeout": read_timeout,
            "total_timeout": total_timeout,
            "attempts": attempts,
            "longest_wait": longest_wait,
            "max_bytes": max_bytes,
            "resolve": resolve,
        }
        self.host = self._checked_host(self.base_url)
        headers = {"User-Agent": user_agent, "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._deadline = Deadline()
        self._client = httpx2.Client(
            transport=_Transport(Guarded(resolve, self.private_hosts, self._deadline)),
            headers=headers,
            timeout=httpx2.Timeout(read_timeout, connect=connect_timeout),
            follow_redirects=False,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"Http({self.base_url!r}, token={'set' if self._token else 'none'})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def elsewhere(self, base_url: str) -> Http:
        """The same ways of calling, for another server; the token stays here."""
        return Http(
            base_url,
            user_agent=self.user_agent,
            now=self.now,
            private_hosts=self.private_hosts,
            **self._settings,
        )

    def get(self, path: str, params: Params = ()) -> Answer:
        """GET `path` below the base URL. Raises RateLimited, Revoked, NotFound, AddressRefused or Unreachable."""
        settings = self._settings
        try:
            for attempt in stamina.retry_context(
                on=_wait,
                attempts=settings["attempts"],
                timeout=settings["total_timeout"],
                wait_initial=min(0.5, settings["longest_wait"]),
                wait_max=settings["longest_wait"],
                wait_jitter=min(1.0, settings["longest_wait"]),
            ):
                with attempt:
                    return self._follow(f"{self.base_url}/{path.lstrip('/')}", params)
        except _Again as again:
            raise again.error from None
        raise AssertionError("a retry ends with an answer or an error")

    def _follow(self, url: str, params: Params) -> Answer:
        """One try, with redirects inside the same host: to another one the token must not go."""
        for _ in range(_REDIRECTS + 1):
            answer = self._try(url, params)
            if isinstance(answer, Answer):
                return answer
            try:
                target = urljoin(url, answer)
            except ValueError:
                raise Unreachable(f"{self._place(url)} sends us to what is no address") from None
            if self._checked_host(target) != self.host:
                raise Unreachable(f"{self._place(url)} sends us to another host, {urlsplit(target).hostname}")
            url, params = target, ()
        raise Unreachable(f"{self._place(url)} sends us from address to address")

    def _try(self, url: str, params: Params) -> Answer | str:
        """The answer, or the address that the server sends us to."""
        place = self._place(url)
        self._deadline.start(self._settings["total_timeout"])
        try:
            with self._client.stream("GET", url, params=list(params) or None) as response:
                if response.status_code in (301, 302, 303, 307, 308):
                    return response.headers.get("location", "")
                body = self._body(response, place)
                self._check(response, body, place)
                return Answer(self._json(body, place), _links(response.headers.get_list("link")))
        except httpx2.HTTPError as error:
            # Their messages may quote a request; the kind of error tells enough.
            raise _Again(Unreachable(f"{place} did not answer ({type(error).__name__})")) from None
        except httpx2.InvalidURL:
            raise AddressRefused(f"{place} is not an address") from None

    def _body(self, response: httpx2.Response, place: str) -> bytes:
        limit = self._settings["max_bytes"]
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                raise Unreachable(f"{place} answered with more than {limit // 1024:,} KiB")
        return bytes(body)

    def _check(self, response: httpx2.Response, body: bytes, place: str) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        said = f"{place} answered {status}{self._excerpt(body)}"
        if status in (401, 403):
            raise Revoked(said)
        if status in (404, 410):
            raise NotFound(said)
        if status == 429 or status >= 500:
            until = self._until(response.headers)
            if status == 429 and until is None:
                until = self.now() + _DEFAULT_PAUSE
            wait = None if until is None else max(0.0, (until - self.now()).total_seconds())
            if until is not None and wait is not None and wait > self._settings["longest_wait"]:
                raise RateLimited(min(until, self.now() + _LONGEST_PAUSE), said)
            raise _Again(Unreachable(said), wait)
        raise Unreachable(said)

    def _until(self, headers: httpx2.Headers) -> datetime | None:
        """When the server lets us come back: Retry-After, else the reset of its rate limit; None where neither says."""
        said = headers.get("retry-after") or headers.get("x-ratelimit-reset") or headers.get("x-rate-limit-reset")
        if not said:
            return None
        said = said.strip()
        try:
            if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", said):
                number = float(said)
                # A small number counts seconds from now, a large one since 1970.
                return datetime.fromtimestamp(number, UTC) if number > 1e9 else self.now() + timedelta(seconds=number)
            time = datetime.fromisoformat(said) if said[:1].isdigit() else parsedate_to_datetime(said)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def _json(self, body: bytes, place: str) -> Any:
        try:
            return json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Unreachable(f"{place} did not answer with JSON") from None

    def _excerpt(self, body: bytes) -> str:
        """What the server says went wrong, in a few words and without our token."""
        try:
            data = json.loads(body)
            said = (data.get("error_description") or data.get("error")) if isinstance(data, dict) else ""
        except (ValueError, RecursionError):
            said = ""
        text = checked_text(said, limit=1000)
        if self._token:
            text = text.replace(self._token, "[token]")
        return f": {text[:200]}" if text else ""

    def _place(self, url: str) -> str:
        """`url` as a message may show it: no query, no token."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        place = f"{host}{parts.path}"[:200]
        return place.replace(self._token, "[token]") if self._token else place

    def _checked_host(self, url: str) -> str:
        """The host (with its port) of an address that we may call. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise AddressRefused("this is not an address") from None
        named = f"{host}:{port}" if port else host
        if not host or parts.scheme not in ("http", "https"):
            raise AddressRefused(f"{parts.scheme or 'it'} is not http(s), so it is no address of a server")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused(f"{named}: an address of a server holds no user name")
        if parts.scheme == "http" and not is_listed(host, port or 80, self.private_hosts):
            raise AddressRefused(f"{named}: only https is called")
        return named


class _Transport(httpx2.HTTPTransport):
    """httpx2's own transport on connections that are guarded."""

    def __init__(self, backend: Guarded) -> None:
        super().__init__(trust_env=False)
        # Not part of its public face: fail at once, rather than call unguarded, should it move.
        if not isinstance(self._pool, httpcore2.ConnectionPool):
            raise TypeError("httpx2 no longer keeps its connections where they can be guarded")
        self._pool.close()
        # SSL_CERT_FILE and SSL_CERT_DIR name authorities of an operator's own.
        context = httpx2.create_ssl_context(trust_env=True)
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=backend, keepalive_expiry=5.0)


def _wait(error: Exception) -> bool | float:
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else error.wait


def _links(headers: list[str]) -> dict[str, str]:
    return {relation: url for header in headers for url, relation in _LINK.findall(header[:8000])}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
