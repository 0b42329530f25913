"""Telling other people's programs what happened: signed, kept until it has arrived, tried again for two days.

`enqueue` writes what is to be told in the caller's transaction; `deliver_due` sends it, outside of any. A delivery
carries one id over all its tries (accounts.signatures), and may arrive twice: where the sender is killed between
sending and writing down, it is sent again. Deliveries may overtake each other. Upper apps name their events and who is
told of an address that no longer answers, in AppConfig.ready.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import signatures, tokens
from accounts.calling import http_for, private_hosts
from accounts.mailing import compose
from accounts.models import User, WebhookDelivery, WebhookEndpoint, WebhookTry
from accounts.networks.base import NetworkError
from accounts.networks.sockets import is_listed

log = logging.getLogger(__name__)

State = WebhookDelivery.State

# After each try that failed so long until the next; after the last one it is given up.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=24),
)
# Longer than any try takes: after it, whoever took a delivery is gone.
LEASE = timedelta(minutes=2)
# An address that has not answered for so long is no longer called.
PATIENCE = timedelta(days=5)
# How long the secret before a new one signs too.
OVERLAP = timedelta(hours=24)
KEPT = timedelta(days=90)
MOST_ENDPOINTS = 10
# Seconds that one call of `deliver_due` goes on taking up new ones.
BUDGET = 25.0

PING = "ping"
EVENTS: dict[str, Promise | str] = {PING: gettext_lazy("a test")}


@dataclass(frozen=True, slots=True)
class Owner:
    """How those are found to whom an address belongs: the users who are mailed, and the page with its log."""

    users: Callable[[str], Iterable[User]]
    page: Callable[[WebhookEndpoint], str]


# By the part of WebhookEndpoint.owner before the colon.
OWNERS: dict[str, Owner] = {}


class WrongAddress(ValueError):
    """What is not to be called; its text says why, in the active language."""


class Answered(NetworkError):
    """An answer that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it answered {status}")
        self.status = status


def register_event(slug: str, label: Promise | str) -> None:
    """Name something that addresses may want to be told. Raises ValueError for a name that is taken."""
    if slug in EVENTS:
        raise ValueError(f"the event {slug!r} is registered twice")
    EVENTS[slug] = label


def register_owner(kind: str, owner: Owner) -> None:
    """Say to whom the addresses of owners "<kind>:..." belong. Raises ValueError for a kind that is taken."""
    if kind in OWNERS:
        raise ValueError(f"the owners {kind!r} are registered twice")
    OWNERS[kind] = owner


# ---------------------------------------------------------------- addresses and their secrets


