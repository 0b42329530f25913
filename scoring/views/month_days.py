"""A month of an organisation, day by day: from what the daily run published, in three queries however busy it was."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from scoring.models import Post, ScoreHistory
from scoring.numbers import gained

# Of how many days the log of reactions tells (scoring.engine.activity).
ACTIVITY_DAYS = 90
EARLIEST = date(2000, 1, 1)
# For each day its reactions, and of the posts the one whose reactions weighed most.
REACTIONS = """
WITH posts AS (
  SELECT day, account, network, post,
         sum(reactions) AS reactions, sum(people) AS people, sum(weight) AS weight
  FROM scoring_activity WHERE person_id = %s AND day >= %s AND day < %s
  GROUP BY day, account, network, post
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY day ORDER BY (post <> 0) DESC, weight DESC, account, post) AS place
  FROM posts
)
SELECT day, sum(reactions)::bigint, sum(people)::bigint, sum(weight),
       max(account) FILTER (WHERE place = 1 AND post <> 0), max(post) FILTER (WHERE place = 1 AND post <> 0),
       max(network) FILTER (WHERE place = 1 AND post <> 0),
       max(reactions) FILTER (WHERE place = 1 AND post <> 0)::bigint,
       max((SELECT url FROM scoring_post AS best WHERE (best.account, best.post) = (placed.account, placed.post)))
         FILTER (WHERE place = 1 AND post <> 0)
FROM placed GROUP BY day
"""


@dataclass(frozen=True, slots=True)
class Best:
    """The post that moved most people on a day; `url` is "" where its network gave no address."""

    network: str
    url: str
    reactions: int


@dataclass(frozen=True, slots=True)
class Day:
    """score: published for that day, None where none was. change: since the day before. posts: published on it.

    reactions, people: of that day, None where the log does not reach back so far. Who reacts to two posts, or in two
    ways, is two of `people`. future: it has not begun yet.
    """

    day: date
    score: float | None
    change: float | None
    posts: int
    reactions: int | None
    people: int | None
    best: Best | None
    future: bool


@dataclass(frozen=True, slots=True)
class Month:
    """first: its first day. before, after: the first days of the months beside it, None where there is nothing."""

    first: date
    days: list[Day]
    before: date | None
    after: date | None

    @property
    def past(self) -> list[Day]:
        return [day for day in self.days if not day.future]

    @property
    def reactions(self) -> int:
        return sum(day.reactions or 0 for day in self.days)

    @property
    def posts(self) -> int:
        return sum(day.posts for day in self.days)

    @property
    def change(self) -> float | None:
        """Since the day before the month, or since its first score."""
        scores = [day for day in self.days if day.score is not None]
        if not scores:
            return None
        changes = [day.change for day in scores if day.change is not None]
        return round(sum(changes), 1) if changes else None

    @property
    def busiest(self) -> Day | None:
        return max((day for day in self.days if day.reactions), key=lambda day: day.reactions or 0, default=None)

    @property
    def is_cut(self) -> bool:
        """Whether some of its days lie before the log of reactions begins."""
        return any(day.reactions is None for day in self.past)


def month_at(text: str, today: date) -> date:
    """The first day of "2026-10"; of this month for anything else, and for what is yet to come."""
    this = today.replace(day=1)
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return this
    return min(found, this) if found >= EARLIEST else this


def month_of(person: Person, first: date, today: date, history: Iterable[ScoreHistory] | None = None) -> Month:
    """The month of `person` that begins on `first`, as it is known on `today`; all days are UTC's.

    history: what `history_of` gave, where the caller has it.
    """
    number = calendar.monthrange(first.year, first.month)[1]
    end = first + timedelta(days=number)
    scores = {row.as_of: row.score for row in (history_of(person, first) if history is None else history)}
    posts = _posts(person, first, end)
    reactions = _reactions(person, first, end)
    since = today - timedelta(days=ACTIVITY_DAYS)
    days = []
    for day in (first + timedelta(days=place) for place in range(number)):
        score, yesterday = scores.get(day), scores.get(day - timedelta(days=1))
        counted, people, best = reactions.get(day, (0, 0, None))
        known = since <= day <= today
        days.append(
            Day(
                day=day,
                score=score,
                change=None if score is None or yesterday is None else gained(score, yesterday),
                posts=posts.get(day, 0),
                reactions=counted if known or counted else None,
                people=people if known or counted else None,
                best=best,
                future=day > today,
            )
        )
    begun = person.created_at.astimezone(UTC).date().replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    # Scores may reach further back than the page: an upload tells of years.
    earlier = before >= begun or (first - timedelta(days=1)) in scores
    return Month(first, days, before if earlier and before >= EARLIEST else None, end if end <= today else None)


def history_of(person: Person, first: date, also: Iterable[date] = ()) -> list[ScoreHistory]:
    """The scores of the month that begins on `first`, of the day before it, and of the days `also`."""
    end = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    wanted = Q(as_of__gte=first - timedelta(days=1), as_of__lt=end) | Q(as_of__in=list(also))
    return list(ScoreHistory.objects.filter(wanted, person_id=person.pk).only("as_of", "score"))


def _posts(person: Person, first: date, end: date) -> Mapping[date, int]:
    begin, until = (datetime.combine(day, time(), tzinfo=UTC) for day in (first, end))
    linked = LinkedAccount.objects.filter(person=person).values("account")
    rows = Post.objects.filter(account__in=linked, posted_at__gte=begin, posted_at__lt=until)
    by_day = rows.values(day=TruncDate("posted_at", tzinfo=UTC)).annotate(number=Count("post")).order_by("day")
    return Counter({row["day"]: row["number"] for row in by_day})


def _reactions(person: Person, first: date, end: date) -> Mapping[date, tuple[int, int, Best | None]]:
    with connection.cursor() as cursor:
        cursor.execute(REACTIONS, [person.pk, first, end])
        rows = cursor.fetchall()
    found = {}
    for day, reactions, people, _weight, _account, post, network, number, url in rows:
        best = None
        if post is not None:
            spec = NETWORKS[network].spec if network in NETWORKS else None
            best = Best(spec.label if spec else network, url or "", number)
        found[day] = (reactions, people, best)
    return found
