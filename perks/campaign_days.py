"""Each day's numbers of a campaign, and of who is left out to compare with: written by a daily task, safe to run again.

What was found of posts comes first, since the days tell of them. A run that was killed is done again: each campaign is
written in a transaction of its own, and days that have passed are the same however often they are counted.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Max, Q

from perks import audience, eligibility, hold_out, mentions, states
from perks.links import form_of
from perks.mentions import FOLLOW_UP
from perks.models import Campaign, CampaignCount, CampaignDay, Seen

logger = logging.getLogger(__name__)

# What members saw is forgotten so long after the campaign's end.
FORGET_AFTER = timedelta(days=90)
# Days on which something of a claim happened, and posts of the day; impressions, views and `eligible` are left alone.
WRITE = """
    INSERT INTO perks_campaignday AS known
        (campaign_id, day, impressions, views, held, claimed, redeemed, posts, people, reactions)
    SELECT %(campaign)s, day, 0, 0, sum(held), sum(claimed), sum(redeemed), sum(posts), sum(people), sum(reactions)
    FROM (
        SELECT (held_at AT TIME ZONE 'UTC')::date AS day, 1 AS held, 0 AS claimed, 0 AS redeemed, 0 AS posts,
               0 AS people, 0 AS reactions
        FROM perks_claim WHERE campaign_id = %(campaign)s
        UNION ALL
        SELECT (claimed_at AT TIME ZONE 'UTC')::date, 0, 1, 0, 0, 0, 0 FROM perks_claim
        WHERE campaign_id = %(campaign)s AND state IN ('claimed', 'redeemed')
        UNION ALL
        SELECT (redeemed_at AT TIME ZONE 'UTC')::date, 0, 0, 1, 0, 0, 0 FROM perks_claim
        WHERE campaign_id = %(campaign)s AND state = 'redeemed' AND redeemed_at IS NOT NULL
        UNION ALL
        SELECT (coalesce(posted_at, found_at) AT TIME ZONE 'UTC')::date, 0, 0, 0, 1, people, reactions
        FROM perks_mention WHERE campaign_id = %(campaign)s
        UNION ALL
        SELECT day, 0, 0, 0, 0, 0, 0 FROM perks_campaignday WHERE campaign_id = %(campaign)s
    ) AS event
    GROUP BY day ORDER BY day
    ON CONFLICT (campaign_id, day) DO UPDATE
    SET held = excluded.held, claimed = excluded.claimed, redeemed = excluded.redeemed, posts = excluded.posts,
        people = excluded.people, reactions = excluded.reactions
"""


def write_all(at: datetime) -> int:
    """The days of every campaign about which something can still change; returns how many. One that fails is logged."""
    written = 0
    for campaign in due(at):
        try:
            write(campaign, at)
            written += 1
        except DatabaseError:
            logger.exception("the days of campaign %s could not be written", campaign.pk)
    return written


def due(at: datetime) -> list[Campaign]:
    """Campaigns that people see or saw, until a day after posts are no longer looked for."""
    over = Q(last__lt=at - FOLLOW_UP - timedelta(days=1))
    shown = Campaign.objects.filter(state__in=[*states.PUBLIC, states.State.ARCHIVED], is_template=False)
    return list(shown.annotate(last=Max("windows__closes_at")).exclude(over).select_related("brand").order_by("pk"))


def write(campaign: Campaign, at: datetime) -> None:
    """Posts, who qualifies today, the days, and the hold-out's count of `campaign`."""
    mentions.match(campaign, at)
    with transaction.atomic():
        if campaign.state in (states.State.SCHEDULED, states.State.LIVE, states.State.PAUSED):
            day = at.astimezone(UTC).date()
            # Never the exact one: two campaigns that differ in one wish would tell by it what one person is like.
            about = audience.told_of(eligibility.eligible_people(campaign, at))
            CampaignDay.objects.update_or_create(campaign=campaign, day=day, defaults={"eligible": about.number or 0})
        with connection.cursor() as cursor:
            cursor.execute(WRITE, {"campaign": campaign.pk})
        count_seen(campaign, at)
        if campaign.hold_out:
            count_hold_out(campaign, at)


def count_seen(campaign: Campaign, at: datetime) -> None:
    """How many members saw it: never fewer than before, since who they were is forgotten in the end."""
    seen = Seen.objects.filter(campaign=campaign).aggregate(shown=Count("pk"), viewed=Count("viewed_at"))
    counts, _ = CampaignCount.objects.get_or_create(campaign=campaign, defaults={"counted_at": at})
    CampaignCount.objects.filter(pk=counts.pk).update(
        counted_at=at, shown=max(counts.shown, seen["shown"]), viewed=max(counts.viewed, seen["viewed"])
    )


def count_hold_out(campaign: Campaign, at: datetime) -> CampaignCount:
    """Of the people whom the campaign is for at `at`: those left out and the others, and who of them posted about it.

    About it: with its hashtag or link, or a link to the brand's site, from the first window on. Whether somebody
    claimed makes no difference: what is compared is having been able to.
    """
    people = eligibility.audience(campaign, at)
    drawn = hold_out.condition(campaign)
    tags, links = mentions.wanted(campaign)
    site = form_of(campaign.brand.website) if campaign.brand.website else None
    query, params = people.order_by().values("pk").query.sql_with_params()
    named = {f"p{place}": value for place, value in enumerate(params)}
    text = query.replace("%%", "%%%%") % tuple(f"%({name})s" for name in named)
    since = mentions.begun(campaign, at)
    audience = f"SELECT one.id AS person_id, 0 AS claim, %(since)s::timestamptz AS since FROM ({text}) AS one (id)"  # noqa: S608
    posts = mentions.search(
        campaign,
        audience,
        {**named, "since": since},
        mentions.until(campaign, at),
        tags,
        [*links, *([site] if site else [])],
    )
    found = {(one.account, one.post): one.person for one in posts}
    posted: dict[bool, set[int]] = {True: set(), False: set()}
    reactions = {True: 0, False: 0}
    received = mentions.received([(person, *post) for post, person in found.items()])
    for post, person in found.items():
        arm = hold_out.held_out(campaign, person)
        posted[arm].add(person)
        reactions[arm] += received.get(post, 0)
    left_out = people.filter(drawn).count()
    values = {
        "counted_at": at,
        "left_out": left_out,
        "left_out_posted": len(posted[True]),
        "left_out_reactions": reactions[True],
        "others": people.count() - left_out,
        "others_posted": len(posted[False]),
        "others_reactions": reactions[False],
    }
    return CampaignCount.objects.update_or_create(campaign=campaign, defaults=values)[0]


def forget_seen(at: datetime) -> int:
    """Forget who saw campaigns that ended FORGET_AFTER ago; their days keep the numbers. Returns the rows."""
    ended = Campaign.objects.annotate(last=Max("windows__closes_at")).filter(last__lt=at - FORGET_AFTER)
    return Seen.objects.filter(campaign__in=ended.values("pk")).delete()[0]
