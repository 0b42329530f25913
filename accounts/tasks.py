"""Celery's side of accounts: thin tasks over one function each, safe to run twice."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts import (
    claims,
    credentials,
    digests,
    erasure,
    handing_out,
    inbox,
    opt_out,
    pauses,
    push,
    retention,
    teams,
    webhooks,
)
from accounts.hooks import meta
from accounts.models import DeletionReceipt, Notification

log = logging.getLogger(__name__)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def make_export(job_id: int) -> None:
    """A zip of everything for a person who asked for it."""
    handing_out.make(job_id=job_id, at=timezone.now())


@shared_task
def erase_due() -> None:
    """Hourly: erases whom it is time for, and takes up exports that were lost."""
    done = erasure.carry_out_due(at=timezone.now())
    if done.erased or done.failed:
        log.info("%s people erased as they had asked; %s could not be, and come again", done.erased, done.failed)
    for job_id in handing_out.left_over(at=timezone.now()):
        make_export.delay(job_id)


@shared_task
def grant_claims() -> None:
    """Hourly: moves claimed accounts whose holders have not objected."""
    if moved := claims.grant_due(timezone.now()):
        log.info("%s claimed accounts moved to whom they were proved by", moved)


@shared_task
def warn_of_lapsing() -> None:
    """Daily: tells whose access to an account is about to lapse, while connecting it again is still in time."""
    if told := credentials.warn_of_lapsing(timezone.now()):
        log.info("%s people told that our access to an account is about to lapse", told)


@shared_task
def end_rests() -> None:
    """Daily: tells whose rest has ended because the year's days are used up."""
    if told := pauses.end_used_up(timezone.now()):
        log.info("%s people told that their rest has ended", told)


@shared_task
def send_digests() -> None:
    """Hourly: mails what waits to whom it is time for, and what should have been mailed at once and was not."""
    sent = digests.send_due(at=timezone.now())
    if sent.mails or sent.failed:
        log.info("%s digests sent; %s could not be, and come again", sent.mails, sent.failed)


@shared_task
def forget_notifications() -> None:
    """Daily: removes what people were told long ago."""
    if forgotten := inbox.forget_old(at=timezone.now()):
        log.info("%s old notifications removed", forgotten)


@shared_task
def push_notification(notification_id: int) -> None:
    """Wakes the browsers of whom a notification is for."""
    notification = Notification.objects.filter(pk=notification_id).select_related("user", "person").first()
    if notification is not None:
        push.send(notification)


@shared_task
def purge_retained() -> None:
    """Daily: removes what networks let us keep for some days only."""
    for network, numbers in retention.purge_due(at=timezone.now()).items():
        for kind, number in numbers.items():
            log.info("%s: %s %s were kept long enough", network, number, kind)


@shared_task
def sweep_files() -> None:
    """Daily: removes copies that have lain for their days, files that a process left when it died, dead sessions."""
    at = timezone.now()
    log.info("%s ended sessions removed", erasure.sweep_sessions(at=at))
    log.info("%s old invitations to teams forgotten", teams.forget_old(at=at))
    log.info("%s old files removed", handing_out.sweep(at=at) + erasure.sweep_pictures(at=at))


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def sweep_opt_outs() -> None:
    """Daily, and when one could not wait: erases accounts that are known although they have opted out."""
    if erased := opt_out.sweep(at=timezone.now()):
        log.info("%s accounts that had opted out were still known", erased)


@shared_task(bind=True, autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def finish_deletion(self: Any, receipt_id: int, links: list[int]) -> None:
    """What a network told us to delete, once nothing is being read for its person any more."""
    receipt = DeletionReceipt.objects.filter(pk=receipt_id).first()
    if receipt is not None and meta.finish(receipt, links, at=timezone.now()):
        raise self.retry(countdown=60)


@shared_task
def deliver_webhooks() -> None:
    """Each half minute, and when there is something new: calls others' programs that want to be told."""
    arrived, failed = webhooks.deliver_due(timezone.now())
    if arrived or failed:
        log.info("%s webhook deliveries arrived, %s addresses failed", arrived, failed)


@shared_task
def forget_webhooks() -> None:
    """Daily: removes what was told to others' programs long ago."""
    if forgotten := webhooks.forget_old(timezone.now()):
        log.info("%s rows of old webhook deliveries removed", forgotten)
