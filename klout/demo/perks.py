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
from perks.models import Brand, BrandMembership, Campaign, Picture, Terms, Tier, TopicRequirement, Variant, Window
from perks.models.campaigns import DISCLOSURE
from scoring.models import Topic

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
        state=offer.state,
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
        Variant.objects.create(campaign=campaign, name=name, place=place, quantity=quantity)
    begins, ends = (at + timedelta(days=days) for days in offer.days)
    kind = Window.Kind.LOTTERY if offer.lottery else Window.Kind.STAGGERED if offer.stages else Window.Kind.ALL
    stages = [list(stage) for stage in offer.stages]
    Window.objects.create(
        campaign=campaign, kind=kind, opens_at=begins, closes_at=ends, stages=stages, time_zone="Europe/Dublin"
    )
    return campaign
