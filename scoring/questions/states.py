"""The states of questions and answers, under locks: what is counted of them is right after every change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.notify import notify
from scoring import moderation
from scoring.models import Answer, Question
from scoring.models.questions import Ground, State
from scoring.questions.errors import NotNow

Thing = Question | Answer
# Whoever wrote it may change it for so long after it was written: scoring.questions.asking and answering.
LIVE = (State.VISIBLE, State.HELD)


def locked_question(pk: int) -> Question:
    """The question, which nobody else changes until the caller's transaction ends. Raises NotNow where it is gone."""
    question = (
        Question.objects.select_for_update(of=("self",), no_key=True).select_related("topic", "person").filter(pk=pk)
    )
    found = question.first()
    if found is None:
        raise NotNow(_("It is not here any more."))
    return found


def locked(thing: Thing) -> Thing:
    """`thing` as it is, locked with the question it belongs to. Raises NotNow where it is gone."""
    if isinstance(thing, Question):
        return locked_question(thing.pk)
    question = locked_question(thing.question_id)
    rows = Answer.objects.select_for_update(of=("self",), no_key=True).select_related("person").filter(pk=thing.pk)
    found = rows.first()
    if found is None:
        raise NotNow(_("It is not here any more."))
    found.question = question
    return found


def settle(question: int) -> None:
    """Count the visible answers of a question anew; the caller has it locked, else a second one is counted out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE scoring_question AS question
            SET answered = counted.number, active_at = coalesce(counted.newest, question.created_at)
            FROM (
                SELECT count(*) AS number, max(created_at) AS newest
                FROM scoring_answer WHERE question_id = %(question)s AND state = 'visible'
            ) AS counted
            WHERE question.id = %(question)s
            """,
            {"question": question},
        )


def put(thing: Thing, state: State, *, ground: str = "", note: str = "") -> None:
    """Bring a locked `thing` into `state`, and what is counted with it."""
    thing.state, thing.ground, thing.note = state, ground, note[:300]
    thing.save(update_fields=["state", "ground", "note"])
    if isinstance(thing, Answer):
        settle(thing.question_id)


def hold(thing: Thing, *, ground: Ground, reason: str, at: datetime, tell: bool = True) -> None:
    """Keep a locked `thing` out of sight until the staff has looked at it: by a rule, which is written down."""
    put(thing, State.HELD, ground=ground)
    moderation.record(user=None, action="hold", **named(thing), reason=reason, at=at)
    if tell:
        tell_author(thing, "post_held", ground=Ground(ground).label)


def named(thing: Thing) -> dict[str, Any]:
    """How the log names `thing`: by numbers, since its words may have to go."""
    if isinstance(thing, Question):
        return {"question": thing, "person": thing.person, "about": f"question {thing.pk}"}
    return {
        "question": thing.question,
        "answer": thing,
        "person": thing.person,
        "about": f"answer {thing.pk} to question {thing.question_id}",
    }


def tell_author(thing: Thing, kind: str, **more: Any) -> None:
    """Tell who wrote `thing` what became of it; of an erased asker nobody is told."""
    if thing.person is not None:
        context = {"is_answer": isinstance(thing, Answer), "url": thing.get_absolute_url(), **more}
        notify(person=thing.person, kind=kind, context=context)
