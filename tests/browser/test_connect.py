"""The pages of connecting in a real browser: accessible narrow and light, wide and dark, and without scripts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import (
    Account,
    AccountClaim,
    Cursor,
    LinkedAccount,
    Membership,
    Pause,
    Person,
    User,
)
from accounts.networks import NETWORKS
from scoring.models import UnlinkEffect
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.fakes.bluesky import FakeBluesky
from tests.scoring.reading import user_of

PAGES = {
    "all networks": "/settings/connect",
    "one that is logged in to": "/settings/connect/facebook",
    "one with an address": "/settings/connect/blog",
    "progress": "/settings/accounts/{reading}",
    "score": "/settings/accounts/{read}",
    "removing": "/settings/accounts/{read}/remove",
    "claim against me": "/settings/claims/{against}",
    "networks": "/settings/networks",
    "log-ins": "/accounts/social/log-ins",
}
STREAMS: dict[str, dict[str, Any]] = {
    "profile": {"pulled_at": timezone.now() - dt.timedelta(minutes=3)},
    "posts": {"queued_at": timezone.now()},
    "stars": {"next_allowed_at": timezone.now() + dt.timedelta(hours=1)},
    "forks": {"error": "api.github.com answered 502"},
    "issues": {"parked_at": timezone.now(), "error": "api.github.com answered 500"},
    "followers": {},
}


@pytest.fixture(autouse=True)
def keys(settings) -> None:
    settings.NETWORK_KEYS = {slug: ("id", "secret") for slug in settings.NETWORK_KEYS if slug != "twitch"}


def linked(person: Person, network: str, handle: str, **fields: Any) -> LinkedAccount:
    account = Account.objects.create(network=network, external_id=f"id of {handle}", handle=handle)
    return LinkedAccount.objects.create(account=account, person=person, **fields)


@pytest.fixture
def made(alice: Person) -> dict[str, int]:
    """Alice's accounts in every state, and claims on both sides; their numbers by name."""
    now = timezone.now()
    read, broken = (alice.links.get(account__network=name) for name in ("twitter", "mastodon"))
    LinkedAccount.objects.filter(pk=read.pk).update(first_read_at=now)
    UnlinkEffect.objects.create(account=read.account_id, person=alice, points=12.34)
    LinkedAccount.objects.filter(pk=broken.pk).update(state="broken")
    Pause.objects.create(person=alice, link=broken, reason="broken", started_at=now - dt.timedelta(days=3))
    reading = linked(alice, "github", "alice-codes", proof="network")
    for stream, fields in STREAMS.items():
        Cursor.objects.create(link=reading, stream=stream, **fields)
    firm = linked(alice, "facebook", "Alice Almeida", proof="network")
    linked(alice, "facebook", "Almeida Boats", proof="network", kind="page", through=firm)
    linked(alice, "linkedin", "alice-almeida", proof="upload")
    bob = Person.objects.create(handle="Bob")
    Membership.objects.create(user=User.objects.create_user("bob@example.com"), person=bob)
    due_at = now + dt.timedelta(days=7)
    against = AccountClaim.objects.create(account=read.account, person=bob, holder=alice, due_at=due_at)
    his = linked(bob, "reddit", "shared")
    mine = AccountClaim.objects.create(account=his.account, person=alice, holder=bob, due_at=due_at)
    numbers = {"read": read, "broken": broken, "reading": reading, "against": against, "mine": mine}
    return {name: row.pk for name, row in numbers.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_keeps_to_the_csp(
    visit: Callable[..., Any], alice: Person, made: dict[str, int], name: str
) -> None:
    window = visit(user=user_of(alice), reduced_motion="reduce")
    page = window.page
    assert window.open(PAGES[name].format(**made)).status == 200
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    for scheme, width in zip(("light", "dark"), WIDTHS, strict=True):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{name}, {scheme}, {width}px\n{found.generate_report()}"
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    assert window.trouble == []


def test_proving_an_account_needs_no_script(visit: Callable[..., Any], alice: Person, settings) -> None:
    with FakeBluesky() as fake:
        settings.NETWORK_ORIGINS = {NETWORKS["bluesky"].spec.base_url: fake.url}
        window = visit(user=user_of(alice), scripts=False)
        window.open("/settings/connect")
        page = window.page
        page.get_by_role("link", name="Connect Bluesky").click()
        page.get_by_label("Address").fill("@alice.example.org")
        page.get_by_role("button", name="Agree, and go on to the proof").click()
        code = page.locator("code.code").inner_text()
        page.get_by_role("button", name="Check now").click()
        assert page.get_by_text("The code is not there yet").is_visible()
        fake.profile["description"] = f"Gardens. {code}"
        page.get_by_role("button", name="Check now").click()
        assert page.get_by_role("heading", name="alice.example.org").is_visible()
        assert page.get_by_text("waiting for its turn").first.is_visible()
    assert LinkedAccount.objects.get(account__network="bluesky").proof == "network"


def test_progress_ends_by_itself_in_the_open_page(
    visit: Callable[..., Any], alice: Person, made: dict[str, int]
) -> None:
    window = visit(user=user_of(alice))
    window.open(f"/settings/accounts/{made['reading']}")
    page = window.page
    assert page.get_by_role("heading", name="Being read for the first time").is_visible()
    Cursor.objects.filter(link=made["reading"]).update(pulled_at=timezone.now(), queued_at=None, error="")
    LinkedAccount.objects.filter(pk=made["reading"]).update(first_read_at=timezone.now())
    page.get_by_role("heading", name="Your score").wait_for(timeout=8000)
    assert page.get_by_role("img", name="Score 49.6 of 100").is_visible()
    assert window.trouble == []


def test_progress_ends_without_scripts_too(visit: Callable[..., Any], alice: Person, made: dict[str, int]) -> None:
    window = visit(user=user_of(alice), scripts=False)
    window.open(f"/settings/accounts/{made['reading']}")
    LinkedAccount.objects.filter(pk=made["reading"]).update(first_read_at=timezone.now())
    window.page.get_by_role("heading", name="Your score").wait_for(timeout=8000)
    assert window.page.get_by_role("img", name="Score 49.6 of 100").is_visible()


def test_the_effect_is_told_before_an_account_is_removed(
    visit: Callable[..., Any], alice: Person, made: dict[str, int]
) -> None:
    window = visit(user=user_of(alice), scripts=False)
    window.open("/settings/networks")
    page = window.page
    page.get_by_role("link", name="Remove Twitter/X @alice").click()
    assert page.get_by_text("12.3 points").is_visible()
    assert page.get_by_text("From 49.6 it goes to 37.3").is_visible()
    page.get_by_role("link", name="Keep it").click()
    assert page.get_by_role("heading", name="Your networks").is_visible()
