"""The one way to tell a person something: a row for each user who speaks for them, which commits with what it tells,
and after the commit a mail and a push, as each of them wants it.

A mail that is owed is a row that waits for the digest, so that one which is lost (the process killed, the mail server
down) goes with the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from celery import current_app
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from accounts.choices import choices_about
from accounts.mailing import in_words, mail_of, speaking_to, with_zone
from accounts.matters import KINDS, MATTERS, NOW, OFF, SOME_NEWS, Kind, Matter, register, register_matter
from accounts.models import Notification, Person, PushSubscription, User

__all__ = ["KINDS", "MATTERS", "File", "Kind", "Matter", "glimpse_of", "notify", "register", "register_matter"]

log = logging.getLogger(__name__)

# Name, content, media type.
File = tuple[str, bytes, str]


def notify(
    *,
    person: Person,
    kind: str,
    context: Mapping[str, Any],
    files: Sequence[File] = (),
    among: Collection[int] | None = None,
) -> None:
    """Tell everybody who speaks for `person`; what a mail server refuses is logged and loses nothing else.

    `url` in the context is a path on this site; dates and times in it are written in each reader's language and zone.
    `files` go with mails that are sent at once: what is in them must also be reached from the message. among: only
    those of these users.
    Raises KeyError for an unknown kind, ValueError where a name lacks.
    """
    missing = KINDS[kind].needs - context.keys()
    if missing:
        raise ValueError(f"a message of kind {kind!r} needs {', '.join(sorted(missing))}")
    known = dict(context)
    speaking = User.objects.filter(is_active=True, membership__person=person)
    told = speaking if among is None else speaking.filter(pk__in=among)
    users = list(with_zone(told.order_by("pk")))
    choices = choices_about(KINDS[kind].matter, [user.pk for user in users])
    rows, at = [], timezone.now()
    for user in users:
        with speaking_to(user, user.zone):
            subject, text = in_words(person=person, kind=kind, context=known)
        rows.append(
            Notification(
                user=user,
                person=person,
                kind=kind,
                subject=subject[:300],
                text=text,
                url=known.get("url", ""),
                created_at=at,
                on_site=choices[user.pk].on_site,
                in_digest=choices[user.pk].mail != OFF,
            )
        )
    Notification.objects.bulk_create(rows)
    now = [row for row in rows if choices[row.user_id].mail == NOW]
    pushed = [row for row in rows if choices[row.user_id].push]
    # No partials: Django wants the name of what failed, which a partial has not.
    if now:
        transaction.on_commit(lambda: _mail(now, known, files), robust=True)
    if pushed:
        transaction.on_commit(lambda: _push(pushed), robust=True)


def glimpse_of(notification: Notification) -> str:
    """What may stand on a locked screen, in the active language: it names nobody, and no number."""
    kind = KINDS.get(notification.kind)
    return str(MATTERS[kind.matter].glimpse if kind else SOME_NEWS)


def _mail(rows: Sequence[Notification], context: Mapping[str, Any], files: Sequence[File]) -> None:
    connection = get_connection()
    sent = sum(_mail_one(row, context, files, connection) for row in rows)
    log.info("%s: %s of %s mails sent", rows[0].kind, sent, len(rows))


def _mail_one(
    row: Notification, context: Mapping[str, Any], files: Sequence[File], connection: BaseEmailBackend
) -> bool:
    """Mail one that is still owed. Locked meanwhile: the digest leaves it alone."""
    with transaction.atomic():
        owed = Notification.objects.select_for_update(skip_locked=True).filter(pk=row.pk, in_digest=True)
        if not owed.first():
            return False
        user: Any = row.user
        with speaking_to(user, user.zone):
            message = mail_of(user=user, person=row.person, kind=row.kind, context=context)
        message.connection = connection
        for file in files:
            message.attach(*file)
        try:
            message.send()
        except Exception as error:
            # The address is the user's, and no mail server's answer goes into a log with it.
            log.warning("a mail of kind %s to user %s waits: %s", row.kind, row.user_id, type(error).__name__)
            return False
        Notification.objects.filter(pk=row.pk).update(in_digest=False)
    return True


def _push(rows: Sequence[Notification]) -> None:
    reached = set(
        PushSubscription.objects.filter(user__in=[row.user_id for row in rows]).values_list("user_id", flat=True)
    )
    for row in rows:
        if row.user_id in reached:
            # By its name: tasks import what tells people.
            current_app.send_task("accounts.tasks.push_notification", [row.pk])
