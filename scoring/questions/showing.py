"""One question with its answers as a reader sees them: in what order, who is said to know, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, FloatField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Person
from accounts.visibility import Viewer, may_see, showing
from scoring.models import Answer, Endorsement, PersonTopic, Question
from scoring.models.questions import State
from scoring.plus_k.giving import UNDO
from scoring.questions.asking import CHANGEABLE
from scoring.questions.experts import KNOWS
from scoring.questions.lists import with_seen
from scoring.topics import reasons

A_PAGE = 30


@dataclass(slots=True)
class Line:
    """An answer. author: None where the reader may not see who it is; own: one of the reader's people wrote it.

    knows: why the author is said to know about the topic, as sentences; None where that is not said.
    given: the reader's +K in this topic to this author, of the last seven days; undoable: it can be taken back.
    """

    answer: Answer
    author: Person | None
    own: bool = False
    knows: list[str] | None = None
    given: Endorsement | None = None
    undoable: bool = False
    changeable: bool = False


@dataclass(slots=True)
class Shown:
    """What stands on the page of a question. mine: the reader's answer, as whoever they act for."""

    question: Question
    author: Person | None
    own: bool
    changeable: bool
    lines: list[Line] = field(default_factory=list)
    mine: Answer | None = None
    more: bool = False


def question_for(pk: int, reader: object, day: date) -> Question | None:
    """The question with its topic, its author, and `seen`; None where there is none. One query."""
    found: Question | None = with_seen(
        Question.objects.filter(pk=pk).select_related("topic", "person"), reader, day
    ).first()
    return found


def shown(question: Any, *, people: list[Person], me: Person | None, reader: Any, at: datetime, page: int = 1) -> Shown:
    """What the reader sees of `question` (of `question_for`). people: whom they speak for; me: as whom they act.

    At most five queries, however many answers there are.
    """
    own = {person.pk for person in people}
    viewer = Viewer.MEMBER if reader.is_authenticated else Viewer.ANYBODY
    is_own = question.person_id in own
    rows = _ordered(question, own, reader, viewer, at.date())
    first = (page - 1) * A_PAGE
    found = list(rows[first : first + A_PAGE + 1])
    lines = [
        Line(
            answer,
            answer.person if answer.seen else None,
            answer.person_id in own,
            changeable=answer.person_id in own and changeable(answer, at),
        )
        for answer in found[:A_PAGE]
    ]
    if question.state != State.VISIBLE and not is_own:
        lines = [line for line in lines if line.own]
    _say_who_knows(lines, question, viewer)
    if me is not None:
        _say_what_was_given(lines, question, me, at)
    mine = next((line.answer for line in lines if me is not None and line.answer.person_id == me.pk), None)
    if mine is None and me is not None and len(found) >= A_PAGE:
        mine = Answer.objects.filter(question=question, person=me).first()
    return Shown(
        question,
        question.person if question.seen else None,
        is_own,
        is_own and changeable(question, at),
        lines,
        mine,
        len(found) > A_PAGE,
    )


def _ordered(question: Question, own: set[int], reader: object, viewer: Viewer, day: date) -> Any:
    """Visible answers and, to whoever wrote them, the others: by what the +K for them weighs and what their authors are
    known to know, as far as the reader may know that too, the newest first where that is the same."""
    known = PersonTopic.objects.filter(
        showing("topics", viewer, prefix="person__"), person=OuterRef("person"), topic=question.topic_id, hidden=False
    )
    expertise = Coalesce(Subquery(known.values("expertise")[:1]), 0.0, output_field=FloatField())
    rows = Answer.objects.filter(Q(state=State.VISIBLE) | Q(person__in=own), question=question).select_related("person")
    ranked = with_seen(rows, reader, day).annotate(expertise=expertise)
    return ranked.order_by((F("weight") + F("expertise")).desc(), "-created_at", "-pk")


def changeable(thing: Question | Answer, at: datetime) -> bool:
    return thing.state in (State.VISIBLE, State.HELD) and thing.created_at > at - CHANGEABLE


def _say_who_knows(lines: list[Line], question: Question, viewer: Viewer) -> None:
    """Two queries, where anybody is known to know."""
    able = [
        line
        for line in lines
        if line.author is not None
        and getattr(line.answer, "expertise", 0.0) >= KNOWS
        and may_see(line.author, "topics", Viewer.OWN if line.own else viewer)
    ]
    people = [line.author for line in able if line.author is not None]
    why = reasons.why(people, [question.topic], most=2, viewer=viewer) if people else {}
    for line in able:
        line.knows = [str(reason) for reason in why.get((line.answer.person_id, question.topic_id), [])]


def _say_what_was_given(lines: list[Line], question: Question, me: Person, at: datetime) -> None:
    """One query: the +K of the last seven days."""
    given = Endorsement.objects.filter(
        giver=me,
        receiver__in=[line.answer.person_id for line in lines],
        topic=question.topic,
        undone_at=None,
        until__gt=at,
    )
    standing = {row.receiver_id: row for row in given}
    for line in lines:
        line.given = standing.get(line.answer.person_id)
        line.undoable = line.given is not None and line.given.settled_at is None and line.given.given_at > at - UNDO
