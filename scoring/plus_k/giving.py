"""Giving +K, and taking it back within ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import team_log
from accounts.models import Membership, Person, User
from accounts.visibility import Viewer, may_see
from scoring.models import Answer, Endorsement, Topic
from scoring.models.endorsements import APART
from scoring.plus_k import purse
from scoring.plus_k.errors import NoneLeft, NotAllowed, NotTheirTopic, Silent, TooLate, TooSoon
from scoring.topics.tree import name_in

# For so long a +K can be taken back.
UNDO = timedelta(minutes=10)
FOREIGN_KEY = "23503"
SPEAKING = (Membership.Role.OWNER, Membership.Role.EDITOR)

# An exclusion constraint takes part in ON CONFLICT where no index is named.
_INSERT = """
    INSERT INTO scoring_endorsement (giver_id, receiver_id, topic_id, answer_id, user_id, given_at, until, weight)
    VALUES (%(giver)s, %(receiver)s, %(topic)s, %(answer)s, %(user)s, %(at)s, %(at)s + %(apart)s, 1)
    ON CONFLICT DO NOTHING RETURNING id
"""


# What an error of `give` says something about; of one team are who has somebody that speaks for both.
_WHAT_IS_SO = """
    SELECT
        EXISTS (
            SELECT FROM accounts_membership AS mine
            WHERE mine.user_id = %(user)s AND mine.person_id = %(giver)s AND mine.role = ANY(%(roles)s)
        ),
        silenced.person_id IS NOT NULL, silenced.until, silenced.reason,
        EXISTS (SELECT FROM accounts_membership AS theirs WHERE theirs.person_id = %(receiver)s)
            AND NOT EXISTS (SELECT FROM accounts_erasure AS leaving WHERE leaving.person_id = %(receiver)s),
        EXISTS (
            SELECT FROM accounts_membership AS mine JOIN accounts_membership AS theirs USING (user_id)
            WHERE mine.person_id = %(giver)s AND theirs.person_id = %(receiver)s
        ),
        (SELECT hidden FROM scoring_persontopic WHERE person_id = %(receiver)s AND topic_id = %(topic)s)
    FROM (SELECT 1) AS nothing
    LEFT JOIN scoring_silenced AS silenced ON silenced.person_id = %(giver)s AND silenced.until > %(at)s