def check_address(url: str) -> str:
    """`url`, where it is one that we call: https, no log-in in it. Raises WrongAddress.

    Whether its host is on a private network is found out at each call.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise WrongAddress(_("This is no address.")) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and is_listed(host, port or 80, private_hosts())):
        raise WrongAddress(_("The address must begin with https://."))
    if not host or parts.username is not None or not (url.isascii() and url.isprintable()) or " " in url:
        raise WrongAddress(_("This is no address."))
    return url


def add(*, owner: str, url: str, events: Iterable[str]) -> tuple[WebhookEndpoint, str]:
    """A new address of `owner`, and its secret, which is shown this once. Raises WrongAddress, KeyError."""
    wanted = [event for event in events if EVENTS[event]]
    check_address(url)
    secret = signatures.new_secret()
    with transaction.atomic():
        others = WebhookEndpoint.objects.select_for_update().filter(owner=owner)
        if len(others) >= MOST_ENDPOINTS:
            raise WrongAddress(_("There are %(number)s addresses already.") % {"number": MOST_ENDPOINTS})
        if any(other.url == url for other in others):
            raise WrongAddress(_("This address is there already."))
        endpoint = WebhookEndpoint.objects.create(owner=owner, url=url, events=wanted, secret=tokens.encrypt(secret))
    return endpoint, secret


def rotate(*, endpoint: WebhookEndpoint, at: datetime) -> str:
    """A new secret, shown this once; the old one signs too for a day."""
    secret = signatures.new_secret()
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.previous_secret, locked.previous_until = locked.secret, at + OVERLAP
        locked.secret = tokens.encrypt(secret)
        locked.save(update_fields=["secret", "previous_secret", "previous_until"])
    return secret


def switch(*, endpoint: WebhookEndpoint, on: bool) -> None:
    """Call an address again, or no longer; what still waited for it is given up, and can be sent again by hand."""
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(active=on, failing_since=None)
        if not on:
            _give_up(endpoint.pk)


def _give_up(endpoint_id: int) -> None:
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint_id, state=State.WAITING)
    waiting.update(state=State.FAILED, error="the address is switched off")


# ---------------------------------------------------------------- what is to be told


def enqueue(*, owner: str, event: str, about: str, payload: Mapping[str, Any], at: datetime) -> int:
    """Tell the addresses of `owner` that want `event`, once for each `about`; how many had not been told yet.

    In the caller's transaction; sent after it commits. `payload` is what goes out as `data`. Raises KeyError for an
    event that nobody registered.
    """
    EVENTS[event]
    endpoints = list(WebhookEndpoint.objects.filter(owner=owner, active=True, events__contains=[event]))
    return _enqueue(endpoints, event, about, payload, at)


def ping(*, endpoint: WebhookEndpoint, at: datetime) -> WebhookDelivery:
    """Send a test to one address, whatever it wants to be told."""
    about = f"ping:{uuid.uuid4()}"
    _enqueue([endpoint], PING, about, {"hello": settings.SITE_NAME}, at)
    return WebhookDelivery.objects.get(endpoint=endpoint, event=PING, about=about)


def _enqueue(endpoints: list[WebhookEndpoint], event: str, about: str, payload: Mapping[str, Any], at: datetime) -> int:
    if not endpoints:
        return 0
    told = {"type": event, "timestamp": at.isoformat(), "data": dict(payload)}
    rows = [
        WebhookDelivery(endpoint=endpoint, event=event, about=about, payload=told, created_at=at, due_at=at)
        for endpoint in endpoints
    ]
    with transaction.atomic():
        had = WebhookDelivery.objects.filter(endpoint__in=endpoints, event=event, about=about).count()
        WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
        # By its name: tasks import this.
        transaction.on_commit(lambda: _wake(), robust=True)
    return len(endpoints) - had


def _wake() -> None:
    current_app.send_task("accounts.tasks.deliver_webhooks", expires=30)


def resend(*, delivery: WebhookDelivery, at: datetime) -> None:
    """Send one again, with the id it had and all its tries before it. Raises WrongAddress where it is switched off."""
    if not WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, active=True).exists():
        raise WrongAddress(_("The address is switched off."))
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=State.WAITING, due_at=at, tries=0, status=0, error="", delivered_at=None
        )
        transaction.on_commit(lambda: _wake(), robust=True)


# ---------------------------------------------------------------- sending


def deliver_due(at: datetime, *, budget: float = BUDGET) -> tuple[int, int]:
    """Send what is due, one after the other: (arrived, failed). Any number of processes may do so at once.

    An address that fails is left alone for the rest of the run, and those that answer come first: one that hangs holds
    up no other.
    """
    start, arrived, failed = time.monotonic(), 0, set[int]()
    while (passed := time.monotonic() - start) < budget:
        now = at + timedelta(seconds=passed)
        delivery = _take(now, failed)
        if delivery is None:
            break
        if _send(delivery, now):
            arrived += 1
        else:
            failed.add(delivery.endpoint_id)
    return arrived, len(failed)


def _take(at: datetime, but: set[int]) -> WebhookDelivery | None:
    """The next that is due, leased: nobody else takes it for some minutes."""
    with transaction.atomic():
        due: QuerySet[WebhookDelivery] = WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        due = due.filter(state=State.WAITING, due_at__lte=at, endpoint__active=True).exclude(endpoint__in=but)
        row = (
            due.select_related("endpoint")
            .order_by(F("endpoint__failing_since").desc(nulls_first=True), "due_at")
            .first()
        )
        if row is None:
            return None
        row.tries, row.last_tried_at, row.due_at = row.tries + 1, at, at + LEASE
        row.save(update_fields=["tries", "last_tried_at", "due_at"])
        return row


def _send(delivery: WebhookDelivery, at: datetime) -> bool:
    start, status, error = time.monotonic(), 0, ""
    try:
        status = _call(delivery.endpoint, delivery, at)
    except Answered as answer:
        status, error = answer.status, str(answer)
    except (NetworkError, tokens.LostKey, ValueError) as refused:
        error = str(refused)[:300]
    except Exception as unforeseen:
        # A try that failed like any other: it is neither made for ever, nor does it keep others from theirs.
        error = type(unforeseen).__name__
        log.warning("webhook delivery %s failed with %s", delivery.pk, error)
    if not error and not 200 <= status < 300:
        error = f"it answered {status}"
    took = int(1000 * (time.monotonic() - start))
    _mark(delivery, at, status, error, took)
    return not error


def _call(endpoint: WebhookEndpoint, delivery: WebhookDelivery, at: datetime) -> int:
    """The status of the answer. Raises NetworkError (Answered among them), LostKey."""
    secrets_in_use = [tokens.decrypt(endpoint.secret)]
    if endpoint.previous_secret and endpoint.previous_until and at < endpoint.previous_until:
        secrets_in_use.append(tokens.decrypt(endpoint.previous_secret))
    body = json.dumps(delivery.payload, separators=(",", ":")).encode()
    headers = signatures.headers_of(secrets_in_use, str(delivery.message), int(at.timestamp()), body)
    parts = urlsplit(endpoint.url)
    # Who knows some addresses may write to them: no message shows more than the host.
    hidden = [part for part in (parts.path, parts.query) if len(part) > 1]
    with http_for(None, at=at, secrets=hidden, once=True, judge=lambda status, *_: Answered(status)) as door:
        answer = door.fetch(
            endpoint.url,
            method="POST",
            headers={"Content-Type": "application/json", **headers},
            body=body,
            redirects=0,
        )
    return int(answer.status)


def _mark(delivery: WebhookDelivery, at: datetime, status: int, error: str, took: int) -> None:
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
        if endpoint is None:
            # It was deleted meanwhile, with all its deliveries.
            return
        WebhookTry.objects.create(delivery=delivery, at=at, status=status, error=error, milliseconds=took)
        row = WebhookDelivery.objects.filter(pk=delivery.pk)
        if not error:
            row.update(state=State.DELIVERED, status=status, error="", delivered_at=at)
            if endpoint.failing_since is not None:
                WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
            return
        # Whoever took it meanwhile, after our lease, writes down how that ended.
        mine = row.filter(state=State.WAITING, tries=delivery.tries)
        over = delivery.tries > len(WAITS)
        due = at if over else at + WAITS[delivery.tries - 1]
        mine.update(state=State.FAILED if over else State.WAITING, due_at=due, status=status, error=error)
        log.info("webhook delivery %s failed at try %s with %s", delivery.pk, delivery.tries, status)
        if endpoint.failing_since is None:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=at)
        elif endpoint.active and at - endpoint.failing_since >= PATIENCE:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(active=False)
            _give_up(endpoint.pk)
            transaction.on_commit(lambda: _tell(endpoint), robust=True)


def _tell(endpoint: WebhookEndpoint) -> None:
    """Mail those to whom the address belongs that it is switched off."""
    owner = OWNERS.get(endpoint.owner.partition(":")[0])
    if owner is None:
        return
    host = urlsplit(endpoint.url).hostname or ""
    for user in owner.users(endpoint.owner):
        with translation.override(user.language or settings.LANGUAGE_CODE):
            known = {
                "site_name": settings.SITE_NAME,
                "site_url": settings.SITE_URL,
                "subject": _("Your webhook at %(host)s is switched off") % {"host": host},
                "host": host,
                "days": PATIENCE.days,
                "url": settings.SITE_URL + owner.page(endpoint),
            }
            message = compose(user, "emails/webhook_off", known, stops="")
        try:
            message.send()
        except OSError as error:
            log.warning("user %s was not told of webhook %s: %s", user.pk, endpoint.pk, type(error).__name__)


def forget_old(at: datetime) -> int:
    """Remove deliveries that are long over, with their log; how many rows."""
    old = WebhookDelivery.objects.filter(created_at__lt=at - KEPT).exclude(state=State.WAITING)
    return old.delete()[0]
