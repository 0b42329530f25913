"""Keeping access to a network: exchanging, refreshing and giving back a token, by what it declares (base.OAuth).

Each function calls one endpoint through an Http that was opened at its origin with `judge` from here: an endpoint for
tokens says otherwise what is wrong than the rest of an API does, and its words are not shown, lest they quote a token.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from accounts.networks.base import NetworkError, OAuth, RateLimited, Revoked, Unreachable
from accounts.networks.http import Http, Rejected4xx

# Meta's tokens can be exchanged from a day after they were made until they lapse; this long before is early enough.
EXCHANGE_BEFORE = timedelta(days=30)
REFRESH_BEFORE = timedelta(minutes=5)
# What says that the person, or time, has taken the access back (RFC 6749, 6750; Twitch and Reddit in their own words).
_GONE = frozenset({"invalid_grant", "invalid_token", "expired_token", "access_denied", "token_expired"})
_META_GONE, _META_BUSY = frozenset({190, 102}), frozenset({4, 17, 32, 613})
_META_PAUSE = timedelta(hours=1)
_LONGEST = 100 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What lets us read an account.

    expires_at: when `access` lapses (None: never). lapses_at: when nothing but connecting again helps (None: not known
    to). scopes: what the person granted.
    """

    access: str
    refresh: str = ""
    expires_at: datetime | None = None
    lapses_at: datetime | None = None
    scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        kept = "access and refresh" if self.refresh else "access"
        return f"Tokens({kept} set, expires_at={self.expires_at}, lapses_at={self.lapses_at}, scopes={self.scopes})"


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """We, as an app that is registered at the network."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Client({self.id!r})"


def origin_of(url: str, server: str = "") -> str:
    """The origin of an endpoint, which may be a path below `server`."""
    parts = urlsplit(server + url if url.startswith("/") else url)
    return f"{parts.scheme}://{parts.netloc}"


def judge(status: int, data: Any, headers: Mapping[str, str], now: datetime) -> NetworkError | None:
    """What an endpoint for tokens means by an answer other than 2xx; never in its own words."""
    if status == 429 or status >= 500:
        return None
    found = data if isinstance(data, dict) else {}
    said, words = found.get("error"), str(found.get("message", "")).lower()
    if isinstance(said, dict) and isinstance(said.get("code"), int):
        if said["code"] in _META_BUSY:
            return RateLimited(now + _META_PAUSE, "Meta asks us to come back later")
        if said["code"] in _META_GONE:
            return Revoked("the network no longer accepts the token")
    if str(said) in _GONE or said == 400 or "invalid refresh token" in words or "invalid access token" in words:
        return Revoked("the network no longer accepts the token")
    if status in (401, 403) or str(said) in ("invalid_client", "unauthorized_client"):
        # Our keys, not the person's access: no link must break for it.
        return Unreachable(f"the network refuses our app's keys ({status})")
    return Rejected4xx(f"the network's endpoint for tokens answered {status}")


def tokens_of(
    oauth: OAuth, data: Any, now: datetime, *, asked: tuple[str, ...], before: Tokens | None = None
) -> Tokens:
    """The tokens in an answer; what it leaves out is as `before`. Raises Revoked, Unreachable."""
    if not isinstance(data, dict):
        raise Unreachable("the network did not answer with a token")
    if isinstance(data.get("data"), list) and data["data"] and isinstance(data["data"][0], dict):
        # Instagram's older way.
        data = data["data"][0]
    if str(data.get("error")) in _GONE:
        raise Revoked("the network no longer accepts the token")
    access = data.get("access_token")
    if not _fit(access):
        raise Unreachable("the network did not answer with a token")
    refresh = data.get("refresh_token")
    if not _fit(refresh):
        refresh = before.refresh if before else ""
    expires_at = _after(data.get("expires_in"), now)
    if expires_at is None and oauth.lives is not None:
        expires_at = now + timedelta(days=oauth.lives)
    lapses_at = expires_at
    if oauth.refresh == "refresh_token" and refresh:
        said = data.get("refresh_expires_in") or data.get("refresh_token_expires_in")
        lapses_at = _after(said, now) or (before.lapses_at if before else None)
    scopes = _scopes(data.get("scope", data.get("permissions")))
    if not scopes:
        # A server that does not say granted what was asked for (RFC 6749, 5.1).
        scopes = before.scopes if before else asked
    return Tokens(str(access), str(refresh), expires_at, lapses_at, scopes)


def is_due(oauth: OAuth, tokens: Tokens, now: datetime) -> bool:
    """Whether the token should be refreshed before it is used."""
    if tokens.expires_at is None:
        return False
    return now >= tokens.expires_at - (EXCHANGE_BEFORE if oauth.refresh == "exchange" else REFRESH_BEFORE)


def exchange(http: Http, oauth: OAuth, client: Client, tokens: Tokens, now: datetime) -> Tokens:
    """A long-lived token for the short-lived one that Meta gives first. Raises Revoked, RateLimited, Unreachable."""
    grant = f"{oauth.dialect}_exchange_token"
    params = [("grant_type", grant), (oauth.client_id_name, client.id), ("client_secret", client.secret)]
    params.append(("access_token" if oauth.dialect != "fb" else grant, tokens.access))
    answer = http.get(urlsplit(oauth.exchange_url).path, params)
    return tokens_of(oauth, answer.data, now, asked=tokens.scopes, before=tokens)


def refresh(http: Http, oauth: OAuth, client: Client, tokens: Tokens, now: datetime) -> Tokens:
    """Newer tokens, after which the old ones may be good for nothing. Raises Revoked, RateLimited, Unreachable."""
    if oauth.refresh == "exchange":
        if tokens.expires_at is not None and tokens.expires_at <= now:
            raise Revoked("the token has lapsed")
        params = [("grant_type", f"{oauth.dialect}_refresh_token"), ("access_token", tokens.access)]
        answer = http.get(urlsplit(oauth.refresh_url).path, params)
        return tokens_of(oauth, answer.data, now, asked=tokens.scopes, before=tokens)
    if oauth.refresh != "refresh_token" or not tokens.refresh:
        raise Revoked("the token has lapsed")
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    headers = _signed(oauth, client, form)
    answer = http.post(urlsplit(oauth.refresh_url or oauth.token_url).path, form=form, headers=headers)
    return tokens_of(oauth, answer.data, now, asked=tokens.scopes, before=tokens)


def revoke(http: Http, oauth: OAuth, client: Client, tokens: Tokens) -> None:
    """Give the access back. Raises what Http raises; Revoked where the network had ended it before."""
    path = urlsplit(oauth.revoke_url.replace("{client_id}", client.id)).path
    if oauth.revoke_by == "token":
        # The refresh token where there is one: the whole grant ends with it.
        form = {"token": tokens.refresh or tokens.access}
        headers = _signed(oauth, client, form)
        http.post(path, form=form, headers=headers)
        return
    body, headers = b"", {}
    if oauth.revoke_by == "grant":
        headers = {"Authorization": _basic(client), "Content-Type": "application/json"}
        body = json.dumps({"access_token": tokens.access}).encode()
    else:
        headers = {"Authorization": f"Bearer {tokens.access}"}
    found = http.fetch(f"{http.base_url}{path}", method="DELETE", headers=headers, body=body, redirects=0)
    if found.status in (404, 422):
        raise Revoked("the network had ended the access before")
    if found.status >= 300:
        raise judge(found.status, _json(found.body), {}, http.now()) or Unreachable(f"answered {found.status}")


def granted(http: Http, oauth: OAuth, tokens: Tokens, proof: str = "") -> Tokens:
    """`tokens` with the scopes that the person did grant, asked where the network tells it apart (Meta).

    http carries the token itself. Raises Revoked, RateLimited, Unreachable.
    """
    params = [("appsecret_proof", proof)] if proof else []
    data = http.get(urlsplit(oauth.granted_url).path, params).data
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Unreachable("the network does not say what was granted")
    names = [row.get("permission") for row in rows if isinstance(row, dict) and row.get("status") == "granted"]
    return replace(tokens, scopes=_scopes(names))


def _signed(oauth: OAuth, client: Client, form: dict[str, str]) -> dict[str, str]:
    """Put our keys where the network wants them: into `form`, or into the header that is returned."""
    if oauth.client_auth == "basic":
        return {"Authorization": _basic(client)}
    form[oauth.client_id_name] = client.id
    form["client_secret"] = client.secret
    return {}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _basic(client: Client) -> str:
    return "Basic " + base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()


def _fit(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 10_000 and value.isprintable() and value.isascii()


def _after(seconds: object, now: datetime) -> datetime | None:
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds[:12])
    if type(seconds) is not int or not 0 < seconds <= _LONGEST:
        return None
    return now + timedelta(seconds=seconds)


def _scopes(said: object) -> tuple[str, ...]:
    names = re.split(r"[\s,]+", said) if isinstance(said, str) else said if isinstance(said, list) else []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and _fit(name)))
