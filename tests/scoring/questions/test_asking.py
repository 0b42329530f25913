"""Who may ask and answer, how much, for how long it can be changed, and what is held first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import LinkedAccount, Membership, Notification, Person, User
from scoring import moderation
from scoring.models import Answer, ModerationEntry, Question
from scoring.questions import answering, asking
from scoring.questions.errors import AnsweredAlready, NotAllowed, NotNow, SaidBefore, Silent, TooMany, Unfit
from tests.scoring.questions.asking_around import AT, DAY, HOUR, QUESTION, answer, ask, member, staff, user_of

pytestmark = pytest.mark.django_db


def test_a_question_stands_and_who_asked_is_told_of_the_answer() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice, text="Mine did in April.")
    given = answer(question, bob)
    question.refresh_from_db()
    assert (question.state, question.answered, question.active_at) == ("visible", 1, AT)
    news = Notification.objects.get(user=user_of(alice))
    assert "Bob Archer has answered" in news.text
    assert news.url == f"/questions/{question.pk}#answer-{given.pk}"


def test_who_hides_is_not_named_to_the_asker() -> None:
    alice, bob = member("Alice"), member("Bob", visibility="hidden")
    answer(ask(alice), bob)
    news = Notification.objects.get(user=user_of(alice))
    assert "Somebody has answered" in news.text
    assert "Bob" not in news.text + news.subject


def test_nobody_asks_in_the_name_of_another() -> None:
    alice, bob = member("Alice"), member("Bob")
    with pytest.raises(NotAllowed) as refused:
        asking.ask(topic=ask(bob).topic, person=alice, user=user_of(bob), title="May I ask this?", at=AT)
    assert refused.value.details["why"] == "role"


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("editor", True), ("viewer", False)])
def test_a_team_asks_in_its_own_name_by_its_editors(role: str, may: bool) -> None:
    acme = member("Acme", kind="organisation")
    editor = User.objects.create_user("editor@example.com", "a long pass phrase")
    Membership.objects.create(user=editor, person=acme, role=role)
    topic = ask(member("Bob")).topic
    values = {"topic": topic, "person": acme, "user": editor, "title": "Who mends our boats?", "at": AT}
    if may:
        question = asking.ask(**values)
        assert (question.person, question.user) == (acme, editor)
    else:
        with pytest.raises(NotAllowed):
            asking.ask(**values)


def test_who_is_too_young_neither_asks_nor_answers() -> None:
    question = ask(member("Alice"))
    young = member("Bob", birth_year=AT.year - 12)
    with pytest.raises(NotAllowed) as refused:
        ask(young, "May I ask this, being young?")
    assert refused.value.details["why"] == "age"
    with pytest.raises(NotAllowed):
        answer(question, young)


def test_who_linked_nothing_waits_a_day() -> None:
    alice = member("Alice", days=0.5)
    LinkedAccount.objects.all().delete()
    with pytest.raises(NotAllowed) as refused:
        ask(alice)
    assert refused.value.details["why"] == "new"
    assert ask(alice, at=AT + DAY).state == "visible"


def test_who_is_silenced_is_told_until_when_and_why() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    moderation.silence(person=bob, user=staff(), days=3, reason="Advertising, twice.", at=AT)
    with pytest.raises(Silent, match=r"25 November 2026.*Advertising, twice\."):
        answer(question, bob, at=AT + DAY)
    with pytest.raises(Silent):
        ask(bob, "May I ask this now?", at=AT + DAY)
    assert answer(question, bob, at=AT + 3 * DAY).state == "visible"
    assert "Advertising, twice." in Notification.objects.get(user=user_of(bob), kind="silenced").text


def test_a_silence_can_be_ended_and_both_are_written_down() -> None:
    alice, by = member("Alice"), staff()
    moderation.silence(person=alice, user=by, days=3, reason="Spam.", at=AT)
    assert moderation.unsilence(person=alice, user=by, reason="A mistake.", at=AT + HOUR)
    assert not moderation.unsilence(person=alice, user=by, reason="A mistake.", at=AT + HOUR)
    assert moderation.silenced(alice, AT + HOUR) is None
    log = ModerationEntry.objects.order_by("at").values_list("action", "user__email", "person__handle", "reason")
    assert list(log) == [
        ("silence", "staff@example.com", "Alice", "Spam."),
        ("end silence", "staff@example.com", "Alice", "A mistake."),
    ]


@pytest.mark.parametrize(("days", "reason"), [(0, "Spam."), (366, "Spam."), (3, " ")])
def test_nobody_is_silenced_for_nothing_or_for_ever(days: int, reason: str) -> None:
    alice = member("Alice")
    with pytest.raises(ValueError, match="nobody is silenced"):
        moderation.silence(person=alice, user=staff(), days=days, reason=reason, at=AT)
    assert not ModerationEntry.objects.exists()


def test_the_fourth_question_waits_for_the_next_day() -> None:
    alice = member("Alice")
    for number in range(3):
        ask(alice, f"What about hive number {number}?", at=AT + number * HOUR)
    with pytest.raises(TooMany, match="3 questions in 24 hours"):
        ask(alice, "What about hive number 3?", at=AT + 23 * HOUR)
    assert ask(alice, "What about hive number 3?", at=AT + 24 * HOUR).state == "visible"


def test_the_twenty_first_answer_waits_for_the_next_day() -> None:
    alice, bob = member("Alice"), member("Bob")
    first = ask(alice)
    for number in range(21):
        Question.objects.create(
            topic=first.topic, person=alice, title=f"Question {number}", created_at=AT, active_at=AT
        )
    asked = list(Question.objects.exclude(pk=first.pk))
    for number, question in enumerate(asked[:20]):
        answer(question, bob, f"This is the answer to number {number}.")
    with pytest.raises(TooMany, match="20 answers in 24 hours"):
        answer(asked[20], bob, "This is the answer to number 20.", at=AT + 23 * HOUR)
    assert answer(asked[20], bob, "This is the answer to number 20.", at=AT + 24 * HOUR)


@pytest.mark.parametrize(
    ("title", "text", "field"),
    [("", "", "title"), (" ?! ", "", "title"), ("a" * 151, "", "title"), ("When do bees swarm?", "b" * 3001, "text")],
)
def test_a_question_has_a_line_and_not_too_much_below_it(title: str, text: str, field: str) -> None:
    with pytest.raises(Unfit) as refused:
        ask(member("Alice"), title, text=text)
    assert refused.value.details["field"] == field
    assert not Question.objects.exists()


def test_a_question_of_full_length_is_kept_whole() -> None:
    question = ask(member("Alice"), "b" * 150, text="c" * 3000)
    question.refresh_from_db()
    assert (len(question.title), len(question.text)) == (150, 3000)


def test_the_three_hundred_and_first_word_is_one_too_many() -> None:
    question, bob = ask(member("Alice")), member("Bob")
    with pytest.raises(Unfit, match=r"at most 300 words. This is 1 word more"):
        answer(question, bob, "word " * 301)
    assert not Answer.objects.exists()
    assert answer(question, bob, "word " * 300)


def test_an_answer_says_something() -> None:
    with pytest.raises(Unfit):
        answer(ask(member("Alice")), member("Bob"), " \u200b...\n")


def test_everybody_answers_once_and_not_themselves() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    given = answer(question, bob)
    with pytest.raises(AnsweredAlready) as refused:
        answer(question, bob, "And something else again.")
    assert refused.value.details["answer"] == given
    with pytest.raises(NotAllowed):
        answer(question, alice)


def test_what_was_withdrawn_can_be_answered_anew() -> None:
    question, bob = ask(member("Alice")), member("Bob")
    given = answer(question, bob)
    assert answering.withdraw(answer=given, person=bob, user=user_of(bob), at=AT)
    assert not answering.withdraw(answer=given, person=bob, user=user_of(bob), at=AT)
    question.refresh_from_db()
    assert question.answered == 0
    again = answer(question, bob, "In June, here in the north.", at=AT + HOUR)
    question.refresh_from_db()
    assert (again.pk, question.answered, question.active_at) == (given.pk, 1, AT + HOUR)


def test_the_same_words_are_refused_in_whatever_spelling() -> None:
    alice = member("Alice")
    first = ask(alice)
    with pytest.raises(SaidBefore) as refused:
        ask(alice, QUESTION.upper().replace(",", " !!"))
    assert refused.value.details["question"] == first
    other = ask(member("Charlie"), "Which hive is best for beginners?")
    bob = member("Bob")
    answer(first, bob, "Buy it all at my stall, every day!")
    with pytest.raises(SaidBefore):
        answer(other, bob, "buy it ALL at my stall every day")
    assert answer(other, bob, "Any that you can lift.")


def test_a_link_of_somebody_new_is_read_first() -> None:
    alice, new, known = member("Alice"), member("Bob", days=3), member("Charlie", days=8)
    question = ask(alice)
    given = answer(question, new, "All of it is at https://shop.example/bees for you.")
    question.refresh_from_db()
    assert (given.state, given.ground, question.answered) == ("held", "link", 0)
    entry = ModerationEntry.objects.get()
    assert (entry.action, entry.user, entry.answer, entry.person) == ("hold", None, given, new)
    assert "waits until our staff" in Notification.objects.get(user=user_of(new)).text
    # Nobody is told of what nobody may read yet.
    assert not Notification.objects.filter(user=user_of(alice)).exists()
    assert answer(question, known, "See https://library.example/bees for it.").state == "visible"
    assert answer(ask(known, "Which hive is best for beginners?"), new, "Any that you can lift.").state == "visible"


def test_a_link_that_is_added_later_is_read_first_too() -> None:
    new = member("Bob", days=3)
    given = answer(ask(member("Alice")), new)
    text = "In May. More at https://shop.example/bees today."
    changed = answering.change(answer=given, person=new, user=user_of(new), text=text, at=AT + HOUR)
    assert (changed.state, changed.question.state) == ("held", "visible")
    assert Question.objects.get().answered == 0


def test_what_one_wrote_can_be_changed_for_a_day_and_is_marked() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    given = answer(question, bob)
    me = {"person": bob, "user": user_of(bob)}
    changed = answering.change(answer=given, text="In June.", at=AT + 23 * HOUR, **me)
    assert (changed.text, changed.changed_at) == ("In June.", AT + 23 * HOUR)
    with pytest.raises(NotNow):
        answering.change(answer=given, text="In July.", at=AT + DAY, **me)
    with pytest.raises(NotAllowed):
        answering.change(answer=given, text="Mine.", person=alice, user=user_of(alice), at=AT)


def test_an_answered_question_keeps_its_line() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    mine = {"question": question, "person": alice, "user": user_of(alice)}
    asking.change(title="When do my bees swarm?", text="", at=AT, **mine)
    answer(question, bob)
    with pytest.raises(NotNow):
        asking.change(title="Is the earth flat?", text="", at=AT + HOUR, **mine)
    asking.change(title="When do my bees swarm?", text="I live in the north.", at=AT + HOUR, **mine)
    question.refresh_from_db()
    assert (question.title, question.text, question.changed_at) == (
        "When do my bees swarm?",
        "I live in the north.",
        AT + HOUR,
    )


def test_a_withdrawn_question_takes_no_answers() -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice)
    assert asking.withdraw(question=question, person=alice, user=user_of(alice), at=AT)
    with pytest.raises(NotNow):
        answer(question, bob)
    assert not Answer.objects.exists()


def test_who_asked_to_be_erased_writes_no_more() -> None:
    from accounts.models import Erasure

    alice = member("Alice")
    Erasure.objects.create(person=alice, requested_at=AT, due_at=AT + timedelta(days=7))
    with pytest.raises(NotAllowed):
        ask(alice)
    assert Person.objects.filter(pk=alice.pk).exists()
