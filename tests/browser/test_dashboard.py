"""Beginning, and the dashboard, in a real browser: with scripts and without, full of everything that can be there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Cursor, LinkedAccount, Membership, Pause, Person, User
from scoring.models import AwardProgress, DayChange, ImportJob, Moment, ScoreRun, Suggestion, Suspicion
from tests.browser.test_pages import NARROWEST, RULES
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import user_of


@pytest.fixture
def newcomer(transactional_db: None) -> Person:
    """Somebody who has signed up and done nothing else."""
    person = Person.objects.create(handle="Charlie", name="Charlie")
    Membership.objects.create(user=User.objects.create_user("charlie@example.com", "a long pass phrase"), person=person)
    return person


@pytest.fixture
def full(alice: Person) -> Person:
    """Alice, with everything that a dashboard can tell."""
    link = alice.links.get(account__network="twitter")
    at = timezone.now()
    Cursor.objects.create(link=link, stream="posts", pulled_at=at - timedelta(days=3))
    LinkedAccount.objects.filter(pk=link.pk).update(state="broken", first_read_at=at - timedelta(days=30))
    Pause.objects.create(person=alice, link=link, reason="broken", started_at=at - timedelta(days=3, hours=1))
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=1.0, decay=-0.4, rest=0.0
    )
    for post in range(1, 5):
        Moment.objects.create(
            person=alice, account=link.account_id, post=post, points=post, change=0.1, people=post, reactions=post
        )
    Suggestion.objects.create(
        person=alice,
        rank=1,
        network="twitter",
        account=link.account_id,
        feature="reply_actors_recent",
        value=3,
        attainable=15,
        points=1.8,
    )
    Suspicion.objects.create(
        person=alice, account=link.account_id, reason="burst", people=5, counted_as=1.7, points=0.3
    )
    AwardProgress.objects.create(person=alice, family="lists", value=72)
    return alice


def test_a_full_dashboard_is_accessible_and_keeps_to_the_csp(visit: Callable[..., Any], full: Person) -> None:
    window = visit(user=user_of(full), reduced_motion="reduce")
    page = window.page
    window.open("/dashboard")
    for words in ("Stale: Twitter/X disconnected", "Posts that bring most", "What would raise it", "72 of 100 lists"):
        assert page.get_by_text(words).first.is_visible(), words
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{scheme}, {width}px\n{found.generate_report()}"
    assert window.trouble == []


def test_every_target_on_the_dashboard_is_large_enough_and_reached_by_keyboard(
    visit: Callable[..., Any], full: Person
) -> None:
    page = visit(user=user_of(full)).page
    page.goto(visit().base + "/dashboard")
    page.get_by_role("link", name="Reconnect Twitter/X").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/connect/twitter")
    assert page.get_by_role("heading", level=1).inner_text() == "Connect Twitter/X"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_newcomer_comes_from_nothing_to_a_first_score(
    visit: Callable[..., Any], newcomer: Person, scripts: bool
) -> None:
    user = user_of(newcomer)
    window = visit(user=user, scripts=scripts, reduced_motion="reduce")
    page = window.page
    window.open("/dashboard")
    page.get_by_role("link", name="Get a first score").click()
    assert page.locator("[aria-current=step]").inner_text().split("\n")[-1].endswith("One network")
    if scripts:
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="Upload an export").click()
    assert page.url.endswith("/settings/import")
    # What the upload itself does is another test's: here it is on its way.
    job = ImportJob.objects.create(
        person=newcomer,
        user=user,
        network="twitter",
        file_name="twitter.zip",
        path="/nowhere",
        state="running",
        summary={"progress": {"stage": "reading", "done": 1, "total": 4}},
    )
    window.open("/welcome")
    bar = page.get_by_role("progressbar", name="How far your first score is")
    assert float(bar.get_attribute("value")) == 0.25
    ImportJob.objects.filter(pk=job.pk).update(summary={"progress": {"stage": "reading", "done": 3, "total": 4}})
    if scripts:
        page.locator('progress[value="0.75"]').wait_for(timeout=20_000)
    else:
        page.get_by_role("link", name="Look again").click()
        assert float(bar.get_attribute("value")) == 0.75
    ImportJob.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    publish_score(newcomer, confidence="provisional")
    ScoreRun.objects.update(kind="provisional", finished_at=timezone.now())
    # By the script that looks again, or by the page that reloads itself.
    page.get_by_role("heading", name="A first, provisional number").wait_for(timeout=20_000)
    if scripts:
        assert page.evaluate("document.activeElement.id") == "job"
    page.get_by_role("link", name="To your dashboard").click()
    assert page.url.endswith("/dashboard")
    assert window.trouble == []
