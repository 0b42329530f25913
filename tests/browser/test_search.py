"""Search, leaderboards and lists in a real browser, with scripts and without."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Membership, Person, User, WatchList
from scoring import rankings
from tests.browser.test_pages import NARROWEST, RULES
from tests.scoring.published import AS_OF


@pytest.fixture
def bob(alice: Person) -> User:
    """Who is logged in, and looks for Alice, who has a place."""
    person = Person.objects.create(handle="Bob", name="Bob Baker")
    user = User.objects.create_user("bob@example.com", "a long pass phrase")
    Membership.objects.create(user=user, person=person)
    rankings.write(as_of=AS_OF)
    return user


def look_closely(page: Any) -> None:
    """What axe finds on the page as it is, light and dark; and whether it fits a narrow screen."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{page.url}, {scheme}\n{found.generate_report()}"
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_board_with_places_is_accessible(visit: Callable[..., Any], bob: User, alice: Person) -> None:
    window = visit(user=Membership.objects.get(person=alice).user)
    for path in ("/leaderboards", "/leaderboards/country/PT", "/leaderboards/following"):
        window.open(path)
        look_closely(window.page)
    assert window.trouble == []


def test_results_follow_what_is_typed_and_are_announced(visit: Callable[..., Any], alice: Person) -> None:
    window = visit()
    page = window.page
    window.open("/search")
    page.get_by_label("A name, a handle here or on a network, or a topic").press_sequentially("alica")
    found = page.get_by_role("region", name="People").get_by_role("link", name="Alice Almeida")
    found.wait_for()
    assert page.locator("#said").inner_text() == "1 person found."
    assert page.locator("#said").get_attribute("role") == "status"
    assert page.url.endswith("/search?q=alica")
    page.get_by_label("A name, a handle here or on a network, or a topic").fill("xqzvwpt")
    page.get_by_role("heading", name="Nothing found for “xqzvwpt”").wait_for()
    assert page.locator("#said").inner_text() == "Nobody found."
    assert page.evaluate("document.activeElement.id") == "q"
    assert window.trouble == []


def test_without_scripts_a_search_is_a_form(visit: Callable[..., Any], alice: Person) -> None:
    window = visit(scripts=False)
    page = window.page
    window.open("/search")
    page.get_by_label("A name, a handle here or on a network, or a topic").fill("almieda")
    page.locator("main").get_by_role("button", name="Search").click()
    page.locator("main").get_by_role("link", name="Alice Almeida").click()
    assert page.url.endswith("/alice")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_list_is_made_filled_and_deleted(visit: Callable[..., Any], bob: User, scripts: bool) -> None:
    window = visit(user=bob, scripts=scripts)
    page = window.page
    window.open("/lists")
    page.get_by_label("Name").fill("Sailors")
    page.get_by_role("button", name="Make the list").click()
    page.get_by_label("Handle").fill("@alice")
    page.get_by_role("button", name="Add", exact=True).click()
    assert page.get_by_role("row", name="Alice Almeida").is_visible()
    if scripts:
        look_closely(page)
    assert "They are not told." in page.get_by_role("status").first.inner_text()
    page.get_by_text("Rename or delete this list").click()
    page.get_by_role("button", name="Delete the list").click()
    assert page.url.endswith("/lists")
    assert not WatchList.objects.exists()
    assert window.trouble == []


def test_one_leaves_the_leaderboards_and_comes_back_without_scripts(visit: Callable[..., Any], alice: Person) -> None:
    rankings.write(as_of=AS_OF)
    window = visit(user=Membership.objects.get(person=alice).user, scripts=False)
    page = window.page
    window.open("/leaderboards")
    assert page.get_by_text("You are at place 1").is_visible()
    page.get_by_role("button", name="Leave me out").click()
    assert page.get_by_text("You are left out, as you asked for.").is_visible()
    page.get_by_role("button", name="Take part again").click()
    assert page.get_by_text("You are back.").is_visible()
    assert page.get_by_role("button", name="Leave me out").is_visible()
    assert window.trouble == []
