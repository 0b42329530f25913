"""People who ask and answer, and questions of theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Account, LinkedAccount, Membership, Person, User
from scoring.models import Answer, PersonTopic, Question, Score, ScoreRun, Topic
from scoring.questions import answering, asking

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUESTION = "When do bees swarm, and what is to be done then?"


def member(handle: str, *, days: float = 60, scored: bool = False, staff: bool = False, **values: Any) -> Person:
    """Somebody who joined so many days before AT, with a log-in and a linked account."""
    person = Person.objects.create(handle=handle, name=f"{handle} Archer", **values)
    Person.objects.filter(pk=person.pk).update(created_at=AT - timedelta(days=days))
    person.refresh_from_db()
    user = User.objects.create_user(f"{handle.lower()}@example.com", "a long pass phrase", is_staff=staff)
    Membership.objects.create(user=user, person=person)
    account = Account.objects.create(network="twitter", external_id=f"x-{handle}", handle=handle.lower())
    LinkedAccount.objects.create(account=account, person=person)
    if scored:
        give_score(person)
    return person


def give_score(person: Person) -> None:
    day = date(2026, 11, 21)
    run, _new = ScoreRun.objects.get_or_create(
        as_of=day, formula="v1", defaults={"state": ScoreRun.State.DONE, "stage": "award", "counts": {}}
    )
    parts = {"score": 30.0, "reach": 10.0, "amplification": 10.0, "network_part": 10.0}
    Score.objects.create(person=person, run=run, percentile=50.0, confidence="fair", formula="v1", as_of=day, **parts)


def staff() -> User:
    return User.objects.create_user("staff@example.com", "a long pass phrase", is_staff=True, is_superuser=True)


def user_of(person: Person) -> User:
    return person.users.get()


def beekeeping() -> Topic:
    return Topic.objects.get_or_create(slug="beekeeping", defaults={"name": "Beekeeping"})[0]


def ask(person: Person, title: str = QUESTION, *, at: datetime = AT, **values: Any) -> Question:
    topic = values.pop("topic", None) or beekeeping()
    return asking.ask(topic=topic, person=person, user=user_of(person), title=title, at=at, **values)


def answer(question: Question, person: Person, text: str = "In May, on warm days.", *, at: datetime = AT) -> Answer:
    return answering.answer(question=question, person=person, user=user_of(person), text=text, at=at)


def knows(person: Person, expertise: float = 0.8, *, hidden: bool = False) -> PersonTopic:
    return PersonTopic.objects.create(
        person=person, topic=beekeeping(), expertise=expertise, hidden=hidden, added_at=AT
    )
