"""To whom somebody might give +K: people they react to, or who react to them, in topics these show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Membership, Person
from accounts.visibility import Viewer, showing
from scoring.models import PersonTopic, Topic

PEOPLE, TOPICS = 12, 3
# Of the closest, so many are looked at for those who may be named.
LOOKED_AT = 40

_CLOSEST = """
    SELECT other, max(weight) AS weight, max(reactions) AS reactions FROM (
        (SELECT influencer_id AS other, weight, reactions FROM scoring_tie WHERE influencee_id = %(person)s
         ORDER BY weight DESC, reactions DESC LIMIT %(most)s)
        UNION ALL
        (SELECT influencee_id, weight, reactions FROM scoring_tie WHERE influencer_id = %(person)s
         ORDER BY weight DESC, reactions DESC LIMIT %(most)s)
    ) AS ties GROUP BY other ORDER BY weight DESC, reactions DESC, other
"""


def whom(giver: Person, user: Any, at: datetime) -> list[tuple[Person, list[Topic]]]:
    """At most twelve people with at most three topics each, the closest first; three queries.

    Only people whom `user` may see, who let their ties and their topics be seen, and are of no team of the giver's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLOSEST, {"person": giver.pk, "most": LOOKED_AT})
        close = [other for other, *_how in cursor.fetchall()]
    team = Membership.objects.filter(user__membership__person=giver).values("person")
    shown = Person.objects.visible_to(user, at.date()).filter(
        showing("ties", Viewer.MEMBER), showing("topics", Viewer.MEMBER), pk__in=close
    )
    people = {person.pk: person for person in shown.exclude(pk__in=team).exclude(pk=giver.pk)}
    topics = _topics([number for number in close if number in people])
    return [(people[number], topics[number]) for number in close if number in people and number in topics][:PEOPLE]


def _topics(people: Sequence[int]) -> dict[int, list[Topic]]:
    rows = PersonTopic.objects.filter(person__in=people, hidden=False).select_related("topic")
    found: dict[int, list[Topic]] = defaultdict(list)
    for row in rows.order_by("-expertise", "-chosen", "topic__name"):
        if len(found[row.person_id]) < TOPICS:
            found[row.person_id].append(row.topic)
    return dict(found)
