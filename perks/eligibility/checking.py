"""Checks of a person against campaigns, and the people who meet all that a campaign wants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Person
from perks.eligibility.base import Check, Checklist, Criterion, reaches
from perks.eligibility.facts import Facts, facts_of
from perks.eligibility.people import AtLeast, Earned, Linked, LivesIn, Reads, TopicsOf
from perks.eligibility.scores import Confirmed, PercentileOf, PointsOf, ScoreOf, wants_confirmed
from perks.eligibility.standing import Member, NewToBrand, NotHeldOut, WithinLimit
from perks.eligibility.wanted import Wanted, wanted
from perks.models import Campaign, Tier

# What says nothing of whom a campaign is for, but whether somebody may have it at this moment.
OF_THE_MOMENT = (NotHeldOut, WithinLimit)


def check(*, person: Person, campaign: Campaign, at: datetime) -> Checklist:
    """How `person` stands to `campaign`; two queries."""
    return check_many(person=person, campaigns=[campaign], at=at)[campaign.pk]


def check_many(*, person: Person, campaigns: Iterable[Campaign], at: datetime) -> dict[int, Checklist]:
    """How `person` stands to each of `campaigns` (with their brands), by number; two queries in all."""
    campaigns = list(campaigns)
    if not campaigns:
        return {}
    return check_facts(facts_of(person, at), campaigns)


def check_facts(facts: Facts, campaigns: Sequence[Campaign]) -> dict[int, Checklist]:
    """As `check_many`, of facts that were read already; one query."""
    rows = wanted(campaigns)
    return {
        campaign.pk: checklist_of(facts, campaign, rows[campaign.pk], criteria_of(campaign, rows[campaign.pk]))
        for campaign in campaigns
    }


def criteria(campaign: Campaign) -> list[Criterion]:
    """All that `campaign` wants, in the order of the checklist and of the preview's funnel; one query."""
    return criteria_of(campaign, wanted([campaign])[campaign.pk])


def criteria_of(campaign: Campaign, rows: Wanted) -> list[Criterion]:
    """As `criteria`, of rows that were read already."""
    found: list[Criterion] = [Member()]
    least = max(campaign.minimum_score or 0, rows.tiers[0].minimum_score if rows.tiers else 0)
    if least:
        # Below the lowest tier there is nothing to be had.
        found.append(ScoreOf(least))
    if campaign.minimum_percentile is not None:
        found.append(PercentileOf(campaign.minimum_percentile))
    found += [PointsOf(of, points) for of, points in rows.parts]
    if rows.topics and campaign.any_topic:
        found.append(TopicsOf(tuple(rows.topics)))
    else:
        found += [TopicsOf((topic,)) for topic in rows.topics]
    if campaign.countries or campaign.regions:
        found.append(LivesIn(tuple(campaign.countries), tuple(campaign.regions)))
    if campaign.languages:
        found.append(Reads(tuple(campaign.languages)))
    found += [Earned(family, level) for family, level in rows.awards]
    found += [Linked(network) for network in campaign.networks]
    if campaign.new_to_brand:
        found.append(NewToBrand(campaign))
    if campaign.minimum_age is not None:
        found.append(AtLeast(campaign.minimum_age))
    if wants_confirmed(campaign):
        found.append(Confirmed())
    if campaign.hold_out:
        found.append(NotHeldOut(campaign))
    return [*found, WithinLimit(campaign)]


def eligible_people(campaign: Campaign, at: datetime) -> QuerySet[Person]:
    """Everybody whose checklist is met at `at`: who may claim it, and has not had all that one may have."""
    return Person.objects.filter(_all(criteria(campaign), at))


def audience(campaign: Campaign, at: datetime) -> QuerySet[Person]:
    """Everybody whom the campaign is for: also who is left out to compare with, and who has had it already."""
    lasting = [criterion for criterion in criteria(campaign) if not isinstance(criterion, OF_THE_MOMENT)]
    return Person.objects.filter(_all(lasting, at))


def tier_of(score: float | None, tiers: Iterable[Tier]) -> Tier | None:
    """The highest of `tiers` that the score reaches."""
    reached = [tier for tier in tiers if reaches(score, tier.minimum_score)]
    return max(reached, key=lambda tier: tier.minimum_score, default=None)


def _all(wanted_of_all: Iterable[Criterion], at: datetime) -> Q:
    condition = Q()
    for criterion in wanted_of_all:
        condition &= criterion.where(at)
    return condition


def checklist_of(facts: Facts, campaign: Campaign, rows: Wanted, wanted_of_all: Iterable[Criterion]) -> Checklist:
    """The checklist of facts and rows that were read already."""
    checks: list[Check] = []
    held_out = False
    for criterion in wanted_of_all:
        found = criterion.check(facts)
        held_out |= isinstance(criterion, NotHeldOut) and not found.met
        # Nobody needs to read that they are a member, or that they have not had what they look at.
        if not (found.met and criterion.quiet):
            checks.append(found)
    return Checklist(
        campaign_id=campaign.pk,
        checks=tuple(checks),
        score=facts.score,
        percentile=facts.percentile,
        formula=facts.formula,
        scored_on=facts.scored_on,
        tier=tier_of(facts.score, rows.tiers),
        held_out=held_out,
    )
