"""Who may write now, how much in a day, and what is looked at first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import LinkedAccount, Membership, Person, User
from scoring import moderation
from scoring.models import Answer, Question, Report
from scoring.questions import words
from scoring.questions.errors import NotAllowed, SaidBefore, Silent, TooMany

SPEAKING = (Membership.Role.OWNER, Membership.Role.EDITOR)
DAY = timedelta(days=1)
# In any 24 hours.
MOST_QUESTIONS, MOST_ANSWERS, MOST_REPORTS = 3, 20, 20
# Whoever has linked nothing may write after:
UNLINKED_FOR = timedelta(days=1)
# So long somebody is new: what they write with a link in it is looked at first.
NEW_FOR = timedelta(days=7)
# So far back the same words are the same again; and so long they must be for it: "Yes." may be said often.
REMEMBERED, SHORTEST_SAME = timedelta(days=90), 12


def turn(person: Person) -> None:
    """Let nobody else write in the name of `person`, nor erase them, until the caller's transaction ends.

    Raises NotAllowed where they are gone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_person WHERE id = %s FOR NO KEY UPDATE", [person.pk])
        if cursor.fetchone() is None:
            raise NotAllowed(_("They are not here any more."), why="gone")


def may_act(*, person: Person, user: User, at: datetime) -> None:
    """Raises NotAllowed where `user` does not act for `person`, or the person is too young or about to be erased."""
    if not Membership.objects.filter(user=user, person=person, role__in=SPEAKING).exists():
        raise NotAllowed(_("You do not speak for them here."), why="role")
    if not person.old_enough(at.date()):
        raise NotAllowed(_("Questions and answers begin with the age from which profiles are shown."), why="age")
    if not Person.objects.staying().filter(pk=person.pk).exists():
        raise NotAllowed(_("They have asked to be erased."), why="gone")


def may_write(*, person: Person, user: User, at: datetime) -> None:
    """Raises NotAllowed or Silent where `person` may neither ask nor answer now."""
    may_act(person=person, user=user, at=at)
    if row := moderation.silenced(person, at):
        text = _("You cannot write here until %(until)s. Why: %(reason)s") % {
            "until": date_format(localtime(row.until), "DATETIME_FORMAT"),
            "reason": row.reason,
        }
        raise Silent(text, until=row.until, reason=row.reason)
    if person.created_at > at - UNLINKED_FOR and not LinkedAccount.objects.connected().filter(person=person).exists():
        raise NotAllowed(_("Link one of your accounts first, or come back tomorrow: that keeps spam out."), why="new")


def within_the_day(model: type[Question] | type[Answer] | type[Report], *, person: Person, at: datetime) -> None:
    """Raises TooMany where `person` has written as many of `model` in 24 hours as there may be; within their turn."""
    whose = {"reporter": person} if model is Report else {"person": person}
    most = {Question: MOST_QUESTIONS, Answer: MOST_ANSWERS, Report: MOST_REPORTS}[model]
    if model.objects.filter(created_at__gt=at - DAY, **whose).count() < most:
        return
    texts = {
        Question: ngettext(
            "You have asked %(most)s question in 24 hours, which is as many as there may be. Please wait a little.",
            "You have asked %(most)s questions in 24 hours, which is as many as there may be. Please wait a little.",
            most,
        ),
        Answer: ngettext(
            "You have given %(most)s answer in 24 hours, which is as many as there may be. Please wait a little.",
            "You have given %(most)s answers in 24 hours, which is as many as there may be. Please wait a little.",
            most,
        ),
        Report: ngettext(
            "You have reported %(most)s thing in 24 hours. Please wait until our staff has looked at it.",
            "You have reported %(most)s things in 24 hours. Please wait until our staff has looked at them.",
            most,
        ),
    }
    raise TooMany(texts[model] % {"most": most}, most=most)


def not_said_before(*, person: Person, text: str, at: datetime, but: Question | Answer | None = None) -> None:
    """Raises SaidBefore where `person` wrote the same words lately, in whatever spelling; `but` is left out."""
    sought = words.core(text)
    if len(sought) < SHORTEST_SAME:
        return
    since = at - REMEMBERED
    for question, said in _said(person, since, but):
        if words.core(said) == sought:
            raise SaidBefore(question=question)


def _said(person: Person, since: datetime, but: Question | Answer | None) -> Iterable[tuple[Question, str]]:
    asked = Question.objects.filter(person=person, created_at__gt=since)
    if isinstance(but, Question):
        asked = asked.exclude(pk=but.pk)
    for question in asked:
        yield question, question.title + question.text
    answered = Answer.objects.filter(person=person, created_at__gt=since).select_related("question")
    if isinstance(but, Answer):
        answered = answered.exclude(pk=but.pk)
    for answer in answered:
        yield answer.question, answer.text


def waits(*, person: Person, text: str, at: datetime) -> bool:
    """Whether `text` is held until the staff has looked at it: `person` is new, and it leads elsewhere."""
    return person.created_at > at - NEW_FOR and words.leads_elsewhere(text)
