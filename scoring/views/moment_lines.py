"""What the list of moments holds: which are asked for, page by page, how strong each is, and that the sum agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.models import Count, F, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Abs, Coalesce
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.networks import NETWORKS
from scoring.days import Told

# Of a page.
MOMENTS = 25
# Posts without a date are older than all others.
NEVER = datetime(1900, 1, 1, tzinfo=UTC)
CHANGE = "change"
SORTS: dict[str, str | Promise] = {
    "impact": _("What brings most"),
    CHANGE: _("What changed most"),
    "date": _("Newest posts"),
}
TIMES: dict[str, str | Promise] = {
    "": _("Any time"),
    "7": _("The last 7 days"),
    "30": _("The last 30 days"),
    "90": _("The last 90 days"),
    "365": _("The last 365 days"),
}
# The least share of the strongest moment that fills so many of five dots, and what that is called.
STEPS: Sequence[tuple[float, str | Promise]] = (
    (0.6, _("Among the strongest")),
    (0.3, _("Strong")),
    (0.1, _("Clear")),
    (0.02, pgettext_lazy("strength of a moment", "Light")),
    (0.0, _("Faint")),
)
BELOW = _("Takes a little away")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants to see, as the address says it; what it says wrongly is as if it said nothing.

    after: the key by which the moments are sorted and the number of the last one that was seen.
    """

    sort: str = "impact"
    network: str = ""
    account: int | None = None
    days: str = ""
    post: tuple[int, int] | None = None
    after: tuple[float | datetime, int] | None = None

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        sort, days, network = query.get("sort", ""), query.get("days", ""), query.get("network", "")
        sort = sort if sort in SORTS else "impact"
        return cls(
            sort=sort,
            network=network if network in NETWORKS else "",
            account=number_in(query.get("account", "")),
            days=days if days in TIMES else "",
            post=post_in(query.get("post", "")),
            after=key_in(query.get("after", ""), sort),
        )

    @property
    def filtered(self) -> bool:
        return bool(self.network or self.account is not None or self.days or self.post)

    def without_networks(self) -> Asked:
        """The same for who may not see which accounts are linked."""
        return replace(self, network="", account=None, post=None)

    def without_changes(self) -> Asked:
        """The same for who may not see the score of past days."""
        return replace(self, sort="impact", after=None) if self.sort == CHANGE else self

    def where(self, at: datetime) -> Q:
        """The moments that are asked for."""
        found = Q()
        if self.network:
            found &= Q(network=self.network)
        if self.account is not None:
            found &= Q(account=self.account)
        if self.days:
            found &= Q(posted_at__gte=at - timedelta(days=int(self.days)))
        if self.post:
            found &= Q(account=self.post[0], post=self.post[1])
        return found


def number_in(text: str) -> int | None:
    """A whole number that the database can hold, as an address says it, else None."""
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= 20):
        return None
    return found if -(1 << 63) <= (found := int(text)) < 1 << 63 else None


def post_in(text: str) -> tuple[int, int] | None:
    """The account and the post of "account:post", else None."""
    account, _colon, post = text.partition(":")
    numbers = number_in(account), number_in(post)
    return None if None in numbers else cast(tuple[int, int], numbers)


def key_in(text: str, sort: str) -> tuple[float | datetime, int] | None:
    key, _underscore, number = text.rpartition("_")
    last = number_in(number)
    try:
        seen = datetime.fromisoformat(key) if sort == "date" else float(key)
    except ValueError:
        return None
    if last is None or (isinstance(seen, datetime) and seen.tzinfo is None):
        return None
    return seen, last


def key_of(row: Any) -> str:
    """What `key_in` reads of the last moment of a page."""
    return f"{row.key.isoformat() if isinstance(row.key, datetime) else repr(row.key)}_{row.pk}"


def page_of(rows: QuerySet[Any], asked: Asked) -> list[Any]:
    """The moments of a page and one more, if there are more; each with its `key`."""
    keys = {"impact": F("points"), "change": Abs("change"), "date": Coalesce("posted_at", Value(NEVER))}
    rows = rows.annotate(key=keys[asked.sort])
    if asked.after:
        seen, last = asked.after
        rows = rows.filter(Q(key__lt=seen) | Q(key=seen, pk__gt=last))
    return list(rows.order_by("-key", "pk")[: MOMENTS + 1])


@dataclass(frozen=True, slots=True)
class Sums:
    """Points of the moments listed, of others that a filter leaves out, of what no single post explains (for others
    than the author with what is hidden), and of all together; what all did to the day's change; the strongest moment,
    and how many are listed."""

    listed: float
    left_out: float
    shared: float
    whole: float
    change: float
    strongest: float
    number: int


def sums_of(rows: QuerySet[Any], visible: Q, wanted: Q) -> Sums:
    """rows: all moments of a person, with those that are hidden and what they share; visible: those of posts that may
    be listed, wanted: those that are asked for. One query."""
    nothing = Value(0.0)
    found = rows.aggregate(
        whole=Coalesce(Sum("points"), nothing),
        change=Coalesce(Sum("change"), nothing),
        seen=Coalesce(Sum("points", filter=visible), nothing),
        listed=Coalesce(Sum("points", filter=visible & wanted), nothing),
        strongest=Coalesce(Max("points", filter=visible), nothing),
        number=Count("pk", filter=visible & wanted),
    )
    return Sums(
        listed=found["listed"],
        left_out=found["seen"] - found["listed"],
        shared=found["whole"] - found["seen"],
        whole=found["whole"],
        change=found["change"],
        strongest=found["strongest"],
        number=found["number"],
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A moment on the page: the post, the account it is of as people there write it, and its meter of five dots."""

    post: Told
    account: str
    steps: int
    words: str

    @classmethod
    def of(cls, post: Told, strongest: float, account: str) -> Line:
        if post.points < 0 or strongest <= 0:
            return cls(post, account, 0, str(BELOW))
        place = next(place for place, (least, _words) in enumerate(STEPS) if post.points >= least * strongest)
        return cls(post, account, len(STEPS) - place, str(STEPS[place][1]))

    @property
    def key(self) -> str:
        """The post as addresses and forms name it."""
        return f"{self.post.account}:{self.post.post}"

    @property
    def dots(self) -> list[bool]:
        """Which of the five are filled."""
        return [step < self.steps for step in range(len(STEPS))]
