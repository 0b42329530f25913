"""The staff makes and closes brands, and decides on campaigns, each with a reason that is kept."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from perks.models import AuditEntry, Brand, Campaign
from tests.perks.campaigns import make_brand, make_campaign, second_factor

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    user = User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(second_factor(user))
    return client


TEAM = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


def test_a_brand_is_made_and_closed_with_a_reason(staff: Client) -> None:
    sent = {"name": "Acme", "slug": "acme"} | TEAM
    staff.post(reverse("admin:perks_brand_add"), sent)
    brand = Brand.objects.get()
    address = reverse("admin:perks_brand_change", args=[brand.pk])
    assert "Please say why" in staff.post(address, sent | {"suspended": "on"}).content.decode()
    staff.post(address, sent | {"suspended": "on", "reason": "They never sent a parcel."})
    brand.refresh_from_db()
    assert brand.suspended
    entry = AuditEntry.objects.get(action="suspend")
    assert (entry.reason, entry.by_staff, entry.changes["suspended"]) == (
        "They never sent a parcel.",
        True,
        ["False", "True"],
    )
    assert staff.post(reverse("admin:perks_brand_delete", args=[brand.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("action", "state"), [("approve", "scheduled"), ("send_back", "draft")])
def test_a_campaign_is_decided_from_the_list_with_a_reason(staff: Client, action: str, state: str) -> None:
    campaign = make_campaign(state="review", kind="shipped", text="It boils.")
    address = reverse("admin:perks_campaign_changelist")
    sent = {"action": action, "_selected_action": [campaign.pk]}
    assert "Kept in the log" in staff.post(address, sent).content.decode()
    assert Campaign.objects.get().state == "review"
    staff.post(address, sent | {"confirmed": "yes", "reason": "As agreed."})
    assert Campaign.objects.get().state == state
    assert AuditEntry.objects.get().reason == "As agreed."


def test_the_staff_sees_all_brands_and_changes_no_line_of_the_log(staff: Client) -> None:
    make_campaign(make_brand("Bolt"), title="A bolt")
    make_campaign(make_brand("Acme"), title="A kettle")
    for name in ("admin:perks_campaign_changelist", "brands:perks_campaign_changelist", "brands:index"):
        text = staff.get(reverse(name)).content.decode()
        assert "A bolt" in text, name
        assert "A kettle" in text, name
    assert staff.get(reverse("admin:perks_auditentry_changelist")).status_code == 200
    assert staff.get(reverse("admin:perks_auditentry_add")).status_code == 403
