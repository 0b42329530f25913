"""What the last run said of posts and of the day's change, in words: for the profile and the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Person
from accounts.networks import NETWORKS
from accounts.networks.klout import OWN
from accounts.visibility import Viewer, may_see
from scoring.models import DayChange, HiddenMoment, Moment, Post
from scoring.numbers import signed
from scoring.topics import given
from scoring.topics.tree import name_in

# Points that are 0.0 once they are rounded.
LEAST = 0.05
# Posts that the sentence of a day names.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A post that moved a score; `url` is "" where it is not known, or nothing that a page should lead to.

    network: its name, slug its code. hidden: its author does not want it to be seen among the moments. topic: what +K
    was given in, which is no post but stands for one; "" for posts.
    """

    account: int
    post: int
    slug: str
    network: str
    points: float
    change: float
    people: int
    reactions: int
    posted_at: datetime | None
    url: str
    hidden: bool = False
    topic: str = ""

    @property
    def name(self) -> str:
        if self.topic:
            return _("+K in %(topic)s") % {"topic": self.topic}
        if self.posted_at is None and not self.network:
            return _("A post")
        if self.posted_at is None:
            return _("a post on %(network)s") % {"network": self.network}
        return _("the post of %(day)s") % {"day": date_format(self.posted_at, "DATE_FORMAT")}


@dataclass(frozen=True, slots=True)
class Day:
    """How a score came from one day to the next: `parts` are phrases such as "+1.2 from 3 posts", the largest first."""

    since: date
    as_of: date
    points: float
    parts: tuple[str, ...]
    posts: tuple[Told, ...]

    @property
    def begin(self) -> str:
        if self.since == self.as_of - timedelta(days=1):
            return _("Since the day before")
        return _("Since %(day)s") % {"day": date_format(self.since, "DATE_FORMAT")}

    @property
    def sentence(self) -> str:
        words = ", ".join(self.parts) or _("nothing moved it by as much as a tenth of a point")
        return f"{self.begin}: {words}."


def day_of(person_id: int, as_of: date) -> Day | None:
    """What is told of the change to `as_of`; None where nothing is. Two queries, however much there is.

    Posts that are hidden are counted, and not named.
    """
    change = DayChange.objects.filter(person=person_id, as_of=as_of).first()
    moved = with_urls(person_id, hidden=True).exclude(post=0).exclude(change=0)
    posts = told_of(moved)
    return None if change is None else day_from(change, posts)


def day_from(change: DayChange, posts: Iterable[Told]) -> Day:
    """What is told of a change that has been read already, with the posts that moved the score that day."""
    posts = sorted(posts, key=lambda post: -abs(post.change))
    seen = [post for post in posts if abs(post.change) >= LEAST and not post.hidden]
    return Day(change.since, change.as_of, change.points, parts_of(change, posts), tuple(seen[:NAMED]))


def parts_of(change: DayChange, posts: Sequence[Told]) -> tuple[str, ...]:
    number = len(posts)
    words = {"posts": number}
    if change.moments < 0:
        by_posts = ngettext(
            "from %(posts)s post that nobody has reacted to",
            "from %(posts)s posts that hardly anybody has reacted to",
            number,
        )
    else:
        by_posts = ngettext("from %(posts)s post", "from %(posts)s posts", number)
    phrases = [
        (change.decay, _("faded") if change.decay < 0 else _("as posts that nobody reacted to grew older")),
        (change.moments, by_posts % words),
        (change.rest, _("from all else: followers, mentions, who reacted, and what became known late")),
        (change.formula_change, _("because the formula changed")),
    ]
    seen = sorted((part for part in phrases if abs(part[0]) >= LEAST), key=lambda part: -abs(part[0]))
    return tuple(f"{signed(points)} {phrase}" for points, phrase in seen)


def moments_of(person_id: int) -> tuple[list[Told], float]:
    """The posts that brought most first, those that took points away last; and what no single post explains.

    With those that are hidden, for whom the sum is to agree.
    """
    rows = list(with_urls(person_id, hidden=True))
    shared = sum(row.points for row in rows if not row.post)
    return told_of(row for row in sorted(rows, key=lambda row: -row.points) if row.post), shared


def with_urls(person_id: int, *, hidden: bool = False) -> QuerySet[Any]:
    """Moments of a person, with the address of each post as `url`, and its network's slug as `network`.

    hidden: those too that the person hid (`is_hidden` says which); without it nobody gets to see them.
    """
    posts = Post.objects.filter(account=OuterRef("account"), post=OuterRef("post"))
    accounts = Account.objects.filter(pk=OuterRef("account"))
    kept_back = HiddenMoment.objects.filter(
        person=OuterRef("person"), account=OuterRef("account"), post=OuterRef("post")
    )
    moments = Moment.objects.filter(person=person_id)
    if not hidden:
        moments = moments.filter(~Exists(kept_back))
    return moments.annotate(
        url=Subquery(posts.values("url")[:1]),
        network=Subquery(accounts.values("network")[:1]),
        is_hidden=Exists(kept_back),
    )


def told_to(person: Person, viewer: Viewer) -> Q:
    """Which rows of `with_urls` the viewer may see: what +K brought only with the +K that `person` was given."""
    return Q() if may_see(person, "plus_k", viewer) else ~Q(network=OWN)


def told_of(moments: Iterable[Any]) -> list[Told]:
    """What is told of each of `moments`; one query for what +K was given in, where there is any."""
    posts = [told(moment) for moment in moments]
    topics = given.by_post(post.post for post in posts if post.slug == OWN)
    return [
        replace(post, topic=name_in(topics[post.post])) if post.slug == OWN and post.post in topics else post
        for post in posts
    ]


def told(moment: Any) -> Told:
    url, network = moment.url or "", NETWORKS.get(moment.network)
    return Told(
        account=moment.account,
        post=moment.post,
        slug=moment.network or "",
        network=network.spec.label if network else moment.network or "",
        points=moment.points,
        change=moment.change,
        people=moment.people,
        reactions=moment.reactions,
        posted_at=moment.posted_at,
        # An address from outside: a page must not lead just anywhere.
        url=url if url.startswith(("https://", "http://")) else "",
        hidden=moment.is_hidden,
    )