"""


def give(
    *,
    giver: Person,
    receiver: Person,
    topic: Topic,
    user: User | None,
    at: datetime | None = None,
    answer: Answer | None = None,
) -> Endorsement:
    """Give one +K of `giver`'s to `receiver` in `topic`; `user` is who clicked. `at` is the database's now by default.

    answer: what of the receiver's it is for; then the topic need not be among theirs, as long as they do not hide it.
    Raises NotAllowed, Silent, NotTheirTopic, TooSoon or NoneLeft, with nothing changed.
    """
    try:
        with transaction.atomic():
            # Whoever is being erased is waited for, and gone then.
            now = _hold(giver.pk, receiver.pk)
            at = at or now
            may_give(giver=giver, receiver=receiver, topic=topic, user=user, at=at, answer=answer)
            return _give(giver, receiver, topic, user, at, answer)
    except IntegrityError as error:
        # The topic, or who clicked, went meanwhile.
        if getattr(error.__cause__, "sqlstate", "") != FOREIGN_KEY:
            raise
        raise _gone() from error


def _give(
    giver: Person, receiver: Person, topic: Topic, user: User | None, at: datetime, answer: Answer | None
) -> Endorsement:
    day = purse.take(giver, at)
    if day is None:
        # Who clicks twice on the last one is told that it is given.
        if known := standing(giver, receiver, topic, at):
            raise TooSoon(endorsement=known)
        raise NoneLeft(renews_at=purse.state_of(giver, at).renews_at)
    given_at = max(at, purse.start_of(day))
    values: dict[str, Any] = {
        "giver": giver.pk,
        "receiver": receiver.pk,
        "topic": topic.pk,
        "answer": answer.pk if answer else None,
        "user": user.pk if user else None,
        "at": given_at,
        "apart": APART,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        raise TooSoon(endorsement=standing(giver, receiver, topic, given_at))
    if answer is not None:
        Answer.objects.filter(pk=answer.pk).update(plus_k=F("plus_k") + 1)
    team_log.note(person=giver, user=user, action="plus-k", about=name_in(topic, "en"), at=given_at)
    return Endorsement(
        pk=row[0],
        giver=giver,
        receiver=receiver,
        topic=topic,
        answer=answer,
        user=user,
        given_at=given_at,
        until=given_at + APART,
    )


def _hold(giver: int, receiver: int) -> datetime:
    """Keep both from being erased until the caller's transaction ends; what time it is then, by the database's clock.

    Raises NotAllowed where one is gone.
    """
    both = sorted({giver, receiver})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() FROM accounts_person WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [both]
        )
        held = cursor.fetchall()
    if len(held) != len(both):
        raise _gone()
    now: datetime = held[-1][0]
    return now


def _gone() -> NotAllowed:
    return NotAllowed(_("They are not here any more."), why="gone")


def may_give(
    *,
    giver: Person,
    receiver: Person,
    topic: Topic,
    user: User | None,
    at: datetime,
    answer: Answer | None = None,
) -> None:
    """Say why `giver` may not give to `receiver` in `topic`, by raising the error of `give`; one query."""
    if giver.pk == receiver.pk:
        raise NotAllowed(_("Nobody gives +K to themselves."), why="self")
    if not giver.old_enough(at.date()):
        raise NotAllowed(_("+K begins with the age from which profiles are shown."), why="age")
    with connection.cursor() as cursor:
        cursor.execute(
            _WHAT_IS_SO,
            {
                "giver": giver.pk,
                "receiver": receiver.pk,
                "topic": topic.pk,
                "user": user.pk if user else None,
                "roles": [str(role) for role in SPEAKING],
                "at": at,
            },
        )
        speaks, silent, until, reason, shown, team, hidden = cursor.fetchone()
    if user is not None and not speaks:
        raise NotAllowed(_("You do not speak for who is to give it."), why="role")
    if silent:
        raise Silent(until=until, reason=reason)
    if not shown or receiver.visibility == Person.Visibility.HIDDEN or not receiver.old_enough(at.date()):
        raise _gone()
    if team:
        raise NotAllowed(
            _("Nobody gives +K to an organisation whose team they are on, nor is given any by it."), why="team"
        )
    for_answer = answer is not None and answer.person_id == receiver.pk and answer.question.topic_id == topic.pk
    if answer is not None and not for_answer:
        raise NotTheirTopic(_("That answer is somebody else's, or about something else."))
    if hidden or (hidden is None and not for_answer) or not may_see(receiver, "topics", Viewer.MEMBER):
        raise NotTheirTopic


def standing(giver: Person, receiver: Person, topic: Topic, at: datetime) -> Endorsement | None:
    """The +K that `giver` gave `receiver` in `topic` less than seven days ago, if there is one."""
    mine = Endorsement.objects.filter(giver=giver, receiver=receiver, topic=topic, undone_at=None, until__gt=at)
    return mine.order_by("-given_at").first()


def undo(*, endorsement: Endorsement, at: datetime | None = None, user: User | None = None) -> Endorsement:
    """Take a +K back: the seven days are free again, and on the same UTC day so is the allowance.

    Again is harmless. Raises TooLate ten minutes after it was given, or where it was settled. Brings `endorsement` up
    to date.
    """
    with transaction.atomic():
        try:
            # An erasure counts down answers and takes +K away, in another order than here: one waits for the other.
            _hold(endorsement.giver_id, endorsement.receiver_id)
        except NotAllowed as error:
            raise TooLate from error
        now = purse.lock(endorsement.giver_id)
        at = at or now
        open_ = Endorsement.objects.filter(pk=endorsement.pk, undone_at=None, settled_at=None, given_at__gt=at - UNDO)
        done = open_.update(undone_at=at)
        if done:
            purse.put_back(endorsement.giver_id, given_at=endorsement.given_at, at=at)
            if endorsement.answer_id is not None:
                Answer.objects.filter(pk=endorsement.answer_id, plus_k__gt=0).update(plus_k=F("plus_k") - 1)
            about = name_in(endorsement.topic, "en")
            team_log.note(person=endorsement.giver, user=user, action="undo plus-k", about=about, at=at)
    known = Endorsement.objects.filter(pk=endorsement.pk).first()
    if known is None or (not done and known.undone_at is None):
        raise TooLate
    endorsement.undone_at = known.undone_at
    return endorsement
