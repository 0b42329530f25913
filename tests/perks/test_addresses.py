"""Where parcels go: forms by country, kept encrypted, seen by who sends them, and deleted in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts import tokens
from accounts.models import Person
from perks import addresses, claims, postal, tasks
from perks.errors import NotNow
from perks.models import Address, AuditEntry, Claim, Shipment
from tests.perks.campaigns import make_brand, make_campaign, make_team
from tests.perks.claiming import BERLIN, address_sent, claim_for, client_of, hold_for
from tests.scoring.reading import text_of, user_of


# ---------------------------------------------------------------- what an address is
def test_each_country_asks_for_its_own_parts() -> None:
    def labels(country: str) -> list[str]:
        return [part.label for part in postal.parts_of(country) if part.required]

    assert labels("DE") == ["Name on the parcel", "Street and number", "Postal code", "Town or city"]
    assert labels("US") == ["Name on the parcel", "Street and number", "Town or city", "State", "ZIP code"]
    assert "Postal code" not in labels("HK")
    assert "Eircode" in [part.label for part in postal.parts_of("IE")]


def test_every_country_that_is_offered_has_a_form_and_can_be_written_on_a_parcel() -> None:
    for code, name in postal.known_countries():
        parts = postal.parts_of(code)
        assert parts[0].slug == "name", code
        assert {part.slug for part in parts} <= set(postal.PARTS), code
        written = postal.on_a_parcel({"country_code": code, **{part.slug: "X" for part in parts}})
        assert written[-1] == name


@pytest.mark.parametrize(
    ("country", "code", "kept"),
    [
        ("DE", " 10115 ", "10115"),
        ("DE", "1011", None),
        ("US", "62701", "62701"),
        # There is one such, in California.
        ("US", "90001", None),
        ("GB", "ec1y 8sy", "EC1Y 8SY"),
        ("GB", "1234", None),
        # As a Japanese keyboard writes it.
        ("JP", "\uff11\uff15\uff10\uff0d\uff10\uff10\uff12\uff13", "150-0023"),
        ("CA", "k1a 0b1", "K1A 0B1"),
    ],
)
def test_postal_codes_are_checked_as_the_country_has_them(country: str, code: str, kept: str | None) -> None:
    area = {"US": "Illinois", "CA": "ON", "JP": "Tokyo"}.get(country, "")
    sent = BERLIN | {"postal_code": code, "country_area": area}
    if kept is not None:
        assert postal.cleaned(country, sent)["postal_code"] == kept
        return
    with pytest.raises(postal.WrongAddress) as wrong:
        postal.cleaned(country, sent)
    assert list(wrong.value.errors) == ["postal_code"]
    assert code not in str(wrong.value)


def test_a_state_is_known_by_its_name_and_a_town_that_no_list_has_is_taken() -> None:
    sent = {"name": "A", "street_address": "Rua 1", "city": "Nova Vila", "country_area": "são paulo"}
    address = postal.cleaned("BR", sent | {"postal_code": "01310-100"})
    assert (address["country_area"], address["city"]) == ("SP", "Nova Vila")


def test_what_nobody_sees_is_left_out_and_a_street_has_few_lines() -> None:
    sent = BERLIN | {"name": "Alice\u202e  Archer\n", "street_address": "1\n\n2\r\n3\n4\n5\n6"}
    address = postal.cleaned("DE", sent)
    assert address["name"] == "Alice Archer"
    assert address["street_address"].splitlines() == ["1", "2", "3", "4 5 6"]


def test_two_ways_to_write_one_door_have_one_fingerprint_and_two_doors_have_two() -> None:
    def print_of(**changes: str) -> str:
        return addresses.fingerprint(postal.cleaned("DE", BERLIN | changes))

    same = print_of()
    assert print_of(name="Bob Baker", street_address="HAUPTSTR. 5") == same
    assert print_of(street_address="Hauptstrasse  5 ") == same
    assert print_of(city="berlin (Mitte)") == same
    assert print_of(street_address="Hauptstraße 6") != same
    assert print_of(postal_code="10117") != same


def test_it_is_sealed_and_opened_by_keys_that_were_turned(settings) -> None:
    address = postal.cleaned("DE", BERLIN)
    settings.TOKEN_KEYS = ["the old key"]
    sealed = addresses.seal(address)
    assert b"Alice" not in sealed
    settings.TOKEN_KEYS = ["the new key", "the old key"]
    assert addresses.unseal(sealed) == address
    settings.TOKEN_KEYS = ["the new key"]
    with pytest.raises(tokens.LostKey):
        addresses.unseal(sealed)


# ---------------------------------------------------------------- the form on the page
pytestmark = pytest.mark.django_db


def test_only_what_is_shipped_asks_where_to(alice: Person, bob: Person) -> None:
    shipped, code = hold_for(alice, make_campaign(kind="shipped")), hold_for(bob, make_campaign())
    assert "Where should it go?" in text_of(client_of(alice).get(shipped.get_absolute_url()))
    assert "Where should it go?" not in text_of(client_of(bob).get(code.get_absolute_url()))


def test_the_country_comes_first_and_then_its_fields(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(kind="shipped")), client_of(alice)
    first = client.get(claim.get_absolute_url())
    assert "Street and number" not in text_of(first)
    sent = {"action": "country", "to-country": "US", "to-name": "Alice A.", "to-shown": ""}
    second = client.post(claim.get_absolute_url(), sent).content.decode()
    assert "ZIP code" in second
    assert 'value="Alice A."' in second
    assert 'autocomplete="shipping address-level1"' in second
    assert 'autocomplete="shipping street-address"' in second
    assert not Address.objects.exists()


def test_ones_own_country_is_chosen_already(alice: Person) -> None:
    Person.objects.update(country="DE")
    claim = hold_for(alice, make_campaign(kind="shipped"))
    response = client_of(alice).get(claim.get_absolute_url())
    assert "Street and number" in text_of(response)
    assert 'value="Alice Archer"' in response.content.decode()


def test_a_brand_that_serves_some_countries_sends_to_those_alone(alice: Person) -> None:
    campaign = make_campaign(kind="shipped")
    claim, client = hold_for(alice, campaign), client_of(alice)
    campaign.countries = ["AT", "DE"]
    campaign.save()
    form = client.get(claim.get_absolute_url()).context["address_form"]
    assert [code for code, _name in form.fields["country"].choices if code] == ["AT", "DE"]
    client.post(
        claim.get_absolute_url(), address_sent("US", country_area="IL", postal_code="62701") | {"action": "confirm"}
    )
    assert Claim.objects.get().state == "held"


def test_without_an_address_nothing_is_confirmed_and_what_was_typed_stays(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(kind="shipped", asks_for=["email"])), client_of(alice)
    sent = address_sent(postal_code="123") | {"action": "confirm", "share": "email"}
    response = client.post(claim.get_absolute_url(), sent)
    assert "There is no such code there. One looks like" in text_of(response)
    assert "Hauptstraße 5" in response.content.decode()
    assert 'value="email" checked' in response.content.decode()
    assert Claim.objects.get().state == "held"
    assert not Address.objects.exists()
    client.post(claim.get_absolute_url(), {"action": "confirm"})
    assert Claim.objects.get().state == "held"


def test_another_country_chosen_on_the_way_shows_its_fields_first(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(kind="shipped")), client_of(alice)
    sent = address_sent() | {"to-country": "AT", "action": "confirm"}
    response = client.post(claim.get_absolute_url(), sent)
    assert "These are the fields for Austria. Please look them over." in text_of(response)
    assert Claim.objects.get().state == "held"


def test_confirming_keeps_the_address_encrypted(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(kind="shipped")), client_of(alice)
    response = client.post(claim.get_absolute_url(), address_sent() | {"action": "confirm"}, follow=True)
    assert "10115 BERLIN" in text_of(response)
    row = Address.objects.get()
    assert "Haupt" not in str(Address.objects.values())
    assert addresses.unseal(row.sealed)["street_address"] == "Hauptstraße 5"
    assert (row.country, row.keep) == ("DE", False)


def test_nothing_of_an_address_is_kept_where_the_time_was_over(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(kind="shipped")), client_of(alice)
    passed = timezone.now() - timedelta(minutes=30)
    Claim.objects.update(held_at=passed, expires_at=passed + timedelta(minutes=10))
    client.post(claim.get_absolute_url(), address_sent() | {"action": "confirm"})
    assert not Address.objects.exists()
    assert not user_of(alice).consents.exists()


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_offered_the_next_time_to_who_ticked_that(alice: Person, keep: bool) -> None:
    claim_for(alice, make_campaign(kind="shipped"), keep=keep)
    second = hold_for(alice, make_campaign(kind="shipped"), key="another")
    shown = client_of(alice).get(second.get_absolute_url()).content.decode()
    assert ("Hauptstraße 5" in shown) is keep


def test_a_kept_address_is_not_shown_to_another_log_in_of_the_same_person(alice: Person, bob: Person) -> None:
    claim_for(alice, make_campaign(kind="shipped"), keep=True)
    assert addresses.kept(alice, user_of(alice))
    assert addresses.kept(alice, user_of(bob)) is None


def test_it_can_be_changed_until_the_parcel_is_sent(alice: Person) -> None:
    claim, client = claim_for(alice, make_campaign(kind="shipped")), client_of(alice)
    moved = address_sent(street_address="Nebenstraße 7") | {"action": "address"}
    assert "Nebenstraße 7" in text_of(client.post(claim.get_absolute_url(), moved, follow=True))
    Shipment.objects.update_or_create(claim=claim, defaults={"state": "shipped"})
    again = address_sent(street_address="Seitenstraße 9") | {"action": "address"}
    text = text_of(client.post(claim.get_absolute_url(), again, follow=True))
    assert "It has been sent already." in text
    assert "Send it elsewhere" not in text
    assert addresses.own(Claim.objects.get())["street_address"] == "Nebenstraße 7"


# ---------------------------------------------------------------- who sees it
@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_nobody_but_who_sends_parcels_reads_an_address(alice: Person, role: str) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    users = make_team(claim.campaign.brand, sender="fulfilment", other=role)
    with pytest.raises(PermissionDenied):
        addresses.read(claim, users["other"], timezone.now())
    users["other"].is_staff = True
    with pytest.raises(PermissionDenied):
        addresses.read(claim, users["other"], timezone.now())
    assert not AuditEntry.objects.exists()
    assert addresses.read(claim, users["sender"], timezone.now())["city"] == "Berlin"


def test_each_look_is_written_down_and_names_nobody(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    sender = make_team(claim.campaign.brand, sender="fulfilment")["sender"]
    addresses.read(claim, sender, timezone.now())
    addresses.read_many([claim], sender, timezone.now())
    entries = list(AuditEntry.objects.values_list("action", "user", "about"))
    assert entries == [("see address", sender.pk, f"claim {claim.reference}")] * 2
    assert "Alice" not in str(AuditEntry.objects.values())


def test_a_sender_of_another_brand_reads_nothing(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    other = make_team(make_brand("Umbrella"), sender="fulfilment")["sender"]
    with pytest.raises(PermissionDenied):
        addresses.read(claim, other, timezone.now())


def test_of_a_hold_and_of_what_was_cancelled_nobody_reads_it(alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="shipped")
    sender = make_team(campaign.brand, sender="fulfilment")["sender"]
    held, cancelled = hold_for(alice, campaign), claim_for(bob, campaign)
    addresses.give(claim=held, address=postal.cleaned("DE", BERLIN), keep=False, at=timezone.now())
    claims.cancel(claim=cancelled, user=None, reason="Gone.")
    assert addresses.read_many([held, cancelled], sender, timezone.now()) == {}
    with pytest.raises(NotNow):
        addresses.give(claim=cancelled, address=postal.cleaned("DE", BERLIN), keep=False, at=timezone.now())


# ---------------------------------------------------------------- how long
def over(claim: Claim) -> datetime:
    """From when on the address is deleted."""
    return addresses.goes_at(Claim.objects.get(pk=claim.pk))  # type: ignore[return-value]


def delivered(claim: Claim) -> None:
    at = timezone.now()
    Shipment.objects.update_or_create(claim=claim, defaults={"state": "delivered", "delivered_at": at})


def cancelled(claim: Claim) -> None:
    claims.cancel(claim=claim, user=None, reason="Gone.")


def never_marked(claim: Claim) -> None:
    Shipment.objects.update_or_create(claim=claim, defaults={"state": "shipped"})


@pytest.mark.parametrize(("happened", "days"), [(delivered, 30), (cancelled, 30), (never_marked, 180)])
def test_it_is_deleted_when_its_time_is_over_and_not_a_moment_before(alice: Person, happened, days: int) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    before = timezone.now()
    happened(claim)
    at = over(claim)
    assert timedelta(days=days) - timedelta(minutes=1) < at - before < timedelta(days=days, minutes=1)
    assert addresses.purge(at - timedelta(microseconds=1)) == 0
    assert Address.objects.count() == 1
    assert addresses.purge(at) == 1
    assert not Address.objects.exists()
    assert addresses.purge(at) == 0
    text = text_of(client_of(alice).get(claim.get_absolute_url()))
    assert "Your address was deleted here." in text


def test_what_is_delivered_late_is_kept_its_thirty_days(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    late = claim.claimed_at + timedelta(days=170)
    Shipment.objects.update_or_create(claim=claim, defaults={"state": "delivered", "delivered_at": late})
    assert addresses.purge(claim.claimed_at + timedelta(days=181)) == 0
    assert addresses.purge(late + timedelta(days=30)) == 1


def test_of_somebody_who_is_gone_nothing_stays(alice: Person) -> None:
    claim_for(alice, make_campaign(kind="shipped"))
    Claim.objects.update(person=None)
    assert addresses.purge(timezone.now()) == 1


def test_the_daily_task_deletes(alice: Person, settings) -> None:
    claim = claim_for(alice, make_campaign(kind="shipped"))
    Claim.objects.filter(pk=claim.pk).update(claimed_at=timezone.now() - timedelta(days=180))
    tasks.purge_addresses()
    assert not Address.objects.exists()
    assert "perks.tasks.purge_addresses" in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
