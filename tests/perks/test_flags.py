"""One person with several accounts is shown to the staff, who decide; nobody is blocked by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Person, User
from perks import claims, flags
from perks.errors import NotNow
from perks.models import AuditEntry, Claim, Flag
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.parcels import address, claim_shipped, take

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HINTS = {"network_hint": "a" * 32, "device_hint": "b" * 32}


@pytest.fixture
def staff(db) -> User:
    return User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)


def confirmed(campaign, person: Person, **hints: str) -> Claim:
    return claims.confirm(claim=take(campaign, person, **hints))


def look(claim: Claim) -> int:
    return flags.look_at(claim_id=claim.pk, at=NOW)


def test_two_people_with_one_address_are_shown_and_both_keep_what_they_have(alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="shipped")
    first = claim_shipped(campaign, alice)
    assert look(first) == 0
    second = claim_shipped(campaign, bob, address=address("B. Archer", "ZQSTRASSE  17"))
    assert look(second) == 1
    assert look(second) == 0
    [flag] = Flag.objects.all()
    assert (flag.kind, flag.state, set(flag.claims.all())) == ("address", "open", {first, second})
    assert {claim.state for claim in Claim.objects.all()} == {"claimed"}


def test_one_person_alone_is_never_shown(alice: Person) -> None:
    campaign = make_campaign(kind="shipped", per_person=2)
    for _ in range(2):
        look(claim_shipped(campaign, alice, **HINTS))
    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    ("other", "number"),
    [({}, 0), (HINTS, 1), (HINTS | {"network_hint": "c" * 32}, 0), (HINTS | {"device_hint": "c" * 32}, 0)],
)
def test_one_device_is_one_browser_in_one_network(alice: Person, bob: Person, other: dict, number: int) -> None:
    campaign = make_campaign()
    confirmed(campaign, alice, **HINTS)
    assert look(confirmed(campaign, bob, **other)) == number


def test_what_is_only_held_or_another_brands_says_nothing(alice: Person, bob: Person) -> None:
    campaign, other = make_campaign(), make_campaign(make_brand("Zenith"))
    take(campaign, alice, **HINTS)
    confirmed(other, alice, **HINTS)
    assert look(confirmed(campaign, bob, **HINTS)) == 0


def test_a_flag_that_was_cleared_opens_again_only_for_somebody_new(alice: Person, bob: Person, staff: User) -> None:
    campaign = make_campaign(kind="shipped", per_person=2, stock=9)
    claim_shipped(campaign, alice)
    look(claim_shipped(campaign, bob))
    flag = Flag.objects.get()
    flags.decide(flag=flag, state="cleared", note="A couple.", cancel=[], reason="", user=staff, at=NOW)
    look(claim_shipped(campaign, bob))
    flag.refresh_from_db()
    assert (flag.state, flag.claims.count()) == ("cleared", 3)
    look(claim_shipped(campaign, make_member("Charlie")))
    flag.refresh_from_db()
    assert (flag.state, flag.claims.count()) == ("open", 4)


def test_the_staff_decides_and_chosen_claims_are_cancelled_with_a_reason(
    alice: Person, bob: Person, staff: User
) -> None:
    campaign = make_campaign(stock=2)
    first, second = confirmed(campaign, alice, **HINTS), confirmed(campaign, bob, **HINTS)
    look(second)
    flag = Flag.objects.get()
    with pytest.raises(flags.NoReason):
        flags.decide(flag=flag, state="confirmed", note="", cancel=[second.pk], reason=" ", user=staff, at=NOW)
    with pytest.raises(NotNow):
        flags.decide(flag=flag, state="cleared", note="", cancel=[second.pk], reason="Twice.", user=staff, at=NOW)
    other = confirmed(make_campaign(), alice)
    with pytest.raises(NotNow):
        flags.decide(flag=flag, state="confirmed", note="", cancel=[other.pk], reason="Twice.", user=staff, at=NOW)
    flag.refresh_from_db()
    assert flag.state == "open"
    why = "One for each person: this is a second one of yours."
    flags.decide(flag=flag, state="confirmed", note="Same.", cancel=[second.pk], reason=why, user=staff, at=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("claimed", "cancelled")
    variant = campaign.variants.get()
    assert variant.claimed == 1
    lines = AuditEntry.objects.filter(action="decide flag")
    assert [(line.by_staff, line.user) for line in lines] == [(True, staff)]
    assert not any("Bob" in str(line.about) + line.reason for line in AuditEntry.objects.all())


def test_hints_are_forgotten_some_months_after_a_campaign(alice: Person, bob: Person) -> None:
    campaign, running = make_campaign(), make_campaign()
    old, new = confirmed(campaign, alice, **HINTS), confirmed(running, bob, **HINTS)
    type(campaign).objects.filter(pk=campaign.pk).update(state="ended")
    assert flags.forget_hints(at=NOW + timedelta(days=80)) == 0
    assert flags.forget_hints(at=NOW + timedelta(days=100)) == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.network_hint, old.device_hint, bool(new.device_hint)) == ("", "", True)
