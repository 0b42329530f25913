"""Linked accounts, read stream by stream through their networks' APIs: a page's rows and the cursor after it together.

One process at a time reads a stream. Killed at any point, it leaves what it had stored with the cursor after it, and
its locks end with it: whoever is next goes on from there, and what overlaps is known by its key. What becomes of a
stream after its reading is told to `schedule`, so that nobody waits here.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import credentials, pauses
from accounts.calling import http_for
from accounts.models import Account, Credential, Cursor, LinkedAccount, Pause, Person
from accounts.networks import NETWORKS
from accounts.networks.base import (
    Budget,
    NetworkError,
    Owner,
    Page,
    RateLimited,
    Rejected,
    Revoked,
    Tally,
)
from accounts.notify import notify
from accounts.privacy import keeping
from accounts.tokens import LostKey
from scoring import log
from scoring.collect import budgets, schedule
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import FIRST_REASONS, Summary

logger = logging.getLogger(__name__)
Say = Callable[[str], None]

# The first half of the key of the advisory lock that a reader holds; the second is the cursor's id.
LOCK = 0x63757273
# When a stream is tried again that found another one of its person at the purse.
A_MOMENT = timedelta(minutes=1)


def quiet(text: str) -> None:
    """Say nothing."""


def never() -> bool:
    """Read on to the end."""
    return False


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


@dataclass(slots=True)
class Attempt:
    """What became of one reading.

    state: read, more (there is more to read at once), waiting, broken, failed, or left (nothing was to be done).
    score: the person whose score should be looked at soon, since a first reading has come to its end.
    """

    state: str
    link: int | None = None
    summary: Summary | None = None
    score: int | None = None


class Overtaken(Exception):
    """Another process has read on from the same cursor."""


class NotNow(Exception):
    """This stream is not to be read now: it is read already, by another process, or not any more."""


# ---------------------------------------------------------------- one stream


def attempt(*, cursor_id: int, at: datetime, enough: Callable[[], bool] = never) -> Attempt:
    """Read one stream if it is due, and say what became of it; a network's trouble, or a reader's, is no error here.

    enough: asked after each page; True ends the reading there, to go on later. Raises the database's errors.
    """
    link_id = Cursor.objects.filter(pk=cursor_id).values_list("link", flat=True).first()
    found = Attempt("failed", link_id)
    try:
        found = read_stream(cursor_id=cursor_id, at=at, enough=enough)
    except NotNow:
        return Attempt("left", link_id)
    except RateLimited:
        found.state = "waiting"
    except Revoked:
        found.state = "broken"
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # One account's trouble, of whatever kind, must not keep the others from being read.
        logger.warning("linked account %s could not be read: %s", link_id, _shown(error))
    if link_id is not None and schedule.first_read(link_id, at=at):
        found.score = LinkedAccount.objects.values_list("person", flat=True).get(pk=link_id)
    return found


def _shown(error: Exception) -> str:
    """An error for the log: what we raise in words, any other by its kind and place, since it may quote anything."""
    if isinstance(error, NetworkError | Overtaken | LostKey):
        return str(error)
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def read_stream(*, cursor_id: int, at: datetime, enough: Callable[[], bool] = never, due_only: bool = True) -> Attempt:
    """Read one stream of one linked account, and note when it is to be read next.

    What was stored before an error stays, with the cursor after it. Raises RateLimited (it is put off), Revoked (the
    link is broken, and its person told), NotNow, and whatever else it met, which counts as a failure.
    """
    with _alone(cursor_id):
        person = Person.objects.filter(links__cursors=cursor_id).first()
        try:
            if person is None:
                raise NotNow("it was erased")
            with keeping(person, "reading a linked account"):
                related = "link__account", "link__person", "link__through"
                cursor = Cursor.objects.select_related(*related).filter(pk=cursor_id).first()
                if cursor is None:
                    raise NotNow("it was unlinked")
                _check(cursor, at, due_only=due_only)
                return _noting(cursor, at, enough)
        except Person.DoesNotExist:
            raise NotNow("its person was erased") from None


@contextmanager
def _alone(cursor_id: int) -> Iterator[None]:
    """Be the only reader of a stream until the end of the block, or of this process. Raises NotNow."""
    key = [LOCK, cursor_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        taken = bool(cursor.fetchone()[0])
    if not taken:
        # If that one is dying, the next round must not wait for it as for a task in the queue.
        schedule.release([cursor_id])
        raise NotNow("another process reads it")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _check(cursor: Cursor, at: datetime, *, due_only: bool) -> None:
    """Raise NotNow or RateLimited where `cursor` is not to be read at `at`."""
    network = NETWORKS.get(cursor.link.account.network)
    if network is None or not schedule.pulls(network):
        raise NotNow("its network is not read here any more")
    if cursor.stream not in schedule.streams_of(network.spec, cursor.link.kind):
        # A stream of an older version: nobody waits for it.
        cursor.delete()
        raise NotNow("its network has no such stream any more")
    if cursor.link.state != LinkedAccount.State.ACTIVE:
        raise NotNow("its link is broken")
    if cursor.parked_at and not cursor.failures:
        raise NotNow("its owner did not allow it")
    if due_only and (cursor.due_at > at or cursor.parked_at):
        raise NotNow("it is not due")
    resting = schedule.held(at=at).get(network.spec.slug)
    until = max((time for time in (cursor.next_allowed_at, resting) if time), default=at)
    if until > at:
        schedule.release([cursor.pk])
        raise RateLimited(until)


def _noting(cursor: Cursor, at: datetime, enough: Callable[[], bool]) -> Attempt:
    """Read, and note on the cursor what came of it."""
    spec = NETWORKS[cursor.link.account.network].spec
    try:
        return _read(cursor, at, enough)
    except RateLimited as error:
        schedule.put_off(cursor, until=error.until, at=at, error=str(error))
        if error.everybody:
            schedule.hold(spec, until=error.until, at=at)
        raise
    except Revoked as error:
        schedule.fail(cursor, error=str(error), at=at, patient=False)
        break_link(cursor.link, at=at)
        raise
    except budgets.InUse:
        schedule.read(cursor, due_at=at + A_MOMENT, at=at, ended=False, error=cursor.error)
        raise NotNow("another stream of this person spends the day's money") from None
    except Overtaken:
        schedule.release([cursor.pk])
        raise
    except LostKey as error:
        schedule.fail(cursor, error=str(error), at=at, patient=False)
        raise
    except NetworkError as error:
        schedule.fail(cursor, error=str(error), at=at)
        raise
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if not connection.needs_rollback:
            words = _("Something went wrong on our side (%(kind)s).") % {"kind": type(error).__name__}
            schedule.fail(cursor, error=words, at=at)
        raise


def _read(cursor: Cursor, at: datetime, enough: Callable[[], bool]) -> Attempt:
    link, first = cursor.link, cursor.pulled_at is None
    network = NETWORKS[link.account.network]
    spec = network.spec
    found = Attempt("read", link.pk, Summary(spec.slug))
    assert found.summary is not None
    with budgets.purse(person=link.person, spec=spec, at=at) as budget:
        spent = budgets.used_up(budget)
        if not spent:
            token = token_of(link, at)
            subject = credentials.subject_of(link, token, at, budget=budget)
            with (
                http_for(network, at=at, server=link.server, token=token) as http,
                Staging(spec=spec, origin="api", at=at) as staging,
            ):
                for page in network.pull(http, subject, cursor.stream, cursor.value):
                    store(cursor, page, staging, found.summary, budget, at)
                    if not page.done and enough():
                        found.state = "more"
                        break
            spent = budgets.used_up(budget)
    if spent:
        found.state = "waiting"
        words = _("Today's budget for %(network)s is used up; reading goes on tomorrow.") % {"network": spec.label}
        due_at = budgets.tomorrow(cursor.pk, at)
        schedule.read(cursor, due_at=due_at, at=at, ended=bool(found.summary.read), error=words)
    elif found.state == "more":
        schedule.read(cursor, due_at=at, at=at, ended=False)
    else:
        schedule.read(cursor, due_at=schedule.next_reading(spec, cursor, at), at=at, ended=True)
        if cursor.noted and cursor.noted["going"]:
            Cursor.objects.filter(pk=cursor.pk).update(noted=cursor.noted | {"going": False})
        if first and link.first_read_at and found.summary.new:
            found.score = link.person_id
    return found


def token_of(link: LinkedAccount, at: datetime) -> str:
    """The token that opens `link`, refreshed if need be; "" where everybody may read. Raises as access_token does."""
    holders = [pk for pk in (link.pk, link.through_id) if pk]
    if (
        schedule.needs_token(NETWORKS[link.account.network].spec)
        or Credential.objects.filter(link__in=holders).exists()
    ):
        return credentials.access_token(link, at)
    return ""


def store(cursor: Cursor, page: Page, staging: Staging, summary: Summary, budget: Budget, at: datetime) -> None:
    """Store a page, what it cost and the cursor after it, all or nothing. Raises Overtaken."""
    account = cursor.link.account
    found = Summary(summary.network)
    # Nobody may be erased from here on: whoever erases holds the log and then wants the accounts, as we do.
    with log.appending():
        staging.clear()
        for record in page.records:
            if isinstance(record, Owner):
                rename(account, record)
            elif isinstance(record, Rejected):
                reject(found, record.where, record.reason)
            elif not isinstance(record, Tally) and (reason := staging.record(account.external_id, record)):
                reject(found, type(record).__name__, reason)
        merge(staging, found)
        budgets.spend(person=cursor.link.person, spec=staging.spec, items=page.items, budget=budget, at=at)
        # Only from where we began: the cursor of a faster process must not be set back.
        same = Cursor.objects.filter(pk=cursor.pk, value=cursor.value)
        noted = noted_after(cursor.noted, found, page)
        if not same.update(value=page.cursor, next_allowed_at=None, error="", noted=noted):
            raise Overtaken(f"{cursor} was read by another process meanwhile")
    cursor.value, cursor.noted = page.cursor, noted
    add(summary, found)


def noted_after(noted: dict[str, Any] | None, found: Summary, page: Page) -> dict[str, Any] | None:
    """What the cursor tells its person after `page`: of this reading, from its first page on, in however many turns."""
    before: dict[str, Any] = noted if noted and noted["going"] else {"rejected": 0, "reasons": []}
    rejected = before["rejected"] + found.rejected
    if page.done and not rejected and not page.partial:
        return None
    reasons = [*before["reasons"], *(reason[:300] for reason in found.reasons)][:FIRST_REASONS]
    return {"rejected": rejected, "reasons": reasons, "partial": page.partial, "going": not page.done}


def add(summary: Summary, found: Summary) -> None:
    summary.new, summary.known = summary.new + found.new, summary.known + found.known
    summary.rejected, summary.left_out = summary.rejected + found.rejected, summary.left_out + found.left_out
    summary.accounts_new += found.accounts_new
    summary.reasons = [*summary.reasons, *found.reasons][:FIRST_REASONS]
    summary.read = summary.new + summary.known + summary.left_out + summary.rejected


def reject(summary: Summary, where: str, reason: str) -> None:
    summary.rejected += 1
    summary.reasons.append(f"{where}: {reason}")


def rename(account: Account, owner: Owner) -> None:
    """Keep the handle that the network gives its own account; an id that is not the account's says nothing about it."""
    if owner.external_id == account.external_id and owner.handle and owner.handle != account.handle:
        Account.objects.filter(pk=account.pk).update(handle=owner.handle)


