"""The brands' pages of claims, parcels and webhooks, and the staff's of flags: each role does its part and no more."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
import stamina
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import webhooks
from accounts.models import Person, User, WebhookDelivery, WebhookEndpoint
from perks import claims, consent, flags, fulfilment
from perks.models import AuditEntry, Brand, Claim, Flag, Shipment
from tests.fakes.receiver import Receiver
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.parcels import STREET, claim_shipped, parcel_of, take

pytestmark = pytest.mark.django_db
ROLES = ("owner", "editor", "fulfilment", "viewer")


@pytest.fixture
def acme(db) -> Brand:
    return make_brand()


class Team(dict[str, Client]):
    """A client for each role at Acme, for the staff, and for who works for another brand; made when it is wanted."""

    def __missing__(self, name: str) -> Client:
        if name == "staff":
            user = User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)
        elif name.startswith("foreign"):
            role = "owner" if name.endswith("owner") else "fulfilment"
            user = make_team(make_brand("Zenith"), **{role: role})[role]
        else:
            user = make_team(make_brand(), **{name: name})[name]
        self[name] = Client()
        self[name].force_login(second_factor(user))
        return self[name]


@pytest.fixture
def team(acme: Brand) -> Team:
    return Team()


@pytest.fixture
def claim(acme: Brand, alice: Person) -> Claim:
    return claim_shipped(make_campaign(acme, kind="shipped", asks_for=["name", "email"]), alice)


def body(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


# ---------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("editor", 200), ("fulfilment", 200), ("staff", 200), ("viewer", 403), ("foreign", 404)],
)
def test_claims_are_seen_by_their_references_and_name_nobody(team: Team, claim: Claim, role: str, status: int) -> None:
    page = team[role].get(reverse("brands:perks_claim_change", args=[claim.pk]))
    assert page.status_code == status
    listed = team[role].get(reverse("brands:perks_claim_changelist"))
    assert (str(claim.reference) in body(listed)) is (status == 200)
    for answer in (page, listed):
        assert "Alice" not in body(answer)
        assert STREET not in body(answer)


def test_what_somebody_ticked_is_shown_until_they_take_it_back(team: Team, claim: Claim, acme: Brand) -> None:
    page = reverse("brands:perks_claim_change", args=[claim.pk])
    consent.change(claim=claim, user=claim.user, field="email", given=True, at=timezone.now())
    assert "alice@example.org" in body(team["editor"].get(page))
    assert "Archer" not in body(team["editor"].get(page))
    consent.change(claim=claim, user=claim.user, field="email", given=False, at=timezone.now())
    assert "alice@example.org" not in body(team["editor"].get(page))


def test_a_claim_is_found_by_its_reference_alone(team: Team, claim: Claim) -> None:
    listed = reverse("brands:perks_claim_changelist")
    assert str(claim.reference) in body(team["owner"].get(listed, {"q": f" {claim.reference} "})).replace(
        f'value=" {claim.reference} "', ""
    )
    for odd in ("Alice", "alice@example.org", "1", "' or 1=1"):
        found = team["owner"].get(listed, {"q": odd})
        assert found.status_code == 200
        assert str(claim.reference) not in body(found)
    assert team["owner"].get(listed, {"campaign": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("role", "cancelled"),
    [("owner", True), ("fulfilment", True), ("editor", False), ("viewer", False), ("foreign", False)],
)
def test_who_may_cancels_a_claim_with_a_reason(team: Team, claim: Claim, role: str, cancelled: bool) -> None:
    address = reverse("brands:perks_claim_cancel", args=[claim.pk])
    refused = {"viewer": 404, "foreign": 404, "editor": 403}
    assert team[role].post(address, {"reason": " "}).status_code == refused.get(role, 200)
    team[role].post(address, {"reason": "Lost in the flood."})
    claim.refresh_from_db()
    assert (claim.state == "cancelled") is cancelled
    assert AuditEntry.objects.filter(reason="Lost in the flood.").exists() is cancelled
    claim.variant.refresh_from_db()
    assert claim.variant.claimed == (0 if cancelled else 1)


# ---------------------------------------------------------------- parcels


@pytest.mark.parametrize("role", [*ROLES, "staff", "foreign"])
def test_only_fulfilment_of_this_brand_sees_an_address_and_each_look_is_written_down(
    team: Team, claim: Claim, role: str
) -> None:
    parcel = parcel_of(claim)
    mine = role == "fulfilment"
    page = team[role].get(reverse("brands:perks_shipment_change", args=[parcel.pk]))
    assert STREET not in body(page)
    assert ("Show the address" in body(page)) is mine
    looked = team[role].post(reverse("brands:perks_shipment_address", args=[parcel.pk]))
    assert (STREET in body(looked)) is mine
    assert AuditEntry.objects.filter(action="see address").count() == mine
    team[role].get(reverse("brands:perks_shipment_address", args=[parcel.pk]))
    for name in ("csv", "xlsx"):
        out = team[role].post(reverse(f"brands:perks_shipment_{name}"))
        if name == "csv":
            assert (STREET in body(out)) is mine
        assert (out.get("Content-Disposition", "").endswith(f'.{name}"')) is mine
    act = {"action": "export_csv", "_selected_action": [parcel.pk]}
    out = team[role].post(reverse("brands:perks_shipment_changelist"), act)
    assert (STREET in body(out)) is mine
    assert AuditEntry.objects.filter(action="export addresses").count() == 3 * mine


@pytest.mark.parametrize(
    ("role", "moves"),
    [("fulfilment", True), ("staff", True), ("owner", False), ("editor", False), ("viewer", False), ("foreign", False)],
)
def test_who_sends_parcels_says_where_they_are(team: Team, claim: Claim, role: str, moves: bool) -> None:
    parcel = parcel_of(claim)
    act = {"action": "mark_shipped", "_selected_action": [parcel.pk]}
    team[role].post(reverse("brands:perks_shipment_changelist"), act)
    assert (parcel_of(claim).state == "shipped") is moves
    file = io.BytesIO(f"reference,carrier,tracking\r\n{claim.reference},DHL,JD014600\r\nnone,x,y\r\n".encode())
    file.name = "shop.csv"
    report = team[role].post(reverse("brands:perks_shipment_tracking"), {"file": file})
    assert (parcel_of(claim).tracking == "JD014600") is moves
    assert ("1 parcel changed" in body(report)) is moves
    values = {"state": "delivered", "carrier": "DHL", "tracking": "JD014600", "tracking_url": "https://dhl.example/1"}
    team[role].post(reverse("brands:perks_shipment_change", args=[parcel.pk]), values)
    assert (parcel_of(claim).state == "delivered") is moves


def test_what_cannot_follow_is_said_and_not_done(team: Team, claim: Claim) -> None:
    Shipment.objects.update(state="delivered")
    act = {"action": "mark_shipped", "_selected_action": [parcel_of(claim).pk]}
    said = body(team["fulfilment"].post(reverse("brands:perks_shipment_changelist"), act, follow=True))
    assert "cannot be" in said
    assert parcel_of(claim).state == "delivered"


def test_the_list_has_what_is_to_be_sent_and_nothing_else(team: Team, claim: Claim, bob: Person) -> None:
    sent = claim_shipped(claim.campaign, bob)
    Shipment.objects.filter(claim=sent).update(state="shipped")
    assert "1 parcel is to be sent." in body(team["fulfilment"].get(reverse("brands:perks_shipment_changelist")))
    out = body(team["fulfilment"].post(reverse("brands:perks_shipment_csv")))
    assert str(claim.reference) in out
    assert str(sent.reference) not in out
    Shipment.objects.update(state="shipped")
    empty = team["fulfilment"].post(reverse("brands:perks_shipment_csv"), follow=True)
    assert "There is no parcel to be sent." in body(empty)


def test_djangos_log_names_no_person_and_no_door(team: Team, claim: Claim) -> None:
    values = {"state": "shipped", "carrier": "DHL", "tracking": "JD014600", "tracking_url": ""}
    team["fulfilment"].post(reverse("brands:perks_shipment_change", args=[parcel_of(claim).pk]), values)
    text = " ".join(f"{row.object_repr} {row.change_message}" for row in LogEntry.objects.all())
    for secret in ("Alice", STREET, "JD014600"):
        assert secret not in text


# ---------------------------------------------------------------- webhooks


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with Receiver() as receiver, stamina.set_testing(True, attempts=1):
        settings.NETWORK_PRIVATE_HOSTS = [receiver.host]
        yield receiver


def add_webhook(client: Client, brand: Brand, url: str):
    values = {"brand": brand.pk, "url": url, "events": ["perk.claimed"]}
    return client.post(reverse("brands:accounts_webhookendpoint_add"), values)


def secrets_in(text: str) -> list[str]:
    return re.findall(r"whsec_[A-Za-z0-9+/]{40,}=*", text)


def test_an_owner_adds_a_webhook_and_sees_its_secret_once(team: Team, acme: Brand, receiver: Receiver) -> None:
    [receiver.secret] = secrets_in(body(add_webhook(team["owner"], acme, receiver.address)))
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.owner == fulfilment.owner_of(acme)
    page = reverse("brands:accounts_webhookendpoint_change", args=[endpoint.pk])
    for address in (page, reverse("brands:accounts_webhookendpoint_changelist")):
        text = body(team["owner"].get(address))
        assert not secrets_in(text)
        assert "4711" not in text
    values = {"events": ["perk.claimed"], "active": "on"}
    sent = team["owner"].post(page, values | {"_ping": "1"}, follow=True)
    assert "A test is on its way" in body(sent)
    webhooks.deliver_due(timezone.now())
    assert [told["type"] for told in receiver.told] == ["ping"]
    log = reverse("brands:accounts_webhookdelivery_change", args=[WebhookDelivery.objects.get().pk])
    assert "204" in body(team["owner"].get(log))
    assert "&quot;type&quot;: &quot;ping&quot;" in body(team["owner"].get(log))
    team["owner"].post(log, {"_again": "1", "log-TOTAL_FORMS": "0", "log-INITIAL_FORMS": "0"})
    webhooks.deliver_due(timezone.now())
    assert list(receiver.ids.values()) == [2]
    [new] = secrets_in(body(team["owner"].post(page, values | {"_rotate": "1"})))
    assert new != receiver.secret
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["add webhook", "send again", "new secret of webhook"]
    text = " ".join(f"{row.about} {row.changes}" for row in AuditEntry.objects.all())
    assert "4711" not in text
    assert not secrets_in(text)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("role", ["editor", "fulfilment", "viewer", "foreign", "foreign owner"])
def test_webhooks_are_an_owners_own(team: Team, acme: Brand, receiver: Receiver, role: str) -> None:
    endpoint, _secret = webhooks.add(owner=fulfilment.owner_of(acme), url=receiver.address, events=["perk.claimed"])
    delivery = webhooks.ping(endpoint=endpoint, at=timezone.now())
    client = team[role]
    assert not secrets_in(body(add_webhook(client, acme, f"{receiver.url}/mine")))
    assert WebhookEndpoint.objects.count() == 1
    for name, row in (("webhookendpoint", endpoint), ("webhookdelivery", delivery)):
        page = reverse(f"brands:accounts_{name}_change", args=[row.pk])
        assert client.get(page).status_code in (403, 404)
        assert client.post(page, {"_rotate": "1", "_again": "1", "events": [], "active": ""}).status_code in (403, 404)
        assert receiver.host not in body(client.get(reverse(f"brands:accounts_{name}_changelist")))
    endpoint.refresh_from_db()
    assert endpoint.active
    assert endpoint.previous_secret is None


@pytest.mark.parametrize("url", ["http://shop.example/x", "https://u:p@shop.example/", "shop", "javascript:alert(1)"])
def test_an_address_that_is_not_called_is_refused_in_words(team: Team, acme: Brand, url: str) -> None:
    answer = add_webhook(team["owner"], acme, url)
    assert answer.status_code == 200
    assert 'class="errorlist"' in body(answer)
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_switched_off_and_deleted(team: Team, acme: Brand, receiver: Receiver) -> None:
    endpoint, _secret = webhooks.add(owner=fulfilment.owner_of(acme), url=receiver.address, events=["perk.claimed"])
    page = reverse("brands:accounts_webhookendpoint_change", args=[endpoint.pk])
    team["owner"].post(page, {"events": ["perk.claimed", "perk.redeemed"]})
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.events) == (False, ["perk.claimed", "perk.redeemed"])
    team["owner"].post(reverse("brands:accounts_webhookendpoint_delete", args=[endpoint.pk]), {"post": "yes"})
    assert not WebhookEndpoint.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["change webhook", "delete webhook"]


# ---------------------------------------------------------------- the staff's flags


@pytest.fixture
def flag(acme: Brand, alice: Person, bob: Person) -> Flag:
    campaign = make_campaign(acme, kind="shipped")
    claim_shipped(campaign, alice)
    flags.look_at(claim_id=claim_shipped(campaign, bob).pk, at=timezone.now())
    return Flag.objects.get()


def test_the_staff_sees_both_side_by_side_and_no_address(team: Team, flag: Flag) -> None:
    assert team["staff"].get(reverse("admin:perks_flag_changelist")).status_code == 200
    page = body(team["staff"].get(reverse("admin:perks_flag_change", args=[flag.pk])))
    assert "@Alice" in page
    assert "@Bob" in page
    assert "may be a household" in page
    assert STREET not in page
    assert flag.digest not in page


def test_the_staff_decides_on_the_page(team: Team, flag: Flag) -> None:
    page = reverse("admin:perks_flag_change", args=[flag.pk])
    second = flag.claims.order_by("claimed_at").last()
    wrong = team["staff"].post(page, {"state": "confirmed", "note": "", "cancel": [second.pk], "reason": ""})
    assert "Please say why" in body(wrong)
    assert Claim.objects.filter(state="cancelled").count() == 0
    team["staff"].post(page, {"state": "confirmed", "note": "Same.", "cancel": [second.pk], "reason": "One each."})
    second.refresh_from_db()
    flag.refresh_from_db()
    assert (second.state, flag.state, flag.note) == ("cancelled", "confirmed", "Same.")
    assert flag.decided_by.email == "staff@example.org"


@pytest.mark.parametrize("role", [*ROLES, "foreign owner"])
def test_flags_are_the_staffs_alone(team: Team, flag: Flag, role: str) -> None:
    assert "@Bob" not in body(team[role].get(reverse("admin:perks_flag_change", args=[flag.pk]), follow=True))
    assert "flag" not in body(team[role].get("/brands/")).lower()


# ---------------------------------------------------------------- what pages cost


def test_lists_cost_the_same_for_any_number_of_rows(
    team: Team, acme: Brand, django_assert_max_num_queries, alice: Person, bob: Person
) -> None:
    campaign = make_campaign(acme, kind="shipped", stock=9, per_person=5)
    client, counts = team["fulfilment"], []
    for person in (alice, bob):
        for _ in range(3):
            claim_shipped(campaign, person)
        with django_assert_max_num_queries(30) as found:
            for name in ("perks_claim", "perks_shipment"):
                assert client.get(reverse(f"brands:{name}_changelist")).status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]
    assert claims.differences(campaign.variants.get()) is not None
    assert take(campaign, alice).state == "held"
