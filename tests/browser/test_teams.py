"""Teams in a real browser: made, invited to, joined, a role changed, the log read; with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.utils import timezone

from accounts import team_log
from accounts.models import Membership, Person, TeamChange, User
from accounts.networks.base import VERBS
from scoring.models import Activity
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.scoring.published import publish_score

PATHS = ("/teams", "/teams/new", "/teams/acme", "/teams/acme/members", "/teams/acme/changes", "/teams/acme/month")


@pytest.fixture
def olga(transactional_db: None) -> User:
    user = User.objects.create_user("olga@example.com", "a long pass phrase")
    person = Person.objects.create(handle="olga", name="Olga Owner")
    Membership.objects.create(user=user, person=person)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def acme(olga: User, alice: Person) -> Person:
    """A team of two with a score, some days of reactions and some changes."""
    firm = Person.objects.create(handle="acme", kind="organisation", name="Acme & Sons, Makers of Fine Anvils")
    Membership.objects.create(user=olga, person=firm)
    Membership.objects.create(user=alice.users.get(), person=firm, role="editor")
    at = timezone.now()
    publish_score(firm, as_of=at.date(), history={day: 40 + day / 9 for day in range(20)})
    for day in range(min(at.day, 12)):
        Activity.objects.create(
            person=firm,
            day=at.date() - timedelta(days=day),
            account=1,
            network="twitter",
            verb=VERBS["like"],
            post=day + 1,
            people=3,
            reactions=5 + day,
            weight=1.0,
        )
    changes = {"name": ("Acme", "Acme & Sons, Makers of Fine Anvils"), "bio": ("", "Anvils since 1926.")}
    team_log.note(person=firm, user=olga, action="profile", changes=changes, at=at)
    team_log.note(person=firm, user=olga, action="visibility", changes={"visibility": ("public", "members")}, at=at)
    return firm


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_a_new_team_to_its_second_member(
    visit: Callable[..., Any], olga: User, alice: Person, scripts: bool
) -> None:
    hers = visit(user=olga, scripts=scripts)
    hers.open("/teams")
    hers.page.get_by_role("link", name="Make a team").click()
    hers.page.get_by_label("Name of the company or brand").fill("Acme & Sons")
    hers.page.get_by_label("Handle").fill("acme")
    hers.page.get_by_role("button", name="Make the team").click()
    hers.page.wait_for_url("**/teams/acme")
    hers.page.get_by_role("link", name="Members").click()
    hers.page.get_by_label("E-mail address").fill("alice@example.com")
    hers.page.locator("#id_role").select_option("viewer")
    hers.page.get_by_role("button", name="Send the invitation").click()
    hers.page.get_by_text("An invitation is on its way to alice@example.com.").wait_for()
    [link] = re.findall(r"/teams/join/[\w-]+", str(mail.outbox[-1].body))[:1]
    theirs = visit(user=alice.users.get(), scripts=scripts)
    theirs.open(link)
    assert theirs.page.get_by_role("heading", level=1).inner_text() == "Join the team of Acme & Sons?"
    theirs.page.get_by_role("button", name="Join the team").click()
    theirs.page.wait_for_url("**/teams/acme")
    assert theirs.page.get_by_role("link", name="Link an account").count() == 0, "viewers look"
    hers.open("/teams/acme/members")
    hers.page.get_by_label("Role of Alice Almeida").select_option("editor")
    hers.page.get_by_role("button", name=re.compile("Save.*Alice Almeida")).click()
    hers.page.get_by_text("Saved.").wait_for()
    hers.page.get_by_role("link", name="Changes").click()
    lines = " ".join(hers.page.locator(".changes").inner_text().split())
    assert "Olga Owner changed a role: Alice Almeida" in lines
    assert "Alice Almeida joined the team: as viewer" in lines
    hers.open("/teams/acme/members")
    hers.page.locator("summary", has_text="Remove").click()
    hers.page.get_by_role("button", name="Remove Alice Almeida").click()
    hers.page.get_by_text("The member was removed from the team.").wait_for()
    assert [line.action for line in TeamChange.objects.order_by("pk")] == [
        "created",
        "invite",
        "join",
        "role",
        "remove",
    ]
    assert hers.trouble == theirs.trouble == []


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_accessible_and_fits(visit: Callable[..., Any], olga: User, acme: Person, path: str) -> None:
    for scheme in ("light", "dark"):
        seen = visit(user=olga, color_scheme=scheme)
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 900})
            seen.open(path)
            found = Axe().run(seen.page, options=RULES).response["violations"]
            assert not found, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
        seen.page.set_viewport_size({"width": NARROWEST, "height": 900})
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
        assert seen.trouble == []


def test_a_month_is_reached_by_the_keyboard(visit: Callable[..., Any], olga: User, acme: Person) -> None:
    seen = visit(user=olga, scripts=False)
    seen.open("/teams/acme/month")
    drawing = seen.page.get_by_role("img", name=re.compile("reactions"))
    assert drawing.locator("rect").count() == min(timezone.now().day, 12)
    field = seen.page.get_by_label("Month, such as 2026-10")
    field.fill("2026-10")
    field.press("Enter")
    seen.page.wait_for_url("**month=2026-10")
    assert seen.page.get_by_role("heading", level=2).first.inner_text() == "October 2026"
    seen.page.get_by_role("link", name=re.compile("November 2026")).press("Enter")
    seen.page.wait_for_url("**month=2026-11")
    assert seen.trouble == []
