"""Nothing that is written down along a whole claim has its code, its address, or a pass: not even with SQL logged."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail, serializers
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import webhooks
from accounts.models import Notification, Person, WebhookDelivery
from perks import claims, codes, fulfilment
from perks import tasks as perk_tasks
from perks.models import AuditEntry, Campaign, Claim, ClaimEvent, Shipment
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.claiming import BERLIN, address_sent, client_of
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


class Written:
    """All that is written down: log lines (SQL among them), what goes through the broker, and rows that others read."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog
        self.sent: list[str] = []

    def task(self, name: str, args: Any = (), kwargs: Any = None, **_: Any) -> None:
        self.sent.append(json.dumps([name, list(args), kwargs or {}]))
        function = getattr(perk_tasks, name.rpartition(".")[2], None)
        if name.startswith("perks.tasks.") and function is not None:
            function(*args)

    def text(self) -> str:
        rows = [*AuditEntry.objects.all(), *LogEntry.objects.all(), *ClaimEvent.objects.all()]
        rows += [*Notification.objects.all(), *WebhookDelivery.objects.all()]
        mails = [f"{message.subject}\n{message.body}\n{message.alternatives}" for message in mail.outbox]
        names = [str(row) for model in (Claim, Shipment) for row in model.objects.all()]
        return "\n".join([self.caplog.text, *self.sent, serializers.serialize("json", rows), *mails, *names])


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Written:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django.db.backends")
    # It would print all that a page is made of; LOG_LEVEL=DEBUG leaves it quiet.
    assert logging.getLogger("django.template").getEffectiveLevel() > logging.DEBUG
    monkeypatch.setattr(connections["default"], "force_debug_cursor", True)
    kept = Written(caplog)
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task", lambda _app, name, *args, **kw: kept.task(name, *args, **kw)
    )
    return kept


def claimed(person: Person, campaign: Campaign, client: Client, **sent: str) -> Claim:
    """A claim as its person makes it, page by page."""
    page = client.get(reverse("perk_claim", args=[campaign.pk]))
    form = page.context["form"]
    values = {name: form[name].value() for name in ("terms", "key", "variant")} | {"accept": "on", "disclose": "on"}
    client.post(reverse("perk_claim", args=[campaign.pk]), values)
    claim = Claim.objects.get(campaign=campaign, person=person)
    client.post(claim.get_absolute_url(), {"action": "confirm", **sent})
    claim.refresh_from_db()
    assert claim.state == "claimed"
    return claim


def test_a_code_is_shown_to_its_person_and_written_nowhere(
    written: Written, alice: Person, django_capture_on_commit_callbacks
) -> None:
    client, campaign = client_of(alice), make_campaign()
    webhooks.add(
        owner=fulfilment.owner_of(campaign.brand), url="https://shop.example/h", events=list(fulfilment.EVENTS)
    )
    with django_capture_on_commit_callbacks(execute=True):
        claim = claimed(alice, campaign, client)
    code = codes.unseal(claim.code.sealed)
    assert code in text_of(client.get(claim.get_absolute_url()))
    with django_capture_on_commit_callbacks(execute=True):
        claims.cancel(claim=claim, user=user_of(alice), reason="Out of stock.")
    text = written.text()
    assert str(claim.reference) in text
    assert "SELECT" in text
    assert WebhookDelivery.objects.count() == 2
    assert any("fulfil_claim" in line for line in written.sent)
    assert code not in text
    assert code.lower() not in text.lower()


def test_an_address_is_given_seen_taken_out_and_written_nowhere(
    written: Written, alice: Person, django_capture_on_commit_callbacks
) -> None:
    brand = make_brand()
    campaign = make_campaign(brand, kind="shipped")
    fay = second_factor(make_team(brand, fay="fulfilment")["fay"])
    fulfils, client = Client(), client_of(alice)
    fulfils.force_login(fay)
    street = BERLIN["street_address"]
    with django_capture_on_commit_callbacks(execute=True):
        claim = claimed(alice, campaign, client, **address_sent())
    parcel = Shipment.objects.get(claim=claim)
    with django_capture_on_commit_callbacks(execute=True):
        looked = fulfils.post(reverse("brands:perks_shipment_address", args=[parcel.pk]))
        assert street in text_of(looked)
        out = fulfils.post(reverse("brands:perks_shipment_csv"))
        assert street in b"".join(out.streaming_content).decode()
        fulfilment.move(
            shipment=parcel, to="shipped", user=fay, at=timezone.now(), carrier="DHL", tracking="JD0146", later=True
        )
    assert AuditEntry.objects.filter(action="export addresses").count() == 1
    assert Notification.objects.filter(kind="perk_shipped").count() == 1
    text = written.text()
    for secret in (street, "Hauptstra", BERLIN["postal_code"]):
        assert secret not in text
