"""When each stream of each linked account is read next: what is due is claimed here, in one statement for any number.

A cursor that is read tells its own next time (`due_at`): the network's hours after a reading, the time that a network
asked for, a back-off after a failure, the next day when the day's money is spent. Nobody sleeps for any of it. After
PATIENCE of nothing but failures it is parked: its person is told, and it is read no more until somebody unparks it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Greatest
from django.urls import reverse

from accounts.models import Cursor, LinkedAccount
from accounts.naming import name_of
from accounts.networks import NETWORKS
from accounts.networks.base import LATEST, Network, Spec
from accounts.notify import notify

# What is claimed in one round. A backlog takes several, each well within the minute between two.
ROUND = 10_000
# A task that has waited for so long was lost with the broker's memory, or its worker died.
LOST = timedelta(hours=1)
# Waits after the first, second, third ... failure in a row; the last one from then on.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 45, 135, 360))
# Who fails for so long, and so often, is parked.
PATIENCE, LEAST_FAILURES = timedelta(days=3), 5
# Two readings of a stream lie up to this share of their distance further apart, so that not all come at once.
JITTER = 0.1
# Who was asked to wait comes back up to this share of the wait later, and at most so late: not all at midnight.
LATE_SHARE, LATE = 0.05, timedelta(minutes=30)
# Streams that go on within this time are still to come in an account's first reading; others are not waited for.
SOON = timedelta(minutes=10)

# Which cursors may be read at %(at)s; %(open)s: the networks that are read without a token.
DUE = """
    FROM accounts_cursor AS cursor
    JOIN accounts_linkedaccount AS link ON link.id = cursor.link_id
    JOIN accounts_account AS account ON account.id = link.account_id
    WHERE cursor.parked_at IS NULL
      AND cursor.due_at <= %(at)s
      AND (cursor.next_allowed_at IS NULL OR cursor.next_allowed_at <= %(at)s)
      AND (cursor.queued_at IS NULL OR cursor.queued_at <= %(lost)s)
      AND link.state = 'active'
      AND account.network = ANY(%(networks)s)
      -- Of whoever asked to be erased nothing more is collected while they may change their mind.
      AND link.person_id NOT IN (SELECT person_id FROM accounts_erasure)
      AND (account.network = ANY(%(open)s)
           OR EXISTS (SELECT FROM accounts_credential WHERE link_id = link.id OR link_id = link.through_id))
"""
# Rows that another round, or a reading, holds just now are theirs.
CLAIM = f"""
    WITH due AS (
        SELECT cursor.id, account.network {DUE}
        AND (%(link)s::bigint IS NULL OR link.id = %(link)s)
        ORDER BY cursor.due_at, cursor.id
        LIMIT %(limit)s
        FOR UPDATE OF cursor SKIP LOCKED
    )
    UPDATE accounts_cursor SET queued_at = %(at)s FROM due WHERE accounts_cursor.id = due.id
    RETURNING due.id, due.network
"""  # noqa: S608
LIST = f"SELECT cursor.id, link.id {DUE} ORDER BY link.id, cursor.id"
# Streams that an account has and that no cursor stands for, since they are new in this version. Not what its owner did
# not allow, and nothing of an account that nobody has given us to read.
MISSING = """
    INSERT INTO accounts_cursor (link_id, stream, value, due_at, failures, error)
    SELECT link.id, given.stream, '{}', %(at)s, 0, ''
    FROM unnest(%(networks)s::text[], %(kinds)s::text[], %(streams)s::text[], %(needs)s::text[])
        AS given (network, kind, stream, needs)
    JOIN accounts_account AS account ON account.network = given.network
    JOIN accounts_linkedaccount AS link ON link.account_id = account.id AND link.kind = given.kind
    LEFT JOIN accounts_credential AS credential ON credential.link_id = link.id
    WHERE (%(link)s::bigint IS NULL OR link.id = %(link)s)
      AND (credential.id IS NOT NULL OR link.through_id IS NOT NULL OR link.proof = 'network')
      AND (credential.id IS NULL OR credential.scopes = '[]' OR credential.scopes @> given.needs::jsonb)
    ORDER BY link.id
    ON CONFLICT (link_id, stream) DO NOTHING
