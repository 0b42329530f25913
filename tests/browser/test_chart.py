"""The chart, reasons and comparing in a real browser: with the script, without it, by keyboard, and where it fails."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import Membership, Pause, Person
from scoring.models import Moment, Post
from tests.browser.test_pages import RULES
from tests.scoring.published import AS_OF, publish_score

CHART = "/alice/chart?days=30"


@pytest.fixture
def posts(alice: Person) -> Person:
    """Alice's chart with posts, one of them close to another, and with a rest and a broken link."""
    link = alice.links.order_by("pk")[0]
    for post, (day, points) in enumerate([(-20, 0.4), (-3, 1.2), (-2, -0.3)], start=1):
        at = datetime.combine(AS_OF, datetime.min.time(), tzinfo=UTC) + timedelta(days=day)
        url = f"https://x.example/{post}"
        Post.objects.create(account=link.account_id, post=post, external_id=str(post), url=url, posted_at=at)
        Moment.objects.create(
            person=alice, account=link.account_id, post=post, points=points, people=3, reactions=4, posted_at=at
        )
    begun = datetime(2026, 10, 10, 8, tzinfo=UTC)
    Pause.objects.create(person=alice, reason="rest", started_at=begun, ended_at=begun + timedelta(days=4))
    Pause.objects.create(person=alice, link=link, reason="broken", started_at=begun, ended_at=begun + timedelta(days=9))
    return alice


def reads(slider: Any, words: str) -> None:
    """Wait until the slider stands at a day: the line is followed a moment after the pointer."""
    expect(slider).to_have_attribute("aria-valuetext", words)


def test_a_day_is_read_with_the_arrow_keys_and_with_the_pointer(visit: Callable[..., Any], posts: Person) -> None:
    # Without smooth scrolling: the pointer is to hit what stands still.
    window = visit(reduced_motion="reduce")
    window.open(CHART)
    page = window.page
    slider, values = page.get_by_role("slider"), page.locator("#day-values")
    assert values.inner_text().startswith("1 November 2026")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    reads(slider, "31 October 2026: Score 40.1")
    assert "31 October 2026" in values.inner_text()
    page.keyboard.press("Home")
    reads(slider, "2 October 2026: Score 43.3")
    # The line over which the script draws is the server's: the first day lies at its left end, the last at its right.
    page.locator("#plot").scroll_into_view_if_needed()
    box = page.locator(".drawn .u-over").bounding_box()
    frame = page.locator("svg.chart").bounding_box()
    assert box["x"] == pytest.approx(frame["x"], abs=1)
    assert box["width"] == pytest.approx(frame["width"], abs=2)
    assert box["height"] == pytest.approx(frame["height"], abs=2)
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 20)
    reads(slider, "1 November 2026: Score 49.6")
    gap = box["x"] + box["width"] * (30 - 20) / 30
    page.mouse.move(gap, box["y"] + 20)
    reads(slider, "12 October 2026: Score no score")
    assert window.trouble == []


def test_the_script_draws_in_the_colours_of_the_page(visit: Callable[..., Any], posts: Person) -> None:
    window = visit(color_scheme="light")
    window.open("/alice/chart?days=30&show=score,reach")
    drawn = "() => document.querySelector('.drawn canvas').toDataURL()"
    light = window.page.evaluate(drawn)
    window.page.emulate_media(color_scheme="dark")
    window.page.wait_for_function(f"before => ({drawn})() !== before", arg=light)
    shown = "getComputedStyle(document.querySelector('.curves .curve')).visibility"
    assert window.page.evaluate(shown) == "hidden"
    assert window.trouble == []


@pytest.mark.parametrize("broken", ["uPlot.iife.min.js", "chart.js", "data"])
def test_the_picture_stays_where_the_script_fails(visit: Callable[..., Any], posts: Person, broken: str) -> None:
    window = visit()
    page = window.page
    if broken == "data":
        page.add_init_script("window.ResizeObserver = undefined")
    else:
        page.route(f"**/{broken}", lambda route: route.abort())
    window.open(CHART)
    page.wait_for_load_state("load")
    assert page.evaluate("getComputedStyle(document.querySelector('.curves .curve')).visibility") == "visible"
    assert page.locator(".drawn").count() == 0
    assert not page.get_by_role("slider").is_visible()


def test_a_post_is_reached_by_keyboard_and_leads_to_its_line(visit: Callable[..., Any], posts: Person) -> None:
    window = visit()
    window.open(CHART)
    page = window.page
    pin = page.get_by_role("link", name="2 posts around 29 October 2026: +0.9")
    pin.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#post-2")
    assert page.locator("#post-2").get_by_role("link").count() == 2
    # The pointer hits it too, above what the script drew.
    page.get_by_role("link", name="1 post of 12 October 2026: +0.4").click()
    assert page.url.endswith("#post-1")


def test_everything_can_be_done_without_a_script(
    visit: Callable[..., Any], posts: Person, live_server: Any, tmp_path: Path
) -> None:
    window = visit(scripts=False)
    page = window.page
    page.goto(live_server.url + "/alice/chart")
    page.get_by_role("link", name="30 days").click()
    page.get_by_role("link", name="Reach (hidden: show it)").click()
    assert page.url.endswith("?days=30&show=score,reach")
    assert page.locator(".curves .curve.reach").count() > 0
    assert page.get_by_role("img", name="Score, Reach by day").is_visible()
    page.get_by_text("As a table").click()
    assert page.get_by_role("row", name="1 Nov 2026").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download every day as a CSV file").click()
    assert download.value.suggested_filename == "alice-30-days.csv"
    download.value.save_as(tmp_path / "days.csv")
    lines = (tmp_path / "days.csv").read_text().splitlines()
    assert lines[-1].startswith("2026-11-01,49.60,")


def test_two_people_are_put_together_and_apart_without_a_script(
    visit: Callable[..., Any], posts: Person, live_server: Any
) -> None:
    bob = Person.objects.create(handle="Bob", name="Bob Bright")
    Membership.objects.create(user=Membership.objects.get(person=posts).user, person=bob)
    publish_score(bob, history=dict.fromkeys(range(1, 30), 30.0))
    page = visit(scripts=False).page
    page.goto(live_server.url + "/compare")
    page.get_by_label("Whom?").fill("@Bob, alice")
    page.get_by_role("main").get_by_role("button", name="Compare").click()
    assert page.url.endswith("/compare?people=alice,bob&days=90")
    assert page.locator(".curves .curve.second").count() == 1
    page.get_by_role("link", name="Remove Alice Almeida").click()
    assert page.url.endswith("/compare?people=bob&days=90")
    page.get_by_label("Add somebody by the handle").fill("alice")
    page.get_by_role("button", name="Add").click()
    assert page.url.endswith("/compare?people=alice,bob&days=90")


def test_the_chart_with_all_its_signs_is_accessible(visit: Callable[..., Any], posts: Person) -> None:
    window = visit(user=Membership.objects.get(person=posts).user, reduced_motion="reduce")
    window.open(CHART)
    assert window.page.locator(".pins a").count() == 2
    assert window.page.locator(".chart .broken").count() == 1
    for scheme, width in (("light", 390), ("dark", 1280)):
        window.page.emulate_media(color_scheme=scheme)
        window.page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(window.page, options=RULES)
        assert found.violations_count == 0, f"{scheme}, {width}px\n{found.generate_report()}"
    assert window.trouble == []
