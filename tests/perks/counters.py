"""Passes of members and counters that take them, for tests."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Person, User
from perks import claims, counters, eligibility
from perks.models import Brand, Campaign, Claim, Counter
from tests.perks.campaigns import make_brand, make_campaign

PIN = "271828"


def make_counter(brand: Brand | None = None, name: str = "Till one", pin: str = PIN) -> Counter:
    return counters.add(brand=brand or make_brand(), name=name, pin=pin, user=None, at=timezone.now())[0]


def make_claim(person: Person, campaign: Campaign | None = None, at: datetime | None = None, **fields: Any) -> Claim:
    """What `person` has claimed: a voucher for the counter, unless said otherwise."""
    campaign = campaign or make_campaign(**{"kind": "voucher", "title": "A bag of coffee", "at": at} | fields)
    held = claims.hold(
        campaign=campaign,
        variant=campaign.variants.all()[0],
        person=person,
        user=user_of(person),
        key=uuid.uuid4().hex,
        terms=campaign.terms,
        checklist=eligibility.check(person=person, campaign=campaign, at=at or timezone.now()),
        at=at,
    )
    return claims.confirm(claim=held, at=at)


def user_of(person: Person) -> User:
    return Membership.objects.get(person=person).user


def logged_in(person: Person) -> Client:
    client = Client()
    client.force_login(user_of(person))
    return client


def phone_at(counter: Counter, pin: str = PIN) -> Client:
    """A phone that signed in at `counter` with the form."""
    client = Client()
    response = client.post("/redeem", {"action": "enter", "number": counter.number, "pin": pin})
    assert response.status_code == 302
    return client
