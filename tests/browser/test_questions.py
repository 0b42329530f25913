"""Asking, answering, reporting and +K in a real browser: with scripts and without, accessible, under the strict CSP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from accounts.models import Membership, Person, User
from scoring.models import Answer, Question, Report
from scoring.models.questions import Ground
from scoring.questions import deciding
from tests.browser.test_pages import NARROWEST, RULES, WIDTHS
from tests.scoring.questions.asking_around import answer, ask, beekeeping, knows, member, user_of


def user(person: Person) -> User:
    return Membership.objects.get(person=person).user


@pytest.mark.parametrize("scripts", [True, False])
def test_a_question_is_asked_answered_given_plus_k_and_reported(
    visit: Callable[..., Any], alice: Person, scripts: bool
) -> None:
    bob, charlie = member("Bob"), member("Charlie")
    # Nobody here is new, whatever the day.
    Person.objects.update(created_at=timezone.now() - timedelta(days=30))
    beekeeping()
    asking = visit(user=user(alice), scripts=scripts)
    asking.open("/questions?q=bee")
    asking.page.get_by_role("link", name="Ask about Beekeeping").click()
    asking.page.get_by_label("Your question").fill("When do bees swarm here?")
    asking.page.get_by_role("button", name="Ask", exact=True).click()
    asking.page.get_by_role("heading", name="When do bees swarm here?").wait_for()
    address = asking.page.url

    answering = visit(user=user(bob), scripts=scripts)
    page = answering.page
    page.goto(address)
    field = page.get_by_label("What do you know about it?")
    field.fill("In May. " * 151)
    if scripts:
        assert page.get_by_text("Words too many: 2").is_visible()
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_text("This is 2 words more").wait_for()
    assert field.input_value().startswith("In May.")
    field.fill("In May.\n\nSee https://hive.example/may for more.")
    page.get_by_role("button", name="Answer", exact=True).click()
    assert page.get_by_role("link", name="https://hive.example/may").get_attribute("rel") == "nofollow ugc noopener"

    reading = visit(user=user(charlie), scripts=scripts)
    page = reading.page
    page.goto(address)
    page.get_by_role("button", name="Give +K").click()
    page.get_by_text("You gave them +K in this topic.").wait_for()
    page.get_by_role("link", name="Report this answer").click()
    page.get_by_label("It is advertising or spam").check()
    page.get_by_role("button", name="Report it").click()
    page.get_by_text("you are told what comes of it").wait_for()
    given = Answer.objects.get()
    assert (given.plus_k, Report.objects.get().answer) == (1, given)
    for window in (asking, answering, reading):
        assert [text for text in window.trouble if "422" not in text] == []


def test_screens_are_accessible_in_both_widths_and_colours(visit: Callable[..., Any], alice: Person) -> None:
    now = timezone.now()
    bob = member("Bob")
    Person.objects.update(created_at=now - timedelta(days=30))
    bob.refresh_from_db()
    question = ask(bob, "When do bees swarm, and what is to be done then?", text="Mine did in April.", at=now)
    given = answer(question, member("Charlie"), "See https://hive.example/may.", at=now)
    knows(given.person)
    mine = answer(question, Person.objects.get(pk=alice.pk), "In June.", at=now)
    staff = User.objects.create_user("staff@example.com", "a long pass phrase", is_staff=True)
    deciding.remove(thing=mine, user=staff, ground=Ground.OTHER, note="Too short.", at=now)
    other = ask(bob, "Which hive is best for beginners?", at=now)
    assert Question.objects.count() == 2
    window = visit(user=user(alice), reduced_motion="reduce")
    page = window.page
    for path in (
        "/questions",
        "/questions?show=mine",
        "/questions?by=charlie",
        f"/questions/{question.pk}",
        f"/questions/{other.pk}",
        "/topics/beekeeping/ask",
        f"/answers/{given.pk}/report",
    ):
        assert window.open(path).status == 200
        page.evaluate("document.querySelectorAll('main details').forEach(details => details.open = true)")
        page.set_viewport_size({"width": NARROWEST, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, path
        for scheme, width in zip(("light", "dark"), WIDTHS, strict=True):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}, {scheme}\n{found.generate_report()}"
    assert window.trouble == []
    assert user_of(bob).email == "bob@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "don't well-known 3.14 snake_case",
        "हिन्दी ผึ้ง 蜜蜂 ミツバチ 꿀벌은",
        "a" * 400,
        "see https://x.example/a,b-c for more",
        "e\u0301cole 🐝 ...",
    ],
)
def test_words_are_counted_in_the_browser_as_on_the_server(visit: Callable[..., Any], alice: Person, text: str) -> None:
    from scoring.questions.words import count

    question = ask(member("Bob"))
    window = visit(user=user(alice))
    window.open(f"/questions/{question.pk}")
    window.page.get_by_label("What do you know about it?").fill(text)
    assert window.page.get_by_text(f"Words left: {300 - count(text)}").is_visible()
