"""What the beat and the pages queue is there under its name, and does its work."""

import datetime as dt
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session

from accounts import erasure, handing_out, opt_out, tasks
from accounts.hooks import meta
from accounts.models import Account, DeletionReceipt, ExportJob, OptOut, Person
from tests.accounts.conftest import link, logged_in

QUEUED_BY_NAME = (
    *("accounts.tasks.make_export", "accounts.tasks.finish_deletion", "accounts.tasks.sweep_opt_outs"),
    "scoring.tasks.score_provisionally",
)
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")


def test_every_name_that_is_queued_or_scheduled_is_a_task() -> None:
    current_app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert {*QUEUED_BY_NAME, *scheduled} <= set(current_app.tasks)
    assert {f"accounts.tasks.{name}" for name in ("erase_due", "purge_retained", "sweep_files")} <= scheduled


def test_who_is_due_is_erased_and_lost_copies_are_queued_anew(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure.ask(person=alice, at=NOW - dt.timedelta(days=15))
    job, _ = handing_out.ask(person=bob, user=bob.users.get(), at=NOW)
    ExportJob.objects.update(created_at=NOW - dt.timedelta(hours=2))
    queued = []
    monkeypatch.setattr(tasks.make_export, "delay", queued.append)
    tasks.erase_due()
    assert Person.objects.get() == bob
    assert queued == [job.pk]
    tasks.make_export(job.pk)
    job.refresh_from_db()
    assert job.state == "ready"


def test_the_daily_ones_sweep(alice: Person) -> None:
    OptOut.objects.create(network="twitter", digest=opt_out.digest("twitter", "300"))
    Account.objects.create(network="twitter", external_id="300")
    client = logged_in(alice)
    dead = logged_in(alice).session.session_key
    Session.objects.filter(pk=dead).update(expire_date=NOW - dt.timedelta(minutes=1))
    tasks.sweep_opt_outs()
    tasks.sweep_files()
    tasks.purge_retained()
    assert not Account.objects.exists()
    assert [session.pk for session in Session.objects.all()] == [client.session.session_key]


def test_a_deletion_is_tried_until_nothing_is_in_its_way(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = link(alice, network="facebook", external_id="4711")
    receipt = DeletionReceipt.objects.create(network="facebook")
    tries, finish = [], meta.finish

    def busy_at_first(*args: object, **given: object) -> list[int]:
        tries.append(args)
        return [linked.pk] if len(tries) < 3 else finish(*args, **given)

    monkeypatch.setattr(meta, "finish", busy_at_first)
    tasks.finish_deletion.apply(args=[receipt.pk, [linked.pk]])
    receipt.refresh_from_db()
    assert (len(tries), receipt.state) == (3, "done")
    assert not Account.objects.exists()
