"""A brand with a row of everything that belongs to one: two of them show whether either sees the other's."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts import tokens
from accounts.models import Person, WebhookDelivery, WebhookEndpoint
from perks.models import (
    Address,
    AuditEntry,
    AwardRequirement,
    Brand,
    BrandInvitation,
    BrandMembership,
    CampaignDay,
    CampaignResults,
    Claim,
    ClaimEvent,
    Code,
    CodeBatch,
    Counter,
    Draw,
    Entry,
    Flag,
    Mention,
    PartRequirement,
    Picture,
    Problem,
    Redemption,
    Review,
    Shared,
    Shipment,
    Tier,
    TopicRequirement,
    WaitingPlace,
)
from scoring.models import Topic
from tests.perks.campaigns import make_brand, make_campaign, make_codes, make_member

# A word that stands in every row's own words: where it is seen, the row is.
MARK = "zq-secret"


def make_everything(name: str) -> dict[type[models.Model], Any]:
    """One row of each model that belongs to the brand `name`, by model; texts of it carry MARK and the name."""
    at, mark = timezone.now(), f"{MARK}-{name.lower()}"
    brand = make_brand(name)
    Brand.objects.filter(pk=brand.pk).update(about=mark)
    person = make_member(f"{name}-claimer", name=f"{mark} Person")
    campaign = make_campaign(brand, kind="shipped", title=f"{mark} campaign", stock=50, asks_for=["name"])
    variant, window, terms = campaign.variants.get(), campaign.windows.get(), campaign.terms
    variant.name = f"{mark} size"
    variant.claimed = 1
    variant.save()
    tier = Tier.objects.create(campaign=campaign, minimum_score=40, name=f"{mark} tier", benefit="All of it")
    claim = Claim.objects.create(
        campaign=campaign,
        variant=variant,
        window=window,
        person=person,
        ordinal=1,
        allowed=1,
        state=Claim.State.REDEEMED,
        key=uuid.uuid4().hex,
        held_at=at,
        expires_at=at + timedelta(minutes=10),
        claimed_at=at,
        redeemed_at=at,
        accepted_at=at,
        terms=terms,
        tier=tier,
    )
    user = BrandMembership.objects.filter(brand=brand).values_list("user", flat=True).first()
    batch = CodeBatch.objects.create(variant=variant, file_name=f"{mark}.csv", added=1, uploaded_at=at)
    code = make_codes(variant, [f"{mark}-code"])[0]
    endpoint = WebhookEndpoint.objects.create(
        owner=f"brand:{brand.pk}", url=f"https://{mark}.example/hook", secret=tokens.encrypt("s"), events=[]
    )
    counter = Counter.objects.create(brand=brand, name=f"{mark} till", number=str(brand.pk).zfill(6)[-8:])
    flag = Flag.objects.create(brand=brand, kind="address", digest="d", raised_at=at, note=mark)
    flag.claims.add(claim)
    rows: list[models.Model] = [
        brand,
        campaign,
        variant,
        window,
        claim,
        batch,
        code,
        tier,
        endpoint,
        counter,
        flag,
        Picture.objects.create(campaign=campaign, image="perks/none.png", alternative=mark),
        PartRequirement.objects.create(campaign=campaign, of="reach", points=1),
        TopicRequirement.objects.create(campaign=campaign, topic=Topic.objects.first()),
        AwardRequirement.objects.create(campaign=campaign, family="people"),
        AuditEntry.objects.create(brand=brand, campaign=campaign, at=at, action="publish", about=mark, reason=mark),
        BrandInvitation.objects.create(
            brand=brand, email=f"{mark}@example.org", role="viewer", digest=mark, created_at=at, expires_at=at
        ),
        CampaignDay.objects.create(campaign=campaign, day=at.date(), views=7),
        ClaimEvent.objects.create(claim=claim, kind="claimed", at=at),
        Address.objects.create(claim=claim, sealed=tokens.encrypt("{}"), country="IE", fingerprint=mark, given_at=at),
        Shared.objects.create(claim=claim, field="name", given_at=at),
        Shipment.objects.create(claim=claim, carrier=mark),
        Redemption.objects.create(claim=claim, counter=counter, at=at),
        Review.objects.create(claim=claim, text=mark, written_at=at),
        Mention.objects.create(
            campaign=campaign, person=person, source="own", url=f"https://x.example/{mark}", found_at=at
        ),
        Problem.objects.create(claim=claim, kind="other", text=mark, reported_at=at),
        Entry.objects.create(window=window, person=person, variant=variant, entered_at=at),
        Draw.objects.create(window=window, commitment=mark, sealed_seed=b"x", committed_at=at),
        WaitingPlace.objects.create(variant=variant, person=person, state="done", joined_at=at),
        WebhookDelivery.objects.create(
            endpoint=endpoint, event="claim.claimed", about=mark, payload={"about": mark}, created_at=at, due_at=at
        ),
    ]
    if user is not None:
        rows.append(BrandMembership.objects.get(brand=brand, user=user))
    found: dict[type[models.Model], Any] = {type(row): row for row in rows}
    found[Person] = person
    found[CampaignResults] = CampaignResults.objects.get(pk=campaign.pk)
    assert isinstance(found[Code], Code)
    return found
