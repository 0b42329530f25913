"""Which topics people chose for themselves, and which of theirs they hide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts import team_log
from accounts.models import Person, User
from scoring.models import PersonTopic, Topic, TopicDispute

# So many may somebody choose: who is about everything is about nothing.
MOST = 20
# The lock that keeps two from choosing the twenty-first at once: any number, as long as nothing else locks the same.
LOCK = 0x746F70


class TooMany(Exception):
    """More topics than MOST."""


def choose(
    *,
    person: Person,
    chosen: Collection[str],
    hidden: Collection[str],
    at: datetime,
    user: User | None = None,
    most: int = MOST,
) -> Sequence[Topic]:
    """Make `chosen` (slugs) the topics that `person` chose, and of all their topics hide `hidden`; returns the chosen.

    Topics that evidence or +K brought stay, chosen or not. Slugs of no topic are left out. What was disputed and is
    chosen now is disputed no more. Raises TooMany.
    """
    with transaction.atomic():
        hold(person)
        topics = list(Topic.objects.filter(slug__in=chosen))
        if len(topics) > most:
            raise TooMany
        mine = PersonTopic.objects.filter(person=person)
        before = set(mine.filter(chosen=True).values_list("topic__slug", flat=True))
        hidden_before = set(mine.filter(hidden=True).values_list("topic__slug", flat=True))
        mine.exclude(topic__in=topics).filter(chosen=True, expertise=0.0, plus_k=0.0).delete()
        mine.exclude(topic__in=topics).update(chosen=False)
        put(person, topics, at)
        mine.filter(topic__slug__in=hidden).update(hidden=True)
        mine.exclude(topic__slug__in=hidden).update(hidden=False)
        note(person, user, before, {topic.slug for topic in topics}, at)
        hidden_now = set(mine.filter(hidden=True).values_list("topic__slug", flat=True))
        if hidden_now != hidden_before:
            changes = {"hidden": (listed(hidden_before), listed(hidden_now))}
            team_log.note(person=person, user=user, action="topics", changes=changes, at=at)
    return topics


def add(*, person: Person, topic: Topic, at: datetime, user: User | None = None, most: int = MOST) -> bool:
    """Make `topic` one of those that `person` chose; whether it was none before. Raises TooMany.

    Whoever had disputed it changed their mind.
    """
    with transaction.atomic():
        hold(person)
        before = set(PersonTopic.objects.filter(person=person, chosen=True).values_list("topic__slug", flat=True))
        if topic.slug in before:
            return False
        if len(before) >= most:
            raise TooMany
        put(person, [topic], at)
        note(person, user, before, before | {topic.slug}, at)
    return True


def give_up(*, person: Person, topic: Topic, at: datetime, user: User | None = None) -> bool:
    """Take `topic` off those that `person` chose; whether it was one. What evidence or +K says of it stays."""
    with transaction.atomic():
        hold(person)
        mine = PersonTopic.objects.filter(person=person, topic=topic, chosen=True)
        before = set(PersonTopic.objects.filter(person=person, chosen=True).values_list("topic__slug", flat=True))
        gone = mine.filter(expertise=0.0, plus_k=0.0).delete()[0] + mine.update(chosen=False)
        note(person, user, before, before - {topic.slug}, at)
    return bool(gone)


def hold(person: Person) -> None:
    """Keep others from changing what `person` chose until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, person.pk % 2**31])


def put(person: Person, topics: Sequence[Topic], at: datetime) -> None:
    TopicDispute.objects.filter(person=person, topic__in=topics).delete()
    PersonTopic.objects.bulk_create(
        [PersonTopic(person=person, topic=topic, chosen=True, added_at=at) for topic in topics],
        update_conflicts=True,
        unique_fields=["person", "topic"],
        update_fields=["chosen"],
    )


def note(person: Person, user: User | None, before: set[str], after: set[str], at: datetime) -> None:
    """A line for the team's log, where the chosen topics are others than before."""
    if before != after:
        changes = {"chosen": (listed(before), listed(after))}
        team_log.note(person=person, user=user, action="topics", changes=changes, at=at)


def listed(slugs: Collection[str]) -> str:
    return ", ".join(sorted(slugs))
