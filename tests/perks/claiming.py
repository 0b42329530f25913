"""Holds and claims as people's own pages make them, for the tests of what comes after."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Person
from perks import claims, confirming, eligibility, postal
from perks.models import Campaign, Claim
from tests.scoring.reading import user_of

BERLIN = {
    "name": "Alice Archer",
    "street_address": "Hauptstraße 5",
    "postal_code": "10115",
    "city": "Berlin",
}


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(user_of(person))
    return client


def hold_for(person: Person, campaign: Campaign, **options: Any) -> Claim:
    """A hold as the form makes one; `key` in `options` names the request."""
    return claims.hold(
        campaign=campaign,
        variant=campaign.variants.all()[0],
        person=person,
        user=user_of(person),
        key=options.pop("key", f"{person.pk} wants {campaign.pk}"),
        terms=campaign.terms,
        checklist=eligibility.check(person=person, campaign=campaign, at=timezone.now()),
        **options,
    )


def claim_for(person: Person, campaign: Campaign, *, ticked: tuple[str, ...] = (), keep: bool = False) -> Claim:
    """A hold that was confirmed, with the address in Berlin where something is sent."""
    claim = hold_for(person, campaign)
    shipped = campaign.kind == Campaign.Kind.SHIPPED
    return confirming.confirm(
        claim=claim,
        user=user_of(person),
        address=postal.cleaned("DE", BERLIN) if shipped else None,
        keep=keep,
        ticked=ticked,
        at=timezone.now(),
    )


def address_sent(country: str = "DE", **changes: str) -> dict[str, str]:
    """What the address form sends."""
    return {"to-country": country, "to-shown": country, **{f"to-{name}": text for name, text in BERLIN.items()}} | {
        f"to-{name}": text for name, text in changes.items()
    }
