"""After a claim its parcel is there and the brand's programs are told: once, also when a process is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import stamina
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import webhooks
from accounts.models import Notification, Person, User, WebhookDelivery
from perks import claims, consent, fulfilment
from perks.errors import NotNow
from perks.models import AuditEntry, Brand, ClaimEvent, Counter, Shipment
from perks.tasks import fulfil_claim, resume_fulfilment, tell_of_parcel
from tests.fakes.receiver import Receiver
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team
from tests.perks.parcels import STREET, claim_shipped, parcel_of, take

pytestmark = pytest.mark.django_db
NOW = timezone.now()
State = Shipment.State


@pytest.fixture
def shop(settings) -> Iterator[Receiver]:
    with Receiver() as receiver, stamina.set_testing(True, attempts=1):
        settings.NETWORK_PRIVATE_HOSTS = [receiver.host]
        _endpoint, receiver.secret = webhooks.add(
            owner=fulfilment.owner_of(make_brand()), url=receiver.address, events=list(fulfilment.EVENTS)
        )
        yield receiver


@pytest.fixture
def fay(db) -> User:
    return make_team(make_brand(), fay="fulfilment")["fay"]


def told() -> list[tuple[str, str]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("event", "about"))


def test_a_claim_of_something_shipped_has_one_parcel(alice: Person) -> None:
    claim = claim_shipped(make_campaign(kind="shipped"), alice)
    fulfil_claim(claim.pk)
    assert parcel_of(claim).state == State.WAITING
    assert Shipment.objects.count() == 1


def test_what_is_no_parcel_has_none(alice: Person, bob: Person) -> None:
    code = claims.confirm(claim=take(make_campaign(), alice))
    held = take(make_campaign(kind="shipped"), bob)
    fulfil_claim(code.pk)
    fulfil_claim(held.pk)
    fulfil_claim(0)
    resume_fulfilment()
    assert not Shipment.objects.exists()


def test_the_commit_of_a_claim_is_what_sets_it_going(
    alice: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    sent: list[tuple] = []
    monkeypatch.setattr(fulfilment.current_app, "send_task", lambda name, args=(), **_: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        claim = claims.confirm(claim=take(make_campaign(), alice))
        assert not sent
    assert ("perks.tasks.fulfil_claim", [claim.pk]) in sent
    # Nothing but its number goes through the broker.
    assert all(
        list(args) == [claim.pk]
        for name, args in sent
        if name in ("perks.tasks.fulfil_claim", "perks.tasks.raise_flags")
    )


def test_what_a_killed_process_left_is_taken_up_by_state(shop: Receiver, alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="shipped")
    lost = claim_shipped(campaign, alice, follow=False)
    done = claim_shipped(campaign, bob)
    resume_fulfilment()
    assert {parcel.claim for parcel in Shipment.objects.all()} == {lost, done}
    assert sorted(told()) == sorted([("perk.claimed", f"claim:{one.reference}") for one in (lost, done)])
    resume_fulfilment()
    assert (Shipment.objects.count(), len(told())) == (2, 2)


def test_a_cancelled_claim_is_not_sent(alice: Person, fay: User) -> None:
    campaign = make_campaign(kind="shipped")
    claim, before = claim_shipped(campaign, alice), take(campaign, make_member("Bob"))
    claims.cancel(claim=claim, user=fay, reason="Lost in the flood.")
    assert not fulfilment.to_send().exists()
    with pytest.raises(NotNow):
        fulfilment.move(shipment=parcel_of(claim), to=State.SHIPPED, user=fay, at=NOW)
    late = make_member("Charlie")
    unsent = claim_shipped(campaign, late, follow=False)
    claims.cancel(claim=unsent, user=fay, reason="Lost in the flood.")
    fulfil_claim(unsent.pk)
    fulfil_claim(before.pk)
    assert Shipment.objects.count() == 1


def test_the_shop_is_told_each_thing_once_and_of_the_person_nothing(shop: Receiver, alice: Person) -> None:
    campaign = make_campaign(kind="voucher", codes=False, asks_for=["name", "email"])
    claim = take(campaign, alice)
    consent.share(claim=claim, user=claim.user, ticked=["name", "email"], at=NOW)
    claim = claims.confirm(claim=claim)
    fulfil_claim(claim.pk)
    counter = Counter.objects.create(brand=campaign.brand, name="Till", pin_hash="!", number="1")
    claims.redeem(claim=claim, counter=counter)
    fulfil_claim(claim.pk)
    fulfil_claim(claim.pk)
    webhooks.deliver_due(timezone.now())
    assert [message["type"] for message in shop.told] == ["perk.claimed", "perk.redeemed"]
    data = shop.told[0]["data"]
    assert data["claim"] == str(claim.reference)
    assert data["campaign"] == {"id": campaign.pk, "title": "A headset", "kind": "voucher"}
    assert "Alice" not in json.dumps(shop.told)
    assert "example.org" not in json.dumps(shop.told)


def test_a_cancelled_claim_is_told_and_one_that_nobody_confirmed_is_not(shop: Receiver, alice: Person) -> None:
    campaign = make_campaign(per_person=2)
    claim = claims.confirm(claim=take(campaign, alice))
    claims.cancel(claim=claim, user=None, reason="Out of stock.")
    claims.release(claim=take(campaign, alice))
    resume_fulfilment()
    assert {event for event, _about in told()} == {"perk.claimed", "perk.cancelled"}
    assert len(told()) == 2


def test_only_the_brands_own_programs_are_told_and_of_nothing_before_they_were_there(
    shop: Receiver, alice: Person, bob: Person
) -> None:
    zenith = make_brand("Zenith")
    claims.confirm(claim=take(make_campaign(zenith), alice))
    resume_fulfilment()
    assert not told()
    webhooks.add(owner=fulfilment.owner_of(zenith), url=shop.address + "/zenith", events=["perk.claimed"])
    resume_fulfilment()
    assert not told()


def test_looking_for_what_was_lost_costs_the_same_for_any_number(shop: Receiver) -> None:
    campaign = make_campaign(kind="shipped", stock=9)

    def cost(name: str) -> int:
        claim_shipped(campaign, make_member(name))
        with CaptureQueriesContext(connection) as queries:
            fulfilment.resume(at=timezone.now())
        return len(queries)

    fulfilment.resume(at=timezone.now())
    assert cost("Alice") == cost("Bob") == cost("Charlie") <= 6


# ---------------------------------------------------------------- on its way


def test_the_person_is_told_where_their_parcel_is(alice: Person, fay: User) -> None:
    claim = claim_shipped(make_campaign(kind="shipped"), alice)
    parcel = parcel_of(claim)
    assert fulfilment.move(shipment=parcel, to=State.SHIPPED, user=fay, at=NOW, carrier="DHL", tracking="JD014600")
    assert not fulfilment.move(shipment=parcel, to=State.SHIPPED, user=fay, at=NOW, carrier="DHL")
    later = NOW + timedelta(days=2)
    assert fulfilment.move(shipment=parcel, to=State.DELIVERED, user=fay, at=later)
    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking, parcel.shipped_at, parcel.delivered_at) == ("DHL", "JD014600", NOW, later)
    kinds = ClaimEvent.objects.filter(claim=claim, at__in=[NOW, later]).values_list("kind", flat=True)
    assert list(kinds) == ["shipped", "delivered"]
    assert [row.kind for row in Notification.objects.order_by("pk")] == ["perk_shipped", "perk_delivered"]
    assert "DHL" in Notification.objects.order_by("pk").first().text


@pytest.mark.parametrize(("now", "then"), [("delivered", "shipped"), ("shipped", "waiting"), ("returned", "waiting")])
def test_a_parcel_goes_no_way_that_parcels_do_not_go(alice: Person, fay: User, now: str, then: str) -> None:
    parcel = parcel_of(claim_shipped(make_campaign(kind="shipped"), alice))
    Shipment.objects.filter(pk=parcel.pk).update(state=now)
    with pytest.raises(NotNow):
        fulfilment.move(shipment=parcel, to=then, user=fay, at=NOW)
    assert not Notification.objects.exists()


def test_each_step_is_written_down_without_what_leads_to_a_door(alice: Person, fay: User) -> None:
    claim = claim_shipped(make_campaign(kind="shipped"), alice)
    fulfilment.move(shipment=parcel_of(claim), to=State.SHIPPED, user=fay, at=NOW, carrier="DHL", tracking="JD014600")
    [line] = AuditEntry.objects.filter(action="move parcel")
    assert (line.user, line.changes["state"]) == (fay, ["waiting", "shipped"])
    assert "JD014600" not in json.dumps(line.changes) + line.about
    assert STREET not in json.dumps(line.changes) + line.about


def test_who_has_gone_on_meanwhile_is_not_told_what_is_old(alice: Person, fay: User) -> None:
    parcel = parcel_of(claim_shipped(make_campaign(kind="shipped"), alice))
    fulfilment.move(shipment=parcel, to=State.SHIPPED, user=fay, at=NOW, later=True)
    assert not Notification.objects.exists()
    tell_of_parcel(parcel.pk, "delivered")
    assert not Notification.objects.exists()
    tell_of_parcel(parcel.pk, "shipped")
    assert Notification.objects.get().kind == "perk_shipped"


def test_owners_are_who_is_told_of_a_webhook_that_is_off(fay: User) -> None:
    brand = Brand.objects.get()
    olga = make_team(brand, olga="owner")["olga"]
    owner = webhooks.OWNERS["brand"]
    assert list(owner.users(fulfilment.owner_of(brand))) == [olga]
    assert fulfilment.brand_number("shop:1") is None
