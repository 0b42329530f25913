"""How users want to be told about each matter: what they chose, else the matter's defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.matters import MATTERS, NOW, Matter, kinds_of
from accounts.models import Notification, NotificationChoice, User

MAILS = frozenset(NotificationChoice.Mail.values)


@dataclass(frozen=True, slots=True)
class Choice:
    """How one user is told about one matter: `mail` is of NotificationChoice.Mail."""

    mail: str
    on_site: bool
    push: bool

    @classmethod
    def usual(cls, matter: Matter) -> Choice:
        return cls(NOW if matter.mandatory else matter.mail, matter.on_site or matter.mandatory, matter.push)

    @classmethod
    def made(cls, matter: Matter, row: NotificationChoice) -> Choice:
        """What protects a person is always mailed and shown, whatever a row says."""
        return cls(NOW if matter.mandatory else row.mail, matter.mandatory or row.on_site, row.push)


def choices_of(user: User) -> dict[str, Choice]:
    """Every matter -> how `user` is told about it."""
    rows = {row.matter: row for row in NotificationChoice.objects.filter(user=user)}
    return {
        slug: Choice.made(matter, rows[slug]) if slug in rows else Choice.usual(matter)
        for slug, matter in MATTERS.items()
    }


def choices_about(matter: str, users: Iterable[int]) -> dict[int, Choice]:
    """The key of each of `users` -> how they are told about `matter`; one query."""
    rows = {row.user_id: row for row in NotificationChoice.objects.filter(matter=matter, user__in=list(users))}
    known = MATTERS[matter]
    return {user: Choice.made(known, rows[user]) if user in rows else Choice.usual(known) for user in users}


def waits_no_more(user: User, matter: str) -> None:
    """Take what waits to be mailed to `user` about `matter` out of the digest: they no longer want it."""
    Notification.objects.filter(user=user, in_digest=True, kind__in=kinds_of(matter)).update(in_digest=False)
