"""What questions, answers and moderation keep about people: how it is handed out, and how it is erased.

Whoever is erased takes their answers along. A question of theirs that others have answered stays, for the sake of the
answers, as the one line that was asked: without their name, and without what they told about it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from accounts import privacy
from accounts.models import Notification, Person
from scoring.models import Answer, AskedExpert, ModerationEntry, Question, Report, Silenced
from scoring.questions.states import locked_question, settle


def register() -> None:
    """Tell accounts.privacy what is kept here; called once, when the app is ready."""
    names = ("Question", "Answer", "Report", "AskedExpert", "Silenced", "ModerationEntry")
    privacy.register(
        "questions", export_person, erase_person, models=[f"scoring.{name}" for name in names], count=count_person
    )


def export_person(person: Person) -> dict[str, Any]:
    """What they asked, answered and reported, and what the staff decided about it. Who reported them is others' own."""
    mine = {"person": person}
    judged = ("state", "ground", "note", "objection")
    return {
        "questions": _rows(
            Question.objects.filter(**mine),
            *("created_at", "topic__slug", "title", "text", "language", "changed_at", "answered", *judged),
        ),
        "answers": _rows(
            Answer.objects.filter(**mine),
            *("created_at", "question__title", "text", "changed_at", "plus_k", *judged),
        ),
        "reports": _rows(
            Report.objects.filter(reporter=person),
            *("created_at", "question", "answer", "reason", "text", "decided_at", "upheld"),
        ),
        "asked_as_one_who_knows": _rows(AskedExpert.objects.filter(**mine), "day", "question__title"),
        "silenced": _rows(Silenced.objects.filter(**mine), "created_at", "until", "reason"),
        "decisions": _rows(ModerationEntry.objects.filter(**mine), "at", "action", "about", "reason"),
    }


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    """The `fields` of `rows` by the first of them, as JSON can carry them."""
    found = rows.order_by(fields[0], "pk").values_list(*fields)
    return [{name: _plain(value) for name, value in zip(fields, row, strict=True)} for row in found]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else value.isoformat()


def erase_person(person: Person, at: datetime) -> dict[str, int]:
    """Delete answers, reports and unanswered questions; take the name from the others."""
    answered = list(Answer.objects.filter(person=person).order_by("question").values_list("question", flat=True))
    asked = list(Question.objects.filter(person=person).order_by("pk").values_list("pk", flat=True))
    # In one order, so that two who are erased at once do not wait for each other.
    for pk in sorted({*answered, *asked}):
        locked_question(pk)
    _forget_news(person)
    removed = {"answers": _deleted(Answer.objects.filter(person=person))}
    for pk in answered:
        settle(pk)
    others = Answer.objects.filter(question__person=person).exclude(person=person).values("question")
    # Counted by whether others wrote below it at all: what is held may be shown again.
    kept = Question.objects.filter(person=person, pk__in=others, state__in=["visible", "held"])
    number = kept.update(person=None, user=None, text="", note="", objection="", objected_at=None)
    removed["questions"] = number + _deleted(Question.objects.filter(person=person))
    removed["reports of questions and answers"] = _deleted(Report.objects.filter(reporter=person))
    removed["questions told of"] = _deleted(AskedExpert.objects.filter(person=person))
    Silenced.objects.filter(person=person).delete()
    ModerationEntry.objects.filter(person=person).update(person=None)
    return removed


def _forget_news(person: Person) -> None:
    """Delete what others were told of the person's answers, and of what they asked: it names them, or quotes them."""
    answered = [answer.get_absolute_url() for answer in Answer.objects.filter(person=person)]
    asked = [question.get_absolute_url() for question in Question.objects.filter(person=person)]
    Notification.objects.filter(kind="question_answered", url__in=answered).delete()
    Notification.objects.filter(kind="question_asked", url__in=asked).delete()


def _deleted(rows: QuerySet[Any]) -> int:
    number = rows.count()
    rows.delete()
    return number


def count_person(person: Person) -> dict[str, int]:
    """What would go, in numbers by kind."""
    return {
        _("answers"): Answer.objects.filter(person=person).count(),
        _("questions"): Question.objects.filter(person=person).count(),
        _("reports of questions and answers"): Report.objects.filter(reporter=person).count(),
        _("questions told of"): AskedExpert.objects.filter(person=person).count(),
    }
