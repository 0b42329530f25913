"""Writing rows of many people at once while somebody among them is erased."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError

ATTEMPTS = 3


def again(write: Callable[[], int]) -> int:
    """What `write` (a transaction of its own) returns; tried anew where somebody it wrote rows of was erased before it
    ended: the next attempt does not see them. Raises IntegrityError where that does not help."""
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except IntegrityError:
            continue
    return write()
