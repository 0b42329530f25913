"""What the log of counted activity holds as it may be shown: members by name who may be seen, all others together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Person
from accounts.networks import NETWORKS
from accounts.networks.base import VERB_NAMES, VERBS
from accounts.networks.klout import OWN
from accounts.visibility import Viewer, showing
from scoring.models import Activity, Moment, Post
from scoring.topics import given
from scoring.topics.tree import name_in
from scoring.views.moment_lines import number_in, post_in

# Of a page; a line is what was counted of a day, an account, a verb and a post.
LINES = 40
# What a line is known by, and the order of lines.
KEY = ("day", "account", "verb", "post")
ORDER = ("-day", "account", "verb", "post")
Key = tuple[date, int, int, int]
VERB_WORDS: dict[str, str | Promise] = {
    "like": gettext_lazy("Likes"),
    "share": gettext_lazy("Shares"),
    "reply": gettext_lazy("Replies"),
    "mention": gettext_lazy("Mentions"),
    "follow": gettext_lazy("Follows"),
    "list": gettext_lazy("Lists"),
    "quote": gettext_lazy("Quotes"),
    "recommend": gettext_lazy("Recommendations"),
    "endorse": gettext_lazy("Endorsements"),
    "tip": gettext_lazy("Tips"),
    "save": gettext_lazy("Saves"),
    "checkin": gettext_lazy("Check-ins"),
    "visit": gettext_lazy("Visits"),
    "link": gettext_lazy("Links"),
    "plus-k": gettext_lazy("+K"),
    "connect": gettext_lazy("Connections"),
}


def counted_words(verb: str, count: int, shown: str) -> str:
    """How many reactions of a kind: "3 likes". shown: the number as it is to be read."""
    words = {
        "like": ngettext("%(count)s like", "%(count)s likes", count),
        "share": ngettext("%(count)s share", "%(count)s shares", count),
        "reply": ngettext("%(count)s reply", "%(count)s replies", count),
        "mention": ngettext("%(count)s mention", "%(count)s mentions", count),
        "follow": ngettext("%(count)s follow", "%(count)s follows", count),
        "list": ngettext("put on %(count)s list", "put on %(count)s lists", count),
        "quote": ngettext("%(count)s quote", "%(count)s quotes", count),
        "recommend": ngettext("%(count)s recommendation", "%(count)s recommendations", count),
        "endorse": ngettext("%(count)s endorsement", "%(count)s endorsements", count),
        "tip": ngettext("%(count)s tip", "%(count)s tips", count),
        "save": ngettext("%(count)s save", "%(count)s saves", count),
        "checkin": ngettext("%(count)s check-in", "%(count)s check-ins", count),
        "visit": ngettext("%(count)s visit", "%(count)s visits", count),
        "link": ngettext("%(count)s link", "%(count)s links", count),
        "plus-k": ngettext("%(count)s +K", "%(count)s +K", count),
        "connect": ngettext("%(count)s connection", "%(count)s connections", count),
    }
    return words.get(verb, "%(count)s") % {"count": shown}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be seen, as the address says it; what it says wrongly is as if it said nothing. after: the last line
    that was seen."""

    network: str = ""
    account: int | None = None
    verb: str = ""
    post: tuple[int, int] | None = None
    after: Key | None = None

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        network, verb = query.get("network", ""), query.get("verb", "")
        return cls(
            network=network if network in NETWORKS else "",
            account=number_in(query.get("account", "")),
            verb=verb if verb in VERBS else "",
            post=post_in(query.get("post", "")),
            after=key_in(query.get("after", "")),
        )

    @property
    def filtered(self) -> bool:
        return bool(self.network or self.account is not None or self.verb or self.post)

    def rows(self, person: Person) -> QuerySet[Activity]:
        """The rows of `person` that are asked for, on all pages."""
        found = Activity.objects.filter(person=person)
        if self.network:
            found = found.filter(network=self.network)
        if self.account is not None:
            found = found.filter(account=self.account)
        if self.verb:
            found = found.filter(verb=VERBS[self.verb])
        if self.post:
            found = found.filter(account=self.post[0], post=self.post[1])
        return found


def key_in(text: str) -> Key | None:
    """What `Line.key` says, read again; None where it is none."""
    day, *rest = text.split(":")
    numbers = [number_in(part) for part in rest]
    try:
        at = date.fromisoformat(day)
    except ValueError:
        return None
    account, verb, post = numbers if len(numbers) == 3 else (None, None, None)
    if account is None or verb is None or post is None or not -(1 << 15) <= verb < 1 << 15:
        return None
    return at, account, verb, post


@dataclass(frozen=True, slots=True)
class Part:
    """Who of a line: a member who may be named, the others together (person None), or, without people, those whom a
    total of the post counts without names."""

    person: Person | None
    people: int
    reactions: int
    weight: float


