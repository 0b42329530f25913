"""Who waits for whom: advisory locks of PostgreSQL, which end with their session or transaction, however that dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Numbers of our own; nothing else in this database locks the same.
LAKE = 0x6C616B65
LOG = 0x6C6F6767


@contextmanager
def writing_lake() -> Iterator[None]:
    """The one writer of the lake. Others wait; readers need no lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LAKE])
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LAKE])


@contextmanager
def appending() -> Iterator[None]:
    """A transaction that adds rows; any number at once, but none while rows move to the lake or are erased."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOG])
        yield


@contextmanager
def moving() -> Iterator[None]:
    """A transaction that takes rows away, alone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOG])
        yield
