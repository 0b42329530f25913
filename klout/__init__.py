"""The composition root: settings, URLs, the Celery application, the commands that run it all. Nothing imports it."""

from klout.celery import app as celery_app

__all__ = ["celery_app"]
