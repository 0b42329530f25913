"""Claims of things that are sent by post, confirmed with an address, for tests."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import Person
from perks import addresses, claims, fulfilment
from perks.models import Campaign, Claim, Shipment, Tier
from tests.scoring.reading import user_of

STREET = "Zqstrasse 17"
_keys = itertools.count(1)


@dataclass
class Qualifies:
    """As perks.eligibility.Checklist, of whoever it is."""

    ok: bool = True
    score: float | None = 50.0
    percentile: float | None = 80.0
    formula: str = "v1"
    scored_on: date | None = date(2026, 11, 1)
    tier: Tier | None = None


def take(campaign: Campaign, person: Person, **given: Any) -> Claim:
    """perks.claims.hold with what a page would send: the only variant, the terms in force, a new key."""
    return claims.hold(
        campaign=campaign,
        variant=campaign.variants.get(),
        person=person,
        user=user_of(person),
        key=f"parcel {next(_keys)}",
        terms=campaign.terms,
        checklist=Qualifies(),  # type: ignore[arg-type]
        **given,
    )


def address(name: str = "Alice Archer", street: str = STREET, **parts: str) -> dict[str, str]:
    """An address in Berlin, as postal.cleaned returns it."""
    there = {"country_code": "DE", "city": "Berlin", "postal_code": "10117"}
    return {**there, "name": name, "street_address": street} | parts


def claim_shipped(campaign: Campaign, person: Person, *, follow: bool = True, **given: Any) -> Claim:
    """A confirmed claim with an address; follow: with what the worker does after it."""
    wanted = given.pop("address", None) or address(person.name)
    claim = take(campaign, person, **given)
    addresses.give(claim=claim, address=wanted, keep=False, at=timezone.now())
    claim = claims.confirm(claim=claim)
    if follow:
        fulfilment.carry_out(claim_id=claim.pk, at=timezone.now())
    return claim


def parcel_of(claim: Claim) -> Shipment:
    return Shipment.objects.get(claim=claim)
