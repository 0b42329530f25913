"""Who is told of a question because they know about its topic, and how often."""

from __future__ import annotations

import pytest

from accounts.models import Notification, NotificationChoice
from scoring import moderation, tasks
from scoring.models import AskedExpert
from scoring.questions import experts
from tests.scoring.questions.asking_around import AT, DAY, ask, knows, member, staff, user_of

pytestmark = pytest.mark.django_db


def asked() -> set[str]:
    return set(AskedExpert.objects.values_list("person__handle", flat=True))


def test_ten_who_know_best_are_told_once() -> None:
    for number in range(12):
        knows(member(f"Expert{number:02}"), 0.95 - number / 20)
    question = ask(member("Alice"))
    assert experts.tell(question_id=question.pk, at=AT) == 10
    assert experts.tell(question_id=question.pk, at=AT) == 0
    assert asked() == {f"Expert{number:02}" for number in range(10)}
    news = Notification.objects.get(user__email="expert00@example.com")
    assert (news.kind, news.url) == ("question_asked", f"/questions/{question.pk}")
    assert "Beekeeping" in news.subject


def test_nobody_is_told_of_more_than_two_a_day() -> None:
    bob, alice = member("Bob"), member("Alice")
    knows(bob)
    for number in range(3):
        question = ask(alice, f"What about hive number {number}?")
        assert experts.tell(question_id=question.pk, at=AT) == (1 if number < 2 else 0)
    late = ask(alice, "And what about the hive in the garden?", at=AT + DAY)
    assert experts.tell(question_id=late.pk, at=AT + DAY) == 1
    assert Notification.objects.filter(user=user_of(bob), kind="question_asked").count() == 3


@pytest.mark.parametrize(
    "why",
    ["little", "hidden topic", "hidden part", "hidden profile", "young", "silenced", "wants none", "asks", "erased"],
)
def test_who_is_not_told(why: str) -> None:
    from accounts.models import Erasure

    values = {"visibility": "hidden"} if why == "hidden profile" else {}
    values |= {"birth_year": AT.year - 12} if why == "young" else {}
    values |= {"shown": {"topics": "hidden"}} if why == "hidden part" else {}
    bob = member("Bob", **values)
    knows(bob, 0.1 if why == "little" else 0.8, hidden=why == "hidden topic")
    known = member("Charlie")
    knows(known)
    if why == "silenced":
        moderation.silence(person=bob, user=staff(), days=3, reason="Spam.", at=AT)
    if why == "wants none":
        NotificationChoice.objects.create(user=user_of(bob), matter="questions", mail="off", on_site=False, push=False)
    if why == "erased":
        Erasure.objects.create(person=bob, requested_at=AT, due_at=AT + 7 * DAY)
    question = ask(bob if why == "asks" else member("Alice"))
    experts.tell(question_id=question.pk, at=AT)
    # The other one is told: it is Bob who is left out.
    assert asked() == {"Charlie"}


def test_a_held_question_is_told_to_nobody() -> None:
    knows(member("Bob"))
    question = ask(member("Alice", days=2), "Is https://shop.example/ the best of all?")
    assert experts.tell(question_id=question.pk, at=AT) == 0


def test_a_worker_is_asked_to_tell_after_the_commit(monkeypatch, django_capture_on_commit_callbacks) -> None:
    sent = []
    monkeypatch.setattr(experts.current_app, "send_task", lambda name, args: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        question = ask(member("Alice"))
        assert sent == []
    assert sent == [("scoring.tasks.ask_experts", [question.pk])]
    knows(member("Bob"))
    tasks.ask_experts(question.pk)
    assert asked() == {"Bob"}
