"""A brand's campaigns beside one another: the same numbers of each, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from perks.models import Campaign
from perks.results import each, rounded, told

SIDE_BY_SIDE = """
    SELECT campaign.id, coalesce(claim.people, 0), coalesce(claim.items, 0), coalesce(claim.used, 0),
           greatest(coalesce(seen.viewed, 0), coalesce(counts.viewed, 0)), coalesce(about.posts, 0),
           coalesce(about.reactions, 0)
    FROM perks_campaign AS campaign
    LEFT JOIN perks_campaigncount AS counts ON counts.campaign_id = campaign.id
    LEFT JOIN (
        SELECT campaign_id, count(DISTINCT person_id) + count(*) FILTER (WHERE person_id IS NULL) AS people,
               count(*) AS items, count(*) FILTER (WHERE state = 'redeemed') AS used
        FROM perks_claim WHERE campaign_id = ANY(%(campaigns)s) AND state IN ('claimed', 'redeemed')
        GROUP BY campaign_id
    ) AS claim ON claim.campaign_id = campaign.id
    LEFT JOIN (
        SELECT campaign_id, count(viewed_at) AS viewed FROM perks_seen WHERE campaign_id = ANY(%(campaigns)s)
        GROUP BY campaign_id
    ) AS seen ON seen.campaign_id = campaign.id
    LEFT JOIN (
        SELECT campaign_id, count(*) AS posts, sum(reactions) AS reactions FROM perks_mention
        WHERE campaign_id = ANY(%(campaigns)s) GROUP BY campaign_id
    ) AS about ON about.campaign_id = campaign.id
    WHERE campaign.id = ANY(%(campaigns)s)
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """A campaign with its numbers; viewed: None where it is too few to be told."""

    campaign: Campaign
    viewed: int | None
    people: int
    claimed: int
    redeemed: int
    posts: int
    reactions: int
    cost: Decimal | None
    cost_each: Decimal | None


def beside(campaigns: Sequence[Campaign]) -> list[Beside]:
    """The numbers of `campaigns`, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(SIDE_BY_SIDE, {"campaigns": [campaign.pk for campaign in campaigns]})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_of(campaign, *found[campaign.pk]) for campaign in campaigns]


def _of(campaign: Campaign, people: int, items: int, used: int, viewed: int, posts: int, reactions: int) -> Beside:
    cost = None
    if campaign.cost_each is not None or campaign.cost_fixed is not None:
        cost = (campaign.cost_each or Decimal(0)) * items + (campaign.cost_fixed or Decimal(0))
    return Beside(campaign, told(viewed), people, items, used, posts, rounded(int(reactions)), cost, each(cost, items))
