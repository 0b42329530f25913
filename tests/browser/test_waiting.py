"""Waiting for a perk and taking part in a lottery in a browser, with scripts and without."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Person
from perks import lottery
from perks.models import Entry, WaitingPlace, Window
from tests.browser.conftest import Visit
from tests.browser.test_pages import RULES, WIDTHS
from tests.perks.campaigns import HOUR, make_campaign, make_member, make_score
from tests.perks.test_lottery import enter, make_lottery, people
from tests.perks.test_waiting import hold, join


@pytest.fixture
def qualified(alice: Person) -> Person:
    make_score(alice, 60.0)
    alice.birth_year = 1980
    alice.save()
    return alice


def assert_accessible(here: Visit) -> None:
    """Axe finds nothing in light and dark, at both widths; the narrowest screen needs no scrolling sideways."""
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 320
    here.page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        here.page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            here.page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(here.page, options=RULES)
            assert found.violations_count == 0, f"{scheme}, {width}px\n{found.generate_report()}"
    here.page.set_viewport_size({"width": 320, "height": 700})


@pytest.mark.parametrize("scripts", [True, False])
def test_waiting_and_leaving(visit, qualified: Person, scripts: bool) -> None:
    campaign = make_campaign(stock=1)
    hold(campaign, make_member("Olga"))
    join(campaign, make_member("Oscar"))
    here = visit(user=qualified.users.get(), scripts=scripts, viewport={"width": 320, "height": 700})
    here.open(f"/perks/{campaign.pk}/wait")
    here.page.get_by_role("button", name="Join the waiting list").click()
    assert here.page.get_by_role("heading", name="1 person is before you").is_visible()
    assert WaitingPlace.objects.filter(person=qualified, state="waiting").exists()
    if scripts:
        assert_accessible(here)
    here.page.get_by_role("button", name="Leave the waiting list").click()
    assert here.page.get_by_text("You have left the waiting list.").is_visible()
    assert not WaitingPlace.objects.filter(person=qualified, state="waiting").exists()
    assert here.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_ticket_to_ones_place(visit, qualified: Person, scripts: bool) -> None:
    window = make_lottery(stock=1)
    for person in people(4):
        enter(window, person)
    here = visit(user=qualified.users.get(), scripts=scripts, viewport={"width": 320, "height": 700})
    here.open(f"/perks/{window.campaign_id}/enter")
    here.page.get_by_role("button", name="Enter the draw").click()
    assert here.page.get_by_role("heading", name="You take part").is_visible()
    if scripts:
        assert_accessible(here)
    Window.objects.update(opens_at=timezone.now() - 60 * HOUR, closes_at=timezone.now() - timedelta(minutes=1))
    lottery.settle(timezone.now())
    rank = Entry.objects.get(person=qualified).rank
    here.page.reload()
    assert here.page.get_by_role("heading", name=f"Your ticket came to place {rank} of 5").is_visible()
    here.page.get_by_role("link", name="How it is drawn, and how to check it").click()
    here.page.get_by_role("link", name="Find it in the list").click()
    here.page.locator("tr.sought").get_by_text("yours").wait_for()
    if scripts:
        assert_accessible(here)
    assert here.trouble == []
