"""What the beat finds due is done, whatever is wrong with one campaign, and whoever is faster in that moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from perks import announcing, claims, lottery, waiting
from perks.models import Claim, Draw, Entry, ToldOpening
from perks.tasks import follow_the_clock
from tests.perks.campaigns import HOUR, make_brand, make_campaign, make_member
from tests.perks.test_lottery import draw, enter, make_lottery
from tests.perks.test_lottery import serve as serve_places
from tests.perks.test_waiting import hold, join
from tests.perks.test_waiting import serve as serve_queue

pytestmark = pytest.mark.django_db


def closed_lottery(brand: str, *people: Person) -> Draw:
    """A lottery that has closed an hour ago, with entries, and is to be drawn."""
    window = make_lottery(brand=make_brand(brand))
    for person in people:
        enter(window, person)
    closes = timezone.now() - HOUR
    window.campaign.windows.update(opens_at=closes - timedelta(days=2), closes_at=closes)
    return Draw.objects.get(window=window)


def test_a_seed_that_nobody_can_open_keeps_no_other_draw_and_no_queue_waiting(
    alice: Person, bob: Person, caplog: pytest.LogCaptureFixture
) -> None:
    lost, other = closed_lottery("Acme", alice), closed_lottery("Zenith", alice)
    Draw.objects.filter(pk=lost.pk).update(sealed_seed=b"v1:sealed with a key that is gone")
    campaign = make_campaign(make_brand("Larkhaven"), stock=1)
    claim = hold(campaign, alice)
    join(campaign, bob)
    claims.release(claim=claim)
    with caplog.at_level(logging.ERROR, "perks"):
        follow_the_clock()
    assert Draw.objects.get(pk=other.pk).drawn_at is not None
    assert Claim.objects.get(source="waiting").person == bob
    # It is not forgotten either.
    assert Draw.objects.get(pk=lost.pk).drawn_at is None
    assert f"window {lost.window_id} cannot be drawn" in caplog.text


def test_what_fails_as_a_whole_keeps_the_rest_of_the_minute_going(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = make_campaign(stock=1)
    claim = hold(campaign, alice)
    join(campaign, bob)
    claims.release(claim=claim)
    monkeypatch.setattr(lottery, "settle", lambda at: 1 / 0)
    with caplog.at_level(logging.ERROR, "perks"):
        follow_the_clock()
    assert Claim.objects.get(source="waiting").person == bob
    assert "lotteries: not all was done" in caplog.text


def test_a_window_that_is_wrong_keeps_nobody_from_hearing_of_the_others(
    alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = (
        make_campaign(make_brand(name), state="scheduled", opens=hours * HOUR, closes=90 * HOUR)
        for name, hours in (("Acme", 10), ("Zenith", 20))
    )
    # As no form lets it be written.
    wrong.windows.update(kind="staggered", stages=[["a lot", "soon"]])
    with caplog.at_level(logging.ERROR, "perks"):
        announcing.tell_of_openings(timezone.now())
    assert list(ToldOpening.objects.values_list("window__campaign", "person")) == [(right.pk, alice.pk)]
    assert f"told of window {wrong.windows.get().pk}" in caplog.text


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], None]:
    """faster(module, handle): in the moment between the look at `handle` and the offer they get one elsewhere."""

    def arrange(module: object, handle: str) -> None:
        looked, real = set[str](), module.may_have  # type: ignore[attr-defined]

        def may_have(person: Person, *rest: object) -> bool:
            if person.handle == handle and handle not in looked:
                looked.add(handle)
                return True
            return bool(real(person, *rest))

        monkeypatch.setattr(module, "may_have", may_have)

    return arrange


def test_who_gets_one_elsewhere_in_this_moment_holds_the_queue_not_up(
    alice: Person, bob: Person, faster: Callable[[object, str], None]
) -> None:
    campaign = make_campaign(stock=2)
    olga = hold(campaign, make_member("Olga"))
    oscar = hold(campaign, make_member("Oscar"))
    join(campaign, alice)
    join(campaign, bob)
    Claim.objects.filter(pk=olga.pk).update(person=alice)
    claims.release(claim=oscar)
    faster(waiting, "Alice")
    assert serve_queue(campaign) == 1
    assert Claim.objects.get(source="waiting").person == bob


def test_who_gets_one_elsewhere_in_this_moment_holds_no_place_of_a_draw_up(
    alice: Person, bob: Person, faster: Callable[[object, str], None]
) -> None:
    window = make_lottery(stock=1)
    enter(window, alice)
    enter(window, bob)
    draw(window)
    first, second = [entry.person for entry in Entry.objects.order_by("rank")]
    other = make_campaign(make_brand("Zenith"))
    elsewhere = claims.confirm(claim=hold(other, first))
    Claim.objects.filter(pk=elsewhere.pk).update(campaign=window.campaign)
    faster(lottery, first.handle)
    assert serve_places(window) == 1
    assert Claim.objects.get(source="lottery").person == second
