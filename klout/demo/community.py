"""+K, questions and answers of the made-up town, given and written by the same calls as real ones, at times past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Membership, Person, User
from klout.demo.talk import GIFTS, QUESTIONS, Asked, Gift
from scoring.models import Question, Topic
from scoring.plus_k import giving, settling
from scoring.plus_k.errors import CannotGive, TooSoon
from scoring.questions import answering, asking

# Everybody has been here for longer than anything that is told of them.
JOINED = timedelta(days=150)


@dataclass(slots=True)
class Talk:
    """How many +K were given, questions asked and answers written."""

    plus_k: int = 0
    questions: int = 0
    answers: int = 0


def settle_in(at: datetime) -> None:
    """Date everybody's joining before what they did."""
    User.objects.update(date_joined=at - JOINED)
    Person.objects.update(created_at=at - JOINED)
    Membership.objects.update(created_at=at - JOINED)


def talk(people: Mapping[str, Person], at: datetime) -> Talk:
    """Give all +K, ask all questions and answer them, as of `at`; what is there already stays as it is."""
    said = Talk()
    for gift in sorted(GIFTS, key=lambda gift: -gift.days):
        said.plus_k += _give(gift, people, at)
    for asked in QUESTIONS:
        if asked.by in people and not Question.objects.filter(title=asked.title).exists():
            _ask(asked, people, at, said)
    settling.settle(at=at)
    return said


def _user(person: Person) -> User:
    return User.objects.filter(membership__person=person).order_by("membership__created_at", "pk").first() or User()


def _give(gift: Gift, people: Mapping[str, Person], at: datetime) -> int:
    if gift.giver not in people:
        return 0
    giver, given = people[gift.giver], 0
    # Of today's, minutes ago: they can still be taken back.
    then = at - timedelta(days=gift.days, hours=2) if gift.days else at - timedelta(minutes=2)
    for number, receiver in enumerate(gift.receivers.split()):
        handle, slug = receiver.split("/")
        if handle not in people:
            continue
        try:
            giving.give(
                giver=giver,
                receiver=people[handle],
                topic=Topic.objects.get(slug=slug),
                user=_user(giver),
                at=then + timedelta(minutes=number if gift.days else 0),
            )
        except TooSoon:
            # A filling that was cut short has given it already.
            continue
        given += 1
    return given


def _ask(asked: Asked, people: Mapping[str, Person], at: datetime, said: Talk) -> None:
    person, then = people[asked.by], at - timedelta(days=asked.days, hours=6)
    topic = Topic.objects.get(slug=asked.topic)
    question = asking.ask(
        topic=topic, person=person, user=_user(person), title=asked.title, text=asked.text, language="en", at=then
    )
    said.questions += 1
    for reply in (reply for reply in asked.replies if reply.by in people):
        author, written = people[reply.by], then + timedelta(hours=reply.hours)
        answer = answering.answer(question=question, person=author, user=_user(author), text=reply.text, at=written)
        said.answers += 1
        for number, handle in enumerate(reply.plus_k.split(), start=1):
            giver = people.get(handle)
            if giver is None:
                continue
            try:
                answering.plus_k(answer=answer, giver=giver, user=_user(giver), at=written + timedelta(hours=number))
            except CannotGive:
                # Some gave the same person +K in this topic that week: once is enough.
                continue
            said.plus_k += 1
