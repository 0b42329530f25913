"""The profile in a real browser: everything on it accessible, previews, choosing topics and what stands first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Membership, Person, User
from scoring import topics
from scoring.models import Award, Moment, PersonTopic, Tie
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.scoring.published import AS_OF, publish_score

AT = datetime(2026, 11, 1, tzinfo=UTC)
BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


@pytest.fixture
def full(alice: Person) -> Person:
    """Alice with everything that a profile shows."""
    for handle in ("Bob", "Charlie"):
        other = Person.objects.create(handle=handle, name=f"{handle} with a name that goes on and on and on")
        Membership.objects.create(user=User.objects.create(email=f"{handle}@example.com"), person=other)
        publish_score(other, as_of=AS_OF)
        Tie.objects.create(influencer=other, influencee=alice, weight=1.0, reactions=2, follows=True)
        Tie.objects.create(influencer=alice, influencee=other, weight=1.0, reactions=2, follows=False)
    topics.load()
    topics.choose(person=alice, chosen={"bees", "sailing", "sea"}, hidden=(), at=AT)
    account = alice.links.order_by("pk").values_list("account", flat=True)[0]
    for post in (1, 2, 3):
        facts = {"points": post / 2, "change": 0.1, "people": 4, "reactions": 5, "posted_at": AT}
        Moment.objects.create(person=alice, account=account, post=post, **facts)
    for family in ("score", "lists", "networks", "followers"):
        place = 1 if family == "score" else None
        Award.objects.create(person=alice, family=family, level=1, earned_on=AS_OF, pinned=place)
    return alice


def test_a_full_profile_is_accessible_and_keeps_to_the_csp(visit: Callable[..., Any], full: Person) -> None:
    window = visit(user=full.users.get(), reduced_motion="reduce")
    page = window.page
    assert window.open("/alice").status == 200
    for heading in ("Style: Trail marker", "Who moves Alice Almeida", "Top moments", "Topics"):
        assert page.get_by_role("heading", name=heading).is_visible(), heading
    page.evaluate("document.querySelectorAll('main details').forEach(details => details.open = true)")
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{scheme}, {width}px\n{found.generate_report()}"
    # What machines read has come through the CSP whole, and was executed by nobody.
    told = json.loads(page.locator('script[type="application/ld+json"]').text_content())
    assert told["mainEntity"]["name"] == "Alice Almeida"
    assert window.trouble == []


@BOTH
def test_the_owner_looks_as_others_do(visit: Callable[..., Any], full: Person, scripts: bool) -> None:
    Person.objects.filter(pk=full.pk).update(shown={"ties": "members", "style": "hidden"})
    window = visit(user=full.users.get(), scripts=scripts)
    page = window.page
    window.open("/alice")
    ties, style = page.get_by_role("heading", name="Who moves Alice"), page.get_by_role("heading", name="Style:")
    assert (ties.count(), style.count()) == (1, 1)
    page.get_by_role("link", name="As members").click()
    page.wait_for_url("**/alice?as=members")
    assert (ties.count(), style.count()) == (1, 0)
    page.get_by_role("link", name="As everybody").click()
    page.wait_for_url("**/alice?as=public")
    assert (ties.count(), style.count()) == (0, 0)
    assert page.get_by_text("This is what everybody sees.").is_visible()
    page.get_by_role("link", name="As myself").click()
    page.wait_for_url("**/alice")
    assert (ties.count(), style.count()) == (1, 1)
    assert window.trouble == []


@BOTH
def test_topics_are_looked_for_chosen_and_hidden(visit: Callable[..., Any], full: Person, scripts: bool) -> None:
    window = visit(user=full.users.get(), scripts=scripts)
    page = window.page
    window.open("/alice")
    page.locator("section", has=page.locator("#topics")).get_by_role("link", name="Choose").click()
    page.get_by_label("Find a topic").fill("open s")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("button", name="Choose Open source").click()
    assert page.get_by_text("Open source is one of your topics.").is_visible()
    page.get_by_label("Hide The sea").check()
    page.get_by_role("button", name="Save what is hidden").click()
    assert page.get_by_text("Saved: 4 topics.").is_visible()
    chosen = PersonTopic.objects.filter(person=full)
    assert set(chosen.values_list("topic__slug", "hidden")) == {
        *(("bees", False), ("open-source", False), ("sailing", False), ("sea", True)),
    }
    window.open("/alice")
    assert page.get_by_role("link", name="Open source").first.is_visible()
    assert page.get_by_role("link", name="The sea").count() == 0
    assert window.trouble == []


@BOTH
def test_other_achievements_are_put_first(visit: Callable[..., Any], full: Person, scripts: bool) -> None:
    window = visit(user=full.users.get(), scripts=scripts)
    page = window.page
    window.open("/alice")
    shelf = page.locator("section", has=page.locator("#achievements"))
    assert shelf.get_by_text("Networks", exact=True).is_hidden()
    shelf.get_by_role("link", name="Choose").click()
    page.get_by_label("Score").uncheck()
    page.get_by_label("Networks").check()
    page.get_by_role("button", name="Save").click()
    assert page.url.endswith("/alice#achievements")
    assert shelf.get_by_text("Networks", exact=True).is_visible()
    assert shelf.get_by_text("Score", exact=True).is_hidden()
    assert window.trouble == []
