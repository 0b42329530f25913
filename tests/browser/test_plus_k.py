"""+K in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Person
from scoring.models import Endorsement, Tie
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.perks.campaigns import make_member
from tests.scoring.plus_k.giving import DAY, a_topic, about, plus_k
from tests.scoring.reading import user_of


@pytest.fixture
def alice(transactional_db: None) -> Person:
    """Alice knows about bees and boats; Bob reacts to her."""
    person, bob = make_member("Alice", name="Alice Archer"), make_member("Bob", name="Bob Baker")
    about(person, "beekeeping", "boats")
    Tie.objects.create(influencer=person, influencee=bob, weight=1.0, reactions=1, follows=False)
    return person


@pytest.mark.parametrize("scripts", [True, False])
def test_given_by_keyboard_and_taken_back(visit: Callable[..., Any], alice: Person, scripts: bool) -> None:
    window = visit(user=user_of(Person.objects.get(handle__iexact="bob")), scripts=scripts)
    page = window.page
    window.open("/alice")
    button = page.get_by_role("button", name="Give Alice Archer +K in Beekeeping")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("You gave Alice Archer +K in Beekeeping.").wait_for()
    assert Endorsement.objects.get().undone_at is None
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Taken back: your +K for Alice Archer in Beekeeping.").wait_for()
    assert Endorsement.objects.get().undone_at is not None
    assert button.is_visible()
    assert window.trouble == []


@pytest.mark.parametrize("path", ["/plus-k", "/alice/plus-k", "/alice"])
def test_pages_of_plus_k_are_accessible_and_keep_to_the_csp(
    visit: Callable[..., Any], alice: Person, path: str
) -> None:
    bob, now = Person.objects.get(handle__iexact="bob"), timezone.now()
    plus_k(bob, alice, a_topic(), now)
    plus_k(bob, alice, a_topic("boats"), now - DAY)
    window = visit(user=user_of(bob), reduced_motion="reduce")
    page = window.page
    assert window.open(path).status == 200
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}, {scheme}, {width}px\n{found.generate_report()}"
    assert window.trouble == []
