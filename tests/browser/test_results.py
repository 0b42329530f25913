"""Results as a brand's team sees them: on a phone and a desk, light and dark, and on one sheet of paper."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from perks import campaign_days
from perks.models import Campaign, CampaignCount, CampaignDay, Tier
from tests.browser.test_pages import RULES
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team, second_factor
from tests.perks.posts import make_account, make_claim, make_post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(transactional_db: None) -> Campaign:
    """Two months of Acme's, with all that a report can have."""
    now = timezone.now()
    campaign = make_campaign(
        make_brand("Acme"),
        title="A headset that hears only what you want, for people who write about sound",
        kind="discount",
        stock=500,
        opens=-60 * timedelta(days=1),
        hashtag="acme",
        cost_each=Decimal("9.50"),
        cost_fixed=Decimal(1200),
        hold_out=20,
    )
    tiers = [
        Tier.objects.create(campaign=campaign, minimum_score=low, name=f"From {low}", benefit="x") for low in (20, 60)
    ]
    for place in range(24):
        person = make_member(f"Guest{place}", None)
        at = now - timedelta(days=55 - 2 * place)
        make_claim(campaign, person, at, "redeemed" if place % 3 else "claimed", tier=tiers[place % 2])
        make_post(make_account(person, followers=900), at + timedelta(hours=30), tags=["acme", "gifted"], likes=12)
    campaign_days.write(campaign, now)
    for days in range(60):
        day = (now - timedelta(days=days)).date()
        CampaignDay.objects.update_or_create(
            campaign=campaign, day=day, defaults={"impressions": 900 + days, "views": 90, "eligible": 300}
        )
    CampaignCount.objects.filter(campaign=campaign).update(
        shown=4000, viewed=1200, left_out=200, left_out_posted=10, others=800, others_posted=120
    )
    return campaign


def address(campaign: Campaign, name: str) -> str:
    return reverse(f"brands:perks_campaignresults_{name}", args=[] if name == "changelist" else [campaign.pk])


def test_the_report_is_one_sheet_of_paper(visit: Any, campaign: Campaign) -> None:
    page = visit(user=second_factor(make_team(campaign.brand, vera="viewer")["vera"]))
    page.open(address(campaign, "report"))
    sheets = page.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1
    assert page.trouble == []
    page.page.emulate_media(media="print")
    assert not page.page.locator(".not-printed").is_visible()
    assert page.page.locator(".days").is_visible()


def test_results_read_well_for_everybody(visit: Any, campaign: Campaign) -> None:
    user = second_factor(make_team(campaign.brand, vera="viewer")["vera"])
    window = visit(user=user, reduced_motion="reduce")
    page = window.page
    for name in ("change", "report", "changelist"):
        window.open(address(campaign, name))
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                found = Axe().run(page, options=RULES)
                assert found.violations_count == 0, f"{name} {width} {scheme}: {found.generate_report()}"
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} pixels wide"
    assert window.trouble == []
