"""Lists of questions for pages, newest first, as one reader sees them; each page is found by an index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import Person
from scoring.models import Answer, Question, Topic
from scoring.models.questions import State

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A question as a reader sees it. author: None where they may not see who it was, or nobody is left."""

    question: Question
    author: Person | None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and what `after` of the next page is; "" where there is none."""

    lines: list[Line]
    next: str = ""


def with_seen(rows: QuerySet[Any], reader: object, day: date) -> QuerySet[Any]:
    """Rows that have a `person`, with `seen`: whether `reader` (a User or AnonymousUser) may see who that is."""
    seen = Exists(Person.objects.visible_to(reader, day).filter(pk=OuterRef("person")))
    shown = Case(When(seen, then=Value(True)), default=Value(False), output_field=BooleanField())
    annotated: QuerySet[Any] = rows.annotate(seen=shown)
    return annotated


def newest(topic: Topic, user: object, number: int, *, day: date | None = None) -> list[Line]:
    """The `number` questions in `topic` that were asked or answered last, as `user` sees them; one query."""
    day = day or datetime.now(UTC).date()
    rows = Question.objects.filter(topic=topic, state=State.VISIBLE).select_related("topic", "person")
    found = with_seen(rows, user, day).order_by("-active_at", "-pk")[:number]
    return [_line(question) for question in found]


def page(
    reader: object,
    day: date,
    *,
    topics: Collection[Topic] | None = None,
    unanswered: bool = False,
    asked_by: Collection[Person] | None = None,
    after: str = "",
    number: int = A_PAGE,
) -> Page:
    """Questions, those with the newest answer first. topics: in any of them; unanswered: without a visible answer.

    asked_by: of these people, who see also what of theirs is held, removed or withdrawn. after: `next` of the page
    before; what is no such thing begins anew. One query.
    """
    rows = Question.objects.select_related("topic", "person")
    if asked_by is None:
        rows = rows.filter(state=State.VISIBLE)
    else:
        rows = rows.filter(person__in=[person.pk for person in asked_by])
    if topics is not None:
        rows = rows.filter(topic__in=topics)
    if unanswered:
        rows = rows.filter(answered=0)
    if place := _place(after):
        at, pk = place
        rows = rows.filter(Q(active_at__lt=at) | Q(active_at=at, pk__lt=pk))
    found = list(with_seen(rows, reader, day).order_by("-active_at", "-pk")[: number + 1])
    last = found[number - 1] if len(found) > number else None
    return Page([_line(question) for question in found[:number]], _token(last.active_at, last.pk) if last else "")


def answers_by(people: Collection[Person], *, own: bool = False, after: str = "", number: int = A_PAGE) -> Page:
    """Answers of `people`, the newest first, each with its question; own: also what others do not see. One query."""
    rows = Answer.objects.filter(person__in=[person.pk for person in people])
    rows = rows.select_related("question__topic", "person")
    if not own:
        rows = rows.filter(state=State.VISIBLE, question__state=State.VISIBLE)
    if place := _place(after):
        at, pk = place
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-pk")[: number + 1])
    last = found[number - 1] if len(found) > number else None
    lines = [Line(answer.question, None, answer) for answer in found[:number]]
    return Page(lines, _token(last.created_at, last.pk) if last else "")


def _line(question: Any) -> Line:
    return Line(question, question.person if question.seen else None)


def _token(at: datetime, pk: int) -> str:
    return f"{int(at.timestamp() * 1_000_000)}-{pk}"


def _place(after: str) -> tuple[datetime, int] | None:
    """What `_token` said; None for anything else."""
    parts = after.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return None
    microseconds, pk = int(parts[0]), int(parts[1])
    try:
        at = datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)
    except (OverflowError, ValueError, OSError):
        return None
    return at, pk
