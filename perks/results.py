"""What a campaign brought, as numbers: read from what is kept and was written by the daily task, in four queries.

Of a brand's own claims all numbers are exact. Other counts of people (who saw it, who qualifies, who posted, which
tiers they reached) are told from FEW on; below, nothing is told from which they follow. Who qualifies is coarse as in
a preview already where it is written (perks.audience).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection

from perks.models import Campaign
from perks.statistics import Interval, difference, wilson

FEW = 20

# Claims as items and as people (each whose person was erased stands for one), in all and by each way to slice them.
CLAIMS = """
    SELECT grouping(variant_id, window_id, tier_id, source) AS sliced,
           coalesce(variant_id, window_id, tier_id) AS slice, source,
           count(DISTINCT person_id) + count(*) FILTER (WHERE person_id IS NULL) AS held_people,
           count(DISTINCT person_id) FILTER (WHERE state IN ('claimed', 'redeemed'))
             + count(*) FILTER (WHERE person_id IS NULL AND state IN ('claimed', 'redeemed')) AS claimed_people,
           count(DISTINCT person_id) FILTER (WHERE state = 'redeemed')
             + count(*) FILTER (WHERE person_id IS NULL AND state = 'redeemed') AS redeemed_people,
           count(*) AS held, count(*) FILTER (WHERE state IN ('claimed', 'redeemed')) AS claimed,
           count(*) FILTER (WHERE state = 'redeemed') AS redeemed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE state = 'held') AS holding
    FROM perks_claim WHERE campaign_id = %s
    GROUP BY GROUPING SETS ((), (variant_id), (window_id), (tier_id), (source))
"""
ALL, BY_VARIANT, BY_WINDOW, BY_TIER, BY_SOURCE = 0b1111, 0b0111, 0b1011, 0b1101, 0b1110
POSTS = """
    WITH about AS (
        SELECT mention.*, post.tags::text[] && %(disclosing)s::text[] AS disclosed
        FROM perks_mention AS mention
        LEFT JOIN scoring_post AS post
          ON mention.post <> 0 AND (post.account, post.post) = (mention.account, mention.post)
        WHERE campaign_id = %(campaign)s
    ), reach AS (
        SELECT network, account, max(audience) AS audience FROM about WHERE account <> 0 GROUP BY network, account
    )
    SELECT grouping(network) = 1 AS whole, network, count(*), count(DISTINCT person_id), sum(people), sum(reactions),
           count(*) FILTER (WHERE disclosed), count(*) FILTER (WHERE post <> 0), count(*) FILTER (WHERE source = 'own'),
           (SELECT sum(audience) FROM reach WHERE grouping(about.network) = 1 OR reach.network = about.network)
    FROM about GROUP BY GROUPING SETS ((), (network)) ORDER BY count(*) DESC, network
"""
DAYS = """
    SELECT day, max(impressions), max(views), max(eligible), sum(held), sum(claimed), sum(redeemed), max(posts),
           max(people), max(reactions)
    FROM (
        SELECT day, impressions, views, eligible, 0 AS held, 0 AS claimed, 0 AS redeemed, posts, people, reactions
        FROM perks_campaignday WHERE campaign_id = %(campaign)s
        UNION ALL
        SELECT (held_at AT TIME ZONE 'UTC')::date, 0, 0, NULL, count(*), 0, 0, 0, 0, 0
        FROM perks_claim WHERE campaign_id = %(campaign)s GROUP BY 1
        UNION ALL
        SELECT (claimed_at AT TIME ZONE 'UTC')::date, 0, 0, NULL, 0, count(*), 0, 0, 0, 0
        FROM perks_claim WHERE campaign_id = %(campaign)s AND state IN ('claimed', 'redeemed') GROUP BY 1
        UNION ALL
        SELECT (redeemed_at AT TIME ZONE 'UTC')::date, 0, 0, NULL, 0, 0, count(*), 0, 0, 0
        FROM perks_claim WHERE campaign_id = %(campaign)s AND state = 'redeemed' AND redeemed_at IS NOT NULL GROUP BY 1
    ) AS event
    GROUP BY day ORDER BY day
