"""Values as exports write them: times since 1970 or without a zone, and people who are named but have no id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import Counter, Interaction, Post, Record, checked_id, checked_time, shown

_MILLISECONDS_FROM = 10**11
# Accounts that are gone are all called this; one actor must not stand for them all.
_NOBODY = {"facebook user", "instagram user", "linkedin member", "linkedin user", "deleted user", "google user"}


def dated(read: Callable[[Archive], Iterator[Record]]) -> Callable[[Archive], Iterator[Record]]:
    """Makes counters of a reader come last, dated on the newest thing in the export.

    An export does not say when it was made, and may be years old: what it counts was not so today. Where nothing in
    it has a time, its newest file has.
    """

    @wraps(read)
    def reader(archive: Archive) -> Iterator[Record]:
        newest: datetime | None = None
        counters: list[Counter] = []
        for record in read(archive):
            if isinstance(record, Counter):
                counters.append(record)
                continue
            if isinstance(record, Interaction):
                time = record.occurred_at or record.observed_at
            else:
                time = record.posted_at if isinstance(record, Post) else None
            if time is not None and (newest is None or time > newest):
                newest = time
            yield record
        newest = newest or archive.made_at
        for counter in counters:
            yield counter if counter.observed_at else replace(counter, observed_at=newest)

    return reader


def mapping(value: object) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def since_1970(value: object, what: str) -> datetime:
    """Seconds (or milliseconds, told by their size) since 1970, a number or its digits. Raises ValueError."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{9,14}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**14:
        raise ValueError(f"{what} is {shown(value)}, not a time since 1970")
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    return checked_time(datetime.fromtimestamp(seconds, UTC), what)


def in_utc(value: object, what: str) -> datetime:
    """ISO 8601, or "2023-01-04 10:11:12 UTC" as many exports write it; UTC where no offset is. Raises ValueError."""
    if isinstance(value, str) and len(value) <= 40:
        text = value.strip().removesuffix("UTC").rstrip().replace("/", "-")
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = None
        if time is not None and len(text) >= 10 and text[4:5] == "-":
            return checked_time(time if time.tzinfo else time.replace(tzinfo=UTC), what)
    raise ValueError(f"{what} is {shown(value)}, not a date and time")


def named(name: object, what: str = "name") -> str:
    """Somebody of whom only the name is known, as an actor: "name:alice example". Raises ValueError."""
    text = " ".join(checked_id(name, what, limit=200).split()).lower()
    if not any(character.isalpha() for character in text) or text in _NOBODY:
        raise ValueError(f"{what} is {shown(name)}, which names nobody")
    return f"name:{text}"
