"""The staff's queue: what stands in it, what is decided there, and what is seen of who reports."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification, User
from scoring import moderation
from scoring.models import ModerationEntry, Report, Silenced
from scoring.models.questions import Ground
from scoring.questions import deciding, reporting
from tests.scoring.questions.asking_around import AT, answer, ask, member, staff, user_of

pytestmark = pytest.mark.django_db

NOTHING = {"decision": "", "removed_for": "", "why": "", "silence": ""}


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(staff())
    return client


def report(thing, reporter, reason="spam", text="") -> Report:
    return reporting.report(thing=thing, reporter=reporter, user=user_of(reporter), reason=reason, text=text, at=AT)


def listed(client: Client, query: str = "") -> list[str]:
    html = client.get(f"/admin/scoring/question/{query}").content.decode()
    return re.findall(r'<th class="field-title"><a href="[^"]+">(.*?)</a>', html)


def decide(client: Client, path: str, **values: str):
    return client.post(f"/admin/scoring/{path}/change/", NOTHING | values, follow=True)


def test_what_is_reported_most_stands_first_and_what_is_fine_not_at_all(desk: Client) -> None:
    alice, bob, charlie = member("Alice"), member("Bob"), member("Charlie")
    ask(alice, "Which hive is best for beginners?")
    once, twice = ask(alice, "Why are there two tides a day?"), ask(alice)
    report(once, bob)
    report(twice, bob)
    report(twice, charlie)
    assert listed(desk) == [twice.title, once.title]
    assert len(listed(desk, "?queue=all")) == 3
    assert listed(desk, "?queue=objected") == []
    deciding.remove(thing=once, user=User.objects.get(email="staff@example.com"), ground=Ground.SPAM, note="x", at=AT)
    reporting.object_to(thing=once, person=alice, user=user_of(alice), text="Look again.", at=AT)
    assert listed(desk, "?queue=objected") == [once.title]
    assert set(listed(desk)) == {twice.title, once.title}


def test_the_page_shows_the_text_the_reports_and_who_reported_falsely_before(desk: Client) -> None:
    alice, bob = member("Alice"), member("Bob")
    by = User.objects.get(email="staff@example.com")
    before = ask(alice, "Which hive is best for beginners?")
    report(before, bob)
    deciding.let_stand(thing=before, user=by, note="It is fair.", at=AT)
    given = answer(ask(alice), member("Charlie"), "<b>Buy</b> it all at my stall.")
    report(given, bob, text="He sells <i>something</i>.")
    html = desk.get(f"/admin/scoring/answer/{given.pk}/change/").content.decode()
    for words in (
        "&lt;b&gt;Buy&lt;/b&gt; it all",
        "He sells &lt;i&gt;something&lt;/i&gt;.",
        "0 right, 1 turned down",
        "Beekeeping",
        "0 questions, 1 answers, 0 of them removed.",
        "@Charlie",
    ):
        assert words in html


def test_removing_and_silencing_in_one_step_is_written_down_and_told(desk: Client) -> None:
    bob = member("Bob")
    given = answer(ask(member("Alice")), bob)
    report(given, member("Charlie"))
    decide(desk, f"answer/{given.pk}", decision="remove", removed_for="spam", why="It sells something.", silence="3")
    given.refresh_from_db()
    assert (given.state, given.note) == ("removed", "It sells something.")
    assert (Silenced.objects.get().until - timezone.now()).days == 2
    assert set(ModerationEntry.objects.values_list("action", "user__email")) == {
        ("remove", "staff@example.com"),
        ("silence", "staff@example.com"),
    }
    assert set(Notification.objects.filter(user=user_of(bob)).values_list("kind", flat=True)) >= {
        *("post_removed", "silenced")
    }
    html = desk.get(f"/admin/scoring/answer/{given.pk}/change/").content.decode()
    assert "It sells something." in html
    decide(desk, f"answer/{given.pk}", decision="stand", why="A mistake.")
    given.refresh_from_db()
    assert given.state == "visible"


@pytest.mark.parametrize(
    "values",
    [
        {"decision": "remove", "why": "Spam."},
        {"decision": "remove", "removed_for": "spam"},
        {"decision": "remove", "removed_for": "reports", "why": "Spam."},
        {"silence": "3"},
        {"silence": "400", "why": "Spam."},
    ],
)
def test_no_decision_goes_without_its_reason(desk: Client, values: dict[str, str]) -> None:
    question = ask(member("Alice"))
    report(question, member("Bob"))
    response = decide(desk, f"question/{question.pk}", **values)
    assert "errorlist" in response.content.decode()
    question.refresh_from_db()
    assert question.state == "visible"
    assert not ModerationEntry.objects.exists()


def test_what_was_decided_meanwhile_is_said(desk: Client) -> None:
    question = ask(member("Alice"))
    response = decide(desk, f"question/{question.pk}", decision="stand")
    assert "Nothing waits for a decision here." in response.content.decode()
    assert not ModerationEntry.objects.exists()


def test_silences_are_given_and_ended_with_a_line_each(desk: Client) -> None:
    bob = member("Bob")
    desk.post("/admin/scoring/silenced/add/", {"person": bob.pk, "days": "5", "reason": "Spam."})
    assert moderation.silenced(bob, timezone.now())
    desk.post(f"/admin/scoring/silenced/{bob.pk}/delete/", {"post": "yes"})
    assert moderation.silenced(bob, timezone.now()) is None
    assert list(ModerationEntry.objects.order_by("pk").values_list("action", "user__email")) == [
        ("silence", "staff@example.com"),
        ("end silence", "staff@example.com"),
    ]


@pytest.mark.parametrize("model", ["question", "answer", "report", "moderationentry", "silenced"])
def test_who_may_not_sees_nothing(model: str) -> None:
    helper = User.objects.create_user("helper@example.com", "a long pass phrase", is_staff=True)
    client = Client()
    client.force_login(helper)
    assert client.get(f"/admin/scoring/{model}/").status_code == 403


def test_who_may_only_look_decides_nothing() -> None:
    helper = User.objects.create_user("helper@example.com", "a long pass phrase", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_question"))
    client = Client()
    client.force_login(helper)
    question = ask(member("Alice"))
    response = decide(client, f"question/{question.pk}", decision="remove", removed_for="spam", why="Spam.")
    assert response.status_code == 403
    question.refresh_from_db()
    assert question.state == "visible"


def test_the_log_and_the_reports_are_only_read(desk: Client) -> None:
    bob = member("Bob")
    question = ask(member("Alice"))
    report(question, bob, text="It is <b>spam</b>.")
    moderation.silence(person=bob, user=staff_of(desk), days=3, reason="Reports for fun.", at=AT)
    assert "Reports for fun." in desk.get("/admin/scoring/moderationentry/").content.decode()
    assert "It is &lt;b&gt;spam&lt;/b&gt;." in desk.get("/admin/scoring/report/").content.decode()
    entry = ModerationEntry.objects.get()
    assert desk.post(f"/admin/scoring/moderationentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get("/admin/scoring/moderationentry/add/").status_code == 403
    assert ModerationEntry.objects.count() == 1


def staff_of(client: Client) -> User:
    return User.objects.get(email="staff@example.com")


def test_the_queue_costs_the_same_however_long_it_is(desk: Client) -> None:
    alice, bob = member("Alice"), member("Bob")

    def costs() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert desk.get("/admin/scoring/question/").status_code == 200
        return len(asked)

    report(ask(alice), bob)
    desk.get("/admin/scoring/question/")
    few = costs()
    for number in range(6):
        report(ask(member(f"Member{number}"), f"What about hive number {number}?"), bob)
    assert costs() == few
