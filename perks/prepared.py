"""Statements that the database plans once for each connection, and not for each request.

The ORM's cursors put values into the text, so that no statement is like the one before. For the few on the way of a hot
campaign's claims that costs more than running them does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor

# A statement that a connection has sent so often is prepared. Django's own cursors never are, whatever is set here.
AFTER = 2


@contextmanager
def cursor() -> Iterator[Any]:
    """As `connection.cursor()`, but values travel beside the text: each of them needs a type (a cast) in it."""
    database: Any = connection
    database.close_if_health_check_failed()
    database.ensure_connection()
    raw = database.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = AFTER
    bound: Any = ServerBindingCursor
    with database._prepare_cursor(bound(raw)) as prepared:
        yield prepared
