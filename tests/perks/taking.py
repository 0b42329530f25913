"""Claims for tests: with how somebody qualified as they come from eligibility, and whether counts and rows agree."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from accounts.models import Person
from perks import claims
from perks.models import Campaign, Claim, Code, Tier, Variant
from tests.scoring.reading import user_of

_keys = itertools.count(1)


@dataclass
class Qualifies:
    """As perks.eligibility.Checklist."""

    ok: bool = True
    score: float | None = 50.0
    percentile: float | None = 80.0
    formula: str = "v1"
    scored_on: date | None = date(2026, 11, 1)
    tier: Tier | None = None


def new_key() -> str:
    return f"form {next(_keys)}"


def take(campaign: Campaign, person: Person, **given: Any) -> Claim:
    """perks.claims.hold with what a page would send: the only variant, the terms in force, a new key."""
    values: dict[str, Any] = {
        "variant": given.get("variant") or campaign.variants.get(),
        "user": user_of(person),
        "key": new_key(),
        "terms": given.get("terms") or campaign.terms,
        "checklist": Qualifies(score=given.pop("score", 50.0)),
    }
    return claims.hold(campaign=campaign, person=person, **values | given)


def assert_consistent(*variants: Variant) -> None:
    """What is counted is what the rows say, there is no more of it than stock, and no code is anybody else's too."""
    for variant in variants:
        variant.refresh_from_db()
        rows = Claim.objects.filter(variant=variant)
        held, claimed = rows.filter(state="held").count(), rows.filter(state__in=["claimed", "redeemed"]).count()
        assert (variant.held, variant.claimed) == (held, claimed)
        assert held + claimed + variant.reserve <= variant.quantity
        assert list(claims.differences(variant)) == []
        codes = Code.objects.filter(variant=variant)
        if codes.exists():
            assert codes.filter(claim__state__in=["claimed", "redeemed"]).count() == claimed
            assert codes.filter(given_at__isnull=True).count() >= held


def moment(text: str) -> datetime:
    """moment("12:00") of a Sunday."""
    return datetime.fromisoformat(f"2026-11-22T{text}").replace(tzinfo=UTC)
