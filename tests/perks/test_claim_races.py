"""Many at once on a real PostgreSQL. Beside each guarantee stands what happens without its guard."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from perks import campaigns, claims, codes
from perks.errors import AlreadyClaimed, HoldOver, NotOpen, PerkError, SoldOut
from perks.models import Brand, Campaign, Claim, Code, Redemption, Variant
from tests.perks.campaigns import make_brand, make_campaign, make_codes, make_member
from tests.perks.racing import (
    ABOUT_RULES,
    SECOND_LOOK,
    at_once,
    crowd,
    held,
    holder,
    while_open,
    without,
    without_constraint,
)
from tests.perks.taking import assert_consistent, take

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


# ---------------------------------------------------------------- stock


def test_two_hundred_people_and_twenty_items() -> None:
    """Four items in each of five campaigns; forty people want each of them."""
    offered = [make_campaign(make_brand(f"Brand {i}"), stock=4, kind="shipped") for i in range(5)]
    people = crowd(200)
    answers = at_once(*(holder(offered[i % 5], person) for i, person in enumerate(people)))
    assert len(held(answers)) == 20
    assert Counter(type(answer) for answer in answers) == {Claim: 20, SoldOut: 180}
    for campaign in offered:
        variant = campaign.variants.get()
        assert variant.held == 4
        assert_consistent(variant)
    confirmed = at_once(*(partial(claims.confirm, claim=claim) for claim in held(answers)))
    assert [claim.state for claim in confirmed] == ["claimed"] * 20
    assert_consistent(*Variant.objects.all())


def test_what_is_read_first_and_written_then_is_sold_too_often() -> None:
    """The control: without the second look at the row, and without the constraint behind it."""
    campaign = make_campaign(stock=1, kind="shipped")
    alice, bob = crowd(2)
    with without("HOLD", SECOND_LOOK), without_constraint("perks_variant", "variant_never_more_than_stock"):
        first, second, waited = while_open(holder(campaign, alice), holder(campaign, bob))
        assert waited
        assert len(held([first, second])) == 2
        assert Claim.objects.filter(state="held").count() == 2
        assert campaign.variants.get().quantity == 1


def test_behind_the_second_look_the_constraint_stands() -> None:
    """The same without the second look alone: what would be too much is refused by the database."""
    campaign = make_campaign(stock=1, kind="shipped")
    alice, bob = crowd(2)
    with without("HOLD", SECOND_LOOK):
        first, second, waited = while_open(holder(campaign, alice), holder(campaign, bob))
    assert waited
    assert len(held([first])) == 1
    assert isinstance(second, IntegrityError)
    assert_consistent(campaign.variants.get())


# ---------------------------------------------------------------- one person


def test_one_person_many_times_at_once_has_one() -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=40, kind="shipped")
    answers = at_once(*(holder(campaign, alice) for _ in range(40)))
    assert Counter(type(answer) for answer in answers) == {Claim: 1, AlreadyClaimed: 39}
    assert_consistent(campaign.variants.get())


def test_one_person_twice_at_once_waits_for_themselves() -> None:
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped")
    _, answer, waited = while_open(holder(campaign, alice), holder(campaign, alice))
    assert waited
    assert isinstance(answer, AlreadyClaimed)


def test_one_person_has_too_many_without_the_numbers() -> None:
    """The control: active claims of a person are numbered, and no unique index keeps a number once."""
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped")
    with without_constraint("perks_claim", "claim_once_per_ordinal"):
        first, second, _ = while_open(holder(campaign, alice), holder(campaign, alice))
        assert first.pk != second.pk
        assert Claim.objects.filter(person=alice, state="held").count() == 2


def test_one_person_never_has_more_than_allowed_over_all_sizes() -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=9, kind="shipped", per_person=3)
    sizes = [campaign.variants.get(), *(Variant.objects.create(campaign=campaign, name=n, quantity=9) for n in "ML")]
    answers = at_once(*(holder(campaign, alice, variant=sizes[i % 3]) for i in range(30)))
    assert sorted(claim.ordinal for claim in held(answers)) == [1, 2, 3]
    assert_consistent(*sizes)


def test_the_same_request_at_once_is_one_claim() -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=40, kind="shipped", per_person=20)
    answers = at_once(*(holder(campaign, alice, key="a form") for _ in range(30)))
    assert len({claim.pk for claim in held(answers)}) == 1
    assert len(held(answers)) == 30
    assert Claim.objects.count() == 1
    assert_consistent(campaign.variants.get())


def test_the_same_request_is_two_claims_without_its_constraint() -> None:
    """The control: who may have several gets several for one form that was sent twice at once."""
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped", per_person=5)
    attempt = holder(campaign, alice, key="a form")
    with (
        without_constraint("perks_claim", "claim_key_once"),
        without_constraint("perks_claim", "claim_once_per_ordinal"),
    ):
        first, second, _ = while_open(attempt, attempt)
        assert first.pk != second.pk


# ---------------------------------------------------------------- a pause


def end_of(campaign: Campaign, how: str) -> None:
    if how == "paused":
        Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    elif how == "suspended":
        Brand.objects.filter(pk=campaign.brand_id).update(suspended=True)
    else:
        campaign.windows.update(closes_at=timezone.now() - MINUTE, short_reason="Closed.")


@pytest.mark.parametrize("how", ["paused", "suspended", "closed"])
def test_a_claim_that_waits_while_it_is_paused_sees_the_pause(how: str) -> None:
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped")
    _, answer, waited = while_open(partial(end_of, campaign, how), holder(campaign, alice))
    assert waited
    assert isinstance(answer, NotOpen)
    assert not Claim.objects.exists()
    assert_consistent(campaign.variants.get())


def test_a_claim_that_waits_is_made_after_the_pause_where_it_does_not_look_again() -> None:
    """The control: the state as it was read before the wait."""
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped")
    with without("HOLD", ABOUT_RULES):
        _, answer, _ = while_open(partial(end_of, campaign, "paused"), holder(campaign, alice))
    assert isinstance(answer, Claim)
    assert Campaign.objects.get().state == "paused"


def test_a_pause_waits_for_the_claim_that_has_the_row() -> None:
    alice, campaign = make_member("Alice"), make_campaign(kind="shipped")
    claim, _, waited = while_open(holder(campaign, alice), partial(end_of, campaign, "paused"))
    assert waited
    assert Campaign.objects.get().state == "paused"
    assert claims.confirm(claim=claim).state == "claimed"


def test_nothing_is_claimed_after_the_pause_has_committed() -> None:
    """Eighty people at once while the brand pauses; afterwards there is no claim that was not there at the pause."""
    before, campaign = deadlocks(), make_campaign(stock=80, kind="shipped")
    people = crowd(80)

    def pause() -> int:
        campaigns.move(campaign=campaign, to="paused", user=None, reason="Recalled.", at=timezone.now())
        return Claim.objects.count()

    attempts = [holder(campaign, person) for person in people]
    *answers, at_the_pause = at_once(*attempts[:40], *attempts[40:], pause)
    assert {type(answer) for answer in answers} <= {Claim, NotOpen}
    assert len(held(answers)) == Claim.objects.count() == at_the_pause
    assert deadlocks() == before
    assert_consistent(campaign.variants.get())


# ---------------------------------------------------------------- codes


def test_fifty_at_once_get_fifty_codes() -> None:
    campaign = make_campaign(stock=50)
    made = [holder(campaign, person)() for person in crowd(50)]
    confirmed = at_once(*(partial(claims.confirm, claim=claim) for claim in made))
    assert len({claim.code.pk for claim in confirmed}) == 50
    assert_consistent(campaign.variants.get())


def test_a_code_is_given_twice_where_it_is_read_first_and_written_then(monkeypatch) -> None:
    """The control: the first free code, without a lock."""
    campaign, given, met = make_campaign(stock=50), [], threading.Barrier(2)

    def give(claim_id: int, variant_id: int, at: Any) -> None:
        code = Code.objects.filter(variant=variant_id, given_at__isnull=True).order_by("pk")[0]
        # Until another one has read too.
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=1)
        Code.objects.filter(pk=code.pk).update(claim=claim_id, given_at=at)
        given.append(code.pk)

    made = [holder(campaign, person)() for person in crowd(50)]
    monkeypatch.setattr(codes, "give", give)
    at_once(*(partial(claims.confirm, claim=claim) for claim in made))
    assert len(set(given)) < len(given)
    assert list(claims.differences()) != []


def test_many_confirmations_of_one_hold_give_one_code() -> None:
    campaign = make_campaign(stock=5)
    claim = take(campaign, make_member("Alice"))
    answers = at_once(*(partial(claims.confirm, claim=Claim.objects.get(pk=claim.pk)) for _ in range(20)))
    assert [answer.state for answer in answers] == ["claimed"] * 20
    assert Code.objects.filter(given_at__isnull=False).count() == 1
    assert claim.events.filter(kind="claimed").count() == 1
    assert_consistent(campaign.variants.get())


def test_a_claim_is_used_once_at_many_counters() -> None:
    campaign = make_campaign()
    claim = claims.confirm(claim=take(campaign, make_member("Alice")))
    answers = at_once(*(partial(claims.redeem, claim=Claim.objects.get(pk=claim.pk), counter=None) for _ in range(20)))
    assert sum(isinstance(answer, Redemption) for answer in answers) == 1
    assert all(isinstance(answer, Redemption | PerkError) for answer in answers)
    assert_consistent(campaign.variants.get())


# ---------------------------------------------------------------- holds that end


def end_while_confirming() -> tuple[Campaign, Any, bool]:
    """A sweep that has not committed has the hold, which is confirmed in time meanwhile."""
    campaign = make_campaign(stock=2)
    claim = take(campaign, make_member("Alice"))
    take(campaign, make_member("Bob"), at=timezone.now() + HOUR)
    confirm = partial(claims.confirm, claim=Claim.objects.get(pk=claim.pk))
    ended, answer, waited = while_open(partial(claims.expire_due, at=claim.expires_at), confirm)
    assert ended == 1
    return campaign, answer, waited


def test_a_hold_that_ends_while_it_is_confirmed_is_one_or_the_other() -> None:
    campaign, answer, waited = end_while_confirming()
    assert waited
    assert isinstance(answer, HoldOver)
    assert_consistent(campaign.variants.get())


def test_a_hold_that_has_ended_is_confirmed_where_its_state_is_read_before() -> None:
    """The control: the item is freed and claimed at once, and the counts are wrong."""
    with without("CLAIM", " AND state = 'held'"):
        _, answer, _ = end_while_confirming()
    assert answer.state == "claimed"
    assert list(claims.differences()) != []


def test_sweeps_and_confirmations_at_once_leave_nothing_over() -> None:
    now = timezone.now()
    campaign = make_campaign(stock=30)
    made = [holder(campaign, person, at=now)() for person in crowd(30)]
    confirming = [partial(claims.confirm, claim=claim, at=claim.expires_at - MINUTE) for claim in made]
    sweeping = [partial(claims.expire_due, at=now + HOUR, limit=7) for _ in range(10)]
    releasing = [partial(claims.release, claim=Claim.objects.get(pk=claim.pk)) for claim in made[::3]]
    before = deadlocks()
    answers = at_once(*confirming, *sweeping, *releasing)
    assert not [answer for answer in answers if isinstance(answer, DatabaseError)]
    while claims.expire_due(at=now + HOUR):
        pass
    states = Counter(Claim.objects.values_list("state", flat=True))
    assert set(states) <= {"claimed", "expired", "released"}
    variant = campaign.variants.get()
    assert (variant.held, variant.claimed) == (0, states["claimed"])
    assert deadlocks() == before
    assert_consistent(variant)


def test_what_was_held_too_long_is_had_by_one_of_many() -> None:
    now = timezone.now()
    campaign = make_campaign(stock=1, kind="shipped")
    take(campaign, make_member("Alice"), at=now)
    later = now + HOUR
    answers = at_once(*(holder(campaign, person, at=later) for person in crowd(40)))
    assert Counter(type(answer) for answer in answers) == {Claim: 1, SoldOut: 39}
    assert_consistent(campaign.variants.get())


def sweep_twice(campaign: Campaign) -> Any:
    """Two sweeps of the same holds, the second one while the first has not committed; what the second one found."""
    now = timezone.now()
    for person in crowd(2):
        holder(campaign, person, at=now)()
    take(campaign, make_member("Alice"), at=now + 2 * HOUR)
    sweep = partial(claims.expire_due, at=now + HOUR)
    first, second, waited = while_open(sweep, sweep)
    assert (first, waited) == (2, True)
    return second


def test_two_sweeps_free_an_item_once() -> None:
    campaign = make_campaign(stock=5, kind="shipped")
    assert sweep_twice(campaign) == 0
    assert campaign.variants.get().held == 1
    assert_consistent(campaign.variants.get())


def test_two_sweeps_free_an_item_twice_without_the_lock() -> None:
    """The control: what is over is read before the wait, and ended again after it."""
    campaign = make_campaign(stock=5, kind="shipped")
    with without("SWEEP", " FOR NO KEY UPDATE"):
        found = sweep_twice(campaign)
    # Freed once too often: either the counts are wrong, or there were not even so many to take off.
    assert isinstance(found, DatabaseError) or list(claims.differences()) != []


# ---------------------------------------------------------------- who waits


def begin_to_wait() -> None:
    Variant.objects.update(waiting=1)


def test_nobody_passes_by_who_began_to_wait_meanwhile() -> None:
    bob, campaign = make_member("Bob"), make_campaign(stock=1, kind="shipped")
    _, answer, waited = while_open(begin_to_wait, holder(campaign, bob))
    assert waited
    assert isinstance(answer, SoldOut)
    assert not Claim.objects.exists()
    assert campaign.variants.get().held == 0


def test_who_waits_is_passed_by_without_the_second_look() -> None:
    """The control."""
    bob, campaign = make_member("Bob"), make_campaign(stock=1, kind="shipped")
    with without("HOLD", SECOND_LOOK):
        _, answer, _ = while_open(begin_to_wait, holder(campaign, bob))
    assert isinstance(answer, Claim)
    assert campaign.variants.get().waiting == 1


def test_offers_and_passers_by_share_what_there_is() -> None:
    campaign = make_campaign(stock=8, reserve=5, kind="shipped")
    people, variant = crowd(40), campaign.variants.get()
    offers = [
        partial(
            claims.offer,
            campaign=campaign,
            variant=variant,
            person=person,
            source="waiting",
            hours=24,
            from_reserve=True,
        )
        for person in people[:20]
    ]
    answers = at_once(*offers, *(holder(campaign, person) for person in people[20:]))
    assert len(held(answers)) == 8
    # Passers-by had three at most.
    assert len(held(answers[20:])) <= 3
    assert_consistent(campaign.variants.get())


# ---------------------------------------------------------------- stock that changes


def test_stock_is_lowered_to_no_less_than_what_is_taken_meanwhile() -> None:
    """Alice's hold is on its way while the brand lowers the stock to the one that Bob holds."""
    campaign = make_campaign(stock=3, kind="shipped")
    variant = campaign.variants.get()
    alice, bob = crowd(2)
    holder(campaign, bob)()
    _held, answer, waited = while_open(
        holder(campaign, alice), partial(claims.set_stock, variant=variant, quantity=1, reserve=0)
    )
    assert (type(answer), waited) == (claims.TooLittle, True)
    assert campaign.variants.get().quantity == 3
    assert_consistent(campaign.variants.get())


