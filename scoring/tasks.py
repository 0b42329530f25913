"""Celery's side of scoring: thin tasks over one function each, safe to run twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_ready
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts.networks import NETWORKS
from accounts.networks.base import RateLimited, Unreachable
from accounts.networks.http import AddressRefused
from scoring import daily, first_scores, imports
from scoring.achievements import preview
from scoring.collect import pulling, schedule, webmentions
from scoring.models import ImportJob
from scoring.plus_k import news as plus_k_news
from scoring.plus_k import settling
from scoring.questions import experts, reporting

log = logging.getLogger(__name__)

# Priorities of readings (CELERY_BROKER_TRANSPORT_OPTIONS): somebody waits for it, or it is merely due.
AWAITED, DUE = 0, 5
# A network's queue that holds so many is left alone until its workers have caught up.
FULL = 10_000
# Seconds after which a reading lets others have their turn, and goes on behind them.
TURN = 60.0


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
    first_scores.tell(person_id=person_id)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def settle_plus_k() -> None:
    """The beat's, every minute: what can no longer be taken back is written to the log."""
    if settled := settling.settle(at=settling.by_the_database(timezone.now())):
        log.info("%s +K settled", settled)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def tell_plus_k() -> None:
    """The beat's, every ten minutes: who was given +K is told, once a day at most."""
    if told := plus_k_news.tell(at=timezone.now()):
        log.info("%s people told of +K", told)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def preview_achievement(definition_id: int) -> None:
    """Who would get what the staff has drafted; what hinders it is told on its page."""
    try:
        preview.preview(definition_id)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        preview.failed(definition_id, error)
        raise


# ---------------------------------------------------------------- reading linked accounts


@shared_task
def schedule_pulls() -> None:
    """The beat's round, every minute: a task for each stream that is due, on the queue of its network."""
    with current_app.connection_or_acquire() as connection:
        queue_pulls(schedule.claim(at=timezone.now(), without=full_queues(connection)), priority=DUE)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def read_link(link_id: int) -> None:
    """Queues the streams of an account that has just been linked, ahead of those that are merely due."""
    queue_pulls(schedule.claim(at=timezone.now(), link=link_id), priority=AWAITED)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=5, max_retries=5)
def pull_stream(cursor_id: int) -> None:
    """Reads one stream of one linked account, for a turn; one that is read already is left alone."""
    end = time.monotonic() + TURN
    done = pulling.attempt(cursor_id=cursor_id, at=timezone.now(), enough=lambda: time.monotonic() > end)
    if done.score is not None:
        score_provisionally.delay(done.score)
    if done.state == "more":
        queue_pulls(schedule.claim(at=timezone.now(), link=done.link), priority=DUE)


@shared_task(bind=True, max_retries=3, soft_time_limit=120)
def verify_webmention(self: Any, source: str, target: str) -> None:
    """Fetches a page that is said to link to somebody's blog; one that does not answer is tried again later."""
    try:
        done = webmentions.receive(source=source, target=target, at=timezone.now())
    except webmentions.NoMention as error:
        log.info("no webmention: %s", error)
    except AddressRefused as error:
        log.warning("a webmention was refused: %s", error)
    except (RateLimited, Unreachable, OperationalError, InterfaceError) as error:
        log.info("a webmention is tried again: %s", error)
        raise self.retry(countdown=60 * 2**self.request.retries, exc=error) from None
    else:
        log.info("webmention stored: %s", done)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=5)
def ask_experts(question_id: int) -> None:
    """After a question was asked: tells a few who know about its topic, once."""
    told = experts.tell(question_id=question_id, at=timezone.now())
    log.info("question %s: %s who know about it are told", question_id, told)


@shared_task
def forget_reports() -> None:
    """Each night: deletes who reported what, once that was decided long ago."""
    if forgotten := reporting.forget_reports(timezone.now()):
        log.info("%s reports were deleted", forgotten)


def queue_of(network: str) -> str:
    return f"pull.{network}"


def full_queues(connection: Any) -> list[str]:
    """Networks whose queue holds as many tasks as it should: more would only be queued twice."""
    networks = [slug for slug, network in NETWORKS.items() if schedule.pulls(network)]
    channel = connection.default_channel
    return [slug for slug in networks if channel.queue_declare(queue=queue_of(slug)).message_count >= FULL]


def queue_pulls(claimed: Iterable[tuple[int, str]], *, priority: int) -> None:
    """Queue a task for each (cursor, network) that was claimed, on one connection; what cannot be queued is let go."""
    # From the end on: the longest due first.
    waiting = list(claimed)[::-1]
    if not waiting:
        return
    try:
        with current_app.producer_or_acquire() as producer:
            while waiting:
                cursor_id, network = waiting[-1]
                options = {"queue": queue_of(network), "priority": priority, "producer": producer, "retry": False}
                pull_stream.apply_async((cursor_id,), **options)
                waiting.pop()
    finally:
        if waiting:
            schedule.release([cursor_id for cursor_id, _ in waiting])