"""


def pulls(network: Network | None) -> bool:
    """Whether `network` is read through an API here."""
    return network is not None and type(network).pull is not Network.pull


def needs_token(spec: Spec) -> bool:
    """What people prove by a code on their own page is public, as an article is, and read without a token."""
    return spec.proof != "challenge" and not spec.public


def streams_of(spec: Spec, kind: str) -> tuple[str, ...]:
    return spec.page_streams if kind == LinkedAccount.Kind.PAGE else spec.streams


def claim(
    *, at: datetime, limit: int = ROUND, link: int | None = None, without: Collection[str] = ()
) -> list[tuple[int, str]]:
    """Mark what is due as queued, the longest due first, and return (cursor, network) of each. One query.

    link: of this linked account alone. without: networks that are left out of this round.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, _given(at, link=link, without=without) | {"limit": limit})
        return list(cursor.fetchall())


def due(*, at: datetime) -> dict[int, list[int]]:
    """The cursors that are due and not queued, by their linked account, both in the order they were made."""
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(LIST, _given(at))
        for cursor_id, link_id in cursor.fetchall():
            found.setdefault(link_id, []).append(cursor_id)
    return found


def _given(at: datetime, *, link: int | None = None, without: Collection[str] = ()) -> dict[str, Any]:
    resting = held(at=at)
    networks = [slug for slug, network in NETWORKS.items() if pulls(network) and slug not in {*without, *resting}]
    return {
        "at": at,
        "lost": at - LOST,
        "link": link,
        "networks": networks,
        "open": [slug for slug in networks if not needs_token(NETWORKS[slug].spec)],
    }