@dataclass(frozen=True, slots=True)
class Line:
    """What was counted of a day, an account, a verb and a post; `parts` add up to it, who is named first.

    url: of the post, "" where that is not known; has_moment: whether the post is among the moments; topic: what +K was
    given in.
    """

    day: date
    account: int
    network: str
    verb: int
    post: int
    parts: tuple[Part, ...]
    posted_at: datetime | None = None
    url: str = ""
    has_moment: bool = False
    topic: str = ""

    @property
    def people(self) -> int:
        return sum(part.people for part in self.parts)

    @property
    def reactions(self) -> int:
        return sum(part.reactions for part in self.parts)

    @property
    def weight(self) -> float:
        return sum(part.weight for part in self.parts)

    @property
    def key(self) -> str:
        return f"{self.day.isoformat()}:{self.account}:{self.verb}:{self.post}"

    @property
    def post_key(self) -> str:
        return f"{self.account}:{self.post}" if self.post else ""

    @property
    def verb_name(self) -> str:
        return VERB_NAMES.get(self.verb, "")

    @property
    def each(self) -> float:
        """What one of its reactions weighs on average."""
        return self.weight / self.reactions if self.reactions else 0.0


def lines_of(rows: QuerySet[Activity], user: Any, today: date, *, after: Key | None, most: int) -> list[Line]:
    """Up to `most` lines of one person's `rows` that come after `after`, the newest day first. Two queries: which lines
    there are, and who is in them."""
    found = rows.filter(behind(after)) if after else rows
    groups = list(found.values_list(*KEY).annotate(number=Count("pk")).order_by(*ORDER)[:most])
    if not groups:
        return []
    first, last = groups[0][: len(KEY)], groups[-1][: len(KEY)]
    inside = named(rows.filter(day__range=(last[0], first[0])).exclude(behind(last)), user, today)
    if after:
        inside = inside.filter(behind(after))
    return list(gathered(inside))


def behind(key: Key) -> Q:
    """The rows that come after the line `key`."""
    day, account, verb, post = key
    on_its_day = (
        Q(account__gt=account) | Q(account=account, verb__gt=verb) | Q(account=account, verb=verb, post__gt=post)
    )
    # The first condition says nothing new: it lets the index begin at the day.
    return Q(day__lte=day) & (Q(day__lt=day) | Q(day=day) & on_its_day)


def named(rows: QuerySet[Activity], user: Any, today: date) -> QuerySet[Activity]:
    """`rows` in the order of lines, with who reacted as `actor`; `may_name` says whether the reader may be told that.

    Not of who may not be seen, and not of who keeps back whom they react to.
    """
    seen = Person.objects.visible_to(user, today).filter(showing("ties", Viewer.MEMBER), pk=OuterRef("actor"))
    return rows.select_related("actor").annotate(may_name=Exists(seen)).order_by(*ORDER)


def gathered(rows: Iterable[Any]) -> Iterator[Line]:
    """The lines of rows as `named` has them."""
    for (day, account, verb, post), same in groupby(rows, key=lambda row: (row.day, row.account, row.verb, row.post)):
        mine = list(same)
        url = followed(getattr(mine[0], "url", None) or "")
        yield Line(day, account, mine[0].network, verb, post, parts_of(mine), url=url)


def parts_of(rows: Sequence[Any]) -> tuple[Part, ...]:
    """Members who may be named, what counts most first; then all others in one, then those without names."""
    members = [row for row in rows if row.may_name]
    others = [row for row in rows if not row.may_name and row.people]
    unnamed = [row for row in rows if not row.people]
    parts = [Part(row.actor, row.people, row.reactions, row.weight) for row in members]
    parts.sort(key=lambda part: -part.weight)
    for some in (others, unnamed):
        if some:
            reactions, weight = sum(row.reactions for row in some), sum(row.weight for row in some)
            parts.append(Part(None, sum(row.people for row in some), reactions, weight))
    return tuple(parts)


def with_posts(lines: Sequence[Line], person: Person) -> list[Line]:
    """The lines with what is known of their posts, or of what +K was given in. One query, or two."""
    moments = Moment.objects.filter(person=person, account=OuterRef("account"), post=OuterRef("post"))
    known = {
        (post.account, post.post): post
        for post in Post.objects.filter(
            account__in={line.account for line in lines}, post__in={line.post for line in lines if line.post}
        ).annotate(has_moment=Exists(moments))
    }
    topics = given.by_post(line.post for line in lines if line.network == OWN)
    found = [
        replace(line, posted_at=post.posted_at, url=followed(post.url), has_moment=post.has_moment)
        if (post := known.get((line.account, line.post)))
        else line
        for line in lines
    ]
    return [
        replace(line, topic=name_in(topics[line.post])) if line.network == OWN and line.post in topics else line
        for line in found
    ]


def with_address(rows: QuerySet[Activity]) -> QuerySet[Activity]:
    """`rows` with the address of their posts, for reading them one after the other."""
    posts = Post.objects.filter(account=OuterRef("account"), post=OuterRef("post"))
    return rows.annotate(url=Subquery(posts.values("url")[:1]))


def followed(url: str) -> str:
    """An address from outside, "" where a page must not lead there."""
    return url if url.startswith(("https://", "http://")) else ""


@dataclass(frozen=True, slots=True)
class Sum:
    """What was counted together."""

    reactions: int
    weight: float


def sums_of(rows: QuerySet[Activity]) -> dict[date, Sum]:
    """By day. One query."""
    by_day = rows.values_list("day").annotate(models.Sum("reactions"), models.Sum("weight"))
    return {day: Sum(reactions, weight) for day, reactions, weight in by_day}
