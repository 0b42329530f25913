"""The queue for what is sold out: in order, by nobody passed, and never more offers than items."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Notification, Person
from perks import claims, eligibility, waiting
from perks.errors import NotEligible, NotNow, NotOpen, SoldOut
from perks.models import Campaign, Claim, Variant, WaitingPlace
from tests.perks.campaigns import HOUR, make_campaign, make_member

QUALIFIES = SimpleNamespace(
    ok=True, checks=[], score=50.0, percentile=80.0, formula="v1", scored_on=None, tier=None, campaign_id=0
)


@pytest.fixture
def sold_out(db) -> Campaign:
    """Two items, both claimed by others."""
    campaign = make_campaign(stock=2)
    for handle in ("Olga", "Oscar"):
        hold(campaign, make_member(handle))
    return campaign


def variant_of(campaign: Campaign) -> Variant:
    return campaign.variants.get()


def hold(campaign: Campaign, person: Person, key: str = "") -> Claim:
    variant, terms = variant_of(campaign), campaign.terms
    assert terms is not None
    return claims.hold(
        campaign=campaign,
        variant=variant,
        person=person,
        user=None,
        key=key or f"hold {person.pk}",
        terms=terms,
        checklist=QUALIFIES,
    )


def join(campaign: Campaign, person: Person) -> WaitingPlace:
    at = timezone.now()
    checklist = eligibility.check(person=person, campaign=campaign, at=at)
    return waiting.join(variant=variant_of(campaign), person=person, user=None, checklist=checklist, at=at)


def serve(campaign: Campaign, **more: object) -> int:
    return waiting.serve(variant_of(campaign).pk, **more)


def assert_counts_agree(campaign: Campaign) -> None:
    for variant in campaign.variants.all():
        assert variant.waiting == variant.waiting_places.filter(state="waiting").count()
        assert variant.held == variant.claims.filter(state="held").count()
        assert variant.claimed + variant.held + variant.reserve <= variant.quantity


def test_who_joins_first_is_offered_first(sold_out: Campaign, alice: Person, bob: Person) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    assert [place.before for place in waiting.place_of(bob, sold_out)] == [1]

    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert serve(sold_out) == 1
    [offer] = Claim.objects.filter(source="waiting")
    assert offer.person == alice
    assert offer.expires_at - offer.held_at == sold_out.offer_hours * HOUR
    assert offer.terms is None, "the terms are read when the offer is taken"
    assert offer.score == 50.0
    assert [place.before for place in waiting.place_of(bob, sold_out)] == [0]
    assert_counts_agree(sold_out)
    assert serve(sold_out) == 0


def test_the_offer_is_told_with_its_end(sold_out: Campaign, alice: Person, django_capture_on_commit_callbacks) -> None:
    join(sold_out, alice)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    with django_capture_on_commit_callbacks(execute=True):
        serve(sold_out)
    [told] = Notification.objects.filter(user__membership__person=alice)
    [message] = mail.outbox
    assert "is kept for you until" in told.subject
    assert Claim.objects.get(source="waiting").get_absolute_url() == told.url
    assert "your turn has come" in message.body


def test_an_offer_that_lapses_goes_to_the_next_and_is_told(
    sold_out: Campaign, alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    Claim.objects.update(expires_at=timezone.now() + 99 * HOUR)
    serve(sold_out)
    later = timezone.now() + 25 * HOUR
    assert claims.expire_due(at=later) == 1
    with django_capture_on_commit_callbacks(execute=True):
        found = waiting.settle(later, clock=later)
    assert found["over"] == 1
    assert Claim.objects.get(source="waiting", state="held").person == bob
    kinds = Notification.objects.filter(user__membership__person=alice).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["perk_offered", "perk_offer_over"]
    # Once: the next minute tells nobody anything.
    assert waiting.settle(later, clock=later) == {"over": 0, "closed": 0, "offered": 0, "counted": 0}
    assert join(sold_out, alice).state == "waiting", "whoever let it pass may queue up again"
    assert_counts_agree(sold_out)


def test_nobody_passes_the_queue_by(sold_out: Campaign, alice: Person, bob: Person) -> None:
    join(sold_out, alice)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert variant_of(sold_out).left == 1
    with pytest.raises(SoldOut):
        hold(sold_out, bob)
    # The negative control: it is the number of those who wait that keeps Bob out.
    Variant.objects.update(waiting=0)
    assert hold(sold_out, bob).state == "held"


def test_nobody_queues_up_while_one_is_free(db, alice: Person) -> None:
    campaign = make_campaign(stock=1)
    with pytest.raises(NotNow):
        join(campaign, alice)
    assert variant_of(campaign).waiting == 0
    assert not WaitingPlace.objects.exists()


def test_joining_twice_keeps_the_place(sold_out: Campaign, alice: Person, bob: Person) -> None:
    first = join(sold_out, alice)
    join(sold_out, bob)
    assert join(sold_out, alice) == first
    assert variant_of(sold_out).waiting == 2


def test_leaving_moves_the_others_up(sold_out: Campaign, alice: Person, bob: Person) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    assert waiting.leave(variant=variant_of(sold_out), person=alice, at=timezone.now())
    assert not waiting.leave(variant=variant_of(sold_out), person=alice, at=timezone.now())
    assert [place.before for place in waiting.place_of(bob, sold_out)] == [0]
    assert_counts_agree(sold_out)


def test_leaving_gives_an_offer_to_the_next(sold_out: Campaign, alice: Person, bob: Person) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    serve(sold_out)
    waiting.leave(variant=variant_of(sold_out), person=alice, at=timezone.now())
    assert serve(sold_out) == 1
    assert Claim.objects.get(source="waiting", state="held").person == bob
    assert_counts_agree(sold_out)


def test_what_is_kept_back_is_for_the_queue(db, alice: Person, bob: Person) -> None:
    campaign = make_campaign(stock=2, reserve=1)
    hold(campaign, make_member("Olga"))
    with pytest.raises(SoldOut):
        hold(campaign, alice)
    join(campaign, alice)
    assert serve(campaign) == 1
    variant = variant_of(campaign)
    assert (variant.reserve, variant.held) == (0, 2)
    join(campaign, bob)
    assert serve(campaign) == 0


def test_a_later_score_takes_no_place_away(sold_out: Campaign, alice: Person) -> None:
    join(sold_out, alice)
    Campaign.objects.update(minimum_score=99)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert serve(sold_out) == 1


def test_who_does_not_qualify_cannot_join(sold_out: Campaign) -> None:
    Campaign.objects.update(minimum_score=60)
    sold_out.refresh_from_db()
    with pytest.raises(NotEligible):
        join(sold_out, make_member("Charlie", score=20.0))
    assert variant_of(sold_out).waiting == 0


def test_who_got_one_otherwise_is_passed_over(sold_out: Campaign, alice: Person, bob: Person) -> None:
    other = Variant.objects.create(campaign=sold_out, name="L", quantity=1)
    join_first = waiting.join(
        variant=variant_named(sold_out, ""), person=alice, user=None, checklist=QUALIFIES, at=timezone.now()
    )
    waiting.join(variant=variant_named(sold_out, ""), person=bob, user=None, checklist=QUALIFIES, at=timezone.now())
    terms = sold_out.terms
    assert terms is not None
    claims.hold(campaign=sold_out, variant=other, person=alice, user=None, key="L", terms=terms, checklist=QUALIFIES)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert waiting.serve(variant_named(sold_out, "").pk) == 1
    assert Claim.objects.get(source="waiting").person == bob
    join_first.refresh_from_db()
    assert join_first.state == "done"
    assert Notification.objects.get(kind="perk_queue_left").person == alice
    assert_counts_agree(sold_out)


def variant_named(campaign: Campaign, name: str) -> Variant:
    return campaign.variants.get(name=name)


def test_a_pause_stops_offers_and_keeps_the_order(sold_out: Campaign, alice: Person) -> None:
    join(sold_out, alice)
    Campaign.objects.update(state="paused")
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert serve(sold_out) == 0
    assert waiting.settle(timezone.now())["closed"] == 0
    Campaign.objects.update(state="live")
    assert serve(sold_out) == 1


def test_the_queue_closes_with_the_last_window_and_everybody_is_told(
    sold_out: Campaign, alice: Person, bob: Person
) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    closed = sold_out.windows.get().closes_at
    assert waiting.settle(closed - timedelta(seconds=1), clock=closed)["closed"] == 0
    assert waiting.settle(closed, clock=closed)["closed"] == 2
    assert variant_of(sold_out).waiting == 0
    assert Notification.objects.filter(kind="perk_queue_over").count() == 2
    with pytest.raises(NotOpen):
        waiting.join(variant=variant_of(sold_out), person=alice, user=None, checklist=QUALIFIES, at=closed)


def test_who_is_erased_holds_nobody_up(sold_out: Campaign, alice: Person, bob: Person) -> None:
    join(sold_out, alice)
    join(sold_out, bob)
    waiting.forget(person=alice, at=timezone.now())
    assert_counts_agree(sold_out)
    # A row that goes in some other way is counted off by the beat.
    WaitingPlace.objects.filter(person=bob).delete()
    assert waiting.settle(timezone.now())["counted"] == 1
    assert_counts_agree(sold_out)


def test_a_lost_task_is_made_good_by_the_beat(sold_out: Campaign, alice: Person) -> None:
    join(sold_out, alice)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert waiting.settle(timezone.now())["offered"] == 1
    assert Claim.objects.get(source="waiting").person == alice
