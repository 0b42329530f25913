"""The marketplace in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Person
from perks.models import Campaign, Tier
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.perks.campaigns import make_campaign, make_member
from tests.scoring.reading import user_of


@pytest.fixture
def member(transactional_db: None) -> Person:
    """Alice has a score of 50."""
    return make_member("Alice", name="Alice Archer")


@pytest.fixture
def mug(member: Person) -> Campaign:
    make_campaign(title="Scarf", minimum_score=53, confirmed_only=False)
    campaign = make_campaign(title="Mug", kind="lounge", minimum_score=40, confirmed_only=False, stock=3)
    Tier.objects.create(campaign=campaign, minimum_score=40, name="Window", benefit="One seat")
    return campaign


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_list_to_a_perk_and_its_claim(
    visit: Callable[..., Any], member: Person, mug: Campaign, scripts: bool
) -> None:
    window = visit(user=user_of(member), scripts=scripts)
    page = window.page
    window.open("/perks?show=almost")
    assert page.get_by_text("Score 50 of 53: 3 more.").first.is_visible()
    page.get_by_role("link", name="For me").click()
    line = page.get_by_text("Score 50: 40 or more is wanted.")
    assert not line.is_visible()
    page.get_by_text("You qualify").click()
    assert line.is_visible()
    page.get_by_role("link", name="Mug").click()
    assert page.get_by_role("heading", level=1, name="Mug").is_visible()
    page.get_by_role("link", name="Claim it").click()
    page.wait_for_url(f"**/perks/{mug.pk}/claim")
    assert window.trouble == []


@pytest.mark.parametrize("path", ["/perks", "/perks?show=almost", "/perks/{number}", "/brand/acme"])
def test_pages_of_perks_are_accessible_and_keep_to_the_csp(
    visit: Callable[..., Any], member: Person, mug: Campaign, path: str
) -> None:
    window = visit(user=user_of(member), reduced_motion="reduce")
    page = window.page
    assert window.open(path.format(number=mug.pk)).status == 200
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}, {scheme}, {width}px\n{found.generate_report()}"
    assert window.trouble == []
