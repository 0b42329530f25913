"""The heartbeat: beat sends it, a worker runs it, so that a recent one shows that both live."""

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

HEARTBEAT = "klout:heartbeat"
EVERY = 60.0


@shared_task(ignore_result=True, expires=EVERY)
def heartbeat() -> None:
    """Note the time, in seconds since 1970; `manage.py doctor` reads it."""
    cache.set(HEARTBEAT, timezone.now().timestamp(), timeout=24 * 3600)
