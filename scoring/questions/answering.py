"""Answering, changing an answer for a day, withdrawing it, and giving +K for one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import team_log
from accounts.models import Person, User
from accounts.notify import notify
from scoring.models import Answer, Endorsement, Question
from scoring.models.questions import Ground, State
from scoring.plus_k import giving
from scoring.questions import standing, words
from scoring.questions.asking import LINK_RULE, is_own, still_open
from scoring.questions.errors import AnsweredAlready, NotAllowed, NotNow, Unfit
from scoring.questions.states import LIVE, hold, locked, locked_question, put, settle

MOST_WORDS = 300
# Words may be long: so many characters nothing of 300 words has.
LONGEST = 5000


@transaction.atomic
def answer(*, question: Question, person: Person, user: User, text: str, at: datetime) -> Answer:
    """Answer in the name of `person`, whom `user` acts for; who asked is told.

    An answer that was withdrawn, and for which nobody had given +K, can be given anew. Raises Unfit, NotAllowed,
    Silent, NotNow (the question is no longer there), AnsweredAlready, SaidBefore or TooMany.
    """
    text = _fit(text)
    standing.turn(person)
    standing.may_write(person=person, user=user, at=at)
    question = locked_question(question.pk)
    if question.state != State.VISIBLE:
        raise NotNow(_("This question is not open for answers now."))
    if question.person_id == person.pk:
        raise NotAllowed(_("It is your own question: add to it instead."), why="own")
    before = Answer.objects.filter(question=question, person=person).first()
    if before is not None and not can_answer_anew(before):
        raise AnsweredAlready(answer=before)
    standing.not_said_before(person=person, text=text, at=at, but=before)
    standing.within_the_day(Answer, person=person, at=at)
    values = {"user": user, "text": text, "state": State.VISIBLE, "created_at": at, "changed_at": None}
    given, _new = Answer.objects.update_or_create(question=question, person=person, defaults=values)
    given.question = question
    settle(question.pk)
    team_log.note(person=person, user=user, action="answer", about=f"question {question.pk}", at=at)
    if standing.waits(person=person, text=text, at=at):
        hold(given, ground=Ground.LINK, reason=LINK_RULE, at=at)
    else:
        tell_asker(given, at)
    return given


def can_answer_anew(before: Answer) -> bool:
    """Whether an answer that was withdrawn leaves the place to another of the same person."""
    return before.state == State.WITHDRAWN and before.plus_k == 0


def _fit(text: str) -> str:
    text = words.cleaned(text)
    number = words.count(text)
    if not number:
        raise Unfit(_("Please write an answer."), field="text")
    if number > MOST_WORDS:
        over = ngettext(
            "An answer has at most %(most)s words. This is %(over)s word more.",
            "An answer has at most %(most)s words. This is %(over)s words more.",
            number - MOST_WORDS,
        )
        raise Unfit(over % {"most": MOST_WORDS, "over": number - MOST_WORDS}, field="text")
    if len(text) > LONGEST:
        raise Unfit(_("An answer has at most %(most)s characters.") % {"most": LONGEST}, field="text")
    return text


def tell_asker(given: Answer, at: datetime) -> None:
    """Tell who asked that there is an answer; by whom, where they may see that."""
    asker = given.question.person
    if asker is None:
        return
    user = asker.users.order_by("pk").first()
    seen = user is not None and Person.objects.visible_to(user, at.date()).filter(pk=given.person_id).exists()
    context = {
        "question": given.question.title,
        "author": given.person.display_name if seen else "",
        "url": given.get_absolute_url(),
    }
    notify(person=asker, kind="question_answered", context=context)


@transaction.atomic
def change(*, answer: Answer, person: Person, user: User, text: str, at: datetime) -> Answer:
    """Change an answer, within CHANGEABLE. Raises NotNow, and all that `answer` raises."""
    text = _fit(text)
    standing.turn(person)
    standing.may_write(person=person, user=user, at=at)
    given = locked(answer)
    assert isinstance(given, Answer)
    is_own(given, person)
    still_open(given, at)
    if text == given.text:
        return given
    standing.not_said_before(person=person, text=text, at=at, but=given)
    given.text, given.changed_at = text, at
    given.save(update_fields=["text", "changed_at"])
    team_log.note(person=person, user=user, action="edit answer", about=f"question {given.question_id}", at=at)
    if given.state == State.VISIBLE and standing.waits(person=person, text=text, at=at):
        hold(given, ground=Ground.LINK, reason=LINK_RULE, at=at)
    return given


@transaction.atomic
def withdraw(*, answer: Answer, person: Person, user: User, at: datetime) -> bool:
    """Take an answer from the page; whether it was there. The +K that were given for it stay given."""
    standing.turn(person)
    standing.may_act(person=person, user=user, at=at)
    given = locked(answer)
    is_own(given, person)
    if given.state not in LIVE:
        return False
    put(given, State.WITHDRAWN)
    about = f"question {answer.question_id}"
    team_log.note(person=person, user=user, action="withdraw answer", about=about, at=at)
    return True


@transaction.atomic
def plus_k(*, answer: Answer, giver: Person, user: User, at: datetime | None = None) -> Endorsement:
    """Give one +K of `giver`'s for `answer`, in the question's topic. `at` is the database's now by default.

    Raises NotNow where the answer or its question is not there (any more), and all that scoring.plus_k.giving.give
    raises, with nothing changed.
    """
    given = giving.give(
        giver=giver, receiver=answer.person, topic=answer.question.topic, user=user, at=at, answer=answer
    )
    # Only now: giving has locked the answer's row, last of all, so that what is read here stays so.
    there = Answer.objects.filter(pk=answer.pk, state=State.VISIBLE, question__state=State.VISIBLE)
    if not there.exists():
        raise NotNow(_("This answer is not on the page any more."))
    return given
