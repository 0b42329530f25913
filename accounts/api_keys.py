"""Keys by which programs read scores on a member's behalf: shown once when they are made, kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime

from django.db import models, transaction

from accounts.models import ApiKey, Membership, Person, User
from accounts.team_log import note

# So that a key is known for ours wherever it turns up, and can be looked for in what was published by mistake.
MARK = "klout_"
SHOWN_LETTERS = 12
MOST = 10
# Longer is no key of ours; it is not hashed either.
LONGEST = 100


class TooManyKeys(Exception):
    """There are MOST living keys already."""


def digest_of(key: str) -> str:
    # A key is 256 random bits: nothing to guess, so that a quick hash does.
    return hashlib.sha256(key.encode()).hexdigest()


def make(*, user: User, name: str, at: datetime) -> tuple[ApiKey, str]:
    """A new key of `user`, and the secret itself, which nobody can ask for again. Raises TooManyKeys."""
    key = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if living(user).count() >= MOST:
            raise TooManyKeys
        made = ApiKey.objects.create(
            user=user, name=name, prefix=key[:SHOWN_LETTERS], digest=digest_of(key), created_at=at
        )
        _note(user, "api key", made, at)
    return made, key


def living(user: User) -> models.QuerySet[ApiKey]:
    """The keys of `user` that still open, the newest first."""
    return ApiKey.objects.filter(user=user, revoked_at__isnull=True).order_by("-created_at", "-pk")


def revoke(*, user: User, key_id: int, at: datetime) -> bool:
    """End a key for good; whether `user` had it and it was living."""
    living = ApiKey.objects.filter(pk=key_id, user=user, revoked_at__isnull=True)
    with transaction.atomic():
        ended = living.select_for_update().first()
        if ended is None:
            return False
        ApiKey.objects.filter(pk=ended.pk).update(revoked_at=at)
        _note(user, "api key ended", ended, at)
    return True


def _note(user: User, action: str, key: ApiKey, at: datetime) -> None:
    """A key is the log-in's: a team hears of it where the log-in speaks for nobody but that team."""
    spoken_for = Person.objects.of(user, Membership.Role.OWNER, Membership.Role.EDITOR).first()
    if spoken_for is not None:
        note(person=spoken_for, user=user, action=action, about=key.prefix, at=at)


def allowed(key: str, today: date) -> User | None:
    """The user whose living key this is. That it was used is noted once a day.

    It is found by its hash, in an index: how long that takes tells nothing about any key.
    """
    if not key.startswith(MARK) or len(key) > LONGEST:
        return None
    found = (
        ApiKey.objects.select_related("user")
        .filter(digest=digest_of(key), revoked_at__isnull=True, user__is_active=True)
        .first()
    )
    if found is None:
        return None
    if found.last_used_on != today:
        ApiKey.objects.filter(pk=found.pk).update(last_used_on=today)
    return found.user
