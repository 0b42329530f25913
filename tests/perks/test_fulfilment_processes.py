"""Processes are killed on the way from a claim to its parcel and the brand's shop; what they left is done, and once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import stamina
from django.utils import timezone

from accounts import webhooks
from accounts.models import WebhookDelivery, WebhookTry
from perks import claims, fulfilment
from perks.models import Claim, Shipment
from tests.fakes.receiver import Receiver
from tests.perks.campaigns import make_brand, make_campaign, make_member
from tests.perks.parcels import take
from tests.scoring.processes import run_python

pytestmark = pytest.mark.django_db(transaction=True)

# Killed when the claim has committed, before the broker hears of what follows.
AFTER_THE_COMMIT = """
from perks import claims, fulfilment
from perks.models import Claim
fulfilment.current_app.send_task = lambda *given, **named: die()
claims.confirm(claim=Claim.objects.get())
"""
# Killed with the parcel made and the shop's delivery written, before they commit.
BEFORE_THE_COMMIT = """
from django.utils import timezone
from accounts import webhooks
from perks import fulfilment
from perks.models import Claim
write = webhooks.enqueue
webhooks.enqueue = lambda **given: (write(**given), die())
fulfilment.carry_out(claim_id=Claim.objects.get().pk, at=timezone.now())
"""
# The same without a transaction around it.
ALONE = """
from contextlib import nullcontext
from perks import fulfilment
fulfilment.transaction.atomic = lambda *given, **named: nullcontext()
from django.db.models import QuerySet
QuerySet.select_for_update = lambda rows, **named: rows
"""
# Killed when the shop has answered, before that is written down.
AFTER_THE_ANSWER = """
from django.conf import settings
from django.utils import timezone
settings.NETWORK_PRIVATE_HOSTS = [sys.argv[1]]
from accounts import webhooks
webhooks._mark = lambda *given: die()
webhooks.deliver_due(timezone.now())
"""


@pytest.fixture
def shop(settings) -> Iterator[Receiver]:
    with Receiver() as receiver, stamina.set_testing(True, attempts=1):
        settings.NETWORK_PRIVATE_HOSTS = [receiver.host]
        _endpoint, receiver.secret = webhooks.add(
            owner=fulfilment.owner_of(make_brand()), url=receiver.address, events=list(fulfilment.EVENTS)
        )
        yield receiver


@pytest.fixture
def held(shop: Receiver) -> Claim:
    return take(make_campaign(kind="shipped"), make_member("Alice"))


def kill(code: str, *arguments: str) -> None:
    done = run_python(code, *arguments)
    assert done.returncode == -signal.SIGKILL, done.stderr


def all_of_it(shop: Receiver, at: datetime) -> tuple[int, int, int]:
    """What there is after the beat has been there twice: parcels, deliveries, and what the shop was told."""
    for _twice in range(2):
        fulfilment.resume(at=at)
        webhooks.deliver_due(at)
    return Shipment.objects.count(), WebhookDelivery.objects.count(), len(shop.told)


def test_a_process_that_is_killed_right_after_a_claim_loses_no_parcel(shop: Receiver, held: Claim) -> None:
    kill(AFTER_THE_COMMIT)
    held.refresh_from_db()
    assert (held.state, Shipment.objects.count(), WebhookDelivery.objects.count()) == ("claimed", 0, 0)
    assert all_of_it(shop, timezone.now()) == (1, 1, 1)


def test_a_process_that_is_killed_amid_fulfilment_has_done_nothing(shop: Receiver, held: Claim) -> None:
    claims.confirm(claim=held)
    kill(BEFORE_THE_COMMIT)
    assert (Shipment.objects.count(), WebhookDelivery.objects.count()) == (0, 0)
    assert all_of_it(shop, timezone.now()) == (1, 1, 1)


def test_killed_amid_fulfilment_without_a_transaction_half_of_it_is_there(shop: Receiver, held: Claim) -> None:
    claims.confirm(claim=held)
    kill(ALONE + BEFORE_THE_COMMIT.replace("(write(**given), die())", "die()"))
    assert (Shipment.objects.count(), WebhookDelivery.objects.count()) == (1, 0)
    # By the state of the rows even this is made good.
    assert all_of_it(shop, timezone.now()) == (1, 1, 1)


def test_a_process_that_is_killed_before_it_writes_the_answer_down_sends_it_again_as_the_same(
    shop: Receiver, held: Claim
) -> None:
    claims.confirm(claim=held)
    fulfilment.resume(at=timezone.now())
    kill(AFTER_THE_ANSWER, shop.host)
    assert (list(shop.ids.values()), WebhookTry.objects.count()) == ([1], 0)
    # Leased: whoever took it may be at it still.
    assert webhooks.deliver_due(timezone.now()) == (0, 0)
    assert all_of_it(shop, timezone.now() + webhooks.LEASE + timedelta(seconds=1)) == (1, 1, 1)
    assert list(shop.ids.values()) == [2]
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.DELIVERED
