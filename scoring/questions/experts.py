"""A few who know about a topic are told of a question in it; and who is said to know about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.matters import OFF
from accounts.models import Membership, NotificationChoice, Person
from accounts.notify import notify
from accounts.visibility import Viewer, showing
from scoring.models import PersonTopic, Question, Silenced
from scoring.models.questions import State
from scoring.questions.news import MATTER
from scoring.topics import name_in

# From this expertise on (0 to 1) somebody is said to know about a topic.
KNOWS = 0.25
# Of a question at most so many are told, and nobody of more than so many in a UTC day (a constraint holds that).
MOST_ASKED, A_DAY = 10, 2
# Among so many of those who know best it is looked for them.
LOOKED_AT = 200

# The least ordinal that is free; where two questions want the same one, one of them goes without.
_TAKE = """
    INSERT INTO scoring_askedexpert (question_id, person_id, day, ordinal)
    SELECT %(question)s, wanted.person, %(day)s, free.ordinal
    FROM unnest(%(people)s::bigint[]) WITH ORDINALITY AS wanted (person, rank)
    CROSS JOIN LATERAL (
        SELECT ordinal FROM generate_series(1, %(a_day)s) AS ordinal
        WHERE NOT EXISTS (
            SELECT FROM scoring_askedexpert AS taken
            WHERE taken.person_id = wanted.person AND taken.day = %(day)s AND taken.ordinal = ordinal.ordinal
        )
        ORDER BY ordinal LIMIT 1
    ) AS free
    ORDER BY wanted.rank LIMIT %(most)s
    ON CONFLICT DO NOTHING RETURNING person_id
"""


def tell_later(question: Question) -> None:
    """Have a worker tell those who know, once the question is there: nobody waits for it."""
    number = question.pk
    # By its name: tasks import this.
    transaction.on_commit(lambda: current_app.send_task("scoring.tasks.ask_experts", [number]), robust=True)


@transaction.atomic
def tell(*, question_id: int, at: datetime) -> int:
    """Tell up to MOST_ASKED people who know about the question's topic, the best first; how many. Once a question."""
    rows = Question.objects.select_for_update(of=("self",), no_key=True).select_related("topic")
    question = rows.filter(pk=question_id, state=State.VISIBLE).first()
    if question is None or question.asked_experts.exists():
        return 0
    people = candidates(question, at)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "question": question.pk,
            "day": at.date(),
            "people": people,
            "a_day": A_DAY,
            "most": MOST_ASKED,
        }
        cursor.execute(_TAKE, values)
        taken = [person for (person,) in cursor.fetchall()]
    for person in Person.objects.filter(pk__in=taken).order_by("pk"):
        context = {"question": question.title, "topic": name_in(question.topic), "url": question.get_absolute_url()}
        notify(person=person, kind="question_asked", context=context)
    return len(taken)


def candidates(question: Question, at: datetime) -> list[int]:
    """Numbers of people who know about the topic, show that to members, may write and want to be told; best first."""
    wants_none = NotificationChoice.objects.filter(matter=MATTER, mail=OFF, on_site=False, push=False)
    told = Membership.objects.filter(person=OuterRef("person")).exclude(
        Exists(wants_none.filter(user=OuterRef("user")))
    )
    rows = PersonTopic.objects.filter(
        showing("topics", Viewer.MEMBER, prefix="person__"),
        Exists(told),
        topic=question.topic,
        expertise__gte=KNOWS,
        hidden=False,
        person__visibility__in=[Person.Visibility.PUBLIC, Person.Visibility.MEMBERS],
        person__erasure__isnull=True,
    )
    rows = rows.exclude(Exists(Silenced.objects.filter(person=OuterRef("person"), until__gt=at)))
    if question.person_id is not None:
        # Neither who asks, nor whom somebody who asks speaks for.
        askers = Membership.objects.filter(person=question.person_id).values("user")
        rows = rows.exclude(person__in=Membership.objects.filter(user__in=askers).values("person"))
    found = rows.select_related("person").order_by("-expertise", "person")[:LOOKED_AT]
    return [row.person_id for row in found if row.person.old_enough(at.date())]
