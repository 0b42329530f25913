"""Asking, changing what one asked for a day, and withdrawing it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import team_log
from accounts.models import Person, User
from scoring.models import Question, Topic
from scoring.models.questions import Ground, State
from scoring.questions import experts, standing, words
from scoring.questions.errors import NotAllowed, NotNow, Unfit
from scoring.questions.states import LIVE, Thing, hold, locked_question, put

LONGEST_TITLE, LONGEST_TEXT = 150, 3000
# Letters and digits of it.
SHORTEST_TITLE = 5
# How long what one wrote can be changed: then others have read it, and answered.
CHANGEABLE = timedelta(days=1)
# For the log, which staff reads: not translated.
LINK_RULE = "A link in the first week of a member."


@transaction.atomic
def ask(
    *, topic: Topic, person: Person, user: User, title: str, text: str = "", language: str = "", at: datetime
) -> Question:
    """Ask in `topic` in the name of `person`; whom `user` acts for. A few who know are told after the commit.

    Raises Unfit, NotAllowed, Silent, TooMany or SaidBefore. With a link in it, it is held where the person is new.
    """
    title, text = words.line(title), words.cleaned(text)
    _fits(title, text)
    standing.turn(person)
    standing.may_write(person=person, user=user, at=at)
    standing.not_said_before(person=person, text=title + text, at=at)
    standing.within_the_day(Question, person=person, at=at)
    question = Question.objects.create(
        topic=topic,
        person=person,
        user=user,
        title=title,
        text=text,
        language=language[:10],
        created_at=at,
        active_at=at,
    )
    team_log.note(person=person, user=user, action="ask", about=f"question {question.pk}", at=at)
    if standing.waits(person=person, text=f"{title} {text}", at=at):
        hold(question, ground=Ground.LINK, reason=LINK_RULE, at=at)
    else:
        experts.tell_later(question)
    return question


def _fits(title: str, text: str) -> None:
    if len(words.core(title)) < SHORTEST_TITLE:
        raise Unfit(_("Please ask a whole question: others see this line first."), field="title")
    if len(title) > LONGEST_TITLE:
        raise Unfit(
            _("The question has at most %(most)s characters. More can stand below it.") % {"most": LONGEST_TITLE},
            field="title",
        )
    if len(text) > LONGEST_TEXT:
        raise Unfit(_("This has at most %(most)s characters.") % {"most": LONGEST_TEXT}, field="text")


@transaction.atomic
def change(*, question: Question, person: Person, user: User, title: str, text: str, at: datetime) -> Question:
    """Change what was asked, within CHANGEABLE; the question itself only while nobody has answered.

    Raises NotNow, and all that `ask` raises.
    """
    title, text = words.line(title), words.cleaned(text)
    _fits(title, text)
    standing.turn(person)
    standing.may_write(person=person, user=user, at=at)
    question = locked_question(question.pk)
    is_own(question, person)
    still_open(question, at)
    if (title, text) == (question.title, question.text):
        return question
    if question.answered and title != question.title:
        raise NotNow(_("Others have answered the question as it is. You can still change what stands below it."))
    standing.not_said_before(person=person, text=title + text, at=at, but=question)
    question.title, question.text, question.changed_at = title, text, at
    question.save(update_fields=["title", "text", "changed_at"])
    team_log.note(person=person, user=user, action="edit question", about=f"question {question.pk}", at=at)
    if question.state == State.VISIBLE and standing.waits(person=person, text=f"{title} {text}", at=at):
        hold(question, ground=Ground.LINK, reason=LINK_RULE, at=at)
    return question


@transaction.atomic
def withdraw(*, question: Question, person: Person, user: User, at: datetime) -> bool:
    """Take the question from the pages for good, with its answers; whether it was there."""
    standing.turn(person)
    standing.may_act(person=person, user=user, at=at)
    question = locked_question(question.pk)
    is_own(question, person)
    if question.state not in LIVE:
        return False
    put(question, State.WITHDRAWN)
    team_log.note(person=person, user=user, action="withdraw question", about=f"question {question.pk}", at=at)
    return True


def is_own(thing: Thing, person: Person) -> None:
    """Raises NotAllowed where somebody else wrote `thing`."""
    if thing.person_id != person.pk:
        raise NotAllowed(_("Somebody else wrote this."), why="own")


def still_open(thing: Thing, at: datetime) -> None:
    """Raises NotNow where `thing` can no longer be changed."""
    if thing.state not in LIVE:
        raise NotNow(_("It is not on the page any more."))
    if thing.created_at <= at - CHANGEABLE:
        raise NotNow(_("What you write can be changed for a day. You can still withdraw it."))
