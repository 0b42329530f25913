"""Which topics people chose for themselves, and which of theirs they hide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.models import Person
from scoring.models import PersonTopic, Topic

# So many may somebody choose: who is about everything is about nothing.
MOST = 20
# The lock that keeps two from choosing the twenty-first at once: any number, as long as nothing else locks the same.
LOCK = 0x746F70


class TooMany(Exception):
    """More topics than MOST."""


def choose(
    *, person: Person, chosen: Collection[str], hidden: Collection[str], at: datetime, most: int = MOST
) -> Sequence[Topic]:
    """Make `chosen` (slugs) the topics that `person` chose, and of all their topics hide `hidden`; returns the chosen.

    Topics that evidence brought stay, chosen or not. Slugs of no topic are left out. Raises TooMany.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, person.pk % 2**31])
        topics = list(Topic.objects.filter(slug__in=chosen))
        if len(topics) > most:
            raise TooMany
        mine = PersonTopic.objects.filter(person=person)
        mine.exclude(topic__in=topics).filter(chosen=True, expertise=0.0).delete()
        mine.exclude(topic__in=topics).update(chosen=False)
        PersonTopic.objects.bulk_create(
            [PersonTopic(person=person, topic=topic, chosen=True, added_at=at) for topic in topics],
            update_conflicts=True,
            unique_fields=["person", "topic"],
            update_fields=["chosen"],
        )
        mine.filter(topic__slug__in=hidden).update(hidden=True)
        mine.exclude(topic__slug__in=hidden).update(hidden=False)
    return topics
