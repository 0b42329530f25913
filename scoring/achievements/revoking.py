"""Levels that were come by unfairly are taken away by the staff, with a reason that the person is told; and given back.

The row stays, so that no run awards it anew. What is above a level goes with it. A run that awards and the staff that
takes away wait for each other (scoring.achievements.award.LOCK): none gives what the other has just taken.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.models.people import visible
from accounts.notify import notify
from scoring import moderation
from scoring.achievements.award import LOCK
from scoring.achievements.catalogue import known
from scoring.models import Award


class RevokingRefused(Exception):
    """A level cannot be taken away or given back; `code` says why."""

    code = "refused"


class NotRevocable(RevokingRefused):
    code = "not_revocable"


class AlreadyRevoked(RevokingRefused):
    code = "already_revoked"


class NotRevoked(RevokingRefused):
    code = "not_revoked"


class NoReason(RevokingRefused):
    code = "no_reason"


@transaction.atomic
def revoke(*, award: Award, user: User, reason: str, at: datetime) -> int:
    """Take the level of `award`, and those above it, from its person; returns how many levels that were.

    Raises NotRevocable where the family's cannot be come by unfairly, AlreadyRevoked, NoReason.
    """
    reason = visible(reason).strip()[:300]
    if not reason:
        raise NoReason("nobody loses an achievement without a reason")
    family = known().get(award.family)
    if family is None or not family.revocable:
        raise NotRevocable(f"{award.family} is not revocable")
    _wait_for_runs()
    levels = [row for row in _locked(award) if row.level >= award.level and row.revoked_at is None]
    if award.level not in {row.level for row in levels}:
        raise AlreadyRevoked(f"{award} is revoked already")
    for row in levels:
        row.revoked_at, row.revoked_for, row.pinned = at, reason, None
    Award.objects.bulk_update(levels, ["revoked_at", "revoked_for", "pinned"])
    _tell("award_revoked", "revoke award", award, user, reason, at)
    return len(levels)


@transaction.atomic
def give_back(*, award: Award, user: User, reason: str, at: datetime) -> int:
    """Give the level of `award` back, and those below it; returns how many. Raises NotRevoked, NoReason."""
    reason = visible(reason).strip()[:300]
    if not reason:
        raise NoReason("say why it is given back")
    _wait_for_runs()
    levels = [row for row in _locked(award) if row.level <= award.level and row.revoked_at is not None]
    if award.level not in {row.level for row in levels}:
        raise NotRevoked(f"{award} is not revoked")
    for row in levels:
        row.revoked_at, row.revoked_for = None, ""
    Award.objects.bulk_update(levels, ["revoked_at", "revoked_for"])
    _tell("award_given_back", "give award back", award, user, reason, at)
    return len(levels)


def _wait_for_runs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _locked(award: Award) -> list[Award]:
    """All levels that the person has of the family, locked."""
    rows = Award.objects.select_for_update().filter(person=award.person_id, family=award.family)
    return list(rows.order_by("level"))


def _tell(kind: str, action: str, award: Award, user: User, reason: str, at: datetime) -> None:
    person: Person = award.person
    family = known().get(award.family)
    name = family.name if family else award.family
    moderation.record(
        user=user, action=action, person=person, about=f"{award.family}, level {award.level}", reason=reason, at=at
    )
    context = {
        "names": format_lazy(_("{name} (level {level})"), name=name, level=award.level),
        "reason": reason,
        "url": f"{person.get_absolute_url()}#achievements",
    }
    notify(person=person, kind=kind, context=context)
