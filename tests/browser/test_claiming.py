"""From the terms to the receipt in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Person
from perks.models import Address, Claim
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.claiming import claim_for, hold_for
from tests.scoring.reading import user_of


@pytest.fixture
def member(transactional_db: None) -> Person:
    return make_member("Alice", name="Alice Archer", country="DE")


def accept(page: Any) -> None:
    page.get_by_label("I have read the terms and accept them.").check()
    page.get_by_label("If I post about it, I will say that I got it for nothing.").check()
    page.get_by_role("button", name="Accept and hold one for me").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_code_from_the_terms_to_the_receipt(visit: Callable[..., Any], member: Person, scripts: bool) -> None:
    campaign = make_campaign()
    window = visit(user=user_of(member), scripts=scripts)
    page = window.page
    window.open(f"/perks/{campaign.pk}/claim")
    accept(page)
    assert page.get_by_role("heading", name="Held for you until").is_visible()
    page.get_by_role("button", name="10 more minutes").click()
    assert page.get_by_text("You have more time now.").is_visible()
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_label("Your code").input_value() == f"ACME-{campaign.pk}-1"
    # Copying takes a script, and only then is it offered.
    assert page.get_by_role("button", name="Copy the code").count() == int(scripts)
    # Back to the form and sent once more: the same claim.
    page.goto(f"{window.base}/perks/{campaign.pk}/claim")
    assert page.get_by_role("link", name="See it").is_visible()
    assert Claim.objects.count() == 1
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_parcel_from_the_terms_to_the_receipt(visit: Callable[..., Any], member: Person, scripts: bool) -> None:
    campaign = make_campaign(kind="shipped", asks_for=["email", "name"])
    window = visit(user=user_of(member), scripts=scripts)
    page = window.page
    window.open(f"/perks/{campaign.pk}/claim")
    accept(page)
    # It is Germany's form: its member lives there.
    page.get_by_label("Street and number").fill("Hauptstraße 5")
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="Change the country").click()
    assert page.get_by_label("Street and number").input_value() == "Hauptstraße 5"
    page.get_by_label("Town or city").fill("Springfield")
    page.get_by_label("State").select_option("IL")
    page.get_by_label("ZIP code").fill("90001")
    page.get_by_role("checkbox", name="your name").check()
    # Enter in a field confirms: it changes no country.
    page.get_by_label("ZIP code").press("Enter")
    assert page.get_by_text("There is no such code there.").first.is_visible()
    assert page.get_by_role("checkbox", name="your name").is_checked()
    page.get_by_label("ZIP code").fill("62701")
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_text("SPRINGFIELD, IL 62701").is_visible()
    assert page.get_by_text("You let the brand have your name.").is_visible()
    page.get_by_role("button", name="Take it back").click()
    assert page.get_by_text("You took back your name.").is_visible()
    assert Address.objects.get().country == "US"
    assert window.trouble == []


def test_two_minutes_before_the_end_it_is_said_once_and_politely(visit: Callable[..., Any], member: Person) -> None:
    claim = hold_for(member, make_campaign())
    now = timezone.now()
    Claim.objects.update(held_at=now - timedelta(minutes=8), expires_at=now + timedelta(seconds=124))
    window = visit(user=user_of(member))
    page = window.page
    window.open(claim.get_absolute_url())
    said = page.locator("[data-hold-said]")
    assert said.get_attribute("role") == "status"
    assert page.locator("[data-hold-left]").inner_text() == "3 minutes"
    assert said.inner_text() == ""
    page.get_by_text("Two minutes are left.").wait_for(timeout=10_000)
    assert page.get_by_role("button", name="10 more minutes").is_visible()
    assert window.trouble == []


def test_a_hold_that_ends_while_one_looks_says_so(visit: Callable[..., Any], member: Person) -> None:
    claim = hold_for(member, make_campaign())
    now = timezone.now()
    Claim.objects.update(held_at=now - timedelta(minutes=10), expires_at=now + timedelta(seconds=3))
    window = visit(user=user_of(member))
    page = window.page
    window.open(claim.get_absolute_url())
    page.get_by_text("The time is over. Load the page again").wait_for(timeout=10_000)
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_role("heading", name="The time is over").is_visible()
    page.get_by_role("link", name="Try again").click()
    accept(page)
    assert page.get_by_role("heading", name="Held for you until").is_visible()
    assert Claim.objects.exclude(pk=claim.pk).get().state == "held"


@pytest.mark.parametrize("name", ["terms", "lacking", "held", "offer", "code", "parcel", "over", "mine"])
def test_the_way_is_accessible_and_fits_narrow_screens(visit: Callable[..., Any], member: Person, name: str) -> None:
    fields = {"asks_for": ["email", "networks"], "how_to_use": "Type it in.", "hashtag": "acmesound"}
    campaign = make_campaign(kind="code" if name == "code" else "shipped", **fields)
    path = f"/perks/{campaign.pk}/claim"
    if name == "lacking":
        campaign.minimum_score = 90
        campaign.save()
    elif name == "offer":
        from perks import claims

        variant = campaign.variants.get()
        path = claims.offer(
            campaign=campaign, variant=variant, person=member, source="waiting", hours=24
        ).get_absolute_url()
    elif name != "terms":
        make = hold_for if name in ("held", "over") else claim_for
        path = make(member, campaign).get_absolute_url()
    if name == "over":
        Claim.objects.update(
            held_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now() - timedelta(minutes=9)
        )
    window = visit(user=user_of(member), reduced_motion="reduce")
    page = window.page
    assert window.open("/perks?show=mine" if name == "mine" else path).status == 200
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    page.evaluate("document.querySelectorAll('option:nth-child(n + 6)').forEach(option => option.remove())")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{name}, {scheme}, {width}px\n{found.generate_report()}"
    assert window.trouble == []


def test_a_receipt_on_paper_has_the_code_and_no_buttons(visit: Callable[..., Any], member: Person) -> None:
    campaign = make_campaign()
    claim = claim_for(member, campaign)
    window = visit(user=user_of(member))
    window.open(claim.get_absolute_url())
    window.page.emulate_media(media="print")
    assert window.page.locator("p.printed").inner_text() == f"ACME-{campaign.pk}-1"
    assert window.page.locator(".qr").is_visible()
    assert window.page.locator("main :is(button, .button, .actions a):visible").count() == 0
