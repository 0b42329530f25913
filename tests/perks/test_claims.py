"""A claim from the hold to the end, one person after the other."""

from __future__ import annotations

import pytest

from perks import claims
from perks.models import Claim
from tests.perks.campaigns import make_campaign
from tests.perks.claiming import assert_consistent, take

pytestmark = pytest.mark.django_db


def test_a_hold_is_confirmed_and_gives_a_code(alice) -> None:
    campaign = make_campaign(stock=2)
    claim = take(campaign, alice)
    assert (claim.state, claim.expires_at - claim.held_at) == (Claim.State.HELD, claims.HOLD)
    assert Claim.objects.get().ordinal == 1
    confirmed = claims.confirm(claim=claim)
    assert confirmed.state == Claim.State.CLAIMED
    assert confirmed.code.given_at is not None
    assert_consistent(campaign.variants.get())
