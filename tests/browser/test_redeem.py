"""A pass from its owner's screen to the counter, with scripts and without; every screen on the way is accessible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Person
from perks import claims, passes, problems, qr, reviews
from perks.models import Claim, Counter, Tier
from scoring.models import Score
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.counters import PIN, make_claim, make_counter, user_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claim(alice: Person, settings, live_server) -> Claim:
    """Alice's pass to a lounge."""
    settings.SITE_URL = live_server.url
    Score.objects.filter(person=alice).update(score=60.0)
    campaign = make_campaign(kind="lounge", title="The quiet lounge", place="Gate 9", stock=5, closes=timedelta(days=3))
    Tier.objects.create(campaign=campaign, minimum_score=40, name="Window", benefit="Entry with a guest")
    return make_claim(alice, campaign)


@pytest.fixture
def counter(claim: Claim) -> Counter:
    return make_counter(name="Door nine")


def sign_in(page: Any, counter: Counter) -> None:
    page.get_by_label("Number of the counter").fill(counter.number)
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_pass_is_shown_typed_and_taken_once(
    visit: Callable[..., Any], claim: Claim, counter: Counter, scripts: bool
) -> None:
    guest = visit(user=user_of(claim.person), scripts=scripts)
    guest.open(f"/claims/{claim.reference}/pass")
    assert guest.page.get_by_role("img", name="QR code of the pass").is_visible()
    assert guest.page.get_by_text("A new one takes its place by itself.").is_visible() == scripts
    code = guest.page.locator(".typed strong").inner_text()

    staff = visit(scripts=scripts)
    staff.open("/redeem")
    sign_in(staff.page, counter)
    staff.page.get_by_label("Code").fill(code.lower())
    staff.page.get_by_role("button", name="Check").click()
    assert staff.page.get_by_role("heading", name="This pass is good").is_visible()
    assert staff.page.get_by_text("Entry with a guest").is_visible()
    scanned = staff.page.url
    staff.page.get_by_role("button", name="Take it").click()
    assert staff.page.get_by_role("heading", name="Taken", exact=False).first.is_visible()
    assert staff.page.get_by_role("row", name="The quiet lounge").is_visible()
    staff.page.goto(scanned)
    assert staff.page.get_by_text("This pass was used before").is_visible()

    guest.page.get_by_role("link", name="New code").click()
    assert guest.page.get_by_text("It was used on").is_visible()
    assert guest.trouble + staff.trouble == []


def test_the_code_is_made_anew_by_itself_but_not_while_nobody_looks(visit: Callable[..., Any], claim: Claim) -> None:
    window = visit(user=user_of(claim.person))
    page = window.page
    page.clock.install()
    window.open(f"/claims/{claim.reference}/pass")
    typed = page.locator(".typed strong")
    first = typed.inner_text()
    page.clock.run_for(30_000)
    assert typed.inner_text() == first
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(120_000)
    assert typed.inner_text() == first
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with page.expect_response(lambda response: response.url.endswith("/pass")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("first => document.querySelector('.typed strong').textContent !== first", arg=first)
    # Used meanwhile: the page says so by itself.
    claims.redeem(claim=claim, counter=None)
    with page.expect_response(lambda response: response.url.endswith("/pass")):
        page.clock.run_for(61_000)
    page.get_by_text("It was used on").wait_for()
    assert window.trouble == []


def test_scanning_on_the_page_opens_a_pass_of_ours_and_nothing_else(
    visit: Callable[..., Any], claim: Claim, counter: Counter
) -> None:
    """Chromium on Linux reads no codes and has no camera: both are played here, and what they find is real."""
    window = visit()
    page = window.page
    page.add_init_script(
        """window.found = [];
        window.BarcodeDetector = class {
          static async getSupportedFormats() { return ["qr_code"]; }
          async detect() { return window.found.map(rawValue => ({rawValue})); }
        };
        const canvas = document.createElement("canvas");
        canvas.getContext("2d");
        Object.defineProperty(navigator, "mediaDevices", {value: {getUserMedia: async () => canvas.captureStream()}});
        HTMLMediaElement.prototype.play = async () => {};"""
    )
    window.open(f"/redeem?counter={counter.number}")
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Scan here").click()
    assert page.get_by_role("button", name="Stop the camera").is_visible()
    page.evaluate("window.found = ['https://evil.example/login', 'javascript:alert(1)']")
    page.get_by_text("That is a code, but no pass.").wait_for()

    address = passes.address_of(passes.token_for(claim, timezone.now()))
    page.evaluate("address => { window.found = [address]; }", address)
    page.get_by_role("heading", name="This pass is good").wait_for()
    assert window.trouble == []
    assert len(qr.modules(address)) < 60


def test_every_screen_is_for_everybody(visit: Callable[..., Any], claim: Claim, counter: Counter) -> None:
    at = timezone.now()
    reviews.write(claim=claim, stars=3, text="Quiet.", at=at)
    problem = problems.report(claim=claim, kind="counter", text="The door was shut.", at=at)
    team = make_team(make_brand(), olga="owner")
    problems.answer(problem=problem, text="It is open now.", user=team["olga"], at=at)
    review = claim.review
    own = visit(user=user_of(claim.person), reduced_motion="reduce")
    staff = visit(reduced_motion="reduce")
    brand = visit(user=second_factor(team["olga"]), reduced_motion="reduce")
    staff.open("/redeem")
    look(staff, None)
    sign_in(staff.page, counter)
    look(staff, None)
    own.open(f"/claims/{claim.reference}/pass")
    staff.page.get_by_label("Code").fill(own.page.locator(".typed strong").inner_text())
    staff.page.get_by_role("button", name="Check").click()
    look(staff, None)
    for path in ("pass", "review", "posted", "problem"):
        look(own, f"/claims/{claim.reference}/{path}")
    look(own, f"/perks/{claim.campaign_id}/reviews/{review.pk}/report")
    staff.page.get_by_role("button", name="Take it").click()
    look(staff, None)
    look(staff, "/redeem/AAAA")
    look(own, f"/claims/{claim.reference}/pass")
    look(brand, f"/brands/perks/counter/{counter.pk}/sign/")
    for page in (
        "counter/",
        f"counter/{counter.pk}/pin/",
        f"problem/{problem.pk}/change/",
        f"review/{review.pk}/change/",
    ):
        brand.open(f"/brands/perks/{page}")
        assert brand.page.locator("h1").first.is_visible()
    assert own.trouble + staff.trouble + brand.trouble == []


def look(window: Any, path: str | None) -> None:
    """axe, light and dark, narrow and wide, and that nothing is wider than the narrowest screen."""
    page = window.page
    if path is not None:
        assert window.open(path).status == 200
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    page.wait_for_load_state()
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, page.url
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{page.url}, {scheme}, {width}px\n{found.generate_report()}"
