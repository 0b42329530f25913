"""Pages of a claim are its person's: nobody else gets them, nothing keeps a copy, nothing says where they lie."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import perks.admin  # noqa: F401  (registers the pages)
from accounts import tokens
from accounts.models import User
from perks.models import Address, Claim, ClaimEvent, Mention, Problem, Review, Shared, Shipment
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team, second_factor
from tests.perks.claiming import claim_for, client_of

pytestmark = pytest.mark.django_db

PAGES = ("perk_receipt", "perk_pass", "perk_pass_pdf", "perk_review", "perk_posted", "perk_problem")
SENT = (
    *({"action": action, "field": "email"} for action in ("release", "extend", "confirm", "share", "withdraw")),
    {"action": "address", "to-country": "IE", "to-shown": "IE", "to-name": "Eve"},
    {"action": "delete"},
    {"stars": "1", "text": "Eve was here.", "kind": "other", "url": "https://eve.example/post"},
)
KEPT = (Claim, ClaimEvent, Address, Shared, Review, Mention, Problem, Shipment)


@pytest.fixture
def claim() -> Claim:
    campaign = make_campaign(make_brand("Acme"), kind="voucher", codes=False, asks_for=["email"])
    claim = claim_for(make_member("Alice"), campaign, ticked=("email",))
    Review.objects.create(claim=claim, stars=5, written_at=timezone.now())
    return claim


def strangers() -> dict[str, Client]:
    eve = make_member("Eve")
    team = make_team(make_brand("Acme"), olga="owner", ben="fulfilment")
    staff = User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)
    found = {"nobody": Client(), "another member": client_of(eve)}
    for name, user in (("the owner", team["olga"]), ("fulfilment", team["ben"]), ("the staff", staff)):
        found[name] = Client()
        found[name].force_login(second_factor(user))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_nobody_else_gets_a_page_of_it_or_sends_one_a_form(claim: Claim, name: str) -> None:
    at = reverse(name, args=[claim.reference])
    before = [list(model.objects.order_by("pk").values()) for model in KEPT]
    for who, client in strangers().items():
        wanted = 302 if who == "nobody" else 404
        answers = [client.get(at), *(client.post(at, sent) for sent in SENT)]
        # 405: a pass is looked at, and nothing is sent to it.
        assert {answer.status_code for answer in answers} - {405} == {wanted}, who
        if who == "nobody":
            assert all(answer["Location"].startswith("/accounts/") for answer in answers if answer.status_code == 302)
    assert [list(model.objects.order_by("pk").values()) for model in KEPT] == before


@pytest.mark.parametrize("name", PAGES)
def test_no_cache_keeps_it_and_no_other_site_learns_where_it_lies(claim: Claim, name: str) -> None:
    answer = client_of(claim.person).get(reverse(name, args=[claim.reference]))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    # These send other sites our host at most, never a path.
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin-when-cross-origin"}
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_pages_with_addresses_and_secrets_are_kept_by_no_cache() -> None:
    """What a brand's people see of addresses, codes and claims."""
    campaign = make_campaign(make_brand("Acme"), kind="shipped", codes=False)
    claim = claim_for(make_member("Alice"), campaign)
    parcel, _new = Shipment.objects.get_or_create(claim=claim)
    address = {"name": "Alice", "street_address": "1 Quay", "city": "Cork", "country_code": "IE"}
    values = {"country": "IE", "fingerprint": "f", "given_at": timezone.now()}
    Address.objects.update_or_create(claim=claim, defaults=values | {"sealed": tokens.encrypt(json.dumps(address))})
    client = Client()
    client.force_login(second_factor(make_team(campaign.brand, ben="fulfilment")["ben"]))
    shown = client.post(reverse("brands:perks_shipment_address", args=[parcel.pk]))
    files = [client.post(reverse(f"brands:perks_shipment_{form}")) for form in ("csv", "xlsx")]
    pages = [client.get(reverse(f"brands:perks_{name}_changelist")) for name in ("shipment", "claim")]
    assert "cork" in shown.content.decode().lower()
    assert all("cork" not in page.content.decode().lower() for page in pages)
    for answer in (shown, *files, *pages):
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert (
            "script-src" not in answer["Content-Security-Policy"] or "unsafe" not in answer["Content-Security-Policy"]
        )


def test_a_form_from_another_site_does_nothing(claim: Claim) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(claim.user)
    for name in PAGES:
        for sent in SENT:
            assert client.post(reverse(name, args=[claim.reference]), sent).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("redeem"), {"action": "enter", "number": "123456", "pin": "1"}).status_code == 403
    assert strict.post(reverse("perk_claim", args=[claim.campaign_id]), {}).status_code == 403
