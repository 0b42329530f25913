"""The queue while many join, leave and give back at the same moment, on PostgreSQL as it runs."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import Person
from perks import claims, waiting
from perks.errors import PerkError
from perks.models import Campaign, Claim, WaitingPlace
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.test_waiting import QUALIFIES, assert_counts_agree, hold, variant_of

pytestmark = pytest.mark.django_db(transaction=True)


def sold_out(stock: int) -> Campaign:
    campaign = make_campaign(stock=stock, codes=False)
    for number in range(stock):
        hold(campaign, make_member(f"Holder{number}"))
    return campaign


def members(number: int) -> list[Person]:
    return [make_member(f"Member{place}", score=None) for place in range(number)]


def test_fifty_join_leave_and_give_back_at_once(race) -> None:
    campaign, people = sold_out(10), members(30)
    variant, held = variant_of(campaign), list(Claim.objects.order_by("pk"))
    at = timezone.now()
    for person in people[:10]:
        waiting.join(variant=variant, person=person, user=None, checklist=QUALIFIES, at=at)

    def attempt(index: int) -> str:
        if index < 20:
            waiting.join(variant=variant, person=people[10 + index], user=None, checklist=QUALIFIES, at=at)
            return "joined"
        if index < 30:
            claims.release(claim=Claim.objects.get(pk=held[index - 20].pk))
            return "freed"
        if index < 40:
            # Half of them take themselves out, whether or not it is their turn just now.
            waiting.leave(variant=variant, person=people[index - 30], at=at)
            return "left"
        return f"offered {waiting.serve(variant.pk)}"

    answers = race(attempt, 50)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert Counter(str(answer).split()[0] for answer in answers) == {
        "joined": 20,
        "freed": 10,
        "left": 10,
        "offered": 10,
    }
    waiting.settle(timezone.now())
    assert_counts_agree(campaign)
    assert Claim.objects.filter(source="waiting", state="held").count() == 10, "each item is offered, none twice"
    # Whoever waits still came after everybody who was offered one.
    offered = WaitingPlace.objects.filter(offer__isnull=False).values_list("pk", flat=True)
    still = WaitingPlace.objects.filter(state="waiting").values_list("pk", flat=True)
    assert still
    assert max(offered) < min(still)


def test_two_who_serve_at_once_offer_no_place_twice(race) -> None:
    campaign, people = sold_out(3), members(8)
    variant, at = variant_of(campaign), timezone.now()
    for person in people:
        waiting.join(variant=variant, person=person, user=None, checklist=QUALIFIES, at=at)
    for claim in Claim.objects.filter(source="window"):
        claims.release(claim=claim)
    assert sum(race(lambda _index: waiting.serve(variant.pk), 8)) == 3
    offered = Claim.objects.filter(source="waiting").order_by("pk").values_list("person", flat=True)
    assert list(offered) == [person.pk for person in people[:3]]
    assert_counts_agree(campaign)


def test_without_its_lock_two_would_offer_the_same_place(race, monkeypatch) -> None:
    """The negative control of the test before: the same race, each server with a lock of its own."""
    campaign, people = sold_out(4), members(8)
    variant, at = variant_of(campaign), timezone.now()
    for person in people:
        waiting.join(variant=variant, person=person, user=None, checklist=QUALIFIES, at=at)
    for claim in Claim.objects.filter(source="window"):
        claims.release(claim=claim)
    tried: list[int] = []
    genuine, met = claims.offer, threading.Barrier(2)

    def offer(**values: object) -> Claim | None:
        tried.append(values["person"].pk)  # type: ignore[attr-defined]
        # Until another one has chosen too; behind the lock there is none, and nobody comes.
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=1)
        return genuine(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting.claims, "offer", offer)
    race(lambda _index: waiting.serve(variant.pk, limit=1), 4)
    assert len(tried) == len(set(tried)), "with the lock nobody is tried twice"
    tried.clear()
    met.reset()
    Claim.objects.filter(source="waiting").delete()
    WaitingPlace.objects.all().delete()
    campaign.variants.update(held=0, waiting=0, quantity=0)
    for person in people:
        waiting.join(variant=variant, person=person, user=None, checklist=QUALIFIES, at=at)
    campaign.variants.update(quantity=4)
    monkeypatch.setattr(waiting, "QUEUE_LOCK", "SELECT random() + %s + %s")
    race(lambda _index: waiting.serve(variant.pk, limit=1), 4)
    assert len(tried) > len(set(tried))


def test_the_same_person_joins_once_however_often_at_once(race) -> None:
    campaign, [alice] = sold_out(1), members(1)
    variant, at = variant_of(campaign), timezone.now()
    answers = race(
        lambda _index: waiting.join(variant=variant, person=alice, user=None, checklist=QUALIFIES, at=at).pk, 20
    )
    assert len(set(answers)) == 1
    assert_counts_agree(campaign)
    assert variant_of(campaign).waiting == 1


def test_numbers_rise_in_the_order_in_which_people_joined(race) -> None:
    """A place is numbered while its variant's row is held: a higher number never commits before a lower one."""
    campaign, people = sold_out(1), members(30)
    variant, at = variant_of(campaign), timezone.now()
    seen: list[tuple[int, int]] = []

    def attempt(index: int) -> None:
        place = waiting.join(variant=variant, person=people[index], user=None, checklist=QUALIFIES, at=at)
        # Whoever has joined sees everybody who is before them.
        seen.append((place.pk, WaitingPlace.objects.filter(pk__lt=place.pk).count()))

    assert race(attempt, 30) == [None] * 30
    assert [before for _pk, before in sorted(seen)] == list(range(30))


def test_joining_while_one_is_given_back_ends_in_an_offer_or_a_free_item(race) -> None:
    random.seed(6)
    for number in range(5):
        campaign = make_campaign(stock=1, codes=False)
        held = hold(campaign, make_member(f"Holder{number}"))
        alice = make_member(f"Alice{number}", score=None)
        variant, at = variant_of(campaign), timezone.now()

        def attempt(index: int, held=held, alice=alice, variant=variant, at=at) -> str:
            try:
                if index:
                    waiting.join(variant=variant, person=alice, user=None, checklist=QUALIFIES, at=at)
                    return "joined"
                claims.release(claim=held)
            except PerkError as error:
                return error.code
            return "freed"

        answers = race(attempt, 2)
        assert not any(isinstance(answer, DatabaseError) for answer in answers)
        waiting.settle(timezone.now())
        row = variant_of(campaign)
        if "joined" in answers:
            assert Claim.objects.get(campaign=campaign, source="waiting").person == alice
        else:
            assert (row.left, row.waiting) == (1, 0)
        assert_counts_agree(campaign)
