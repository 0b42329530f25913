"""Topics in a real browser: the pages accessible, chosen level by level, disputed and taken back, with and without
scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Membership, Person, User
from scoring import topics
from scoring.models import Endorsement, PersonTopic, Topic, TopicDispute, TopicEvidence
from tests.browser.test_pages import NARROWEST, RULES

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


@pytest.fixture
def town(alice: Person) -> Person:
    """Alice with a topic by evidence, Bob who knows about it too, and everything that a topic's page can show."""
    topics.load()
    jazz = Topic.objects.get(slug="jazz")
    Topic.objects.filter(pk=jazz.pk).update(external_id="10000000000000000042", wikidata="Q8341", ranked=2)
    Topic.objects.create(slug="bebop", name="Bebop").parents.add(jazz)
    bob = Person.objects.create(handle="Bob", name="Bob Ballantyne")
    Membership.objects.create(user=User.objects.create_user("bob@example.com", "a long pass phrase"), person=bob)
    now = timezone.now()
    for person, expertise in ((alice, 0.5), (bob, 0.7)):
        PersonTopic.objects.create(
            person=person, topic=jazz, expertise=expertise, plus_k=2.0, chosen=person == bob, added_at=now, place=1
        )
    TopicEvidence.objects.create(
        person=alice, topic=jazz, source="hashtag", network="mastodon", words="jazz", number=12, people=30, strength=0.5
    )
    at = now - timedelta(days=1)
    Endorsement.objects.create(giver=alice, receiver=bob, topic=jazz, given_at=at, until=at + timedelta(days=7))
    return alice


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/topics", False),
        ("/topics?q=jaz", False),
        ("/topics/jazz", True),
        ("/topics/bebop", False),
        ("/settings/topics", True),
        ("/settings/topics?under=music", True),
        ("/settings/topics/dispute?topic=jazz", True),
    ],
)
def test_pages_of_topics_are_accessible_and_fit(visit: Callable[..., Any], town: Person, path: str, own: bool) -> None:
    window = visit(user=town.users.get() if own else None)
    page = window.page
    window.open(path)
    for scheme, width in (("light", 390), ("dark", 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{path}, {scheme}, {width}px\n{found.generate_report()}"
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    assert window.trouble == []


@BOTH
def test_a_topic_is_found_level_by_level_chosen_and_given_up(
    visit: Callable[..., Any], town: Person, scripts: bool
) -> None:
    window = visit(user=town.users.get(), scripts=scripts)
    page = window.page
    window.open("/settings/topics")
    page.get_by_role("link", name="topics in Music").click()
    page.get_by_role("button", name="Choose Classical music").click()
    assert page.url.endswith("?under=music")
    assert page.get_by_text("Classical music is one of your topics.").is_visible()
    page.get_by_role("link", name="Classical music", exact=True).first.click()
    assert page.get_by_role("heading", level=1).text_content() == "Classical music"
    page.get_by_role("button", name="Not my topic any more").click()
    assert not PersonTopic.objects.filter(person=town, chosen=True).exists()
    page.get_by_role("button", name="Choose it for myself").click()
    assert PersonTopic.objects.get(person=town, chosen=True).topic.slug == "classical-music"
    assert window.trouble == []


@BOTH
def test_a_topic_is_disputed_and_may_come_back(visit: Callable[..., Any], town: Person, scripts: bool) -> None:
    window = visit(user=town.users.get(), scripts=scripts)
    page = window.page
    window.open("/topics/jazz")
    assert page.get_by_text("Bob Ballantyne").first.is_visible()
    page.get_by_role("link", name="This is not my topic").click()
    page.get_by_label("What is wrong about it?").fill("It is the name of my cat.")
    page.get_by_role("button", name="It is not my topic").click()
    assert page.get_by_text("Jazz is gone from your profile, and stays away.").is_visible()
    assert TopicDispute.objects.get().reason == "It is the name of my cat."
    window.open("/topics/jazz")
    assert page.get_by_text("You said that this topic is not yours").is_visible()
    assert page.locator(".people", has_text="Alice").count() == 0
    window.open("/settings/topics")
    page.get_by_role("button", name="It may come back").click()
    assert not TopicDispute.objects.exists()
    assert window.trouble == []
