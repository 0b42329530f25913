"""What runs by itself: the beat's plan reaches scoring's own tasks."""

from django.conf import settings

from klout.celery import app


def test_the_beat_runs_the_day_and_takes_up_uploads():
    app.loader.import_default_modules()
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"scoring.tasks.recompute_daily", "scoring.tasks.resume_uploads"} <= planned
    assert planned <= set(app.tasks)


def test_the_daily_run_is_at_the_hour_that_the_operator_set():
    schedule = settings.CELERY_BEAT_SCHEDULE["recompute daily"]["schedule"]
    assert schedule.hour == {settings.RECOMPUTE_HOUR}