def test_stock_that_is_read_first_and_written_then_falls_below_it() -> None:
    campaign = make_campaign(stock=3, kind="shipped")
    variant = campaign.variants.get()
    alice, bob = crowd(2)
    holder(campaign, bob)()

    def lower() -> None:
        row = Variant.objects.get(pk=variant.pk)
        assert row.claimed + row.held <= 1
        Variant.objects.filter(pk=variant.pk).update(quantity=1)

    _held, answer, _waited = while_open(holder(campaign, alice), lower)
    # Nothing but the constraint is left to refuse it, and a brand would be shown an error instead of a sentence.
    assert isinstance(answer, IntegrityError)


def test_stock_never_falls_below_what_many_take_meanwhile() -> None:
    campaign = make_campaign(stock=20, kind="shipped")
    variant = campaign.variants.get()
    attempts = [holder(campaign, person) for person in crowd(30)]
    lower = [partial(claims.set_stock, variant=variant, quantity=number, reserve=0) for number in (15, 12, 9, 6, 3, 0)]
    answers = at_once(*attempts, *lower)
    assert not [answer for answer in answers if isinstance(answer, DatabaseError)]
    assert_consistent(campaign.variants.get())


def test_codes_taken_in_while_people_claim() -> None:
    campaign = make_campaign(stock=10)
    variant = campaign.variants.get()

    def more() -> None:
        with transaction.atomic():
            make_codes(variant, [f"MORE-{i}" for i in range(10)])
            Variant.objects.filter(pk=variant.pk).update(quantity=20)

    answers = at_once(*(holder(campaign, person) for person in crowd(30)), more)
    assert 10 <= len(held(answers)) <= 20
    confirmed = at_once(*(partial(claims.confirm, claim=claim) for claim in held(answers)))
    assert len({claim.code.pk for claim in confirmed}) == len(confirmed)
    assert_consistent(campaign.variants.get())
