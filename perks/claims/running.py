"""How statements of claims are run: in the caller's transaction, or in none but their own, and again where somebody
was faster."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from perks import prepared
from perks.errors import NotNow

# Whoever was faster has committed when a statement fails so; it reads again what there is now.
READ_AGAIN = frozenset({"40001", "40P01"})
ONCE = frozenset({"claim_once_per_ordinal", "claim_key_once"})
TRIES = 8


def run(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row, or None. One round trip where the caller has no transaction; else within a savepoint of it."""
    with transaction.atomic() if connection.in_atomic_block else nullcontext(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def run_all(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows, as `run`."""
    with transaction.atomic() if connection.in_atomic_block else nullcontext(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def persist(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """As `run`, planned once for each connection, and again where somebody was faster.

    Raises NotNow where that goes on and on.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic() if connection.in_atomic_block else nullcontext(), prepared.cursor() as cursor:
                cursor.execute(statement, values)
                row: tuple[Any, ...] | None = cursor.fetchone()
                return row
        except DatabaseError as error:
            if not was_faster(error):
                raise
    raise NotNow(_("Very many people want this at the moment. Please try again."))


def was_faster(error: DatabaseError) -> bool:
    """Whether a statement failed because of another one that was running, and nothing else is wrong."""
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return getattr(cause, "sqlstate", None) in READ_AGAIN or name in ONCE
