"""Celery's side of perks: thin tasks over one function each, safe to run twice."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from perks import (
    addresses,
    announcing,
    campaign_days,
    claims,
    flags,
    fulfilment,
    impressions,
    lottery,
    reviewed,
    reviews,
    telling,
    turning,
    waiting,
)
from perks.models import Shipment, Window

log = logging.getLogger(__name__)


@shared_task
def expire_holds() -> None:
    """Each minute: ends the holds that are over, by the database's clock. Late, it keeps nobody out."""
    ended = 0
    while more := claims.expire_due():
        ended += more
    if ended:
        log.info("%s holds were not confirmed in time", ended)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def fulfil_claim(claim_id: int) -> None:
    """After a claim has changed: its parcel, and the brand's programs that want to know."""
    fulfilment.carry_out(claim_id=claim_id, at=timezone.now())


@shared_task
def resume_fulfilment() -> None:
    """Each minute: carries out what was lost on the way."""
    fulfilment.resume(at=timezone.now())


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def tell_of_claim(claim_id: int, happened: str) -> None:
    """After a claim was confirmed, used or cancelled: tells its person, once."""
    telling.tell(claim_id=claim_id, happened=happened)


@shared_task
def purge_addresses() -> None:
    """Daily: deletes the addresses that nobody needs any more."""
    if purged := addresses.purge(timezone.now()):
        log.info("%s addresses deleted", purged)


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
def forget_reports() -> None:
    """Daily: deletes what members told the staff of reviews a year ago."""
    if forgotten := reviews.forget_reports(timezone.now()):
        log.info("%s old reports of reviews deleted", forgotten)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def record_review(claim_id: int) -> None:
    """After a review was written: tells the log of it, once; not what it says."""
    reviewed.record(claim_id=claim_id, at=timezone.now())


@shared_task
def sweep_reviews() -> None:
    """Daily: tells the log of reviews that it was not told of when they were written."""
    if told := reviewed.sweep(at=timezone.now()):
        log.info("%s reviews had not been told to the log", told)


@shared_task
def tell_of_parcel(shipment_id: int, state: str) -> None:
    """After a file with tracking: tells a person where their parcel is, unless it has gone on since."""
    parcel = Shipment.objects.select_related("claim__campaign__brand", "claim__person").filter(pk=shipment_id).first()
    if parcel is not None and parcel.state == state:
        fulfilment.tell_person(shipment=parcel)


@shared_task
def follow_the_clock() -> None:
    """Each minute: campaigns go live and end, lotteries are drawn, and what is free goes to who waits or was drawn."""
    for name, settle in (("campaigns", turning.follow), ("lotteries", lottery.settle), ("queues", waiting.settle)):
        try:
            found = settle(timezone.now())
        except Exception:
            # What is wrong with one of them keeps the others waiting for nothing.
            log.exception("%s: not all was done that was due", name)
            continue
        if any(found.values()):
            log.info("%s: %s", name, found)


@shared_task
def tell_of_openings() -> None:
    """Each minute: tells people of windows before they open, for up to a minute; the next one goes on."""
    at = timezone.now()
    until, told = at + timedelta(minutes=1), 0
    while at < until and (more := announcing.tell_of_openings(at)):
        told, at = told + more, timezone.now()
    if told:
        log.info("%s people were told of windows that will open", told)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def serve_queue(variant_id: int) -> None:
    """After something became free: offers it to whoever is next in the queue."""
    waiting.serve(variant_id)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def serve_draw(window_id: int) -> None:
    """After something became free: offers it to the next place of a draw."""
    window = Window.objects.select_related("campaign__brand").get(pk=window_id)
    lottery.serve(window=window, at=timezone.now())


@shared_task
def count_pages() -> None:
    """Each minute: adds the pages that were counted in the cache to their campaigns' days."""
    impressions.fold()


@shared_task
def write_days() -> None:
    """Daily, after scores were published: finds posts about perks, and writes each campaign's numbers of the day."""
    at = timezone.now()
    written, forgotten = campaign_days.write_all(at), campaign_days.forget_seen(at)
    log.info("days of %s campaigns written, %s rows of who saw old ones forgotten", written, forgotten)
