"""When something happened, as tables tell it: ISO 8601, or seconds, milliseconds or microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"-?[0-9]{1,17}(?:\.([0-9]*))?")
# Told apart by magnitude: 1e11 seconds is the year 5138, 1e11 milliseconds is 1973; 1e14 likewise.
SECONDS_BELOW = 10**11
MILLISECONDS_BELOW = 10**14


def microseconds(moment: datetime) -> int:
    """`moment` (taken for UTC where it has no zone) in microseconds since 1970."""
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_number(whole: int, fraction: str = "") -> int:
    """Microseconds since 1970 from a number whose unit its magnitude tells; `fraction`: its digits after the point."""
    size = abs(whole)
    digits = 6 if size < SECONDS_BELOW else 3 if size < MILLISECONDS_BELOW else 0
    part = int(fraction[:digits].ljust(digits, "0") or "0")
    scale: int = 10**digits
    return whole * scale + (part if whole >= 0 else -part)


def parse(value: object) -> int | None:
    """`value` (text, number or datetime) in microseconds since 1970; None where it is empty. Raises ValueError."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # Both tests are of text alone: isdigit() knows digits of other alphabets too.
        if text.isascii() and text.isdigit() and len(text) <= 17:
            return from_number(int(text))
        if number := NUMBER.fullmatch(text):
            return from_number(int(text.partition(".")[0]), number[1] or "")
        try:
            # Dates without marks between their parts cannot be told from numbers.
            if text.isdigit():
                raise ValueError  # noqa: TRY301
            return microseconds(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise ValueError(f"occurred_at {text!r:.60} is neither ISO 8601 nor a number since 1970") from None
    if value is None:
        return None
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return from_number(value)
    if isinstance(value, float) and abs(value) < 1e17:
        return from_number(int(value), f"{value:.6f}".partition(".")[2])
    raise ValueError(f"occurred_at {value!r:.60} is no time")
