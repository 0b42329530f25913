"""Every page in a real browser: accessible light and dark, narrow and wide, and under the strict CSP."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import NoReverseMatch, reverse

from accounts.models import Membership, Person

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # To be quick: without what passed, and without fetching the style sheets once more.
    "resultTypes": ["violations"],
    "preload": False,
}
# The widths at which axe looks, and the one below which nothing need fit (WCAG 1.4.10).
WIDTHS = (390, 1280)
NARROWEST = 320

FEW_LINES = "document.querySelectorAll('ul > li:nth-child(n + 6)').forEach(line => line.remove())"

# path, and whether Alice herself opens it
PAGES = {
    "moments": ("/alice/moments", False),
    "activity": ("/alice/activity", True),
    "home": ("/", False),
    "profile": ("/alice", False),
    "own profile": ("/alice", True),
    "chart": ("/alice/chart?show=score,reach,amplification,network", False),
    "why": ("/alice/why?by=network", True),
    "search, found by a slip": ("/search?q=almeidra", False),
    "compare": ("/compare?people=alice,nobody1&days=90", False),
    "nobody": ("/nobody", False),
    "log-in": ("/accounts/login/", False),
    "sign-up": ("/accounts/signup/", False),
    "settings": ("settings", True),
    "visibility": ("visibility", True),
    "log-in settings": ("log_in", True),
    "devices": ("devices", True),
    "API keys": ("api_keys", True),
    "preferences": ("preferences", False),
    "choosing topics": ("/settings/topics?q=bo", True),
    "pinning achievements": ("pinned", True),
    "own achievements": ("achievements", True),
    "achievements": ("/alice/achievements", False),
    "all achievements": ("achievement_catalogue", True),
    "one achievement": ("/achievements/people", True),
    "import": ("import", True),
    "news": ("notifications", True),
    "what one is told": ("notification_settings", True),
    "what is measured": ("features", False),
    "dashboard": ("dashboard", True),
    "first score": ("welcome", True),
    "how the score is made": ("transparency", False),
    "formulas": ("formulas", False),
    "how data is used": ("data_use", False),
    "badge studio": ("/badges?size=large", True),
    "sharing": ("/share/alice?server=town.example", False),
    "card in a frame": ("/embed/alice", False),
    "offline": ("offline", False),
    "search": ("/search?q=alice", False),
    "search that finds nobody": ("/search?q=xqzvwpt", True),
    "leaderboard": ("leaderboards", False),
    "lists": ("lists", True),
}


def address(path: str) -> str:
    if path.startswith("/"):
        return path
    try:
        return reverse(path)
    except NoReverseMatch:
        pytest.skip(f"there is no page named {path}")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_keeps_to_the_csp(visit: Callable[..., Any], alice: Person, name: str) -> None:
    path, own = PAGES[name]
    user = Membership.objects.get(person=alice).user if own else None
    # Without transitions: axe would measure colours on their way from light to dark.
    window = visit(user=user, reduced_motion="reduce")
    page = window.page
    response = window.open(address(path))
    expected = 404 if name == "nobody" else 200
    assert response.status == expected
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    # Hundreds of lines are alike: all of them have fitted, and axe looks at some of each list.
    page.evaluate(FEW_LINES)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{name}, {scheme}, {width}px\n{found.generate_report()}"
    assert [text for text in window.trouble if expected == 200 or "404" not in text] == []


def test_a_style_that_is_not_a_file_of_ours_would_be_noticed(visit: Callable[..., Any], alice: Person) -> None:
    window = visit()
    window.open("/")
    window.page.evaluate(
        """() => { const style = document.createElement('style'); style.textContent = 'body { color: red }';
                   document.head.append(style); }"""
    )
    assert any("Content Security Policy" in text for text in window.trouble)


def test_looking_somebody_up_and_reading_why_needs_no_script(visit: Callable[..., Any], alice: Person) -> None:
    page = visit(scripts=False).page
    page.goto(visit().base + "/")
    page.get_by_label("Look somebody up").fill("@Alice")
    page.get_by_role("button", name="Show the score").click()
    assert page.url.endswith("/alice")
    assert page.get_by_role("img", name="Score 49.6 of 100").is_visible()
    page.get_by_role("link", name="Every point explained").click()
    page.get_by_role("link", name="By network").click()
    leaf = page.get_by_text("People who boosted something recently").first
    assert not leaf.is_visible()
    page.locator(".tree summary", has_text="Amplification").first.click()
    assert leaf.is_visible()
    page.get_by_role("link", name="Over time").click()
    page.get_by_text("As a table").click()
    assert page.get_by_role("row", name="1 Nov 2026").is_visible()


def test_the_keyboard_reaches_the_content_in_two_steps(visit: Callable[..., Any], alice: Person) -> None:
    window = visit()
    window.open("/alice")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert window.page.locator(".skip").bounding_box()["y"] >= 0
    window.page.keyboard.press("Enter")
    assert window.page.evaluate("document.activeElement.id") == "main"


def test_nothing_moves_for_those_who_asked_for_stillness(visit: Callable[..., Any], alice: Person) -> None:
    window = visit(reduced_motion="reduce")
    window.open("/alice")
    moving = window.page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(element => {
            const style = getComputedStyle(element);
            return style.transitionDuration !== '0s' || style.animationName !== 'none';
        }).length"""
    )
    assert moving == 0
    assert window.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_menu_of_a_narrow_screen_opens_on_the_screen(visit: Callable[..., Any], alice: Person) -> None:
    window = visit(user=Membership.objects.get(person=alice).user)
    page = window.page
    window.open("/alice")
    page.locator(".top summary").click()
    for width in (NARROWEST, 390, 700):
        page.set_viewport_size({"width": width, "height": 800})
        menu = page.locator(".top .unfold > ul").bounding_box()
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= width
        brand, beside = page.locator(".top .brand").bounding_box(), page.locator(".top summary").bounding_box()
        assert brand["y"] <= beside["y"] + beside["height"] / 2 <= brand["y"] + brand["height"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_menu_takes_two_rows_on_a_telephone_and_on_a_tablet(
    visit: Callable[..., Any], alice: Person, language: str
) -> None:
    Person.objects.filter(pk=alice.pk).update(name="Donaudampfschifffahrtsgesellschaft")
    for user in (None, Membership.objects.get(person=alice).user):
        page = (window := visit(user=user, locale=language)).page
        window.open("/nobody")
        for width in (360, 390, 800):
            page.set_viewport_size({"width": width, "height": 700})
            # A third row begins at 150 pixels.
            assert page.locator(".top").bounding_box()["height"] < 130, f"{width}px"
        assert page.get_by_role("link", name="Suche" if language == "de" else "Search").is_visible()


def test_a_name_of_one_long_word_fits_the_narrowest_screen(visit: Callable[..., Any], alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(name="Donaudampfschifffahrtsgesellschaftskapitän" * 2)
    window = visit(user=Membership.objects.get(person=alice).user, viewport={"width": NARROWEST, "height": 700})
    widths = {}
    for path in ("/", "/badges", "/alice/why", "/alice/moments", "/compare?people=alice"):
        window.open(path)
        widths[path] = window.page.evaluate("document.documentElement.scrollWidth")
    assert {path for path, width in widths.items() if width > NARROWEST} == set()