def break_link(link: LinkedAccount, *, at: datetime) -> None:
    """Mark the link broken, with those that are read through the same token; begin their rest, tell the person once."""
    holder = link.pk if link.through_id is None or Credential.objects.filter(link=link).exists() else link.through_id
    with transaction.atomic():
        sharing = LinkedAccount.objects.filter(Q(pk=holder) | Q(through=holder, credential__isnull=True))
        locked = LinkedAccount.objects.select_for_update(of=("self",)).select_related("account", "person")
        pks = list(sharing.values_list("pk", flat=True))
        for broken in locked.filter(pk__in=pks, state=LinkedAccount.State.ACTIVE).order_by("pk"):
            LinkedAccount.objects.filter(pk=broken.pk).update(state=LinkedAccount.State.BROKEN)
            Cursor.objects.filter(link=broken).update(queued_at=None)
            pauses.begin(link=broken, reason=Pause.Reason.BROKEN, at=at)
            if broken.pk == holder:
                label = NETWORKS[broken.account.network].spec.label
                handle = broken.account.handle or broken.account.external_id
                context = {"network": label, "handle": handle, "url": reverse("networks")}
                notify(person=broken.person, kind="link_broken", context=context)


# ---------------------------------------------------------------- several


def pull_due(
    *,
    at: datetime,
    progress: Say = quiet,
    only: Collection[int] | None = None,
    first: Callable[[int], None] = lambda person: None,
) -> Pulled:
    """Read every stream that is due and that no worker has before it; one that fails stops no other.

    only: linked accounts, where not all are meant. first: told who should be scored, after an account's first reading.
    """
    total = Pulled()
    schedule.complete(at=at)
    for link_id, cursors in schedule.due(at=at).items():
        if only is not None and link_id not in only:
            continue
        states = set()
        for cursor_id in cursors:
            done = attempt(cursor_id=cursor_id, at=at)
            states.add(done.state)
            if done.score is not None:
                first(done.score)
            if done.summary:
                total.new, total.known = total.new + done.summary.new, total.known + done.summary.known
                total.rejected += done.summary.rejected
        if "broken" in states:
            total.broken += 1
        elif "failed" in states:
            total.failed += 1
        elif states == {"read"}:
            total.links += 1
        link = LinkedAccount.objects.select_related("account").filter(pk=link_id).first()
        if link is not None and states != {"left"}:
            progress(f"{link.account}: {state_of(link)}")
    waiting = LinkedAccount.objects.filter(state=LinkedAccount.State.ACTIVE, cursors__next_allowed_at__gt=at)
    if only is not None:
        waiting = waiting.filter(pk__in=only)
    total.waiting = waiting.distinct().count()
    return total


def state_of(link: LinkedAccount) -> str:
    """What the last reading left behind, in words."""
    errors = link.cursors.exclude(error="").order_by("pk").values_list("error", flat=True)
    return "; ".join(dict.fromkeys(errors)) or "read"


def pull_link(*, link: LinkedAccount, at: datetime) -> Summary:
    """Read all streams of `link` that may be asked at `at`, due or not, and store what is new.

    Ends at the first that cannot be read; raises as `read_stream` does, save NotNow.
    """
    spec = NETWORKS[link.account.network].spec
    schedule.complete(at=at, link=link.pk)
    summary = Summary(spec.slug)
    cursors = dict(Cursor.objects.filter(link=link).values_list("stream", "pk"))
    try:
        for stream in schedule.streams_of(spec, link.kind):
            try:
                done = read_stream(cursor_id=cursors[stream], at=at, due_only=False)
            except (KeyError, NotNow):
                # Its owner did not allow it, or a worker reads it already.
                continue
            if done.summary:
                add(summary, done.summary)
    finally:
        if not connection.needs_rollback:
            schedule.first_read(link.pk, at=at)
    return summary
