"""Brands, campaigns with stock and codes, and members with a score, for tests of perks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.models import Membership, Person, User
from perks import codes as perk_codes
from perks.models import Brand, BrandMembership, Campaign, Code, Terms, Variant, Window
from perks.models.campaigns import DISCLOSURE
from scoring.models import Score, ScoreRun

HOUR = timedelta(hours=1)


def make_brand(name: str = "Acme", **fields: Any) -> Brand:
    """The brand of this name, made if there is none."""
    return Brand.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name} | fields)[0]


def make_campaign(
    brand: Brand | None = None,
    *,
    stock: int = 5,
    kind: str = "code",
    codes: bool = True,
    opens: timedelta = -HOUR,
    closes: timedelta = 2 * timedelta(days=1),
    state: str = "live",
    reserve: int = 0,
    at: datetime | None = None,
    **fields: Any,
) -> Campaign:
    """A campaign with one variant, one window from `opens` to `closes` (from `at`, or now), terms, and its codes.

    There are codes where `kind` is "code" and `codes` is true: "ACME-1", "ACME-2" ...
    """
    brand = brand or make_brand()
    at = at or timezone.now()
    campaign = Campaign.objects.create(
        brand=brand,
        state=state,
        kind=kind,
        # Of such a value data must be confirmed by a network otherwise, which members of tests have none of.
        **{"title": "A headset", "value": Decimal("99.00"), "confirmed_only": False} | fields,
    )
    Terms.objects.create(
        campaign=campaign,
        version=1,
        text="One for each person. Say so when you post about it.",
        disclosure=DISCLOSURE.format(brand=brand.name),
    )
    variant = Variant.objects.create(campaign=campaign, quantity=stock, reserve=reserve)
    Window.objects.create(
        campaign=campaign,
        opens_at=at + opens,
        closes_at=at + closes,
        short_reason="" if closes - opens >= 24 * HOUR else "A test takes no day.",
    )
    if kind == "code" and codes:
        make_codes(variant, (f"{brand.slug}-{campaign.pk}-{number}".upper() for number in range(1, stock + 1)))
    return campaign


def make_codes(variant: Variant, texts: Iterable[str]) -> list[Code]:
    """Codes as they are taken in; the variant's quantity is left as it is."""
    brand = variant.campaign.brand
    return Code.objects.bulk_create(
        Code(brand=brand, variant=variant, digest=perk_codes.digest(brand, text), sealed=perk_codes.seal(text))
        for text in texts
    )


def make_member(handle: str, score: float | None = 50.0, *, percentile: float = 80.0, **fields: Any) -> Person:
    """A person whom a user ("alice@example.org") speaks for, with a published score (None: with none)."""
    user = User.objects.create(email=f"{handle.lower()}@example.org", password="!")
    person = Person.objects.create(handle=handle, **{"name": handle, "birth_year": 1980} | fields)
    Membership.objects.create(user=user, person=person)
    if score is not None:
        make_score(person, score, percentile=percentile)
    return person


def make_score(person: Person, score: float, *, percentile: float = 80.0, **fields: Any) -> Score:
    """The published score of a person, anew."""
    today = datetime.now(UTC).date()
    run = ScoreRun.objects.filter(as_of=today, formula="v1", state=ScoreRun.State.DONE).first()
    run = run or ScoreRun.objects.create(
        as_of=today, formula="v1", state=ScoreRun.State.DONE, stage="award", counts={"persons": 300}
    )
    part = (score - 1) / 3
    values = {
        "run": run,
        "score": score,
        "reach": part + 1,
        "amplification": part,
        "network_part": part,
        "percentile": percentile,
        "confidence": "fair",
        "formula": "v1",
        "as_of": today,
    }
    return Score.objects.update_or_create(person=person, defaults=values | fields)[0]


def make_team(brand: Brand, **roles: str) -> dict[str, User]:
    """Users who work for `brand`: make_team(acme, olga="owner", ed="editor") -> {"olga": User, ...}."""
    users = {}
    for name, role in roles.items():
        users[name] = User.objects.create(email=f"{name.lower()}@{brand.slug}.example", password="!")
        BrandMembership.objects.create(user=users[name], brand=brand, role=role)
    return users


def second_factor(user: User) -> User:
    """`user`, who logs in with an authenticator app from now on: the brands' site wants it."""
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    return user
