"""Checks of a person against campaigns, and the people who meet all that a campaign wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Person
from perks.eligibility.base import Checklist, Criterion
from perks.models import Campaign


def check(*, person: Person, campaign: Campaign, at: datetime) -> Checklist:
    """How `person` stands to `campaign`; two queries."""
    return check_many(person=person, campaigns=[campaign], at=at)[campaign.pk]


def check_many(*, person: Person, campaigns: Iterable[Campaign], at: datetime) -> dict[int, Checklist]:
    """How `person` stands to each of `campaigns`, by their numbers; two queries, however many there are."""
    raise NotImplementedError


def criteria(campaign: Campaign) -> list[Criterion]:
    """All that `campaign` wants, in the order of the checklist and of the preview's funnel; one query."""
    raise NotImplementedError


def eligible_people(campaign: Campaign, at: datetime) -> QuerySet[Person]:
    """Everybody whose checklist is met at `at`: who may claim it, and has not had all that one may have."""
    raise NotImplementedError


def audience(campaign: Campaign, at: datetime) -> QuerySet[Person]:
    """Everybody whom the campaign is for: also who is left out to compare with, and who has had it already."""
    raise NotImplementedError
