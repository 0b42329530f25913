"""Celery's side of scoring: thin tasks over one function each, safe to run twice."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from scoring import daily, imports
from scoring.models import ImportJob

log = logging.getLogger(__name__)


@shared_task
def recompute_daily() -> None:
    """The beat's daily run. One that finds another under way leaves it to that one."""
    at = timezone.now()
    try:
        daily.run(as_of=at.date(), at=at, say=lambda stage, text: log.info("%s: %s", stage, text))
    except daily.AlreadyRunning:
        log.warning("the daily run was left out: another is under way")


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=None)
def import_upload(job_id: int) -> None:
    """Reads what a person uploaded. Run again after a killed worker, it adds only what is missing."""
    imports.run(job_id=job_id, at=timezone.now())
    person = ImportJob.objects.filter(pk=job_id, state=ImportJob.State.DONE).values_list("person", flat=True).first()
    if person is not None:
        score_provisionally.delay_on_commit(person)


@shared_task
def resume_uploads() -> None:
    """Queues uploads anew whose worker died; when a worker begins, and now and then by the beat."""
    for job_id in imports.left_over(at=timezone.now()):
        log.warning("upload %s lost its worker and is queued again", job_id)
        import_upload.delay(job_id)


@worker_ready.connect
def resume_when_ready(**_: Any) -> None:
    resume_uploads.delay()


@shared_task(autoretry_for=(OperationalError, InterfaceError, daily.AlreadyRunning), retry_backoff=5, max_retries=None)
def score_provisionally(person_id: int) -> None:
    """A first score soon after an import, not only after the next daily run."""
    daily.provisional(persons=[person_id], at=timezone.now())
