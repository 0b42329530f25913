"""People with topics, who give each other +K."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Membership, Person, User
from scoring.models import Endorsement, PersonTopic, Topic
from scoring.plus_k import giving

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def a_topic(slug: str = "beekeeping") -> Topic:
    return Topic.objects.get_or_create(slug=slug, defaults={"name": slug.capitalize()})[0]


def about(person: Person, *slugs: str, **given: Any) -> list[Topic]:
    """Give `person` the topics of these slugs."""
    found = [a_topic(slug) for slug in slugs or ("beekeeping",)]
    for topic in found:
        PersonTopic.objects.create(person=person, topic=topic, added_at=AT, **({"chosen": True} | given))
    return found


def plus_k(giver: Person, receiver: Person, topic: Topic, at: datetime = AT, **given: Any) -> Endorsement:
    user = giver.users.filter(membership__person=giver, membership__role="owner").first()
    return giving.give(giver=giver, receiver=receiver, topic=topic, user=user, at=at, **given)


def crowd(number: int) -> list[Person]:
    """So many members, each with a user and the topic of beekeeping."""
    users = User.objects.bulk_create(User(email=f"p{i}@example.org", password="!") for i in range(number))
    people = Person.objects.bulk_create(Person(handle=f"person{i}", name=f"Person {i}") for i in range(number))
    Membership.objects.bulk_create(
        Membership(user=user, person=person) for user, person in zip(users, people, strict=True)
    )
    topic = a_topic()
    PersonTopic.objects.bulk_create(PersonTopic(person=one, topic=topic, chosen=True, added_at=AT) for one in people)
    return people
