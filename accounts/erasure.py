"""Being erased, with time to change one's mind: asked for here, hidden at once, carried out by a task when due."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format

from accounts import devices, privacy
from accounts.models import Erasure, Person, User
from accounts.notify import notify
from accounts.team_log import note

log = logging.getLogger(__name__)

# A picture that belongs to nobody was left by a process that died; none is that long on its way.
ABANDONED = timedelta(days=1)


@dataclass(slots=True)
class CarriedOut:
    """erased: people; failed: whose turn comes again with the next round."""

    erased: int = 0
    failed: int = 0


def ask(*, person: Person, at: datetime, user: User | None = None) -> Erasure:
    """Have `person` erased in ERASE_AFTER_DAYS, and hide the profile now; all who speak for the person are told.

    Asked again, the first time counts. user: who asked.
    """
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        erasure, new = Erasure.objects.get_or_create(
            person=locked,
            defaults={
                "requested_at": at,
                "due_at": at + timedelta(days=settings.ERASE_AFTER_DAYS),
                "visibility": locked.visibility,
            },
        )
        if new:
            Person.objects.filter(pk=locked.pk).update(visibility=Person.Visibility.HIDDEN)
            if user is not None:
                note(person=locked, user=user, action="erase", at=at)
            notify(person=locked, kind="erasure_asked", context=_context(locked, erasure.due_at))
    return erasure


def withdraw(*, person: Person, user: User | None = None, at: datetime | None = None) -> bool:
    """Keep `person` after all (`user` wants it, `at` now), as visible as before; whether there was anything to do."""
    with transaction.atomic():
        locked = Person.objects.select_for_update().filter(pk=person.pk).first()
        erasure = Erasure.objects.filter(person=locked).first() if locked else None
        if locked is None or erasure is None:
            return False
        Person.objects.filter(pk=locked.pk).update(visibility=erasure.visibility)
        erasure.delete()
        if user is not None and at is not None:
            note(person=locked, user=user, action="keep", at=at)
        notify(person=locked, kind="erasure_withdrawn", context=_context(locked, None))
    return True


def carry_out_due(*, at: datetime) -> CarriedOut:
    """Erase everybody whose time has come. One that fails stops no other; safe to kill at any point."""
    done = CarriedOut()
    for pk in list(Erasure.objects.filter(due_at__lte=at).order_by("due_at", "pk").values_list("person", flat=True)):
        try:
            privacy.erase_person(person=Person.objects.get(pk=pk), at=at, if_due=True)
        except (Person.DoesNotExist, privacy.NotDue):
            continue
        except Exception as error:
            # Without the message and the trace: they may quote what is to be forgotten.
            log.error("person %s could not be erased: %s", pk, type(error).__name__)  # noqa: TRY400
            done.failed += 1
        else:
            done.erased += 1
    return done


def sweep_pictures(*, at: datetime) -> int:
    """Delete pictures that belong to nobody and are old; how many."""
    folder = Path(default_storage.path("avatars"))
    if not folder.is_dir():
        return 0
    known = set(Person.objects.exclude(avatar="").values_list("avatar", flat=True))
    swept = 0
    for path in folder.iterdir():
        if f"avatars/{path.name}" not in known and at.timestamp() - path.stat().st_mtime > ABANDONED.total_seconds():
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def sweep_sessions(*, at: datetime) -> int:
    """Delete sessions that have ended, with what was begun in them (a sign-up that never came about); how many.

    Which browsers they were in is forgotten too.
    """
    ended = Session.objects.filter(expire_date__lt=at).delete()[0]
    devices.sweep()
    return ended


def _context(person: Person, due_at: datetime | None) -> dict[str, str | date]:
    context: dict[str, str | date] = {"name": person.display_name, "url": f"{reverse('erase')}?person={person.handle}"}
    if due_at is not None:
        context["day"] = date_of(person, due_at)
    return context


def date_of(person: Person, at: datetime) -> date:
    """The day of `at` where the person lives."""
    return at.astimezone(ZoneInfo(person.time_zone)).date()


def day_of(person: Person, at: datetime) -> str:
    """The day of `at` where the person lives, in words."""
    return date_format(at.astimezone(ZoneInfo(person.time_zone)), "DATE_FORMAT")
