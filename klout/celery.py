"""The Celery application; tasks live in each app's tasks.py, the beat's schedule in django-celery-beat's tables."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import before_task_publish
from kombu.entity import Queue

from klout import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klout.settings")


def ensure_broker(**_: Any) -> None:
    """Start the built-in broker where it is wanted and does not run."""
    # The module, not Django's view of it: a test that changes settings.VAR must not bring up another server.
    from klout import settings

    if not settings.REDIS_URL:
        embedded.ensure_broker(settings.VAR)


class Application(Celery):  # type: ignore[misc]
    """Celery that starts the built-in broker before it connects."""

    def connection_for_read(self, *args: Any, **options: Any) -> Any:
        ensure_broker()
        return super().connection_for_read(*args, **options)

    def connection_for_write(self, *args: Any, **options: Any) -> Any:
        ensure_broker()
        return super().connection_for_write(*args, **options)


# Running as root would matter with pickled tasks; ours are JSON.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
app = Application("klout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect  # type: ignore[untyped-decorator]
def name_queues(source: Any, **_: Any) -> None:
    """A queue for each network that may be read; a worker takes from all of them unless it is told which (-Q)."""
    from accounts.networks import NETWORKS

    names = ["celery", *(f"pull.{slug}" for slug in NETWORKS)]
    source.task_queues = [Queue(name) for name in names]  # type: ignore[no-untyped-call]


# A process that lives long keeps its connections; the broker may have been ended since.
before_task_publish.connect(ensure_broker, weak=False, dispatch_uid="klout.ensure_broker")