"""
OTHERS = """
    SELECT
        (SELECT count(*) FROM perks_seen WHERE campaign_id = %(campaign)s),
        (SELECT count(viewed_at) FROM perks_seen WHERE campaign_id = %(campaign)s),
        (SELECT to_jsonb(counts) FROM perks_campaigncount AS counts WHERE campaign_id = %(campaign)s),
        (SELECT coalesce(jsonb_agg(to_jsonb(variant) ORDER BY place, id), '[]') FROM perks_variant AS variant
         WHERE campaign_id = %(campaign)s),
        (SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY opens_at, id), '[]')
         FROM (SELECT perks_window.id, kind, extract(epoch FROM opens_at) AS opens_at,
                      (SELECT count(*) FROM perks_entry WHERE window_id = perks_window.id) AS entries
               FROM perks_window WHERE campaign_id = %(campaign)s) AS one),
        (SELECT coalesce(jsonb_agg(to_jsonb(tier) ORDER BY minimum_score), '[]') FROM perks_tier AS tier
         WHERE campaign_id = %(campaign)s),
        (SELECT coalesce(jsonb_object_agg(state, number), '{}') FROM (
            SELECT place.state, count(*) AS number FROM perks_waitingplace AS place
            JOIN perks_variant AS variant ON variant.id = place.variant_id
            WHERE variant.campaign_id = %(campaign)s GROUP BY place.state) AS queue),
        (SELECT jsonb_build_array(count(stars), avg(stars), count(*) FILTER (WHERE text <> ''))
         FROM perks_review AS review JOIN perks_claim AS claim ON claim.id = review.claim_id
         WHERE claim.campaign_id = %(campaign)s AND review.hidden_reason = '')
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel. people: None where it is fewer than FEW and not one's own; share: of the step `of`.

    cost: what each of them cost, in the campaign's currency; None where it is not known or nobody got here.
    """

    slug: str
    people: int | None
    of: str = ""
    share: float | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Claims of a variant, a window, a tier or a source; None: fewer than FEW, or following from that."""

    key: Any
    name: str
    held: int | None
    claimed: int | None
    redeemed: int | None
    quantity: int | None = None
    opens_at: datetime | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day; eligible: None where it was not counted or is fewer than FEW."""

    day: date
    impressions: int
    views: int
    eligible: int | None
    held: int
    claimed: int
    redeemed: int
    posts: int
    people: int
    reactions: int


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts about it. people: who posted; read: how many of the posts we read; reach: followers of the accounts,
    rounded; reacted: different people who reacted, added up by post."""

    network: str
    number: int
    people: int | None
    read: int
    own: int
    disclosed: int
    reach: int
    reacted: int
    reactions: int
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """People who were left out, or the others. share and interval: of those who posted about it."""

    number: int
    posted: int
    reactions: int

    @property
    def share(self) -> float:
        return self.posted / self.number if self.number else 0.0

    @property
    def interval(self) -> Interval:
        return wilson(self.posted, self.number)

    @property
    def posted_told(self) -> int | None:
        return self.posted if self.posted >= FEW else None


@dataclass(frozen=True, slots=True)
class HoldOut:
    """The comparison; `more`: by how many hundredths more of the others posted, with its 95% interval."""

    counted_at: datetime
    left_out: Arm
    others: Arm
    more: float
    interval: Interval

    @property
    def verdict(self) -> str:
        """few, chance, more or less."""
        if min(self.left_out.number, self.others.number) < FEW:
            return "few"
        if 0.0 in self.interval:
            return "chance"
        return "more" if self.interval.low > 0 else "less"


