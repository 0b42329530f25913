"""Targeting is locked by the first hold, also where the two come at the same moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from perks.brands.campaigns import CampaignAdmin
from perks.models import Campaign, Claim
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team, second_factor
from tests.perks.racing import held, holder, while_open

pytestmark = pytest.mark.django_db(transaction=True)
PREFIXES = ("part_requirements", "topic_requirements", "award_requirements")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(state="scheduled", stock=2, minimum_score=40.0, text="It sounds.")


@pytest.fixture
def raise_the_bar(campaign: Campaign) -> Callable[[], None]:
    """An editor sets the minimum score to 90."""
    client = Client()
    client.force_login(second_factor(make_team(make_brand(), ed="editor")["ed"]))
    address = reverse("brands:perks_campaign_change", args=[campaign.pk])
    empty = {f"{prefix}-{form}_FORMS": "0" for prefix in PREFIXES for form in ("TOTAL", "INITIAL")}

    def save() -> None:
        values = {"minimum_score": "90", "hold_out": "0", "any_topic": "on", "confirmed_only": "no", **empty}
        answer = client.post(f"{address}?step=audience", values)
        assert answer.status_code == 302

    return save


def test_nothing_of_the_audience_changes_once_the_first_hold_is_on_its_way(campaign, raise_the_bar) -> None:
    held_first, error, waited = while_open(holder(campaign, make_member("Alice", 45.0)), raise_the_bar)
    assert (error, waited) == (None, True)
    campaign.refresh_from_db()
    assert (held_first.state, campaign.minimum_score) == ("held", 40.0)


def test_without_waiting_for_it_the_audience_changes_under_the_first_hold(
    campaign, raise_the_bar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CampaignAdmin, "_after_holds", lambda *_: None)
    _hold, error, waited = while_open(holder(campaign, make_member("Alice", 45.0)), raise_the_bar)
    assert (error, waited) == (None, False)
    campaign.refresh_from_db()
    assert (Claim.objects.count(), campaign.minimum_score) == (1, 90.0)


def test_before_anybody_holds_one_the_audience_can_be_changed(campaign, raise_the_bar) -> None:
    raise_the_bar()
    campaign.refresh_from_db()
    assert campaign.minimum_score == 90.0
    assert held([holder(campaign, make_member("Alice", 95.0))()])
