"""Who gave +K to whom, for pages: of givers whom the reader may not see, that somebody did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Person
from scoring.models import Endorsement, PersonTopic

# So long a +K counts (scoring.plus_k.damping), and is counted on pages.
DAYS = 90
WINDOW = timedelta(days=DAYS)
PAGE = 30
# Of the newest of a person's, those who gave them are looked at for some whom the reader may see.
LOOKED_AT, NAMED = 60, 3


@dataclass(slots=True)
class OfTopic:
    """The +K of a topic within 90 days, and some who gave them whom the reader may see, the newest first."""

    number: int = 0
    givers: list[Person] = field(default_factory=list)


def of_topics(receiver: Person, user: Any, at: datetime) -> Mapping[int, OfTopic]:
    """Topic's number -> what `receiver` was given in it; two queries, or one where there is nothing."""
    rows = Endorsement.objects.filter(receiver=receiver, undone_at=None, given_at__gt=at - WINDOW, given_at__lte=at)
    counted = rows.values_list("topic").annotate(number=Count("pk"))
    found = {topic: OfTopic(number) for topic, number in counted.order_by("topic")}
    if found:
        newest = rows.order_by("-given_at", "-pk").values("pk")[:LOOKED_AT]
        shown = Person.objects.visible_to(user, at.date()).filter(pk=OuterRef("giver"))
        named = Endorsement.objects.filter(Exists(shown), pk__in=newest).select_related("giver")
        for row in named.order_by("-given_at", "-pk"):
            givers = found[row.topic_id].givers
            if len(givers) < NAMED and row.giver not in givers:
                givers.append(row.giver)
    return found


def given_to(
    receiver: Person, user: Any, at: datetime, *, after: str = "", most: int = PAGE
) -> tuple[list[Endorsement], str]:
    """A page of what `receiver` was given, the newest first, in topics that are not hidden; two queries.

    Each has `shown`: whether the reader may know its giver. after: the key of the page before; returns the key of the
    next page too, "" where there is none.
    """
    hidden = PersonTopic.objects.filter(person=receiver, topic=OuterRef("topic"), hidden=True)
    mine = Endorsement.objects.filter(~Exists(hidden), receiver=receiver, undone_at=None)
    return _page(mine, "giver", user, at, after, most)


def given_by(
    giver: Person, user: Any, at: datetime, *, after: str = "", most: int = PAGE
) -> tuple[list[Endorsement], str]:
    """A page of what `giver` gave and did not take back, as `given_to`; `shown` is about the receiver."""
    return _page(Endorsement.objects.filter(giver=giver, undone_at=None), "receiver", user, at, after, most)


def _page(
    rows: QuerySet[Endorsement], other: str, user: Any, at: datetime, after: str, most: int
) -> tuple[list[Endorsement], str]:
    if key := _read(after):
        given_at, number = key
        rows = rows.filter(Q(given_at__lt=given_at) | Q(given_at=given_at, pk__lt=number))
    shown = Person.objects.visible_to(user, at.date()).filter(pk=OuterRef(other))
    # Of the page's own rows alone: to ask it of all would look at everybody.
    newest: list[Any] = list(
        rows.select_related(other, "topic").annotate(shown=Exists(shown)).order_by("-given_at", "-pk")[: most + 1]
    )
    page = newest[:most]
    return page, _key(page[-1]) if len(newest) > most else ""


def _key(row: Endorsement) -> str:
    return f"{int((row.given_at - EPOCH) / MICROSECOND)}-{row.pk}"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Of digits, more than which is no number of a row or time.
LONGEST = 18


def _read(text: str) -> tuple[datetime, int] | None:
    """The time and the number of a key; None for what is none."""
    first, _dash, second = text.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= LONGEST for part in (first, second)):
        return None
    try:
        return EPOCH + int(first) * MICROSECOND, int(second)
    except OverflowError:
        return None
