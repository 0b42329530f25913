"""What becomes of a hold: its end, codes, offers, use, cancelling, and what follows; one person after the other."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts import tokens
from perks import claims
from perks.errors import (
    AlreadyClaimed,
    HoldOver,
    NotNow,
    SoldOut,
    TermsChanged,
)
from perks.models import AuditEntry, Campaign, Claim, Code, Counter, Redemption, Terms, Variant
from perks.tasks import expire_holds
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.taking import assert_consistent, moment, take

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = moment("12:00")


def kinds(claim: Claim) -> list[str]:
    return list(claim.events.values_list("kind", flat=True))


# ---------------------------------------------------------------- a hold ends


def test_a_hold_that_is_over_cannot_be_confirmed_though_nobody_swept_it(alice, campaign) -> None:
    claim = take(campaign, alice, at=NOON)
    with pytest.raises(HoldOver):
        claims.confirm(claim=claim, at=NOON + 10 * MINUTE)
    assert not Code.objects.filter(given_at__isnull=False).exists()
    assert claims.confirm(claim=claim, at=NOON + 10 * MINUTE - timedelta(microseconds=1)).state == "claimed"


def test_a_hold_that_is_over_frees_its_item_for_who_wants_it(alice, bob) -> None:
    campaign = make_campaign(stock=1, at=NOON, opens=timedelta(), closes=DAY)
    old = take(campaign, alice, at=NOON)
    with pytest.raises(SoldOut):
        take(campaign, bob, at=NOON + 9 * MINUTE)
    # No worker has been there.
    assert take(campaign, bob, at=NOON + 10 * MINUTE).state == "held"
    old.refresh_from_db()
    assert (old.state, old.ended_at, kinds(old)) == ("expired", NOON + 10 * MINUTE, ["held", "expired"])
    assert_consistent(campaign.variants.get())


def test_a_hold_that_is_over_frees_its_persons_place(alice) -> None:
    campaign = make_campaign(stock=1, kind="shipped", at=NOON, opens=timedelta(), closes=DAY)
    other = Variant.objects.create(campaign=campaign, name="L", quantity=1)
    take(campaign, alice, variant=campaign.variants.get(name=""), at=NOON)
    with pytest.raises(AlreadyClaimed):
        take(campaign, alice, variant=other, at=NOON + 9 * MINUTE)
    assert take(campaign, alice, variant=other, at=NOON + 10 * MINUTE).ordinal == 1
    assert_consistent(*campaign.variants.all())


def test_an_item_that_is_freed_goes_to_who_waits(alice, bob) -> None:
    campaign = make_campaign(stock=1, at=NOON)
    take(campaign, alice, at=NOON)
    variant = campaign.variants.get()
    Variant.objects.update(waiting=1)
    with pytest.raises(SoldOut):
        take(campaign, bob, at=NOON + HOUR)
    offer = claims.offer(campaign=campaign, variant=variant, person=bob, source="waiting", hours=24, at=NOON + HOUR)
    assert offer is not None
    assert offer.person == bob


def test_a_worker_ends_what_is_over(alice, bob, campaign, parcel) -> None:
    for person, at in ((alice, NOON), (bob, NOON + 5 * MINUTE)):
        take(campaign, person, at=at)
        take(parcel, person, at=at)
    assert claims.expire_due(at=NOON + 9 * MINUTE) == 0
    assert claims.expire_due(at=NOON + 12 * MINUTE) == 2
    assert claims.expire_due(at=NOON + 12 * MINUTE) == 0
    assert claims.expire_due(at=NOON + HOUR, limit=1) == 1
    assert_consistent(campaign.variants.get(), parcel.variants.get())


def test_a_hold_goes_on_once(alice, campaign) -> None:
    claim = take(campaign, alice, at=NOON)
    assert claims.extend(claim=claim, at=NOON + 9 * MINUTE).expires_at == NOON + 20 * MINUTE
    with pytest.raises(NotNow):
        claims.extend(claim=claim, at=NOON + 10 * MINUTE)
    assert claims.confirm(claim=claim, at=NOON + 19 * MINUTE).state == "claimed"
    assert kinds(claim) == ["held", "extended", "claimed"]


def test_what_is_over_does_not_go_on(alice, campaign) -> None:
    claim = take(campaign, alice, at=NOON)
    with pytest.raises(HoldOver):
        claims.extend(claim=claim, at=NOON + 10 * MINUTE)


def test_what_is_given_back_is_free_at_once(alice, bob) -> None:
    campaign = make_campaign(stock=1, at=NOON)
    claim = take(campaign, alice, at=NOON)
    assert claims.release(claim=claim, at=NOON).state == "released"
    # Sent twice, it gives nothing back twice.
    claims.release(claim=claim, at=NOON)
    assert_consistent(campaign.variants.get())
    take(campaign, bob, at=NOON)
    with pytest.raises(NotNow):
        claims.confirm(claim=claim, at=NOON)


def test_what_is_claimed_is_not_given_back(alice, campaign) -> None:
    claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    with pytest.raises(NotNow):
        claims.release(claim=claim, at=NOON)
    assert_consistent(campaign.variants.get())


# ---------------------------------------------------------------- codes


def test_a_confirmation_that_comes_twice_gives_one_code(alice, campaign) -> None:
    claim = take(campaign, alice, at=NOON)
    first = claims.confirm(claim=claim, at=NOON).code
    assert claims.confirm(claim=claim, at=NOON + DAY).code == first
    assert Code.objects.filter(given_at__isnull=False).count() == 1
    assert_consistent(campaign.variants.get())


def test_where_the_brand_has_fewer_codes_than_it_said_nothing_is_claimed(alice, campaign) -> None:
    Code.objects.all().delete()
    claim = take(campaign, alice, at=NOON)
    with pytest.raises(SoldOut):
        claims.confirm(claim=claim, at=NOON)
    claim.refresh_from_db()
    assert claim.state == "held"
    assert kinds(claim) == ["held"]


def test_codes_of_any_kind_of_campaign_are_given(alice, parcel) -> None:
    from tests.perks.campaigns import make_codes

    make_codes(parcel.variants.get(), ["A", "B"])
    assert claims.confirm(claim=take(parcel, alice, at=NOON), at=NOON).code is not None


# ---------------------------------------------------------------- offers


def offer(campaign: Campaign, person, **given) -> Claim | None:
    values = {"variant": campaign.variants.get(), "source": "waiting", "hours": 24, "at": NOON}
    return claims.offer(campaign=campaign, person=person, **values | given)


def test_an_offer_is_accepted_and_confirmed(alice, campaign) -> None:
    made = offer(campaign, alice, score=47.5, formula="v1")
    assert made is not None
    assert (made.source, made.expires_at, made.score, made.terms) == ("waiting", NOON + DAY, 47.5, None)
    with pytest.raises(NotNow, match="accept the terms"):
        claims.confirm(claim=made, at=NOON)
    claims.accept(claim=made, terms=campaign.terms, at=NOON + HOUR)
    assert claims.confirm(claim=made, at=NOON + HOUR).state == "claimed"
    assert kinds(made) == ["offered", "accepted", "claimed"]
    assert_consistent(campaign.variants.get())


def test_an_offer_takes_from_what_is_kept_back_where_nothing_else_is_free(alice, bob) -> None:
    campaign = make_campaign(stock=2, reserve=1, at=NOON)
    assert offer(campaign, alice, from_reserve=True) is not None
    assert campaign.variants.get().reserve == 1
    assert offer(campaign, bob) is None
    assert offer(campaign, bob, from_reserve=True) is not None
    variant = campaign.variants.get()
    assert (variant.held, variant.reserve) == (2, 0)
    assert_consistent(variant)


def test_no_offer_while_it_is_paused(alice, campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    assert offer(campaign, alice) is None
    assert not Claim.objects.exists()


def test_an_offer_to_who_waits_keeps_to_the_window(alice, campaign) -> None:
    closes = campaign.windows.get().closes_at
    assert offer(campaign, alice, at=NOON - MINUTE) is None
    assert offer(campaign, alice, at=closes) is None
    Campaign.objects.filter(pk=campaign.pk).update(state="ended")
    assert offer(campaign, alice, at=NOON) is None
    Campaign.objects.filter(pk=campaign.pk).update(state="live")
    assert offer(campaign, alice, at=closes - MINUTE) is not None


def test_who_is_drawn_gets_an_offer_when_the_lottery_has_closed(alice, campaign) -> None:
    campaign.windows.update(kind="lottery")
    window = campaign.windows.get()
    assert offer(campaign, alice, source="lottery", window=window, at=NOON + HOUR) is None
    drawn = offer(campaign, alice, source="lottery", window=window, at=NOON + DAY)
    assert drawn is not None
    assert (drawn.window, kinds(drawn)) == (window, ["drawn"])


def test_who_has_as_many_as_allowed_is_offered_nothing(alice, campaign) -> None:
    claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    with pytest.raises(AlreadyClaimed):
        offer(campaign, alice)


def test_old_terms_are_not_accepted(alice, campaign) -> None:
    made, old = offer(campaign, alice), campaign.terms
    Terms.objects.create(campaign=campaign, version=2, text="Two, even.", disclosure="#gifted")
    with pytest.raises(TermsChanged):
        claims.accept(claim=made, terms=old, at=NOON)
    with pytest.raises(HoldOver):
        claims.accept(claim=made, terms=campaign.terms, at=NOON + DAY)


# ---------------------------------------------------------------- used, cancelled


def test_a_claim_is_used_once(alice, campaign) -> None:
    till = Counter.objects.create(brand=campaign.brand, name="Till 1", number="1", pin_hash="!")
    claim = take(campaign, alice, at=NOON)
    with pytest.raises(NotNow):
        claims.redeem(claim=claim, counter=till, at=NOON)
    claims.confirm(claim=claim, at=NOON)
    used = claims.redeem(claim=claim, counter=till, at=NOON + HOUR)
    assert (used.counter, used.at, claim.state, claim.redeemed_at) == (till, NOON + HOUR, "redeemed", NOON + HOUR)
    with pytest.raises(NotNow, match="already"):
        claims.redeem(claim=claim, counter=till, at=NOON + HOUR)
    assert Redemption.objects.count() == 1
    assert claim.events.last().details == {"counter": "Till 1"}
    assert_consistent(campaign.variants.get())


def test_another_brands_counter_takes_nothing(alice, campaign) -> None:
    till = Counter.objects.create(brand=make_brand("Zenith"), name="Till 1", number="1", pin_hash="!")
    claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    with pytest.raises(NotNow):
        claims.redeem(claim=claim, counter=till, at=NOON)
    assert not Redemption.objects.exists()


def test_what_is_past_its_time_is_not_taken(alice, campaign) -> None:
    claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    claim.campaign.use_until = NOON + HOUR
    # As the reader's zone has it.
    with timezone.override("Asia/Tokyo"), pytest.raises(NotNow, match="until 22 November 2026, 22:00"):
        claims.redeem(claim=claim, counter=None, at=NOON + HOUR)
    assert claims.redeem(claim=claim, counter=None, at=NOON + HOUR - MINUTE).at == NOON + HOUR - MINUTE


def test_what_is_cancelled_goes_back_into_stock_and_into_the_log(alice, bob) -> None:
    campaign = make_campaign(stock=1, kind="shipped", at=NOON)
    claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    with pytest.raises(NotNow):
        claims.cancel(claim=claim, user=None, reason="  ", at=NOON)
    assert claims.cancel(claim=claim, user=None, reason="It was broken.", at=NOON).state == "cancelled"
    entry = AuditEntry.objects.get(action="cancel claim")
    assert (entry.reason, entry.campaign, entry.changes["stock"]) == ("It was broken.", campaign, ["", "+1"])
    assert "alice" not in str(entry.__dict__).lower()
    assert claim.events.last().details == {"reason": "It was broken."}
    with pytest.raises(NotNow):
        claims.cancel(claim=claim, user=None, reason="Again.", at=NOON)
    assert take(campaign, bob, at=NOON).state == "held"
    assert_consistent(campaign.variants.get())


def test_a_code_of_a_cancelled_claim_is_never_given_again(alice, bob, campaign) -> None:
    claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    code = claim.code
    claims.cancel(claim=claim, user=None, reason="It was broken.", at=NOON)
    variant = campaign.variants.get()
    assert (variant.quantity, variant.claimed) == (1, 0)
    other = claims.confirm(claim=take(campaign, bob, at=NOON), at=NOON)
    assert other.code != code
    with pytest.raises(SoldOut):
        take(campaign, make_member("Charlie"), at=NOON)
    assert_consistent(variant)


def test_a_hold_can_be_cancelled_and_what_was_used_cannot(alice, bob, parcel) -> None:
    held, used = take(parcel, alice, at=NOON), take(parcel, bob, at=NOON)
    claims.confirm(claim=used, at=NOON)
    claims.redeem(claim=used, counter=None, at=NOON)
    claims.cancel(claim=held, user=None, reason="Recalled.", at=NOON)
    with pytest.raises(NotNow):
        claims.cancel(claim=used, user=None, reason="Recalled.", at=NOON)
    assert_consistent(parcel.variants.get())


# ---------------------------------------------------------------- stock


def test_stock_goes_up_and_never_below_what_is_out(alice, parcel) -> None:
    variant = parcel.variants.get()
    take(parcel, alice, at=NOON)
    claims.set_stock(variant=variant, quantity=5, reserve=2)
    assert (variant.quantity, variant.left) == (5, 2)
    with pytest.raises(claims.TooLittle, match=r"at least 3\."):
        claims.set_stock(variant=variant, quantity=2, reserve=2)
    with pytest.raises(claims.TooLittle):
        claims.set_stock(variant=variant, quantity=None, reserve=5)
    claims.set_stock(variant=variant, quantity=1, reserve=0)
    assert (variant.quantity, variant.left) == (1, 0)
    assert_consistent(variant)


def test_where_codes_are_the_stock_they_are_what_is_changed(campaign) -> None:
    variant = campaign.variants.get()
    with pytest.raises(NotNow):
        claims.set_stock(variant=variant, quantity=3, reserve=0)
    claims.set_stock(variant=variant, quantity=None, reserve=1)
    assert (variant.quantity, variant.reserve) == (2, 1)


def test_a_count_that_is_not_what_the_rows_say_is_found(alice, campaign) -> None:
    take(campaign, alice, at=NOON)
    Variant.objects.update(claimed=1)
    found = list(claims.differences())
    assert {(one.what, one.counted, one.found) for one in found} == {
        ("claimed", 1, 0),
        ("claimed (codes given)", 1, 0),
    }
    assert "A headset" in str(found[0])


# ---------------------------------------------------------------- what follows


@pytest.fixture
def told(monkeypatch) -> list[tuple[str, int]]:
    from perks.claims import hooks

    told: list[tuple[str, int]] = []
    monkeypatch.setattr(hooks, "_hooks", {kind: [] for kind in hooks.KINDS})
    for kind in hooks.KINDS:
        claims.after(kind, lambda number, kind=kind: told.append((kind, number)))
    return told


@pytest.mark.django_db(transaction=True)
def test_what_follows_comes_after_the_commit(told) -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=2, at=NOON, opens=timedelta(), closes=DAY)
    variant = campaign.variants.get().pk
    with transaction.atomic():
        claim = take(campaign, alice, at=NOON)
        assert told == []
    assert told == [("held", claim.pk)]
    claims.confirm(claim=claim, at=NOON)
    claims.redeem(claim=claim, counter=None, at=NOON)
    assert told[1:] == [("claimed", claim.pk), ("redeemed", claim.pk)]
    told.clear()
    late = take(campaign, make_member("Bob"), at=NOON)
    claims.expire_due(at=NOON + HOUR)
    assert told == [("held", late.pk), ("expired", late.pk), ("freed", variant)]


@pytest.mark.django_db(transaction=True)
def test_nothing_follows_what_was_taken_back(told) -> None:
    alice, campaign = make_member("Alice"), make_campaign(stock=1, at=NOON, opens=timedelta(), closes=DAY)
    Code.objects.all().delete()
    claim = take(campaign, alice, at=NOON)
    told.clear()
    with pytest.raises(SoldOut):
        claims.confirm(claim=claim, at=NOON)
    assert told == []


@pytest.mark.django_db(transaction=True)
def test_what_follows_and_fails_harms_no_claim(told, caplog) -> None:
    def broken(number: int) -> None:
        raise RuntimeError("the shop does not answer")

    claims.after("held", broken)
    alice, campaign = make_member("Alice"), make_campaign(stock=1, at=NOON)
    with caplog.at_level(logging.ERROR):
        claim = take(campaign, alice, at=NOON)
    assert Claim.objects.get() == claim
    assert "the shop does not answer" in caplog.text


def test_no_code_is_in_a_log_or_an_error(alice, campaign, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        claim = claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
        with pytest.raises(NotNow) as refused:
            claims.release(claim=claim, at=NOON)
    secret = f"ACME-{campaign.pk}-"
    assert secret in tokens.decrypt(claim.code.sealed)
    assert secret not in caplog.text + str(refused.value) + str(claim.code) + str(list(claim.events.values()))


# ---------------------------------------------------------------- what operators run


def test_the_beat_ends_what_is_over_and_the_check_finds_nothing(alice, capsys) -> None:
    campaign = make_campaign(stock=1, at=timezone.now() - HOUR, opens=timedelta())
    claim = take(campaign, alice, at=timezone.now() - HOUR)
    assert settings.CELERY_BEAT_SCHEDULE["end holds of perks"]["task"] == expire_holds.name
    expire_holds()
    claim.refresh_from_db()
    assert claim.state == "expired"
    call_command("check_stock")
    assert "1 variants: all counts" in capsys.readouterr().out
    Variant.objects.update(held=1)
    with pytest.raises(CommandError):
        call_command("check_stock")
    assert "held is 1, rows say 0" in capsys.readouterr().out