@dataclass(frozen=True, slots=True)
class Results:
    campaign: Campaign
    at: datetime
    impressions: int
    views: int
    eligible_on: date | None
    steps: tuple[Step, ...]
    held: int
    holding: int
    claimed: int
    redeemed: int
    cancelled: int
    cost: Decimal | None
    variants: tuple[Slice, ...]
    windows: tuple[Slice, ...]
    tiers: tuple[Slice, ...]
    sources: tuple[Slice, ...]
    days: tuple[Day, ...]
    posts: Posts
    networks: tuple[Posts, ...]
    waiting: int
    queued: int
    entries: int
    reviews: int
    stars: float | None
    words: int
    hold_out: HoldOut | None

    def step(self, slug: str) -> Step:
        return next(step for step in self.steps if step.slug == slug)


def read(campaign: Campaign, at: datetime, disclosing: Sequence[str]) -> Results:
    """The results of `campaign`; disclosing: hashtags that disclose a gift. Four queries."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS, [campaign.pk])
        sliced: dict[int, dict[Any, tuple[int, ...]]] = {}
        for which, key, source, *numbers in cursor.fetchall():
            sliced.setdefault(which, {})[source if which == BY_SOURCE else key] = tuple(numbers)
        params: dict[str, Any] = {"campaign": campaign.pk, "disclosing": list(disclosing)}
        cursor.execute(POSTS, params)
        about = cursor.fetchall()
        cursor.execute(DAYS, params)
        days = [Day(*row) for row in cursor.fetchall()]
        cursor.execute(OTHERS, params)
        shown, viewed, counts, variants, windows, tiers, queue, reviews = (
            _from_json(value) for value in cursor.fetchone()
        )
    counts = counts or {}
    held_people, claimed_people, redeemed_people, held, claimed, redeemed, cancelled, holding = sliced[ALL][None]
    cost = _cost(campaign, claimed)
    eligible_on, eligible = next(
        ((day.day, day.eligible) for day in reversed(days) if day.eligible is not None), (None, None)
    )
    whole = next(row for row in about if row[0])
    posts = _posts(whole, cost)
    people = {
        "shown": max(shown, counts.get("shown", 0)),
        "viewed": max(viewed, counts.get("viewed", 0)),
        "eligible": eligible,
        "held": held_people,
        "claimed": claimed_people,
        "redeemed": redeemed_people,
        "posted": whole[3],
    }
    return Results(
        campaign=campaign,
        at=at,
        impressions=sum(day.impressions for day in days),
        views=sum(day.views for day in days),
        eligible_on=eligible_on,
        steps=_steps(people, cost),
        held=held,
        holding=holding,
        claimed=claimed,
        redeemed=redeemed,
        cancelled=cancelled,
        cost=cost,
        variants=_slices(sliced.get(BY_VARIANT, {}), variants, exact=True),
        windows=_slices(sliced.get(BY_WINDOW, {}), windows, exact=True),
        tiers=_slices(sliced.get(BY_TIER, {}), tiers, exact=False),
        sources=_slices(
            sliced.get(BY_SOURCE, {}),
            [{"id": key} for key in ("window", "waiting", "lottery") if key in sliced.get(BY_SOURCE, {})],
            exact=True,
        ),
        days=tuple(
            replace(day, eligible=told(day.eligible), people=rounded(day.people), reactions=rounded(day.reactions))
            for day in days
        ),
        posts=posts,
        networks=_by_network([row for row in about if not row[0]]),
        waiting=queue.get("waiting", 0),
        queued=sum(queue.values()),
        entries=sum(window["entries"] for window in windows),
        reviews=reviews[0],
        stars=float(reviews[1]) if reviews[1] is not None else None,
        words=reviews[2],
        hold_out=_hold_out(counts) if campaign.hold_out else None,
    )


def told(number: int | None) -> int | None:
    """A count of people, or None where it is too small to be told."""
    return None if number is None or number < FEW else number


def masked(numbers: Sequence[int]) -> list[int | None]:
    """Counts that add up to a known number: small ones are hidden, and one more where one alone would follow."""
    hidden = {place for place, number in enumerate(numbers) if number < FEW}
    if len(hidden) == 1 and len(numbers) > 1:
        hidden.add(min((place for place in range(len(numbers)) if place not in hidden), key=lambda p: numbers[p]))
    return [None if place in hidden else number for place, number in enumerate(numbers)]


def rounded(number: int) -> int:
    """A number to two digits: an exact one of few accounts would name them."""
    digits = len(str(abs(number)))
    return int(round(number, 2 - digits)) if digits > 2 else number


def in_tens(people: int) -> int:
    """A number of people to two digits, of fewer than a hundred to tens: of two campaigns' no difference is told."""
    return rounded(people) if people >= 100 else (people + 5) // 10 * 10


