"""Celery's side of perks: thin tasks over one function each, safe to run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from perks import flags, fulfilment
from perks.models import Shipment

log = logging.getLogger(__name__)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def fulfil_claim(claim_id: int) -> None:
    """After a claim has changed: its parcel, and the brand's programs that want to know."""
    fulfilment.carry_out(claim_id=claim_id, at=timezone.now())


@shared_task
def resume_fulfilment() -> None:
    """Each minute: carries out what was lost on the way."""
    fulfilment.resume(at=timezone.now())


@shared_task
def raise_flags(claim_id: int) -> None:
    """After a claim is confirmed: shows the staff where it looks like one person with several accounts."""
    flags.look_at(claim_id=claim_id, at=timezone.now())


@shared_task
def forget_hints() -> None:
    """Daily: empties the hints of claims that are long over."""
    if forgotten := flags.forget_hints(at=timezone.now()):
        log.info("hints of %s old claims forgotten", forgotten)


@shared_task
def tell_of_parcel(shipment_id: int, state: str) -> None:
    """After a file with tracking: tells a person where their parcel is, unless it has gone on since."""
    parcel = Shipment.objects.select_related("claim__campaign__brand", "claim__person").filter(pk=shipment_id).first()
    if parcel is not None and parcel.state == state:
        fulfilment.tell_person(shipment=parcel)