def standing(*, at: datetime) -> tuple[int, datetime | None, int]:
    """How many cursors are due (queued or not), since when the oldest is, and how many are parked."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), min(cursor.due_at) {DUE}", _given(at) | {"lost": LATEST})
        number, oldest = cursor.fetchone()
    return number, oldest, parked().count()


def release(cursors: Collection[int]) -> None:
    """Take back the claim of `cursors` whose tasks could not be queued."""
    Cursor.objects.filter(pk__in=cursors).update(queued_at=None)


def complete(*, at: datetime, link: int | None = None) -> int:
    """Give every linked account (or `link`) a cursor for each stream that it lacks, due now; returns how many."""
    given = [
        (slug, kind.value, stream, json.dumps(network.spec.needs.get(stream, ())))
        for slug, network in NETWORKS.items()
        if pulls(network)
        for kind in LinkedAccount.Kind
        for stream in streams_of(network.spec, kind)
    ]
    names = ("networks", "kinds", "streams", "needs")
    columns = [list(column) for column in zip(*given, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"at": at, "link": link, **dict(zip(names, columns, strict=True))})
        return int(cursor.rowcount)


# ---------------------------------------------------------------- after a reading


def spread(number: int, day: datetime) -> float:
    """From 0 to 1, another for each number and day, and always the same for both."""
    digest = hashlib.sha256(f"{number} {day.date().isoformat()}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def next_reading(spec: Spec, cursor: Cursor, at: datetime) -> datetime:
    return at + timedelta(hours=spec.every) * (1 + JITTER * spread(cursor.pk, at))


def read(cursor: Cursor, *, due_at: datetime, at: datetime, ended: bool, error: str = "") -> None:
    """Note a reading that went well. ended: up to what is newest, or as far as it may go today."""
    well = {"failures": 0, "failing_since": None, "parked_at": None, "next_allowed_at": None, "queued_at": None}
    Cursor.objects.filter(pk=cursor.pk).update(
        due_at=due_at, error=error, **well, **({"pulled_at": at} if ended else {})
    )


def put_off(cursor: Cursor, *, until: datetime, at: datetime, error: str) -> None:
    """The network wants to be left alone before `until`, by all streams that are read with the same token."""
    due_at = until + min(LATE, LATE_SHARE * (until - at)) * spread(cursor.pk, at)
    holder = cursor.link.through_id or cursor.link_id
    with transaction.atomic():
        sharing = Cursor.objects.filter(Q(link=holder) | Q(link__through=holder))
        # Locked in an order: two streams of one account are told to wait at the same time.
        pks = [other.pk for other in sharing.select_for_update(of=("self",)).order_by("pk")]
        Cursor.objects.filter(pk__in=pks).update(next_allowed_at=until, due_at=Greatest(F("due_at"), due_at))
        Cursor.objects.filter(pk=cursor.pk).update(error=error[:2000], queued_at=None)


def fail(cursor: Cursor, *, error: str, at: datetime, patient: bool = True) -> None:
    """Note a failure, and when to try again; who has failed for PATIENCE is parked and its person told, once.

    patient: False where it is our own trouble (a lost key): it is tried again for ever.
    """
    with transaction.atomic():
        link = LinkedAccount.objects.select_for_update().select_related("account", "person").get(pk=cursor.link_id)
        now = Cursor.objects.get(pk=cursor.pk)
        now.failures = min(now.failures + 1, 30_000)
        now.failing_since = now.failing_since or at
        wait = BACK_OFF[min(now.failures, len(BACK_OFF)) - 1]
        now.due_at = at + wait * (1 + JITTER * spread(cursor.pk, at))
        now.error, now.queued_at = error[:2000], None
        lasting = now.failures >= LEAST_FAILURES and at - now.failing_since >= PATIENCE
        if patient and lasting and now.parked_at is None:
            now.parked_at = at
            if not parked().filter(link=link).exists():
                _tell(link, now)
        now.save(update_fields=["failures", "failing_since", "due_at", "error", "queued_at", "parked_at"])


def _tell(link: LinkedAccount, cursor: Cursor) -> None:
    context = {
        "network": NETWORKS[link.account.network].spec.label,
        "handle": name_of(link.account),
        "days": PATIENCE.days,
        "error": cursor.error,
        "url": reverse("networks"),
    }
    notify(person=link.person, kind="link_parked", context=context)


def parked() -> QuerySet[Cursor]:
    """Cursors that are read no more because they failed for long; not those that their owners did not allow."""
    return Cursor.objects.filter(parked_at__isnull=False, failures__gt=0)


def unpark(cursors: QuerySet[Cursor], *, at: datetime) -> int:
    """Read those of `cursors` again that are parked; returns how many there were."""
    fresh = {"parked_at": None, "failures": 0, "failing_since": None, "next_allowed_at": None, "queued_at": None}
    return parked().filter(pk__in=cursors.values("pk")).update(due_at=at, **fresh)


def first_read(link_id: int, *, at: datetime) -> bool:
    """Whether the first reading of a linked account has just come to its end: said once.

    Streams that cannot be read soon (the network is down, or wants us to wait) are not waited for.
    """
    coming = Cursor.objects.filter(link=link_id, pulled_at__isnull=True, parked_at__isnull=True, due_at__lt=at + SOON)
    read_once = Cursor.objects.filter(link=link_id, pulled_at__isnull=False)
    unread = LinkedAccount.objects.filter(pk=link_id, first_read_at__isnull=True)
    return bool(unread.filter(Exists(read_once), ~Exists(coming)).update(first_read_at=at))


# ---------------------------------------------------------------- networks that count all our calls together


def hold(spec: Spec, *, until: datetime, at: datetime) -> None:
    """Read nobody of this network before `until`."""
    cache.set(_key(spec.slug), until.timestamp(), timeout=max(1.0, (until - at).total_seconds()))


def held(*, at: datetime) -> dict[str, datetime]:
    """The networks that are held at `at`, and until when."""
    found = cache.get_many([_key(slug) for slug in NETWORKS])
    return {
        key.rpartition(":")[2]: datetime.fromtimestamp(until, UTC)
        for key, until in found.items()
        if until > at.timestamp()
    }


def _key(slug: str) -> str:
    return f"collect:held:{slug}"
