"""Web push (RFC 8030): wakes the browsers somebody lets us wake; encrypted for each (RFC 8291), signed (RFC 8292).

An endpoint is an address that somebody's browser gave: it is called through the guarded client alone, never on a
private network, and what is said to it is only that there is news and where.
"""

from __future__ import annotations

import binascii
import json
import logging
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts.calling import http_for, private_hosts
from accounts.models import Notification, PushSubscription, User
from accounts.networks.base import NetworkError
from accounts.networks.http import Http
from accounts.networks.sockets import is_listed
from accounts.notify import glimpse_of

log = logging.getLogger(__name__)

CURVE = ec.SECP256R1()
# A push service keeps what a sleeping browser has not fetched for so many seconds.
KEPT = 24 * 3600
# How long what is signed holds; a day at most (RFC 8292).
SIGNED_FOR = timedelta(hours=12)
# Told in messages of one length, so that it does not give away what they say.
PADDED_TO = 512
MOST_BROWSERS = 10
LONGEST_ENDPOINT = 1000
POINT, AUTH = 65, 16
# The service knows the subscription no more: the browser has withdrawn it, or is gone.
GONE = (404, 410)


class NoSubscription(ValueError):
    """What a browser is said to have given is none."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Ours: what signs, and what browsers know us by."""

    private: ec.EllipticCurvePrivateKey
    public: str


@lru_cache(maxsize=4)
def _keys(text: str) -> Keys:
    number = int.from_bytes(decoded(text, 32), "big")
    private = ec.derive_private_key(number, CURVE)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Keys(private, urlsafe_b64encode(point).rstrip(b"=").decode())


def keys() -> Keys | None:
    """None where push is off: VAPID_PRIVATE_KEY is not set. Raises ValueError where it is none."""
    return _keys(settings.VAPID_PRIVATE_KEY) if settings.VAPID_PRIVATE_KEY else None


def decoded(text: str, length: int) -> bytes:
    """base64url, with its padding or without. Raises ValueError for anything else than `length` bytes."""
    try:
        found = urlsafe_b64decode(text.rstrip("=").encode("ascii") + b"=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("this is not base64url") from error
    if len(found) != length:
        raise ValueError(f"{len(found)} bytes are not {length}")
    return found


def subscribe(*, user: User, data: Any, browser: str, at: datetime) -> PushSubscription:
    """Keep what a browser gave for `user` (as PushSubscription.toJSON() has it); the oldest go where there are many.

    A browser is woken for one user only: for whom it subscribed last. Raises NoSubscription.
    """
    given: dict[str, Any] = data if isinstance(data, dict) else {}
    inner = given.get("keys")
    inner = inner if isinstance(inner, dict) else {}
    endpoint, p256dh, auth = given.get("endpoint"), inner.get("p256dh"), inner.get("auth")
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)):
        raise NoSubscription("endpoint, keys.p256dh and keys.auth are wanted")
    check_endpoint(endpoint)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(p256dh, POINT))
        decoded(auth, AUTH)
    except ValueError as error:
        raise NoSubscription("these are no keys of a browser") from error
    with transaction.atomic():
        kept, _made = PushSubscription.objects.update_or_create(
            endpoint=endpoint,
            defaults={
                "user": user,
                "p256dh": p256dh.rstrip("="),
                "auth": auth.rstrip("="),
                "browser": browser[:200],
                "created_at": at,
            },
        )
        newest = PushSubscription.objects.filter(user=user).order_by("-created_at", "-pk").values("pk")
        spared = [row["pk"] for row in newest[:MOST_BROWSERS]]
        PushSubscription.objects.filter(user=user).exclude(pk__in=spared).delete()
    return kept


def check_endpoint(endpoint: str) -> None:
    """Raise NoSubscription for what is no address of a push service; a private one is found out when it is called."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NoSubscription("the endpoint is no address") from error
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_listed(host, port or 80, private_hosts()))
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not (host and secure and plain and parts.username is None and len(endpoint) <= LONGEST_ENDPOINT):
        raise NoSubscription("the endpoint is no https address")


def unsubscribe(*, user: User, endpoint: str = "", pk: int | None = None) -> bool:
    """Forget a browser of `user`, by its endpoint or its number; False where there is none."""
    mine = PushSubscription.objects.filter(user=user)
    mine = mine.filter(endpoint=endpoint) if pk is None else mine.filter(pk=pk)
    return bool(mine.delete()[0])


def digest(subscription: PushSubscription) -> str:
    """By which a browser finds itself in a list, without the list giving away its endpoint."""
    return sha256(subscription.endpoint.encode()).hexdigest()


def send(notification: Notification) -> None:
    """Wake the browsers of whom `notification` is for; those that are gone are forgotten. What fails is logged."""
    ours = keys()
    if ours is None:
        return
    message = message_of(notification)
    for subscription in PushSubscription.objects.filter(user=notification.user_id).order_by("pk"):
        try:
            status = deliver(subscription, message, ours, at=timezone.now())
        except (NetworkError, ValueError) as error:
            log.warning("a push to browser %s of user %s failed: %s", subscription.pk, subscription.user_id, error)
            continue
        if status in GONE:
            subscription.delete()
            log.info("browser %s of user %s wants no more pushes", subscription.pk, subscription.user_id)
        elif not 200 <= status < 300:
            log.warning(
                "a push to browser %s of user %s was refused: %s", subscription.pk, subscription.user_id, status
            )


def message_of(notification: Notification) -> bytes:
    """What the service worker gets (static/js/worker.js): words for a locked screen, and where they lead to here."""
    language = notification.user.language or settings.LANGUAGE_CODE
    with translation.override(language):
        told = {
            "title": settings.SITE_NAME,
            "body": glimpse_of(notification),
            "url": reverse("notification", args=[notification.pk]),
            "tag": f"notification-{notification.pk}",
            "lang": language,
        }
    # Spaces after it are no part of JSON.
    return json.dumps(told).encode().ljust(PADDED_TO)


def deliver(subscription: PushSubscription, message: bytes, ours: Keys, *, at: datetime) -> int:
    """Hand `message` to the browser's push service; the status it answered with.

    Raises NetworkError (AddressRefused among them), ValueError where the browser's keys are none.
    """
    body = http_ece.encrypt(
        message,
        private_key=ec.generate_private_key(CURVE),
        dh=decoded(subscription.p256dh, POINT),
        auth_secret=decoded(subscription.auth, AUTH),
        version="aes128gcm",
    )
    parts = urlsplit(subscription.endpoint)
    headers = {
        "Authorization": f"vapid t={signed(f'{parts.scheme}://{parts.netloc}', ours)}, k={ours.public}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT),
        "Urgency": "normal",
    }
    # Who knows the address may write to the browser: no message of an error shows its path.
    door: Http
    with http_for(None, at=at, secrets=[part for part in (parts.path, parts.query) if len(part) > 1]) as door:
        return door.fetch(subscription.endpoint, method="POST", headers=headers, body=body, redirects=0).status


def signed(audience: str, ours: Keys) -> str:
    """Who we are, for one push service: a token that it can hold against the key the browser subscribed with."""
    claims = {"aud": audience, "exp": int(time.time() + SIGNED_FOR.total_seconds()), "sub": contact()}
    return jwt.encode(claims, ours.private, algorithm="ES256")


def contact() -> str:
    """Where a push service may complain about us."""
    if settings.SITE_URL.startswith("https://"):
        return str(settings.SITE_URL)
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
