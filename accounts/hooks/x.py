"""X's webhook: its challenge, and the event that says that somebody took our access back.

Two forms are known: `user_event.revoke` of the Account Activity API, and `oauth.revoke` of the X Activity API. Other
events are nothing to us.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.hooks import links


def revoked(event: Any, at: datetime) -> Iterator[tuple[str, datetime]]:
    """(user's id, when) of each revocation that `event` tells of."""
    if not isinstance(event, dict):
        return
    old = _object(_object(event.get("user_event")).get("revoke"))
    new = _object(event.get("data"))
    if new.get("event_type") != "oauth.revoke":
        new = {}
    payload = _object(new.get("payload"))
    for user_id, when in (
        (_object(old.get("source")).get("user_id"), old.get("date_time")),
        (
            payload.get("user_id") or _object(new.get("filter")).get("user_id"),
            payload.get("date_time") or payload.get("created_at"),
        ),
    ):
        if isinstance(user_id, str | int) and not isinstance(user_id, bool) and 0 < len(str(user_id)) <= 30:
            yield str(user_id), _time(when, at)


def take(event: Any, *, at: datetime) -> int:
    """Break off the links of everybody who took our access back, as `event` says; how many."""
    return sum(
        links.break_off(link, sent=sent, at=at)
        for user_id, sent in revoked(event, at)
        for link in links.of_user("twitter", user_id)
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _time(value: Any, at: datetime) -> datetime:
    """ISO 8601, or `at` where it is none."""
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return at
    return min(when, at) if when.tzinfo else at
