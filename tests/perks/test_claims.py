"""A claim from the hold to the end, one person after the other; at given moments of the clock."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts import tokens
from perks import claims
from perks.errors import (
    AlreadyClaimed,
    HoldOver,
    KeyReused,
    NotEligible,
    NotNow,
    NotOpen,
    SoldOut,
    TermsChanged,
)
from perks.models import AuditEntry, Campaign, Claim, Code, Counter, Redemption, Terms, Tier, Variant, Window
from perks.tasks import expire_holds
from scoring.models import Score
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_score
from tests.perks.taking import Qualifies, assert_consistent, moment, take

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = moment("12:00")


@pytest.fixture
def campaign() -> Campaign:
    """Two headsets with a code each, from noon to noon."""
    return make_campaign(stock=2, at=NOON, opens=timedelta(), closes=DAY)


@pytest.fixture
def parcel() -> Campaign:
    """Two headsets by post, from noon to noon."""
    return make_campaign(stock=2, kind="shipped", at=NOON, opens=timedelta(), closes=DAY)


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def kinds(claim: Claim) -> list[str]:
    return list(claim.events.values_list("kind", flat=True))


# ---------------------------------------------------------------- a hold and what it keeps


def test_a_hold_is_confirmed_and_gives_a_code(alice) -> None:
    campaign = make_campaign(stock=2)
    claim = take(campaign, alice)
    assert (claim.state, claim.expires_at - claim.held_at) == ("held", 10 * MINUTE)
    assert abs(claim.held_at - database_now()) < MINUTE
    # What is returned is what was written.
    kept = Claim.objects.get()
    for field in Claim._meta.concrete_fields:
        assert getattr(claim, field.attname) == getattr(kept, field.attname), field.name
    confirmed = claims.confirm(claim=claim)
    assert confirmed.state == "claimed"
    assert tokens.decrypt(confirmed.code.sealed) == f"ACME-{campaign.pk}-1"
    assert kinds(claim) == ["held", "claimed"]
    assert_consistent(campaign.variants.get())


def test_a_claim_keeps_what_the_person_qualified_by(alice, campaign) -> None:
    tier = Tier.objects.create(campaign=campaign, minimum_score=60, name="Gold", benefit="A guest")
    qualified = Qualifies(score=61.04, percentile=93.5, tier=tier)
    claim = take(campaign, alice, checklist=qualified, at=NOON, network_hint="n" * 32, device_hint="d" * 32)
    kept = Claim.objects.get(pk=claim.pk)
    assert (kept.score, kept.percentile, kept.formula, kept.tier) == (61.04, 93.5, "v1", tier)
    assert (kept.scored_on, kept.allowed, kept.window) == (qualified.scored_on, 1, campaign.windows.get())
    assert (kept.terms, kept.accepted_at) == (campaign.terms, NOON)
    assert (kept.network_hint, kept.device_hint) == ("n" * 32, "d" * 32)


def test_a_recompute_takes_no_claim_away(alice, parcel) -> None:
    parcel.minimum_score = 45
    parcel.save()
    held = take(parcel, alice, score=50.0, at=NOON)
    make_score(alice, 12.0)
    claims.confirm(claim=held, at=NOON + MINUTE)
    Score.objects.all().delete()
    claims.redeem(claim=held, counter=None, at=NOON + HOUR)
    kept = Claim.objects.get(pk=held.pk)
    assert (kept.state, kept.score, kept.percentile, kept.formula) == ("redeemed", 50.0, 80.0, "v1")


def test_who_does_not_qualify_holds_nothing(alice, campaign) -> None:
    with pytest.raises(NotEligible):
        take(campaign, alice, checklist=Qualifies(ok=False), at=NOON)
    assert not Claim.objects.exists()


# ---------------------------------------------------------------- windows, by the database's clock


def test_exactly_when_it_opens_is_open(alice, campaign) -> None:
    with pytest.raises(NotOpen):
        take(campaign, alice, at=NOON - timedelta(microseconds=1))
    assert take(campaign, alice, at=NOON).held_at == NOON


def test_exactly_when_it_closes_is_closed(alice, bob, campaign) -> None:
    with pytest.raises(NotOpen):
        take(campaign, alice, at=NOON + DAY)
    last = NOON + DAY - timedelta(microseconds=1)
    assert take(campaign, bob, at=last).held_at == last


def test_without_a_time_the_databases_clock_counts(alice, monkeypatch) -> None:
    open_now, over = make_campaign(), make_campaign(opens=-3 * DAY, closes=-timedelta(seconds=1))
    coming = make_campaign(opens=HOUR)
    # A web server whose clock is wrong changes nothing.
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON - 9000 * DAY)
    for campaign in (over, coming):
        with pytest.raises(NotOpen):
            take(campaign, alice)
    assert take(open_now, alice).state == "held"


@pytest.mark.parametrize("state", ["draft", "review", "paused", "ended", "archived"])
def test_only_what_is_scheduled_or_live_can_be_claimed(alice, campaign, state) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    with pytest.raises(NotOpen):
        take(campaign, alice, at=NOON)
    assert_consistent(campaign.variants.get())


def test_it_opens_by_the_clock_though_a_worker_is_late(alice, campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state="scheduled")
    assert take(campaign, alice, at=NOON).state == "held"


def test_a_suspended_brand_gives_nothing_more_and_takes_nothing_back(alice, bob, campaign) -> None:
    held = take(campaign, alice, at=NOON)
    campaign.brand.suspended = True
    campaign.brand.save()
    with pytest.raises(NotOpen):
        take(campaign, bob, at=NOON)
    assert claims.confirm(claim=held, at=NOON + MINUTE).state == "claimed"


def test_a_pause_honours_holds(alice, bob, campaign) -> None:
    held = take(campaign, alice, at=NOON)
    Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    with pytest.raises(NotOpen):
        take(campaign, bob, at=NOON + MINUTE)
    assert claims.confirm(claim=held, at=NOON + MINUTE).code is not None
    assert_consistent(campaign.variants.get())


def test_a_staggered_window_opens_by_score(alice, bob, campaign) -> None:
    campaign.windows.update(kind="staggered", stages=[[63, 0], [50, 60], [40, 120]])
    with pytest.raises(NotOpen):
        take(campaign, alice, score=62.9, at=NOON + 59 * MINUTE)
    # A score counts as it is shown: 62.96 is 63.0.
    assert take(campaign, alice, score=62.96, at=NOON).state == "held"
    # The last stage is for everybody who qualifies.
    with pytest.raises(NotOpen):
        take(campaign, bob, score=12.0, at=NOON + 119 * MINUTE)
    assert take(campaign, bob, score=12.0, at=NOON + 120 * MINUTE).state == "held"


def test_stages_are_read_as_the_page_says_them(alice, campaign) -> None:
    from perks.openings import opens_for

    window = campaign.windows.get()
    for stages in ([[63, 0], [50, 60], [40, 120]], [[70.5, 0], [0, 30]], []):
        campaign.windows.update(kind="staggered", stages=stages)
        window.refresh_from_db()
        for score in (None, 1.0, 40.0, 49.94, 49.96, 63.0, 70.46, 99.0):
            for minutes in (0, 29, 30, 59, 60, 120):
                at = NOON + minutes * MINUTE
                try:
                    claims.release(claim=take(campaign, alice, checklist=Qualifies(score=score), at=at), at=at)
                    opened = True
                except NotOpen:
                    opened = False
                opens = opens_for(window, score, at)
                assert opened == (opens is not None and opens <= at), (stages, score, minutes)


def test_a_lottery_takes_no_direct_hold(alice, campaign) -> None:
    campaign.windows.update(kind="lottery")
    with pytest.raises(NotOpen):
        take(campaign, alice, at=NOON)
    assert not Claim.objects.exists()


def test_the_window_that_is_open_is_kept(alice, campaign) -> None:
    second = Window.objects.create(campaign=campaign, opens_at=NOON + 3 * DAY, closes_at=NOON + 5 * DAY)
    with pytest.raises(NotOpen):
        take(campaign, alice, at=NOON + 2 * DAY)
    assert take(campaign, alice, at=NOON + 4 * DAY).window == second


# ---------------------------------------------------------------- stock and limits


def test_nothing_more_than_there_is(alice, bob, campaign) -> None:
    charlie = make_member("Charlie")
    take(campaign, alice, at=NOON)
    take(campaign, bob, at=NOON)
    with pytest.raises(SoldOut):
        take(campaign, charlie, at=NOON)
    assert_consistent(campaign.variants.get())


def test_what_is_kept_back_is_nobodys_who_passes_by(alice, bob) -> None:
    campaign = make_campaign(stock=2, reserve=1, at=NOON)
    take(campaign, alice, at=NOON)
    with pytest.raises(SoldOut):
        take(campaign, bob, at=NOON)


def test_nobody_passes_by_who_waits(alice, campaign) -> None:
    campaign.variants.update(waiting=1)
    with pytest.raises(SoldOut):
        take(campaign, alice, at=NOON)


def test_a_variant_of_another_campaign_cannot_be_named(alice, campaign, parcel) -> None:
    with pytest.raises(NotOpen):
        take(campaign, alice, variant=parcel.variants.get(), at=NOON)
    assert not Claim.objects.exists()


def test_one_for_each_person(alice, campaign) -> None:
    claims.confirm(claim=take(campaign, alice, at=NOON), at=NOON)
    with pytest.raises(AlreadyClaimed):
        take(campaign, alice, at=NOON + HOUR)


def test_as_many_for_each_person_as_the_campaign_allows(alice) -> None:
    campaign = make_campaign(stock=9, at=NOON, per_person=3)
    first, second, _third = (take(campaign, alice, at=NOON) for _ in range(3))
    with pytest.raises(AlreadyClaimed):
        take(campaign, alice, at=NOON)
    claims.release(claim=second, at=NOON)
    assert (first.ordinal, take(campaign, alice, at=NOON).ordinal) == (1, 2)


def test_each_size_has_its_stock(alice, bob) -> None:
    campaign = make_campaign(stock=1, kind="shipped", at=NOON)
    small = campaign.variants.get()
    large = Variant.objects.create(campaign=campaign, name="L", quantity=1)
    take(campaign, alice, variant=small, at=NOON)
    with pytest.raises(SoldOut):
        take(campaign, bob, variant=small, at=NOON)
    take(campaign, bob, variant=large, at=NOON)
    assert_consistent(small, large)


# ---------------------------------------------------------------- the same request


def test_the_same_request_again_is_the_same_claim(alice, campaign) -> None:
    claim = take(campaign, alice, key="a form", at=NOON)
    assert take(campaign, alice, key="a form", at=NOON + MINUTE) == claim
    claims.confirm(claim=claim, at=NOON + MINUTE)
    again = take(campaign, alice, key="a form", at=NOON + 3 * DAY)
    assert (again, again.state) == (claim, "claimed")
    assert Claim.objects.count() == 1
    assert_consistent(campaign.variants.get())


def test_a_request_cannot_be_sent_for_another_campaign(alice, campaign, parcel) -> None:
    take(campaign, alice, key="a form", at=NOON)
    with pytest.raises(KeyReused):
        take(parcel, alice, key="a form", at=NOON)
    assert Claim.objects.count() == 1


def test_others_may_name_a_request_alike(alice, bob, campaign) -> None:
    first, second = (take(campaign, person, key="1", at=NOON) for person in (alice, bob))
    assert first != second


# ---------------------------------------------------------------- terms


def test_terms_that_have_changed_are_read_again(alice, campaign) -> None:
    old = campaign.terms
    Terms.objects.create(campaign=campaign, version=2, text="Two, even.", disclosure="#gifted")
    with pytest.raises(TermsChanged):
        take(campaign, alice, terms=old, at=NOON)
    assert take(campaign, alice, at=NOON).terms.version == 2


def test_other_campaigns_terms_are_no_terms(alice, campaign, parcel) -> None:
    with pytest.raises(TermsChanged):
        take(campaign, alice, terms=parcel.terms, at=NOON)


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
