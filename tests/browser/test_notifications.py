"""News and how one is told of it, in a real browser: with JavaScript and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from accounts.choices import choices_of
from accounts.models import Notification, Person, User
from accounts.unsubscribe import token_of
from tests.browser.test_pages import NARROWEST, RULES

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def reader(alice: Person) -> User:
    """Alice's log-in, with two pieces of news that she has not read."""
    user = alice.users.get()
    Notification.objects.all().delete()
    for number, (kind, subject) in enumerate(
        [("import_done", "Your Twitter/X export has been read"), ("score_moved", "Your score moved from 41.2 to 47.1")]
    ):
        Notification.objects.create(
            user=user,
            person=alice,
            kind=kind,
            subject=subject,
            text="What moved it:\n\n+5.9  people reacted to your posts",
            url="/alice",
            created_at=AT + timedelta(hours=number),
        )
    return user


@pytest.mark.parametrize("scripts", [True, False])
def test_news_is_opened_read_and_marked(visit: Callable[..., Any], reader: User, scripts: bool) -> None:
    window = visit(user=reader, scripts=scripts)
    page = window.page
    window.open("/alice")
    page.get_by_role("link", name="News 2 unread").click()
    assert page.get_by_text("New", exact=True).count() == 2
    page.get_by_text("Show it here").first.click()
    assert page.get_by_text("people reacted to your posts").first.is_visible()
    page.get_by_role("link", name="Your score moved from 41.2 to 47.1").click()
    assert page.url.endswith("/alice")
    page.get_by_role("link", name="News 1 unread").click()
    assert page.get_by_text("New", exact=True).count() == 1
    page.get_by_role("link", name="Your uploads").click()
    assert page.get_by_role("link", name="Your score moved from 41.2 to 47.1").count() == 0
    page.get_by_role("button", name="Mark all of").click()
    assert page.get_by_text("New", exact=True).count() == 0
    assert page.get_by_role("link", name="News", exact=True).is_visible()
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_how_one_is_told_is_chosen(visit: Callable[..., Any], reader: User, scripts: bool) -> None:
    window = visit(user=reader, scripts=scripts)
    page = window.page
    window.open(reverse("notification_settings"))
    score = page.get_by_role("group", name="Your score")
    score.get_by_label("By mail").select_option("in the digest")
    score.get_by_label("On my devices").uncheck()
    page.get_by_role("radio", name="every day").check()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Saved.").is_visible()
    assert page.get_by_role("group", name="Your score").get_by_label("By mail").input_value() == "digest"
    made = choices_of(User.objects.get(pk=reader.pk))["score"]
    assert (made.mail, made.on_site, made.push) == ("digest", True, False)
    assert window.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_mails_are_stopped_and_wanted_again_without_a_log_in(
    visit: Callable[..., Any], reader: User, scripts: bool
) -> None:
    window = visit(scripts=scripts)
    page = window.page
    window.open(reverse("unsubscribe", args=[token_of(reader, "score")]))
    assert choices_of(reader)["score"].mail == "now"
    if scripts:
        page.set_viewport_size({"width": NARROWEST, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Stop mails about").click()
    assert choices_of(reader)["score"].mail == "off"
    page.get_by_role("button", name="That was a mistake").click()
    assert choices_of(reader)["score"].mail == "now"
    assert page.get_by_text("again").is_visible()
    assert window.trouble == []
