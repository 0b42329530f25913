"""What pages say of linked accounts: whether they are read, since when not, and how they were proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from accounts.models import Cursor, LinkedAccount, Pause, Person
from accounts.networks.klout import OWN
from accounts.offers import label_of, offered

# What the streams of networks are called; others are shown by their own names.
STREAMS = {
    "profile": _("Your account and its counts"),
    "posts": _("Your posts, and who reacted to them"),
    "media": _("Your posts, and who reacted to them"),
    "submitted": _("Your posts, and who reacted to them"),
    "feed": _("The page's posts, and who reacted to them"),
    "tagged": _("Mentions of the page"),
    "tags": _("Mentions"),
    "checkins": _("Check-ins, and who reacted to them"),
    "pageviews": _("Page views"),
    "changes": _("What has happened of late"),
}

# Readings come up to so much later than they might (scoring.collect.schedule).
LATE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of an account. state: refused (by its owner), parked (failing since `when`), waiting, reading, limited
    (until `when`), failed, or read (at `when`).

    rejected, reasons: how much of the last reading could not be used, and the first reasons. partial: it left something
    for the next one, at `next_at`.
    """

    name: str
    state: str
    when: datetime | None = None
    error: str = ""
    rejected: int = 0
    reasons: tuple[str, ...] = ()
    partial: bool = False
    next_at: datetime | None = None

    @property
    def more_reasons(self) -> int:
        return self.rejected - len(self.reasons)

    @classmethod
    def of(cls, cursor: Cursor, at: datetime) -> Stream:
        name = str(STREAMS.get(cursor.stream, cursor.stream.replace("_", " ").capitalize()))
        if cursor.parked_at and not cursor.failing_since:
            return cls(name, "refused")
        if cursor.parked_at:
            return cls(name, "parked", cursor.failing_since, cursor.error)
        # Who has been read, and is due long after the wait that another stream was asked for, waits for nothing.
        waits = cursor.next_allowed_at and not (cursor.pulled_at and cursor.due_at > cursor.next_allowed_at + LATE)
        if cursor.next_allowed_at and cursor.next_allowed_at > at and waits:
            return cls(name, "limited", cursor.next_allowed_at)
        if cursor.error:
            return cls(name, "failed", cursor.due_at if cursor.due_at > at else None, cursor.error)
        if cursor.queued_at:
            return cls(name, "reading", cursor.pulled_at)
        if not cursor.pulled_at:
            return cls(name, "waiting")
        noted = cursor.noted or {}
        return cls(
            name,
            "read",
            cursor.pulled_at,
            rejected=noted.get("rejected", 0),
            reasons=tuple(noted.get("reasons", ())),
            partial=bool(noted.get("partial")),
            next_at=cursor.due_at if cursor.due_at > at else None,
        )


@dataclass(slots=True)
class Shown:
    """A linked account as its own person sees it. Times are None where they do not apply.

    paused_since: what it brought has not faded since, because the link is broken. failing_since: of the stream that has
    failed longest, once reading it was given up.
    """

    link: LinkedAccount
    read_at: datetime | None
    paused_since: datetime | None
    failing_since: datetime | None
    reconnects: bool
    # Whether we ask its network about it; else it is fed by uploads and tables.
    read_by_us: bool
    pages: list[Shown] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return self.link.state == LinkedAccount.State.BROKEN

    @property
    def unproved(self) -> bool:
        return self.link.proof == LinkedAccount.Proof.UPLOAD

    @classmethod
    def of(cls, link: LinkedAccount, connectable: frozenset[str]) -> Shown:
        cursors, pauses = list(link.cursors.all()), list(link.pauses.all())
        read = [cursor.pulled_at for cursor in cursors if cursor.pulled_at]
        parked = [cursor.failing_since for cursor in cursors if cursor.parked_at]
        return cls(
            link,
            read_at=max(read, default=None),
            paused_since=min((pause.started_at for pause in pauses), default=None),
            failing_since=min((time for time in parked if time), default=None),
            reconnects=link.account.network in connectable,
            read_by_us=bool(cursors),
        )


def links_of(person: Person) -> list[LinkedAccount]:
    """The accounts that `person` connected, with all that pages say of them; as many queries however many there are."""
    pauses = Pause.objects.filter(reason=Pause.Reason.BROKEN, ended_at__isnull=True)
    links = LinkedAccount.objects.connected().filter(person=person).select_related("account", "person")
    links = links.prefetch_related("cursors", Prefetch("pauses", queryset=pauses))
    return list(links.order_by("linked_at", "pk"))


def speaks_here(person: Person) -> bool:
    """Whether `person` has an account of Klout itself: gave or was given +K, or reviewed a perk."""
    return LinkedAccount.objects.filter(person=person, account__network=OWN).exists()


def by_network(links: Sequence[LinkedAccount]) -> list[tuple[str, str, list[Shown]]]:
    """(slug, label, accounts) in the order of the networks; a page stands under the account it is read through."""
    networks = offered()
    connectable = frozenset(network.spec.slug for network in networks if network.spec.proof)
    shown = {link.pk: Shown.of(link, connectable) for link in links}
    groups: dict[str, list[Shown]] = {}
    for one in shown.values():
        parent = shown.get(one.link.through_id) if one.link.through_id else None
        if parent is not None:
            parent.pages.append(one)
        else:
            groups.setdefault(one.link.account.network, []).append(one)
    order = [network.spec.slug for network in networks]
    slugs = sorted(groups, key=lambda slug: (order.index(slug) if slug in order else len(order), slug))
    return [(slug, label_of(slug), groups[slug]) for slug in slugs]
