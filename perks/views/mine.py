"""One's own claims: what is held or can be used first, then what was; by pages that begin after a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Person
from perks.models import Claim

PAGE = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of how far a page may begin from now, in microseconds: what is beyond is no date.
FARTHEST = 2**53


def mine_context(request: HttpRequest, person: Person) -> dict[str, Any]:
    """For templates/perks/_mine.html: active and past claims of a page in one query, and what the next one begins with.

    `?after=` is "<0 active, 1 past>,<microseconds since 1970>,<number>" of the last row before.
    """
    at = timezone.now()
    active = Q(state=Claim.State.HELD, expires_at__gt=at) | Q(state=Claim.State.CLAIMED)
    rows = (
        Claim.objects.filter(person=person)
        .select_related("campaign__brand", "variant", "tier", "shipment")
        .annotate(past=Case(When(active, then=Value(0)), default=Value(1), output_field=IntegerField()))
        .order_by("past", "-held_at", "-pk")
    )
    after = _after(request.GET.get("after", ""))
    if after is not None:
        past, held_at, number = after
        rows = rows.filter(
            Q(past__gt=past) | Q(past=past, held_at__lt=held_at) | Q(past=past, held_at=held_at, pk__lt=number)
        )
    found = list(rows[: PAGE + 1])
    page, more = found[:PAGE], len(found) > PAGE
    for claim in page:
        claim.over = claim.state == Claim.State.HELD and not claim.holds(at)  # type: ignore[attr-defined]
    return {
        "mine_active": [claim for claim in page if not claim.past],
        "mine_past": [claim for claim in page if claim.past],
        "mine_after": _named(page[-1]) if more else "",
        "mine_begun": after is not None,
        "mine_person": person,
    }


def _named(claim: Any) -> str:
    return f"{claim.past},{(claim.held_at - EPOCH) // timedelta(microseconds=1)},{claim.pk}"


def _after(text: str) -> tuple[int, datetime, int] | None:
    """What `?after=` says; None for nothing, and for what is none."""
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    past, micros, number = (int(part) for part in parts)
    return (past, EPOCH + timedelta(microseconds=micros), number) if past <= 1 and micros < FARTHEST else None
