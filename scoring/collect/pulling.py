"""Linked accounts, read through their networks' APIs: each page's rows and the cursor after it in one transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import tokens
from accounts.models import Account, Credential, Cursor, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Network, Owner, Page, RateLimited, Rejected, Revoked, Subject, Tally, Unreachable
from accounts.networks.http import Http
from accounts.notify import notify
from accounts.privacy import keeping
from scoring import log
from scoring.collect.bulk import known_network
from scoring.collect.links import check_free, link_owner
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import FIRST_REASONS, Refused, Summary

logger = logging.getLogger(__name__)
Say = Callable[[str], None]


def quiet(text: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class Pulled:
    """links: read to their end; waiting, broken, failed: those that asked us to wait, refused us, did not answer."""

    links: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    waiting: int = 0
    broken: int = 0
    failed: int = 0

    def line(self) -> str:
        text = f"{self.links:,} linked accounts read: {self.new:,} new, {self.known:,} already known"
        for number, what in (
            (self.rejected, "rejected"),
            (self.waiting, "accounts to be asked later"),
            (self.broken, "accounts that must be connected again"),
            (self.failed, "accounts that could not be read"),
        ):
            text += f", {number:,} {what}" if number else ""
        return text


class Overtaken(Exception):
    """Another process has read on from the same cursor."""


def pull_due(*, at: datetime, progress: Say = quiet) -> Pulled:
    """Read every linked account that has a credential and may be asked now; one that fails stops no other."""
    total = Pulled()
    links = LinkedAccount.objects.filter(state=LinkedAccount.State.ACTIVE, credential__isnull=False)
    for pk in list(links.order_by("pk").values_list("pk", flat=True)):
        link = links.select_related("account", "person").filter(pk=pk).first()
        if link is None or not pulls(NETWORKS.get(link.account.network)):
            continue
        try:
            with keeping(link.person):
                summary = pull_link(link=link, at=at)
        except RateLimited:
            total.waiting += 1
        except Revoked:
            total.broken += 1
        except Person.DoesNotExist:
            continue
        except Exception as error:
            # One account's trouble, of whatever kind, must not keep the others' day from being computed.
            expected = isinstance(error, Unreachable | Overtaken | tokens.LostKey)
            logger.warning("linked account %s could not be read: %s", link.pk, error, exc_info=not expected)
            total.failed += 1
        else:
            total.links += 1
            total.new, total.known = total.new + summary.new, total.known + summary.known
            total.rejected += summary.rejected
        progress(f"{link.account}: {state_of(link)}")
    return total


def pulls(network: Network | None) -> bool:
    return network is not None and type(network).pull is not Network.pull


def state_of(link: LinkedAccount) -> str:
    """What the last reading left behind, in words."""
    errors = link.cursors.exclude(error="").values_list("error", flat=True)
    return "; ".join(errors) or "read"


def pull_link(*, link: LinkedAccount, at: datetime) -> Summary:
    """Read the streams of `link` that may be asked at `at`, and store what is new.

    What was stored before an error stays, with the cursor after it. Raises RateLimited (noted on the cursor: not before
    then), Revoked (the link is broken, and its person told), Unreachable, Overtaken, LostKey.
    """
    network = NETWORKS[link.account.network]
    summary = Summary(network.spec.slug)
    token = tokens.decrypt(Credential.objects.get(link=link).token)
    subject = Subject(link.account.external_id, link.account.handle, link.server)
    with (
        http_to(link.server or network.spec.base_url, token, at) as http,
        Staging(spec=network.spec, origin="api", at=at) as staging,
    ):
        for stream in network.spec.streams:
            cursor, _ = Cursor.objects.get_or_create(link=link, stream=stream)
            if cursor.next_allowed_at and cursor.next_allowed_at > at:
                raise RateLimited(cursor.next_allowed_at)
            try:
                for page in network.pull(http, subject, stream, cursor.value):
                    store(link, cursor, page, staging, summary, at)
            except RateLimited as error:
                note(cursor, str(error), next_allowed_at=error.until)
                raise
            except Revoked as error:
                note(cursor, str(error))
                break_link(link)
                raise
            except Unreachable as error:
                note(cursor, str(error))
                raise
    return summary


def http_to(base_url: str, token: str, at: datetime) -> Http:
    """The door to a network, at the time `at` and what has passed since."""
    start = time.monotonic()
    return Http(
        base_url,
        token=token,
        user_agent=f"Klout-in-the-open ({settings.SITE_URL})",
        now=lambda: at + timedelta(seconds=time.monotonic() - start),
        private_hosts=settings.NETWORK_PRIVATE_HOSTS,
    )


def store(link: LinkedAccount, cursor: Cursor, page: Page, staging: Staging, summary: Summary, at: datetime) -> None:
    """Store a page and the cursor after it, both or neither. Raises Overtaken."""
    owner = link.account.external_id
    found = Summary(summary.network)
    # Nobody may be erased from here on: whoever erases holds the log and then wants the accounts, as we do.
    with log.appending():
        staging.clear()
        for record in page.records:
            if isinstance(record, Owner):
                rename(link.account, record)
            elif isinstance(record, Rejected):
                reject(found, record.where, record.reason)
            elif not isinstance(record, Tally) and (reason := staging.record(owner, record)):
                reject(found, type(record).__name__, reason)
        merge(staging, found)
        # Only from where we began: the cursor of a faster process must not be set back.
        same = Cursor.objects.filter(pk=cursor.pk, value=cursor.value)
        if not same.update(value=page.cursor, pulled_at=at, next_allowed_at=None, error=""):
            raise Overtaken(f"{cursor} was read by another process meanwhile")
    cursor.value = page.cursor
    summary.new, summary.known = summary.new + found.new, summary.known + found.known
    summary.rejected += found.rejected
    summary.accounts_new += found.accounts_new
    summary.reasons = [*summary.reasons, *found.reasons][:FIRST_REASONS]
    summary.read = summary.new + summary.known + summary.rejected


def reject(summary: Summary, where: str, reason: str) -> None:
    summary.rejected += 1
    summary.reasons.append(f"{where}: {reason}")


def rename(account: Account, owner: Owner) -> None:
    """Keep the handle that the network gives its own account; an id that is not the account's says nothing about it."""
    if owner.external_id == account.external_id and owner.handle and owner.handle != account.handle:
        Account.objects.filter(pk=account.pk).update(handle=owner.handle)


