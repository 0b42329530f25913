"""Any order of what can be done to claims, beside a plain account of what should come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as some

from perks import claims
from perks.errors import AlreadyClaimed, HoldOver, NotNow, NotOpen, PerkError, SoldOut
from perks.models import Campaign, Claim, Variant
from tests.perks.campaigns import make_campaign, make_codes
from tests.perks.racing import crowd
from tests.perks.taking import assert_consistent, moment, take

pytestmark = pytest.mark.django_db

NOON, MINUTE = moment("12:00"), timedelta(minutes=1)
PEOPLE, LIMIT, STOCK, RESERVE = 3, 2, 4, 1
ACTIVE = ("held", "claimed", "redeemed")

people, which = some.integers(0, PEOPLE - 1), some.integers(0, 9)
STEPS = some.one_of(
    some.tuples(some.just("hold"), people),
    some.tuples(some.just("hold"), people),
    some.tuples(some.just("offer"), people, some.booleans()),
    *(some.tuples(some.just(name), which) for name in ("confirm", "release", "extend", "redeem", "cancel")),
    some.tuples(some.just("confirm"), which),
    some.tuples(some.just("pass"), some.sampled_from([1, 4, 9, 10, 11, 70])),
    some.tuples(some.just("sweep")),
    some.tuples(some.just("pause"), some.booleans()),
    some.tuples(some.just("more"), some.sampled_from([-2, -1, 1])),
)


@dataclass
class Item:
    person: int
    until: datetime
    accepted: bool
    state: str = "held"
    extended: bool = False


@dataclass
class Account:
    """What should be: no SQL, one thing after the other."""

    by_codes: bool
    quantity: int = STOCK
    reserve: int = RESERVE
    paused: bool = False
    now: datetime = NOON
    items: list[Item] = field(default_factory=list)

    def sweep(self) -> None:
        for item in self.items:
            if item.state == "held" and item.until <= self.now:
                item.state = "expired"

    @property
    def free(self) -> int:
        return self.quantity - self.reserve - sum(item.state in ACTIVE for item in self.items)

    def full(self, person: int) -> bool:
        return sum(item.state in ACTIVE and item.person == person for item in self.items) >= LIMIT

    def hold(self, person: int) -> Any:
        self.sweep()
        if self.paused:
            return NotOpen
        if self.full(person):
            return AlreadyClaimed
        if self.free < 1:
            return SoldOut
        self.items.append(Item(person, self.now + 10 * MINUTE, True))
        return "held"

    def offer(self, person: int, from_reserve: bool) -> Any:
        self.sweep()
        if self.paused:
            return None
        if self.full(person):
            return AlreadyClaimed
        if self.free < 1:
            if not (from_reserve and self.reserve):
                return None
            self.reserve -= 1
        self.items.append(Item(person, self.now + 60 * MINUTE, False))
        return "held"

    def confirm(self, item: Item) -> Any:
        if item.state in ("claimed", "redeemed"):
            return item.state
        if item.state == "held" and not item.accepted and item.until > self.now:
            return NotNow
        if item.state in ("held", "expired"):
            if item.state == "expired" or item.until <= self.now:
                return HoldOver if item.accepted or item.state == "expired" else NotNow
            item.state = "claimed"
            return "claimed"
        return NotNow

    def release(self, item: Item) -> Any:
        if item.state in ("claimed", "redeemed"):
            return NotNow
        if item.state == "held":
            item.state = "released"
        return item.state

    def extend(self, item: Item) -> Any:
        if item.state == "held" and item.extended:
            return NotNow
        if item.state == "expired" or (item.state == "held" and item.until <= self.now):
            return HoldOver
        if item.state != "held":
            return NotNow
        item.until, item.extended = item.until + 10 * MINUTE, True
        return "held"

    def redeem(self, item: Item) -> Any:
        if item.state != "claimed":
            return NotNow
        item.state = "redeemed"
        return "redeemed"

    def cancel(self, item: Item) -> Any:
        if item.state not in ("held", "claimed"):
            return NotNow
        if self.by_codes and item.state == "claimed":
            self.quantity -= 1
        item.state = "cancelled"
        return "cancelled"

    def more(self, number: int) -> Any:
        self.sweep()
        if self.by_codes:
            return NotNow
        if self.free + number < 0:
            return claims.TooLittle
        self.quantity += number
        return None


@settings(max_examples=25)
@given(steps=some.lists(STEPS, min_size=5, max_size=20), by_codes=some.booleans())
def test_whatever_is_done_comes_out_as_it_should(steps: list[tuple[Any, ...]], by_codes: bool) -> None:
    with transaction.atomic():
        variant = _play(steps, by_codes)
        assert list(claims.differences(variant)) == []
        transaction.set_rollback(True)


def _play(steps: list[tuple[Any, ...]], by_codes: bool) -> Variant:
    """Take the steps, each held to what the model says of it; the variant they were about."""
    campaign = make_campaign(stock=STOCK, reserve=RESERVE, kind="shipped", at=NOON, opens=timedelta(), per_person=LIMIT)
    variant, members = campaign.variants.get(), crowd(PEOPLE)
    if by_codes:
        make_codes(variant, map(str, range(STOCK)))
    account, made = Account(by_codes), []
    for name, *given_values in steps:
        at = account.now
        if name == "pass":
            account.now += given_values[0] * MINUTE
            continue
        if name == "pause":
            account.paused = given_values[0]
            Campaign.objects.filter(pk=campaign.pk).update(state="paused" if account.paused else "live")
            continue
        if name == "sweep":
            account.sweep()
            claims.expire_due(at=at)
            continue
        if name in ("hold", "offer", "more"):
            should = getattr(account, name)(*given_values)
        else:
            if not made:
                continue
            place = given_values[0] % len(made)
            should = getattr(account, name)(account.items[place])
        try:
            if name == "hold":
                is_so: Any = take(campaign, members[given_values[0]], at=at)
            elif name == "offer":
                # What is over goes back first: an offer takes from the reserve only where nothing else is free.
                claims.expire_due(at=at)
                person, from_reserve = members[given_values[0]], given_values[1]
                is_so = claims.offer(
                    campaign=campaign,
                    variant=variant,
                    person=person,
                    source="waiting",
                    hours=1,
                    from_reserve=from_reserve,
                    at=at,
                )
            elif name == "more":
                claims.expire_due(at=at)
                number = given_values[0]
                row = Variant.objects.get(pk=variant.pk)
                claims.set_stock(variant=row, quantity=row.quantity + number, reserve=row.reserve)
                is_so = None
            else:
                more = {"redeem": {"counter": None}, "cancel": {"user": None, "reason": "Recalled."}}.get(name, {})
                is_so = getattr(claims, name)(claim=made[place], at=at, **more)
        except PerkError as error:
            is_so = type(error)
        if name in ("hold", "offer") and isinstance(is_so, Claim):
            made.append(is_so)
        if isinstance(is_so, Claim):
            is_so = str(is_so.state)
        elif is_so is not None and not isinstance(is_so, type):
            is_so = "redeemed"
        assert is_so == should, (name, given_values)
        assert_consistent(variant)
    account.sweep()
    claims.expire_due(at=account.now)
    states = [Claim.objects.get(pk=claim.pk).state for claim in made]
    assert states == [item.state for item in account.items]
    variant.refresh_from_db()
    assert (variant.quantity, variant.reserve, variant.left) == (account.quantity, account.reserve, account.free)
    return variant
