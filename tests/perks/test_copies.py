"""Duplicates, templates of one's own, and the built-in patterns."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from perks import copies, pictures
from perks.models import AwardRequirement, Campaign, Code, Picture, Tier, Window
from perks.patterns import PATTERNS
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.test_campaign_pages import claim_one

pytestmark = pytest.mark.django_db


def picture() -> ContentFile:
    file = io.BytesIO()
    Image.new("RGB", (3000, 20), "red").save(file, "JPEG", exif=b"Exif\x00\x00secret place")
    return pictures.encode(io.BytesIO(file.getvalue()), len(file.getvalue()))


def test_a_copy_has_everything_but_claims_codes_and_windows_that_have_opened() -> None:
    campaign = make_campaign(minimum_score=41, countries=["PT"])
    Tier.objects.create(campaign=campaign, minimum_score=50, name="Good", benefit="More")
    AwardRequirement.objects.create(campaign=campaign, family="people", level=2)
    Picture.objects.create(campaign=campaign, image=picture(), alternative="A red line")
    later = timezone.now() + timedelta(days=9)
    Window.objects.create(campaign=campaign, opens_at=later, closes_at=later + timedelta(days=2))
    claim_one(campaign)
    olga = make_team(campaign.brand, olga="owner")["olga"]
    copy = copies.duplicate(campaign=campaign, user=olga, at=timezone.now())
    assert (copy.state, copy.title, copy.minimum_score, copy.countries) == ("draft", "A headset (copy)", 41, ["PT"])
    assert [tier.name for tier in copy.tiers.all()] == ["Good"]
    assert copy.award_requirements.get().family == "people"
    assert [window.opens_at for window in copy.windows.all()] == [later]
    variant = copy.variants.get()
    assert (variant.quantity, variant.claimed, variant.held) == (0, 0, 0)
    assert not copy.claims.exists()
    assert not Code.objects.filter(variant=variant).exists()
    assert copy.terms is not None
    assert copy.terms.version == 1
    kept = copy.pictures.get()
    assert kept.image.name != campaign.pictures.get().image.name
    campaign.pictures.get().image.delete()
    assert kept.image.open("rb").read()


def test_a_picture_is_drawn_anew_within_bounds() -> None:
    drawn = picture().read()
    image = Image.open(io.BytesIO(drawn))
    assert (image.format, image.width) == ("WEBP", 1600)
    assert b"secret place" not in drawn


def test_a_template_is_never_published_and_begins_new_ones() -> None:
    campaign = make_campaign(kind="shipped")
    olga = make_team(campaign.brand, olga="owner")["olga"]
    client = Client()
    client.force_login(second_factor(olga))
    client.post(reverse("brands:perks_campaign_template", args=[campaign.pk]))
    template = Campaign.objects.get(is_template=True)
    assert template.title == "A headset"
    client.post(reverse("brands:perks_campaign_move", args=[template.pk, "send"]))
    template.refresh_from_db()
    assert template.state == "draft"
    client.post(reverse("brands:perks_campaign_add"), {"from": f"template:{template.pk}"})
    new = Campaign.objects.order_by("-pk")[0]
    assert (new.is_template, new.title, new.variants.get().quantity) == (False, "A headset", 5)


def test_nobody_begins_with_another_brands_template() -> None:
    bolt = make_campaign(make_brand("Bolt"), kind="shipped", state="draft", is_template=True)
    client = Client()
    client.force_login(second_factor(make_team(make_brand(), olga="owner")["olga"]))
    client.post(reverse("brands:perks_campaign_add"), {"from": f"template:{bolt.pk}"})
    client.post(reverse("brands:perks_campaign_add"), {"from": "empty", "brand": bolt.brand_id})
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_each_pattern_begins_a_draft_whose_offer_is_nearly_there(pattern) -> None:
    brand = make_brand()
    olga = make_team(brand, olga="owner")["olga"]
    campaign = copies.begin(pattern=pattern, brand=brand, user=olga, at=timezone.now())
    assert campaign.kind == pattern.kind
    assert campaign.text
    assert campaign.tiers.count() == len(pattern.tiers)
    assert campaign.terms is not None
    assert "Acme" in campaign.terms.disclosure
