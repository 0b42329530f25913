"""Topics that are not theirs, as people say: gone at once, and the staff looks at the words that misled us."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts import team_log
from accounts.models import Person, User
from accounts.models.people import visible
from accounts.notify import notify
from scoring import moderation
from scoring.models import MisleadingWords, PersonTopic, Topic, TopicDispute, TopicEvidence
from scoring.topics.choosing import hold
from scoring.topics.words import normalised

LONGEST_REASON = 500
# Lines of evidence that a dispute keeps: there may be one for every hashtag.
MOST_LINES = 50
State = TopicDispute.State


class NotTheirs(Exception):
    """Nobody says that the person has this topic: there is nothing to dispute."""


class DecidedAlready(Exception):
    """Somebody of the staff has decided this dispute, or it was taken back."""


def dispute(*, person: Person, topic: Topic, reason: str, at: datetime, user: User | None = None) -> TopicDispute:
    """Take `topic` off `person` at once, keep it away, and ask the staff to look; a second time changes nothing.

    What we had said why is kept with the dispute. Raises NotTheirs.
    """
    with transaction.atomic():
        hold(person)
        if there := TopicDispute.objects.filter(person=person, topic=topic).first():
            return there
        mine = PersonTopic.objects.filter(person=person, topic=topic)
        lines = TopicEvidence.objects.filter(person=person, topic=topic)
        evidence = [list(line) for line in lines.order_by("-strength").values_list("source", "network", "words")]
        if not mine.exists() and not evidence:
            raise NotTheirs
        row = TopicDispute.objects.create(
            person=person,
            topic=topic,
            evidence=evidence[:MOST_LINES],
            reason=visible(reason).strip()[:LONGEST_REASON],
            created_at=at,
        )
        lines.delete()
        mine.delete()
        team_log.note(person=person, user=user, action="dispute", about=topic.slug, at=at)
    return row


def take_back(*, person: Person, topic: Topic, at: datetime, user: User | None = None) -> bool:
    """Let `topic` come to `person` again, by the next daily run where anything speaks for it; whether it was kept away.

    What the staff found misleading stays so.
    """
    with transaction.atomic():
        hold(person)
        gone, _of = TopicDispute.objects.filter(person=person, topic=topic).delete()
        if gone:
            changes = {"dispute": ("yes", "no")}
            team_log.note(person=person, user=user, action="dispute", about=topic.slug, changes=changes, at=at)
    return bool(gone)


def words_of(row: TopicDispute) -> list[str]:
    """The words that a dispute is about, as they are compared, each once; none for +K alone."""
    return sorted({normalised(line[2]) for line in row.evidence if len(line) > 2 and line[2]} - {""})


def uphold(*, dispute: TopicDispute, words: Collection[str], reason: str, user: User | None, at: datetime) -> None:
    """The person is right, and `words` (of words_of) speak for the topic of nobody any more; the person is told.

    Raises DecidedAlready, and ValueError for words that the dispute is not about.
    """
    if strange := set(words) - set(words_of(dispute)):
        raise ValueError(f"the dispute is not about {', '.join(sorted(strange))}")
    reason = visible(reason).strip()
    with transaction.atomic():
        decide(dispute, State.UPHELD, user, at)
        MisleadingWords.objects.bulk_create(
            [MisleadingWords(topic=dispute.topic, words=one, reason=reason[:300]) for one in sorted(words)],
            ignore_conflicts=True,
        )
        about = f"{dispute.topic.slug}: {', '.join(sorted(words))}"
        moderation.record(user=user, action="uphold dispute", person=dispute.person, about=about, reason=reason, at=at)
        tell("dispute_upheld", dispute, reason)


def close(*, dispute: TopicDispute, reason: str, user: User | None, at: datetime) -> None:
    """The words are right for others; the topic stays away from this person nevertheless, who is told.

    Raises DecidedAlready.
    """
    reason = visible(reason).strip()
    with transaction.atomic():
        decide(dispute, State.CLOSED, user, at)
        moderation.record(
            user=user, action="close dispute", person=dispute.person, about=dispute.topic.slug, reason=reason, at=at
        )
        tell("dispute_closed", dispute, reason)


def decide(row: TopicDispute, state: TopicDispute.State, user: User | None, at: datetime) -> None:
    """Write the decision where there is none yet, whoever else decides at the same moment."""
    open_still = TopicDispute.objects.filter(pk=row.pk, state=State.OPEN)
    if not open_still.update(state=state, decided_at=at, decided_by=user):
        raise DecidedAlready
    row.state, row.decided_at, row.decided_by = state, at, user


def tell(kind: str, row: TopicDispute, reason: str) -> None:
    context = {"topic": row.topic.name, "reason": reason, "url": reverse("topics")}
    notify(person=row.person, kind=kind, context=context)
