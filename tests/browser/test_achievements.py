"""Shelves and the catalogue in a real browser: with scripts and without, by keyboard, and still for who wants it so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Person
from scoring.achievements.catalogue import FAMILIES
from scoring.models import Award, AwardProgress, Rarity
from tests.scoring.published import AS_OF

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


@pytest.fixture
def shelf(alice: Person) -> Person:
    """Alice, with a level of each form, and on her way to the next one of lists."""
    for number, family in enumerate((family for family in FAMILIES if len(family.levels) == 7), start=1):
        for level in range(1, number + 1):
            Award.objects.get_or_create(
                person=alice, family=family.slug, level=level, defaults={"earned_on": AS_OF - timedelta(days=level)}
            )
    AwardProgress.objects.create(person=alice, family="lists", value=72, points=0.4)
    Rarity.objects.create(family="lists", level=1, people=161, among=12_400)
    return alice


@BOTH
def test_what_is_new_is_looked_through_and_chosen_for_the_profile(
    visit: Callable[..., Any], shelf: Person, scripts: bool
) -> None:
    window = visit(user=shelf.users.get(), scripts=scripts)
    page = window.page
    window.open("/alice")
    page.locator(".top summary").click()
    page.locator(".top").get_by_role("link", name="Achievements").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your achievements"
    assert page.get_by_role("heading", name="new on the shelf").is_visible()
    page.get_by_role("button", name="Seen, thank you").click()
    assert page.get_by_role("heading", name="new on the shelf").count() == 0
    assert page.get_by_text("new", exact=True).count() == 0
    progress = page.get_by_role("progressbar", name="Listed, level 4").first
    assert (progress.get_attribute("value"), progress.get_attribute("max")) == ("72", "100")
    page.get_by_role("link", name="All there is to earn").click()
    page.get_by_role("link", name="Amplification").click()
    assert page.url.endswith("/achievements/all#amplification")
    page.get_by_role("link", name="Mentioned").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Mentioned"
    assert page.get_by_role("heading", name="How it is counted").is_visible()
    page.get_by_role("link", name="Share it").click()
    assert page.get_by_role("img", name="The medal of Mentioned").is_visible()
    assert window.trouble == []


def test_the_keyboard_reaches_every_family(visit: Callable[..., Any], shelf: Person) -> None:
    window = visit(user=shelf.users.get())
    window.open("/achievements/lists")
    page = window.page
    page.locator("main").focus()
    reached = []
    for _step in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["Reach", "Your shelf", "Where every point of your score comes from", "Share it"]


def moving(page: Any) -> int:
    found: int = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).animationName !== 'none').length"
    )
    return found


def test_new_ones_are_put_up_once_and_not_for_who_wants_stillness(visit: Callable[..., Any], shelf: Person) -> None:
    user = shelf.users.get()
    lively, still = visit(user=user), visit(user=user, reduced_motion="reduce")
    for window in (lively, still):
        window.open("/achievements")
    assert (moving(lively.page), moving(still.page)) == (6, 0)
    counts = "getComputedStyle(document.querySelector('.medals .medal')).animationIterationCount"
    assert lively.page.evaluate(counts) == "1"
    lively.page.get_by_role("button", name="Seen, thank you").click()
    assert moving(lively.page) == 0


def test_a_medal_takes_the_colours_of_the_theme_and_keeps_its_form_without_any(
    visit: Callable[..., Any], shelf: Person
) -> None:
    window = visit()
    page = window.page
    window.open("/achievements/all")
    look = """() => ['plate', 'behind', 'symbol'].map(part => {
        const style = getComputedStyle(document.querySelector(`.medal.level-5 .${part}`));
        return part === 'symbol' ? style.stroke : style.fill;
    })"""
    seen = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        seen.append(page.evaluate(look))
    assert all(one != other for one, other in zip(*seen, strict=True))
    assert all(len(set(colours)) == 3 for colours in seen)
    page.emulate_media(forced_colors="active")
    plate, behind, symbol = page.evaluate(look)
    assert plate == behind != symbol
    assert window.trouble == []
