"""Moments and what was counted in a real browser: sorted, filtered, hidden and shown, with scripts and without."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from accounts.models import Person
from accounts.networks.base import VERBS
from scoring.models import Activity, HiddenMoment, Moment
from tests.scoring.published import AS_OF
from tests.scoring.test_moments_page import publish_moments


@pytest.fixture
def told(alice: Person) -> Person:
    """Alice with moments of two networks, and with what was counted for one of them by a member and by others."""
    publish_moments(alice)
    bob = Person.objects.create(handle="Bob", name="Bob")
    account = Moment.objects.get(post=11).account
    for actor, people, weight in ((bob, 1, 0.9), (None, 3, 1.4), (None, 0, 0.2)):
        Activity.objects.create(
            person=alice,
            day=AS_OF,
            account=account,
            network="twitter",
            verb=VERBS["reply"],
            post=11,
            actor=actor,
            people=people,
            reactions=max(people, 4 * (not people)),
            weight=weight,
        )
    return alice


def first_points(page: Any) -> str:
    return page.locator(".moments li .brought strong").first.text_content()


@pytest.mark.parametrize("scripts", [True, False])
def test_moments_are_sorted_filtered_and_hidden(visit: Callable, told: Person, scripts: bool) -> None:
    window = visit(user=told.users.get(), scripts=scripts)
    page = window.page
    assert window.open("/alice/moments").status == 200
    assert first_points(page) == "+2.00"
    page.get_by_label("First").select_option("date")
    if not scripts:
        page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**sort=date**")
    page.locator(".moments li").first.get_by_text("0.20").wait_for()
    page.get_by_label("Network").select_option("mastodon")
    if not scripts:
        page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**network=mastodon**")
    page.get_by_text("The 2 posts of this list").wait_for()
    page.get_by_role("button", name="Hide").first.click()
    page.get_by_text("Hidden: only you see it").wait_for()
    assert "network=mastodon" in page.url
    assert HiddenMoment.objects.count() == 1
    if scripts:
        # The page was not loaded anew: who uses the keyboard is where they were, and is told what happened.
        assert page.evaluate("document.activeElement.textContent").strip().startswith("Show again")
        assert "The post is hidden" in page.locator("#moments-told").text_content()
    page.get_by_role("button", name="Show again").click()
    page.get_by_text("Hidden: only you see it").wait_for(state="detached")
    assert not HiddenMoment.objects.exists()
    if scripts:
        page.go_back()
        page.wait_for_url("**sort=date&network=&**")
        page.locator(".moments li").first.get_by_text("0.20").wait_for()
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_moment_to_what_was_counted_for_it_and_back(visit: Callable, told: Person, scripts: bool) -> None:
    window = visit(user=told.users.get(), scripts=scripts)
    page = window.page
    window.open("/alice/moments")
    page.get_by_role("link", name="What was counted for this post").first.click()
    page.get_by_role("heading", name="What was counted").wait_for()
    assert page.get_by_text("8 replies").is_visible()
    assert page.get_by_text("3 people").is_visible() or page.get_by_text("4 people").is_visible()
    weights = page.get_by_text("What the weights mean")
    assert not page.get_by_text("Repetition:").is_visible()
    weights.click()
    assert page.get_by_text("Repetition:").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "alice-activity.csv"
    page.get_by_role("link", name="What the post brought").click()
    page.get_by_text("The 1 post of this list").wait_for()
    assert first_points(page) == "+2.00"
    assert window.trouble == []


def test_who_speaks_for_the_person_has_accessible_pages(visit: Callable, told: Person) -> None:
    HiddenMoment.objects.create(person=told, account=Moment.objects.get(post=11).account, post=11)
    window = visit(user=told.users.get(), reduced_motion="reduce")
    page = window.page
    for path in ("/alice/moments", "/alice/activity"):
        assert window.open(path).status == 200
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        for scheme, width in (("light", 390), ("dark", 1280), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path} {scheme} {width}: {found.generate_report()}"
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert window.trouble == []


def test_the_page_with_the_most_scripts_keeps_to_its_budget(visit: Callable, told: Person) -> None:
    window = visit(user=told.users.get())
    files: dict[str, bytes] = {}

    def keep(response: Any) -> None:
        if re.search(r"\.(css|js)$", response.url):
            files[response.url] = response.body()

    window.page.on("response", keep)
    window.open("/alice/moments")
    window.page.wait_for_load_state("networkidle")
    assert any("htmx" in name for name in files)
    assert sum(len(gzip.compress(content)) for content in files.values()) < 90 * 1024
    assert settings.STATIC_URL in next(iter(files))
