"""Offers to who waits keep to the windows, however late a worker is and whatever becomes free meanwhile."""

from __future__ import annotations

import pytest

from accounts.models import Person
from perks import claims, waiting
from perks.models import Campaign, Claim, Window
from tests.perks.campaigns import HOUR, make_campaign, make_member
from tests.perks.test_waiting import hold, join, serve


@pytest.fixture
def sold_out(db) -> Campaign:
    """One item, held by somebody else."""
    campaign = make_campaign(stock=1)
    hold(campaign, make_member("Olga"))
    return campaign


@pytest.mark.parametrize("state", ["live", "ended"])
def test_after_the_last_window_or_the_end_nothing_is_offered_however_late_the_beat_is(
    sold_out: Campaign, alice: Person, state: str
) -> None:
    join(sold_out, alice)
    Campaign.objects.update(state=state)
    closed = sold_out.windows.get().closes_at
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    # What becomes free is served at once, and the beat, which closes the queue, comes later.
    assert serve(sold_out, at=closed if state == "live" else None) == 0
    assert not Claim.objects.filter(source="waiting").exists()


def test_between_two_windows_the_queue_stands_still_and_keeps_its_order(
    sold_out: Campaign, alice: Person, bob: Person
) -> None:
    first = sold_out.windows.get()
    later = first.closes_at + 24 * HOUR
    Window.objects.create(campaign=sold_out, opens_at=later, closes_at=later + 48 * HOUR)
    join(sold_out, alice)
    join(sold_out, bob)
    claims.release(claim=Claim.objects.filter(campaign=sold_out).earliest("pk"))
    assert serve(sold_out, at=first.closes_at) == 0
    assert waiting.settle(first.closes_at, clock=first.closes_at)["closed"] == 0
    assert serve(sold_out, at=later) == 1
    assert Claim.objects.get(source="waiting").person == alice
