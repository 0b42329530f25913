"""The composition root: settings, URLs, the Celery application, the commands that run the system. Nothing imports it."""

from klout.celery import app as celery_app

__all__ = ["celery_app"]