def _from_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _cost(campaign: Campaign, claimed: int) -> Decimal | None:
    if campaign.cost_each is None and campaign.cost_fixed is None:
        return None
    return (campaign.cost_each or Decimal(0)) * claimed + (campaign.cost_fixed or Decimal(0))


def each(cost: Decimal | None, number: int | None) -> Decimal | None:
    """What each of `number` cost, to the cent."""
    return (cost / number).quantize(Decimal("0.01"), ROUND_HALF_UP) if cost is not None and number else None


# What each step is a share of. Who qualifies is no step on the way: it is the crowd from which who holds one comes.
OF = {"viewed": "shown", "held": "eligible", "claimed": "held", "redeemed": "claimed", "posted": "claimed"}
OWN = frozenset({"held", "claimed", "redeemed"})


def _steps(people: Mapping[str, int | None], cost: Decimal | None) -> tuple[Step, ...]:
    counts = {slug: number if slug in OWN else told(number) for slug, number in people.items()}
    steps = []
    for slug, number in counts.items():
        of = OF.get(slug, "")
        base = counts.get(of)
        share = number / base if number is not None and base else None
        # Who qualified once may no longer today: no share is more than the whole.
        share = None if share is not None and share > 1 else share
        steps.append(Step(slug, number, of, share, each(cost, number)))
    return tuple(steps)


def _slices(
    counted: Mapping[Any, tuple[int, ...]], rows: Sequence[Mapping[str, Any]], *, exact: bool
) -> tuple[Slice, ...]:
    nothing = (0,) * 8
    keys = [row["id"] for row in rows]
    # People are counted where they are told; items where they are the brand's own.
    places = (3, 4, 5) if exact else (0, 1, 2)
    columns = [[counted.get(key, nothing)[place] for key in keys] for place in places]
    held, claimed, redeemed = columns if exact else [masked(column) for column in columns]
    return tuple(
        Slice(
            key=row["id"],
            name=str(row.get("name") or ""),
            held=held[place],
            claimed=claimed[place],
            redeemed=redeemed[place],
            quantity=row.get("quantity"),
            opens_at=datetime.fromtimestamp(float(row["opens_at"]), UTC) if "opens_at" in row else None,
            kind=str(row.get("kind") or ""),
        )
        for place, row in enumerate(rows)
    )


def _posts(row: Sequence[Any], cost: Decimal | None = None) -> Posts:
    _, network, number, people, reacted, reactions, disclosed, read, own, reach = row
    return Posts(
        network=network or "",
        number=number,
        people=told(people),
        read=read,
        own=own,
        disclosed=disclosed,
        reach=rounded(int(reach or 0)),
        reacted=rounded(int(reacted or 0)),
        reactions=rounded(int(reactions or 0)),
        cost=each(cost, number),
    )


def _by_network(rows: Sequence[Sequence[Any]]) -> tuple[Posts, ...]:
    """Networks on which FEW people or more posted; the others tell too much of few."""
    return tuple(_posts(row) for row in rows if row[3] >= FEW)


def _hold_out(counts: Mapping[str, Any]) -> HoldOut | None:
    if not counts or not (counts["left_out"] or counts["others"]):
        return None
    left_out = Arm(counts["left_out"], counts["left_out_posted"], counts["left_out_reactions"])
    others = Arm(counts["others"], counts["others_posted"], counts["others_reactions"])
    return HoldOut(
        counted_at=datetime.fromisoformat(counts["counted_at"]),
        left_out=left_out,
        others=others,
        more=others.share - left_out.share,
        interval=difference(others.posted, others.number, left_out.posted, left_out.number),
    )
