"""What unfolds over a page, and what is said of a form that is wrong: by keyboard, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Membership, Person, User, Watched


@pytest.fixture
def bob(transactional_db: None) -> User:
    person = Person.objects.create(handle="Bob", name="Bob Barros")
    user: User = User.objects.create_user("bob@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    return user


def test_escape_and_a_look_elsewhere_close_a_menu(visit: Callable[..., Any], bob: User, alice: Person) -> None:
    window = visit(user=bob)
    page = window.page
    window.open("/alice")
    for name in ("Bob Barros", "Keep an eye on"):
        opener = page.locator("summary", has_text=name)
        opener.focus()
        page.keyboard.press("Enter")
        entry = opener.locator("xpath=../ul").get_by_role("link").last
        assert entry.is_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        assert not entry.is_visible()
        assert opener.evaluate("summary => summary === document.activeElement"), "the focus is where it was before"
        opener.click()
        assert entry.is_visible()
        page.locator("h1").click()
        assert not entry.is_visible()
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_is_put_on_a_list_from_their_profile(
    visit: Callable[..., Any], bob: User, alice: Person, scripts: bool
) -> None:
    window = visit(user=bob, scripts=scripts, viewport={"width": 390, "height": 800})
    page = window.page
    window.open("/alice")
    page.get_by_text("Keep an eye on").click()
    button = page.get_by_role("button", name="Put on a new list")
    box = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    button.click()
    page.get_by_text("They are not told.").wait_for()
    assert page.url.endswith("/alice")
    assert Watched.objects.get().person == alice
    assert page.get_by_text("On a list of mine").is_visible()
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_wrong_has_the_focus_and_leads_to_its_field(
    visit: Callable[..., Any], bob: User, alice: Person, scripts: bool
) -> None:
    Person.objects.filter(handle="Bob").update(birth_year=1980)
    window = visit(user=bob, scripts=scripts)
    page = window.page
    window.open("/settings")
    page.get_by_label("Handle").fill("alice")
    page.get_by_label("Name").first.fill("Bobby")
    page.get_by_role("button", name="Save").click()
    wrong = page.get_by_role("alert")
    assert "This handle is taken" in wrong.inner_text()
    assert wrong.evaluate("element => element === document.activeElement")
    assert page.get_by_label("Name").first.input_value() == "Bobby", "nothing of what was typed is lost"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.name === 'handle'") if scripts else None
    assert page.evaluate("document.activeElement.name") == "handle"
    assert window.trouble == []
