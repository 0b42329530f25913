"""Claims of things that are sent by post, confirmed with an address, for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import Person
from perks import addresses, claims, fulfilment
from perks.models import Campaign, Claim, Shipment
from tests.perks.taking import take

__all__ = ["STREET", "address", "claim_shipped", "parcel_of", "take"]

STREET = "Zqstrasse 17"


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
