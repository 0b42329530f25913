"""The one door to networks over HTTP: bounded in time and size, retried where that helps, never to a private address.

A network file asks for JSON and gets JSON or one of the errors of `base`. Short waits are slept here; a long one is
RateLimited, so that the caller comes back instead of holding a worker. No message, repr or log line shows a token.
"""

from __future__ import annotations

import json
import logging
import os
import re
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpcore2
import httpx2
import stamina

from accounts.networks.base import NetworkError, RateLimited, Revoked, Unreachable, checked_text
from accounts.networks.sockets import AddressRefused, Deadline, Guarded, Resolve, is_listed, resolve

Params = Sequence[tuple[str, str]]
# Network.judge: what an answer that is not 2xx means, by (status, data, headers, now).
Judge = Callable[[int, Any, Mapping[str, str], datetime], NetworkError | type[NetworkError] | None]

__all__ = ["AddressRefused", "Answer", "Fetched", "Http", "NotFound", "Rejected4xx"]

# How long a network that says "too often" without a time is left alone, and the longest that any is believed.
_DEFAULT_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(days=1)
_REDIRECTS = 3
# Where a network says when to come back: in seconds from now or since 1970, or as a date.
_RESETS = ("retry-after", "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
# They log whole addresses and headers, and some networks want our token in theirs.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;[^,<]{0,200}?\brel="?([a-z]+)"?')


class NotFound(Unreachable):
    """The network has nothing at this address."""


class _Again(Exception):
    """A try that failed in a way that may pass; `wait`: seconds that the network asked for."""

    def __init__(self, error: Unreachable, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Rejected4xx(Unreachable):
    """The network refused this very request (no 401, 403, 404, 410 or 429): asking again is no use."""


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON that a network answered with, and the addresses of neighbouring pages by their relation (next, prev).

    headers by lower-case name. status 304: unchanged since what the caller's If-None-Match or If-Modified-Since says.
    """

    data: Any
    links: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came, whatever its status; `url` is where it was found in the end."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    params: Params
    headers: Mapping[str, str]
    body: bytes = b""


class Http:
    """Calls to one server, with one token.

    base_url: https; http and private addresses are only for hosts in `private_hosts` (name, or name:port). user_agent
    should name a way to reach the operator. now: the clock that waits are reckoned by. longest_wait: seconds that may
    be slept between two tries. max_bytes: of one answer, unpacked. token_param: the parameter that carries the token,
    instead of a header. secrets: what else no message may show. Environment proxies and .netrc are not used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        token_param: str = "",
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
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
        secrets: Collection[str] = (),
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.private_hosts = frozenset(host.lower() for host in private_hosts)
        self.user_agent = user_agent
        self.now = now
        self._token = token
        self._hidden = tuple(text for text in (token, *secrets) if text)
        self._secret: Params = [(token_param, token)] if token and token_param else []
        self._judge = judge
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
        headers = {"User-Agent": user_agent, "Accept": "application/json", **(headers or {})}
        if token and not token_param:
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

    def get(self, path: str, params: Params = (), *, headers: Mapping[str, str] | None = None) -> Answer:
        """GET `path` below the base URL. Raises RateLimited, Revoked, NotFound, AddressRefused or Unreachable."""
        return self._json_of(_Request("GET", f"{self.base_url}/{path.lstrip('/')}", params, headers or {}))

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        data: Any = None,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST `form`, or `data` as JSON; `path` below the base URL, or a whole address on its host.

        Sent once more only where the network said 429 or 5xx, or never got it. Raises as `get` does.
        """
        url = path if path.startswith(("http://", "https://")) else f"{self.base_url}/{path.lstrip('/')}"
        if self._checked_host(url) != self.host:
            raise AddressRefused(f"{self._place(url)} is not on {self.host}")
        kind, body = "application/json", b"" if data is None else json.dumps(data).encode()
        if form is not None:
            kind, body = "application/x-www-form-urlencoded", urlencode(form).encode()
        return self._json_of(_Request("POST", url, params, {"Content-Type": kind, **(headers or {})}, body))

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        redirects: int = 5,
    ) -> Fetched:
        """A document at any public address, following redirects to others; without our token. Any status is an answer.

        Raises AddressRefused, RateLimited (429 and 5xx that ask to wait), Unreachable.
        """
        if self._token:
            raise ValueError("a client with a token fetches nothing: the token must not leave its network")
        for _ in range(redirects + 1):
            self._checked_host(url)
            request = _Request(method, url, (), headers or {}, body)
            found = self._tried(lambda request=request: self._try(request, raw=True))  # type: ignore[misc]
            if not isinstance(found, str):
                assert isinstance(found, Fetched)
                return found
            try:
                url = urljoin(url, found)
            except ValueError:
                raise Unreachable(f"{self._place(url)} sends us to what is no address") from None
            method, body = ("GET", b"") if method != "HEAD" else (method, b"")
        raise Unreachable(f"{self._place(url)} sends us from address to address")

    def _json_of(self, request: _Request) -> Answer:
        answer = self._tried(lambda: self._follow(request))
        assert isinstance(answer, Answer)
        return answer

    def _tried(self, attempt_once: Callable[[], Answer | Fetched | str]) -> Answer | Fetched | str:
        """What `attempt_once` returns, tried again where that may help."""
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
                    return attempt_once()
        except _Again as again:
            raise again.error from None
        raise AssertionError("a retry ends with an answer or an error")

    def _follow(self, request: _Request) -> Answer:
        """One try, with redirects inside the same host: to another one the token must not go."""
        url = request.url
        for _ in range(_REDIRECTS + 1):
            answer = self._try(request)
            if isinstance(answer, Answer):
                return answer
            assert isinstance(answer, str)
            try:
                target = urljoin(url, answer)
            except ValueError:
                raise Unreachable(f"{self._place(url)} sends us to what is no address") from None
            if self._checked_host(target) != self.host:
                raise Unreachable(f"{self._place(url)} sends us to another host, {urlsplit(target).hostname}")
            if request.method != "GET":
                raise Unreachable(f"{self._place(url)} sends a {request.method} elsewhere")
            url, request = target, replace(request, url=target, params=())
        raise Unreachable(f"{self._place(url)} sends us from address to address")

    def _try(self, request: _Request, *, raw: bool = False) -> Answer | Fetched | str:
        """The answer, or the address that the server sends us to. raw: the document as it is, whatever its status."""
        url = request.url
        place = self._place(url)
        self._deadline.start(self._settings["total_timeout"])
        try:
            with self._client.stream(
                request.method,
                url,
                params=[*request.params, *self._secret] or None,
                headers=dict(request.headers),
                content=request.body or None,
            ) as response:
                if response.status_code in (301, 302, 303, 307, 308):
                    return response.headers.get("location", "")
                headers = {name.lower(): value for name, value in response.headers.items()}
                body = self._body(response, place)
                if raw:
                    if response.status_code == 429 or response.status_code >= 500:
                        self._check(response, body, place)
                    return Fetched(response.status_code, url, headers, body)
                if response.status_code == 304:
                    return Answer(None, headers=headers, status=304)
                self._check(response, body, place)
                links = _links(response.headers.get_list("link"))
                silent = not body and (request.method != "GET" or response.status_code == 204)
                data = None if silent else self._json(body, place)
                return Answer(data, links, headers, response.status_code)
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
        if self._judge is not None:
            headers = {name.lower(): value for name, value in response.headers.items()}
            verdict = self._judge(status, _json_or_none(body), headers, self.now())
            if isinstance(verdict, RateLimited):
                seconds = (verdict.until - self.now()).total_seconds()
                if seconds > self._settings["longest_wait"]:
                    soonest = min(verdict.until, self.now() + _LONGEST_PAUSE)
                    raise RateLimited(soonest, said, everybody=verdict.everybody)
                raise _Again(Unreachable(said), max(0.0, seconds))
            if verdict is not None:
                raise verdict if isinstance(verdict, NetworkError) else verdict(said)
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
        raise Rejected4xx(said) if status >= 400 else Unreachable(said)

    def _until(self, headers: httpx2.Headers) -> datetime | None:
        """When the server lets us come back: Retry-After, else the reset of its rate limit; None where neither says."""
        said = next(filter(None, map(headers.get, _RESETS)), None)
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
        data = _json_or_none(body)
        said: Any = ""
        if isinstance(data, dict):
            said = data.get("error_description") or data.get("error") or data.get("message") or data.get("detail")
            # Meta, Google and X say it one level down, Foursquare beside its answer.
            said = said.get("message") if isinstance(said, dict) else said
            meta = data.get("meta")
            said = said or (meta.get("errorDetail") if isinstance(meta, dict) else "")
        text = checked_text(said, limit=1000)
        return f": {self._without_secrets(text)[:200]}" if text else ""

    def _place(self, url: str) -> str:
        """`url` as a message may show it: no query, no token."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        place = f"{host}{parts.path}"[:200]
        return self._without_secrets(place)

    def _without_secrets(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, "[token]")
        return text

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
        context = _authorities(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
        super().__init__(verify=context, trust_env=False)
        # Not part of its public face: fail at once, rather than call unguarded, should it move.
        if not isinstance(self._pool, httpcore2.ConnectionPool):
            raise TypeError("httpx2 no longer keeps its connections where they can be guarded")
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=backend, keepalive_expiry=5.0)


@lru_cache(maxsize=4)
def _authorities(file: str, folder: str) -> ssl.SSLContext:
    """Whom we trust; SSL_CERT_FILE and SSL_CERT_DIR name authorities of an operator's own. To make it takes 20 ms."""
    return httpx2.create_ssl_context(trust_env=True)


def _wait(error: Exception) -> bool | float:
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else error.wait


def _links(headers: list[str]) -> dict[str, str]:
    return {relation: url for header in headers for url, relation in _LINK.findall(header[:8000])}


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
