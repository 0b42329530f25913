"""How fresh what we know of each linked account is: when it was last read, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q

from accounts.credentials import WARN_BEFORE, WORTH_A_WARNING
from accounts.models import LinkedAccount, Pause, Person
from accounts.offers import label_of, offered

# Read last so long ago, an account is called stale although nothing is known to be wrong.
STALE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A linked account and its state, the worst that is so:

    broken (its network lets us in no longer, since `since`), parked (reading it has failed since `since` and was given
    up), lapsing (access ends at `since`, in the future), reading (its first reading goes on), supplied (fed by uploads
    and tables; nobody asks its network), stale (read last at `since`, long ago), fresh (read last at `since`).
    """

    link: LinkedAccount
    label: str
    state: str
    since: datetime | None
    read_at: datetime | None
    # Whether connecting it again is something that its person can do here.
    reconnects: bool
    # How many streams of it are read, and how many of these have been read at least once.
    streams: int = 0
    streams_read: int = 0

    @property
    def trouble(self) -> bool:
        return self.state in {"broken", "parked", "lapsing", "stale"}


def freshness_of(person: Person, at: datetime) -> list[Fresh]:
    """Every linked account of `person`, what needs doing first; one query, however many there are."""
    parked = Q(cursors__parked_at__isnull=False)
    broken = Q(pauses__reason=Pause.Reason.BROKEN, pauses__ended_at__isnull=True)
    links = LinkedAccount.objects.connected().filter(person=person).select_related("account")
    links = links.annotate(
        streams=Count("cursors", distinct=True),
        streams_read=Count("cursors", distinct=True, filter=Q(cursors__pulled_at__isnull=False)),
        read_at=Max("cursors__pulled_at"),
        # A stream that its owner did not allow is parked too, but has failed nobody.
        failing_since=Min("cursors__failing_since", filter=parked),
        paused_since=Min("pauses__started_at", filter=broken),
        lapses_at=Max("credential__lapses_at"),
        renewed_at=Max("credential__updated_at"),
    )
    connectable = frozenset(network.spec.slug for network in offered() if network.spec.proof)
    found = [fresh(link, at, connectable) for link in links.order_by("linked_at", "pk")]
    return sorted(found, key=lambda one: not one.trouble)


def fresh(link: LinkedAccount, at: datetime, connectable: frozenset[str]) -> Fresh:
    """The state of a link with the annotations of `freshness_of`."""
    # What `annotate` adds is unknown to the model's type.
    known = vars(link)
    read_at, lapses_at, failing_since = known["read_at"], known["lapses_at"], known["failing_since"]
    if link.state == LinkedAccount.State.BROKEN:
        state, since = "broken", known["paused_since"] or read_at
    elif failing_since:
        state, since = "parked", failing_since
    elif lapses_at and at < lapses_at <= at + WARN_BEFORE and lapses_at - known["renewed_at"] >= WORTH_A_WARNING:
        state, since = "lapsing", lapses_at
    elif not known["streams"]:
        state, since = "supplied", link.linked_at
    elif read_at is None or link.first_read_at is None:
        state, since = "reading", link.linked_at
    else:
        state, since = ("stale" if read_at < at - STALE else "fresh"), read_at
    return Fresh(
        link=link,
        label=label_of(link.account.network),
        state=state,
        since=since,
        read_at=read_at,
        reconnects=link.account.network in connectable,
        streams=known["streams"],
        streams_read=known["streams_read"],
    )
