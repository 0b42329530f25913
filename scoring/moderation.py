"""What the staff, or a rule, does about what people write: a log that is only added to, and who may not write now.

Questions, +K and disputes of topics record here; whoever may not write is asked of here before anything is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import Person, User
from accounts.models.people import visible
from accounts.notify import notify
from scoring.models import Answer, ModerationEntry, Question, Silenced

LONGEST_SILENCE = timedelta(days=365)


def record(
    *,
    user: User | None,
    action: str,
    question: Question | None = None,
    answer: Answer | None = None,
    person: Person | None = None,
    about: str = "",
    reason: str = "",
    at: datetime,
) -> ModerationEntry:
    """Write a line of the log in the caller's transaction; a database trigger keeps it as it is.

    user: who of the staff did it, None where a rule did. action: a few words such as "hold", "remove", "silence".
    person: whom it is about. about: what, in at most 200 characters; reason: why, as it was told.
    """
    return ModerationEntry.objects.create(
        user=user,
        action=action,
        question=question,
        answer=answer,
        person=person,
        about=about[:200],
        reason=reason,
        at=at,
    )


def silenced(person: Person, at: datetime) -> Silenced | None:
    """Why and until when `person` may neither ask nor answer nor give +K; None for whoever may."""
    return Silenced.objects.filter(person=person, until__gt=at).first()


@transaction.atomic
def silence(*, person: Person, user: User | None, days: int, reason: str, at: datetime) -> Silenced:
    """Let `person` write nothing for `days` days, and tell them why; a second time replaces the first.

    Raises ValueError for no days, more than LONGEST_SILENCE, or no reason.
    """
    reason, lasting = visible(reason).strip()[:300], timedelta(days=days)
    if not timedelta(0) < lasting <= LONGEST_SILENCE:
        raise ValueError(f"nobody is silenced for {days} days")
    if not reason:
        raise ValueError("nobody is silenced without a reason")
    values = {"until": at + lasting, "reason": reason, "created_at": at}
    row, _new = Silenced.objects.update_or_create(person=person, defaults=values)
    record(
        user=user, action="silence", person=person, about=f"until {row.until:%Y-%m-%d %H:%M} UTC", reason=reason, at=at
    )
    notify(
        person=person, kind="silenced", context={"until": row.until, "reason": reason, "url": reverse("notifications")}
    )
    return row


@transaction.atomic
def unsilence(*, person: Person, user: User | None, reason: str, at: datetime) -> bool:
    """Let `person` write again before the time, and tell them; whether they could not."""
    deleted, _of = Silenced.objects.filter(person=person, until__gt=at).delete()
    if not deleted:
        return False
    record(user=user, action="end silence", person=person, reason=visible(reason).strip(), at=at)
    notify(person=person, kind="silence_ended", context={"url": reverse("notifications")})
    return True
