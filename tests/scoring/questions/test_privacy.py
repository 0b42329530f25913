"""What is kept of questions is handed out, and goes when somebody is erased; the work of others stays."""

from __future__ import annotations

import json

import pytest
from django.db.models import Q

from accounts import privacy
from accounts.models import Notification
from scoring import moderation
from scoring.models import Answer, AskedExpert, ModerationEntry, Question, Report, Silenced
from scoring.models.questions import Ground
from scoring.questions import deciding, experts, reporting
from tests.scoring.questions.asking_around import AT, DAY, answer, ask, knows, member, staff, user_of

pytestmark = pytest.mark.django_db


def everything_of(alice):
    """Alice has asked twice, answered once, reported once, was told of a question, and was silenced."""
    bob, by = member("Bob"), staff()
    asked = ask(alice, text="I live at 12 Harbour Street.")
    lonely = ask(alice, "Which hive is best for beginners?")
    others = ask(bob, "Why are there two tides a day?")
    answer(asked, bob)
    answer(others, alice, "Because of the moon, mostly.")
    answer(others, member("Charlie"), "Because the earth turns.")
    reporting.report(thing=others, reporter=alice, user=user_of(alice), reason="off-topic", at=AT)
    knows(alice)
    experts.tell(question_id=others.pk, at=AT)
    moderation.silence(person=alice, user=by, days=3, reason="Too loud.", at=AT)
    return asked, lonely, others


def test_everything_is_handed_out_to_whom_it_is_about() -> None:
    alice = member("Alice")
    everything_of(alice)
    found = privacy.export_person(alice)["questions"]
    text = json.dumps(found)
    for words in ("I live at 12 Harbour Street.", "Because of the moon", "off-topic", "Too loud.", "two tides"):
        assert words in text
    assert {"questions", "answers", "reports", "asked_as_one_who_knows", "silenced", "decisions"} == set(found)
    assert "Charlie" not in text


def test_who_reported_somebody_is_not_handed_out_to_them() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    reporting.report(thing=question, reporter=bob, user=user_of(bob), reason="abuse", text="She means me.", at=AT)
    assert "She means me." not in json.dumps(privacy.export_person(alice)["questions"])


def test_an_erased_persons_answers_go_and_counts_are_right() -> None:
    alice = member("Alice")
    asked, lonely, others = everything_of(alice)
    beforehand = privacy.count_person(alice)
    assert (beforehand["answers"], beforehand["questions"]) == (1, 2)
    privacy.erase_person(person=alice, at=AT + DAY)
    others.refresh_from_db()
    assert others.answered == 1
    assert not Answer.objects.filter(text__contains="moon").exists()
    assert not Question.objects.filter(pk=lonely.pk).exists()
    # Bob has answered: the line that he answered stays, and nobody's name or story with it.
    asked.refresh_from_db()
    assert (asked.person, asked.user, asked.text, asked.answered) == (None, None, "", 1)
    assert asked.title
    for model in (Report, AskedExpert, Silenced):
        assert not model.objects.exists()
    # What was done stays written down, about nobody.
    assert not ModerationEntry.objects.filter(Q(person__isnull=False)).exists()
    assert ModerationEntry.objects.get().action == "silence"


def test_the_page_of_an_erased_asker_names_nobody(client) -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    answer(question, bob)
    privacy.erase_person(person=alice, at=AT + DAY)
    html = client.get(f"/questions/{question.pk}").content.decode()
    assert "Asked by somebody" in html
    assert "Alice" not in html
    # It can still be answered and be removed, and nobody is told who is not here.
    assert answer(question, member("Dora"), "In June, here in the north.", at=AT + DAY)
    question.refresh_from_db()
    deciding.remove(thing=question, user=staff(), ground=Ground.OTHER, note="No longer of use.", at=AT + DAY)
    assert client.get(f"/questions/{question.pk}").status_code == 410


def test_news_that_name_or_quote_who_is_erased_go_too() -> None:
    alice, bob = member("Alice"), member("Bob")
    asked, others = ask(alice, "How warm is warm enough for bees?"), ask(bob)
    answer(asked, bob)
    answer(others, alice)
    knows(member("Charlie"))
    for question in (asked, others):
        experts.tell(question_id=question.pk, at=AT)
    news = Notification.objects.all()
    assert news.filter(text__contains="Bob Archer").exists()
    privacy.erase_person(person=bob, at=AT + DAY)
    assert not news.filter(text__contains="Bob Archer").exists()
    assert [told.subject for told in news.filter(kind="question_asked")] == [
        "You know about Beekeeping: How warm is warm enough for bees?"
    ]


def test_a_withdrawn_question_of_who_is_erased_goes_with_its_answers() -> None:
    alice = member("Alice")
    question = ask(alice)
    answer(question, member("Bob"))
    Question.objects.update(state="withdrawn")
    privacy.erase_person(person=alice, at=AT + DAY)
    assert not Question.objects.exists()
    assert not Answer.objects.exists()
