"""One's own claims in a list: what can be used first, then what was, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from perks import claims
from perks.models import Claim
from perks.views.mine import PAGE, mine_context
from tests.perks.campaigns import make_campaign
from tests.perks.claiming import claim_for, client_of, hold_for
from tests.scoring.reading import text_of

pytestmark = pytest.mark.django_db


def looked(person: Person, query: str = "") -> dict[str, Any]:
    return mine_context(RequestFactory().get(f"/perks{query}"), person)


def words(person: Person, query: str = "") -> str:
    return text_of(client_of(person).get(f"/perks?show=mine{query}"))


def test_what_can_be_used_comes_before_what_was(alice: Person) -> None:
    given_back, claimed, held = (make_campaign(title=title) for title in ("Given back", "Claimed", "Held"))
    claims.release(claim=hold_for(alice, given_back))
    claim_for(alice, claimed)
    hold_for(alice, held, key="last")
    found = looked(alice)
    assert [claim.campaign.title for claim in found["mine_active"]] == ["Held", "Claimed"]
    assert [claim.campaign.title for claim in found["mine_past"]] == ["Given back"]
    text = words(alice)
    assert "Held for you until" in text
    assert "Given back on" in text


def test_a_hold_that_is_over_is_not_called_held(alice: Person) -> None:
    hold_for(alice, make_campaign())
    passed = timezone.now() - timedelta(minutes=30)
    Claim.objects.update(held_at=passed, expires_at=passed + timedelta(minutes=10))
    assert looked(alice)["mine_active"] == []
    assert "Not confirmed in time" in words(alice)


def test_others_claims_are_not_among_them(alice: Person, bob: Person) -> None:
    claim_for(bob, make_campaign())
    assert "You have not claimed anything yet." in words(alice)


def test_pages_show_each_claim_once(alice: Person) -> None:
    campaign = make_campaign(stock=100, per_person=20, codes=False, kind="voucher")
    second = make_campaign(stock=100, per_person=20, codes=False, kind="voucher")
    made = [hold_for(alice, campaign, key=f"a{number}").pk for number in range(15)]
    made += [hold_for(alice, second, key=f"b{number}").pk for number in range(15)]
    for number in made[:8]:
        claims.release(claim=Claim.objects.get(pk=number))
    # Many at one time.
    Claim.objects.update(held_at=timezone.now())
    seen, query = [], ""
    for _page in range(3):
        found = looked(alice, query)
        seen += [claim.pk for claim in [*found["mine_active"], *found["mine_past"]]]
        query = f"?after={found['mine_after']}"
        if not found["mine_after"]:
            break
    assert len(seen) == len(set(seen)) == 30
    assert set(seen[-8:]) == set(made[:8])
    assert "Older ones" in words(alice)


@pytest.mark.parametrize("after", ["x", "0,1", "2,1,1", "0,-1,5", f"0,{2**60},1", "0,٣,1", ",,", "0,1,1,1"])
def test_an_odd_beginning_of_a_page_is_the_first(alice: Person, after: str) -> None:
    claim_for(alice, make_campaign())
    assert len(looked(alice, f"?after={after}")["mine_active"]) == 1


def test_the_page_asks_as_much_for_one_claim_as_for_many(alice: Person) -> None:
    campaign = make_campaign(stock=100, per_person=20, kind="voucher", codes=False)
    client = client_of(alice)
    hold_for(alice, campaign)
    client.get("/perks?show=mine")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert "A headset" in text_of(client.get("/perks?show=mine"))
        return len(queries)

    before = asked()
    for number in range(PAGE - 1):
        hold_for(alice, campaign, key=f"{number}")
    assert asked() == before <= 12
