"""The brands of Larkhaven set out what they offer, and some of its people have claimed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Person, User
from klout.demo.drawings import drawn
from klout.demo.offers import BRANDS, OFFERS, TERMS, Offer
from perks import addresses, claims, codes, eligibility, lottery, reviews
from perks.code_files import Row
from perks.models import (
    Brand,
    BrandMembership,
    Campaign,
    Picture,
    Terms,
    Tier,
    TopicRequirement,
    Variant,
    Window,
)
from perks.models.campaigns import DISCLOSURE
from scoring.models import Topic

# Everybody in Larkhaven gets parcels at the ferry.
ADDRESS = {"country_code": "IE", "street_address": "The Ferry Office, Quay 1", "city": "Larkhaven", "postal_code": ""}
# Days after the filling.
IN_DAYS = ("use_until", "takes_place_at")


def set_out(people: Mapping[str, Person], owner: User, at: datetime) -> int:
    """Make the brands, with `owner` running them, and their campaigns as of `at`; how many campaigns there are."""
    for slug, (name, about) in BRANDS.items():
        brand, made = Brand.objects.get_or_create(slug=slug, defaults={"name": name, "about": about})
        BrandMembership.objects.get_or_create(brand=brand, user=owner, defaults={"role": BrandMembership.Role.OWNER})
        if made:
            brand.contact = f"hello@{slug}.example"
            brand.save()
    for offer in OFFERS:
        # Whole or not at all: a filling that was cut short makes the others.
        with transaction.atomic():
            if not Campaign.objects.filter(title=offer.title).exists():
                _campaign(offer, people, owner, at)
    return len(OFFERS)


def _campaign(offer: Offer, people: Mapping[str, Person], owner: User, at: datetime) -> Campaign:
    fields: dict[str, Any] = {
        name: at + timedelta(days=value) if name in IN_DAYS else value for name, value in offer.fields.items()
    }
    if "cost_each" in fields:
        fields["cost_each"] = Decimal(fields["cost_each"])
    campaign = Campaign.objects.create(
        brand=Brand.objects.get(slug=offer.brand),
        title=offer.title,
        headline=offer.headline,
        text=offer.text,
        kind=offer.kind,
        value=Decimal(offer.value),
        created_by=owner,
        state="live",
        **fields,
    )
    shape, colour, alternative = offer.picture
    picture = Picture(campaign=campaign, alternative=alternative)
    picture.image.save(f"{slugify(offer.title)}.png", ContentFile(drawn(shape, colour)))
    disclosure = DISCLOSURE.format(brand=campaign.brand.name)
    Terms.objects.create(campaign=campaign, version=1, text=TERMS, disclosure=disclosure)
    for score, name, benefit in offer.tiers:
        Tier.objects.create(campaign=campaign, minimum_score=score, name=name, benefit=benefit)
    for slug in offer.topics:
        TopicRequirement.objects.create(campaign=campaign, topic=Topic.objects.get(slug=slug))
    for place, (name, quantity) in enumerate(offer.stock.items(), start=1):
        variant = Variant.objects.create(campaign=campaign, name=name, place=place)
        if offer.kind == Campaign.Kind.CODE:
            rows = [Row(row, f"ATLAS-{row:03}-{campaign.pk:04}") for row in range(1, quantity + 1)]
            codes.take_in(variant=variant, rows=rows, file_name="codes.csv", user=owner, at=at)
        else:
            Variant.objects.filter(pk=variant.pk).update(quantity=quantity)
    begins, ends = (at + timedelta(days=days) for days in offer.days)
    kind = Window.Kind.LOTTERY if offer.lottery else Window.Kind.STAGGERED if offer.stages else Window.Kind.ALL
    stages = [list(stage) for stage in offer.stages]
    window = Window.objects.create(
        campaign=campaign, kind=kind, opens_at=begins, closes_at=ends, stages=stages, time_zone="Europe/Dublin"
    )
    lottery.commit_all(campaign, begins)
    for number, (handle, name) in enumerate(offer.claimed.items()):
        variant, then = campaign.variants.get(name=name), begins + timedelta(hours=2 + 5 * number)
        if handle in people:
            _take_part(window, variant, people[handle], then, offer.reviews.get(handle))
    Campaign.objects.filter(pk=campaign.pk).update(state=offer.state)
    return campaign


def _take_part(window: Window, variant: Variant, person: Person, at: datetime, review: tuple[int, str] | None) -> None:
    """What `person` did at `at`; somebody who does not qualify did nothing."""
    campaign = window.campaign
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    if not checklist.ok:
        return
    if window.kind == Window.Kind.LOTTERY:
        lottery.enter(window=window, variant=variant, person=person, checklist=checklist, at=at)
        return
    terms, user = campaign.terms, person.users.first()
    assert terms is not None
    claim = claims.hold(
        campaign=campaign,
        variant=variant,
        person=person,
        user=user,
        key=f"demo-{campaign.pk}",
        terms=terms,
        checklist=checklist,
        at=at,
    )
    if campaign.kind == Campaign.Kind.SHIPPED:
        assert user is not None
        addresses.give(claim=claim, address=ADDRESS | {"name": person.display_name}, keep=False, at=at)
    claims.confirm(claim=claim, at=at + timedelta(minutes=3))
    if review is not None:
        reviews.write(claim=claim, stars=review[0], text=review[1], at=at + timedelta(days=2))
