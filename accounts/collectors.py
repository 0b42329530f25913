"""Collecting for a person and letting go of them keep out of each other's way, by PostgreSQL's advisory locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.models import Person

# The first half of the key of the advisory locks between collecting and erasing; the second is the person's id.
LOCK = 0x6B6C6F75


class Busy(Exception):
    """Something is being collected for the person just now; what it writes could not be erased with the rest.

    `doing`: what, in words ("reading your Twitter/X account"), or "" where whoever does it has not said.
    """

    def __init__(self, doing: str = "") -> None:
        super().__init__(doing or "something is being collected")
        self.doing = doing


# How a connection tells the others what it is doing; PostgreSQL keeps 63 bytes of it.
_DOING = "klout: "


@contextmanager
def keeping(person: Person, doing: str = "") -> Iterator[None]:
    """Hold off erasing `person` while something is collected for them. Raises Person.DoesNotExist if it is done.

    doing: what is being done, in words that the person may be shown when they have to wait for it.
    """
    key = _key(person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", key)
        if doing:
            cursor.execute("SELECT set_config('application_name', %s, false)", [(_DOING + doing)[:60]])
    try:
        if not Person.objects.filter(pk=person.pk).exists():
            raise Person.DoesNotExist
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", key)
            if doing:
                cursor.execute("SELECT set_config('application_name', '', false)")


def _key(person: Person) -> list[int]:
    return [LOCK, person.pk % 2**31]


def wait_for_collectors(person: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _key(person))


@contextmanager
def no_collecting(person: Person, *, wait: bool) -> Iterator[None]:
    """Keep everybody from collecting for `person`. Raises Busy where somebody does and we are not to wait."""
    lock = "pg_advisory_lock(%s, %s)" if wait else "pg_try_advisory_lock(%s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}", _key(person))
        if not wait and not cursor.fetchone()[0]:
            raise Busy(_what_is_done(person))
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", _key(person))


def _what_is_done(person: Person) -> str:
    """What those who collect for `person` say they do, "" where they do not."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(application_name) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND objsubid = 2
              AND application_name LIKE %s
            """,
            [*_key(person), f"{_DOING}%"],
        )
        return str(cursor.fetchone()[0] or "").removeprefix(_DOING)
