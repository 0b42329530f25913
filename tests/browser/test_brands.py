"""A brand's owner makes a campaign in Chromium, with JavaScript and without; every page is accessible and clean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from perks.brands.site import site
from perks.models import Campaign
from scoring.topics import load
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.everything import make_everything

FEW = """document.querySelectorAll('.several > div:nth-child(n + 6), optgroup:nth-child(n + 4)')
    .forEach(line => line.remove())"""
TYPED = "%Y-%m-%dT%H:%M"


@pytest.fixture
def olga(transactional_db: None) -> User:
    return second_factor(make_team(make_brand(), olga="owner")["olga"])


@pytest.mark.parametrize("scripts", [True, False])
def test_a_campaign_is_made_in_five_steps(visit: Callable[..., Any], olga: User, scripts: bool) -> None:
    window = visit(user=olga, scripts=scripts)
    page = window.page
    window.open("/brands/")
    page.get_by_role("link", name="A new campaign").click()
    page.get_by_role("button", name="Try our product").click()
    page.get_by_label("Title").fill("A kettle")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("Minimum score").fill("45")
    page.get_by_label("Portugal").check()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("Quantity").first.fill("12")
    page.get_by_role("button", name="Save and go on").click()
    opens = timezone.now() + timedelta(days=3)
    page.get_by_label("Time zone").first.select_option("Europe/Lisbon")
    page.get_by_label("Opens:", exact=True).first.fill(opens.strftime(TYPED))
    page.get_by_label("Closes:", exact=True).first.fill((opens + timedelta(days=2)).strftime(TYPED))
    page.get_by_role("button", name="Save and go on").click()
    assert page.get_by_role("heading", name="Everything is there").is_visible()
    page.get_by_role("link", name="Send to review").click()
    page.get_by_role("button", name="Send to review").click()
    assert page.get_by_text("You get a mail when it is decided").is_visible()
    campaign = Campaign.objects.get()
    assert (campaign.title, campaign.state, campaign.countries) == ("A kettle", "review", ["PT"])
    assert campaign.variants.get().quantity == 12
    assert campaign.windows.get().time_zone == "Europe/Lisbon"
    assert not campaign.award_requirements.exists()
    assert window.trouble == []


def test_every_page_of_brands_is_accessible_and_keeps_to_the_csp(visit: Callable[..., Any], olga: User) -> None:
    draft = make_campaign(state="draft", minimum_score=40, text="It boils.")
    live = make_campaign(state="live", text="It boils.")
    change = reverse("brands:perks_campaign_change", args=[draft.pk])
    pages = [
        reverse("brands:index"),
        reverse("brands:perks_campaign_changelist"),
        reverse("brands:perks_campaign_add"),
        *(f"{change}?step={step}" for step in ("offer", "audience", "stock", "windows", "review")),
        f"{reverse('brands:perks_campaign_change', args=[live.pk])}?step=audience",
        reverse("brands:perks_campaign_move", args=[live.pk, "pause"]),
        reverse("brands:perks_campaign_codes", args=[live.pk, live.variants.get().pk]),
    ]
    window = visit(user=olga, reduced_motion="reduce")
    page = window.page
    for path in pages:
        assert window.open(path).status == 200, path
        page.set_viewport_size({"width": NARROWEST, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, path
        # Hundreds of boxes and choices are alike: all of them have fitted.
        page.evaluate(FEW)
        for place, scheme in enumerate(("light", "dark")):
            page.emulate_media(color_scheme=scheme)
            # Each scheme at one width: what differs by width does not differ by colour.
            page.set_viewport_size({"width": WIDTHS[place], "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}, {scheme}\n{found.generate_report()}"
    assert window.trouble == []


def test_every_list_and_row_of_a_brand_is_accessible(visit: Callable[..., Any], olga: User) -> None:
    load()
    rows = make_everything("Acme")
    window = visit(user=olga, reduced_motion="reduce")
    page, seen, faults = window.page, 0, []
    for model in site._registry:
        name = f"brands:{model._meta.app_label}_{model._meta.model_name}"
        # Lists as on a desk, rows as on a phone at night: colours and widths are the same for both.
        for path, width, scheme in (
            (reverse(f"{name}_changelist"), WIDTHS[1], "light"),
            (reverse(f"{name}_change", args=[rows[model].pk]), WIDTHS[0], "dark"),
        ):
            if window.open(path).status == 403:
                continue
            seen += 1
            page.set_viewport_size({"width": NARROWEST, "height": 700})
            if page.evaluate("document.documentElement.scrollWidth") > NARROWEST:
                faults.append(f"{path} does not fit")
            page.evaluate(FEW)
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            if found.violations_count:
                faults.append(f"{path}, {scheme}\n{found.generate_report()}")
    assert faults == []
    assert seen >= 2 * len(site._registry) - 2
