"""We as an app at each Mastodon server: registered there when its first user comes, the secret kept encrypted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts import challenges
from accounts.calling import http_for
from accounts.models import NetworkApp
from accounts.networks import NETWORKS, oauth
from accounts.networks.base import BadRecord, NetworkError, RateLimited, Revoked, Unreachable
from accounts.networks.http import NotFound, Rejected4xx
from accounts.tokens import decrypt, encrypt

SLUG = "mastodon"
_HOST = re.compile(
    r"(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?"
)


def server_at(typed: str) -> str:
    """The base URL of the server that somebody typed: its host, an address on it, or @alice@its.host. Raises BadRecord.

    Plain http is kept where it was typed: whether such a server may be called is for the door to say.
    """
    text = typed.strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "https", text
    host = rest.partition("/")[0].rpartition("@")[2].lower()
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host):
        raise BadRecord("server", "this is no address of a server; it looks like mastodon.social")
    scheme = scheme.lower()
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"


def callback_url(server: str) -> str:
    """Where `server` sends people back: each has an address of its own, so that none passes off another's answer."""
    return settings.SITE_URL + reverse(f"{SLUG}_callback", args=[mark_of(server)])


def mark_of(server: str) -> str:
    return hashlib.sha256(server.encode()).hexdigest()[:32]


def app_at(server: str, at: datetime, *, asked_by: str) -> NetworkApp:
    """Our app at `server`, registered where there is none yet. Raises Unreachable, RateLimited, LostKey.

    asked_by: who typed the server; one person may not have us call very many.
    """
    known = NetworkApp.objects.filter(network=SLUG, server=server).first()
    if known is not None and _is_known_there(known, at):
        return known
    if known is not None:
        forget(server)
    if not challenges.may_look(f"new-server:{asked_by}"):
        raise RateLimited(at + timedelta(seconds=challenges.SECONDS), "too many new servers were asked for")
    declared = NETWORKS[SLUG].spec.oauth
    assert declared is not None
    with http_for(None, at=at, server=server, judge=oauth.judge, patient=False) as http:
        data = http.post(
            "/api/v1/apps",
            form={
                "client_name": settings.SITE_NAME,
                "redirect_uris": callback_url(server),
                "scopes": " ".join([*declared.identity, *declared.collect]),
                "website": settings.SITE_URL,
            },
        ).data
    found = data if isinstance(data, dict) else {}
    client_id, secret = found.get("client_id"), found.get("client_secret")
    if not all(isinstance(text, str) and 0 < len(text) <= 1000 and text.isprintable() for text in (client_id, secret)):
        raise Unreachable(f"{server} does not register apps as Mastodon does")
    # Of two that came at once the first stays; the other's app is never used.
    app, _ = NetworkApp.objects.get_or_create(
        network=SLUG,
        server=server,
        defaults={"client_id": str(client_id), "client_secret": encrypt(str(secret))},
    )
    return app


def _is_known_there(app: NetworkApp, at: datetime) -> bool:
    """Whether its server still knows `app`; servers drop apps that nobody has given access to for a day.

    Who went there with a forgotten one would see an error of the server's, and never come back. Raises Unreachable,
    RateLimited, LostKey.
    """
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": decrypt(app.client_secret)}
    try:
        with http_for(None, at=at, server=app.server, judge=_judge, patient=False) as http:
            http.post("/oauth/token", form=form)
    except Forgotten:
        return False
    except (Revoked, NotFound, Rejected4xx):
        # Another way to say that it gives no token for this; people are asked as ever.
        return True
    return True


class Forgotten(Unreachable):
    """The server does not know our app any more."""


def _judge(status: int, data: Any, headers: Mapping[str, str], now: datetime) -> NetworkError | None:
    if status in (400, 401, 403) and isinstance(data, dict) and data.get("error") == "invalid_client":
        return Forgotten("the server does not know our app any more")
    return oauth.judge(status, data, headers, now)


def forget(server: str) -> None:
    """Our app at `server` is known there no more: the next who comes registers another."""
    NetworkApp.objects.filter(network=SLUG, server=server).delete()


def remember(request: HttpRequest, server: str) -> None:
    """Say which server this request is about, before its state has been kept."""
    request._mastodon_server = server  # type: ignore[attr-defined]


def server_of(request: HttpRequest) -> str:
    """The server that this request is about, at the callback by the state that was kept; "" where there is none."""
    if not hasattr(request, "_mastodon_server"):
        kept = statekit.get_states(request).get(request.GET.get("state", ""))
        data = kept[0].get("data") if kept else None
        remember(request, str(data.get("server", "")) if isinstance(data, dict) else "")
    return str(request._mastodon_server)  # type: ignore[attr-defined]