def note(cursor: Cursor, error: str, *, next_allowed_at: datetime | None = None) -> None:
    Cursor.objects.filter(pk=cursor.pk).update(error=error[:2000], next_allowed_at=next_allowed_at)


def break_link(link: LinkedAccount) -> None:
    """Mark the link broken and tell its person, once."""
    with transaction.atomic():
        active = LinkedAccount.objects.filter(pk=link.pk, state=LinkedAccount.State.ACTIVE)
        if active.update(state=LinkedAccount.State.BROKEN):
            spec = NETWORKS[link.account.network].spec
            handle = link.account.handle or link.account.external_id
            context = {"network": spec.label, "handle": handle, "url": reverse("settings")}
            notify(person=link.person, kind="link_broken", context=context)


def connect(*, person: Person, network: str, server: str, token: str, at: datetime) -> LinkedAccount:
    """Link the account that `token` opens at `server` to `person`, after asking the network whose it is.

    Raises Refused (AlreadyLinked), and the network's errors: nothing is stored then.
    """
    reader = NETWORKS[known_network(network).slug]
    if not pulls(reader):
        raise Refused(f"{reader.spec.label} is not read through an API here; import its data export or a table")
    base_url = server or reader.spec.base_url
    if not base_url:
        raise Refused(f"{reader.spec.label} has many servers: say which one, as an address such as https://example.org")
    with http_to(base_url, token, at) as http:
        page = next(iter(reader.pull(http, Subject("", server=server), reader.spec.streams[0], {})))
    owner = next((record for record in page.records if isinstance(record, Owner)), None)
    if owner is None:
        raise Refused(f"{base_url} does not say whose token this is")
    check_free(person=person, spec=reader.spec, owner=owner)
    with transaction.atomic():
        link = link_owner(person=person, spec=reader.spec, owner=owner, server=server)
        Credential.objects.update_or_create(link=link, defaults={"token": tokens.encrypt(token)})
        LinkedAccount.objects.filter(pk=link.pk).update(state=LinkedAccount.State.ACTIVE)
        Cursor.objects.filter(link=link).update(error="", next_allowed_at=None)
    link.refresh_from_db()
    return link
