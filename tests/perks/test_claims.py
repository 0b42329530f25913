"""Who holds what, and when: windows, stock, limits, terms; one after the other, at given moments of the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts import tokens
from perks import claims
from perks.errors import (
    AlreadyClaimed,
    KeyReused,
    NotEligible,
    NotOpen,
    SoldOut,
    TermsChanged,
)
from perks.models import Campaign, Claim, Terms, Tier, Variant, Window
from scoring.models import Score
from tests.perks.campaigns import make_campaign, make_member, make_score
from tests.perks.taking import Qualifies, assert_consistent, moment, take

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = moment("12:00")


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
