"""The upload page: a data export is taken, read in a worker with visible progress, and deleted."""

# ruff: noqa: F811 (fixtures come by import)

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from kombu.exceptions import OperationalError

from accounts import privacy
from accounts.models import LinkedAccount, Membership, Person
from klout.celery import app
from scoring import imports, uploads
from scoring.models import ImportJob, Interaction, PostTotal, Relation
from tests.scoring.uploading import (  # noqa: F401
    FIXTURES,
    Queue,
    alice,
    apart,
    as_alice,
    errors,
    kept,
    logged_in,
    queue,
    upload,
    work,
    zipped,
)

NOW = dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    "network",
    [
        "twitter",
        "mastodon",
        "linkedin",
        "facebook",
        "instagram",
        "google",
        "googleplus",
        "foursquare",
        "tiktok",
        "blog",
    ],
)
@pytest.mark.parametrize("chosen", [True, False])
def test_an_export_is_read_shown_and_deleted(
    alice: Person, as_alice: Client, queue: Queue, work: Callable[[], None], network: str, chosen: bool
) -> None:
    response = upload(as_alice, zipped(FIXTURES / network), network if chosen else "")
    job = ImportJob.objects.get()
    assert response.url == f"/settings/import/{job.pk}"
    [path] = kept()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "export" not in path.name
    waiting = as_alice.get(response.url).content.decode()
    assert "Waiting for its turn" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    work()
    assert ("scoring.tasks.score_provisionally", (alice.pk,)) in queue
    job.refresh_from_db()
    assert (job.state, job.network, job.error) == ("done", network, "")
    assert job.records == job.summary["read"] == sum(job.summary[name] for name in ("new", "known", "rejected")) > 0
    assert kept() == []
    page = as_alice.get(response.url).content.decode()
    assert "http-equiv" not in page
    for kind, number in job.summary["tallies"]:
        assert f'<th scope="row">{kind}</th><td class="number">{number:,}</td>' in page
    note = imports.NETWORKS[network].spec.archive_note
    assert note
    assert note.replace("'", "&#x27;") in page
    assert alice.links.get().proof == "upload"
    assert alice.links.get().account.network == network
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert f"/settings/import/{job.pk}" in message.body


def test_a_second_upload_adds_nothing(as_alice: Client, work: Callable[[], None]) -> None:
    for _ in range(2):
        upload(as_alice, zipped(FIXTURES / "twitter"))
        work()
    first, second = ImportJob.objects.order_by("pk")
    assert (second.summary["new"], second.summary["read"]) == (0, first.summary["read"])
    assert first.summary["new"] > 0


def test_the_real_export_of_x_is_counted_whole(
    alice: Person, as_alice: Client, work: Callable[[], None], data: Path
) -> None:
    response = upload(as_alice, zipped(data / "exports" / "twitter_archive_milahu104"))
    work()
    job = ImportJob.objects.get()
    assert job.summary["tallies"][:2] == [["tweets", 2045], ["of them reposts", 239]]
    assert ["followers", 61] in job.summary["tallies"]
    assert Relation.objects.filter(target=alice.links.get().account_id).count() == 61
    assert "2,045" in as_alice.get(response.url).content.decode()


def test_the_real_export_of_mastodon_is_counted_whole(
    alice: Person, as_alice: Client, work: Callable[[], None], data: Path
) -> None:
    upload(as_alice, zipped(data / "exports" / "mastodon_goija"))
    work()
    assert ["activities", 305] in ImportJob.objects.get().summary["tallies"]


def test_a_zip_of_something_else_fails_with_a_clear_message(
    as_alice: Client, work: Callable[[], None], tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    response = upload(as_alice, zipped(tmp_path / "photos", "photos.zip"))
    work()
    job = ImportJob.objects.get()
    assert job.state == "failed"
    assert job.error.startswith("photos.zip")
    page = as_alice.get(response.url).content.decode()
    assert "no data export" in page
    assert kept() == []
    assert "could not be read" in mail.outbox[0].subject
    assert job.error in mail.outbox[0].body


def test_an_error_of_ours_is_not_shown_in_detail(as_alice: Client, work: Callable[[], None], monkeypatch) -> None:
    def fail(**kwargs: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("scoring.collect.archives.import_archive", fail)
    upload(as_alice, zipped(FIXTURES / "twitter"))
    work()
    job = ImportJob.objects.get()
    assert job.state == "failed"
    assert "our side" in job.error
    assert "secret" not in job.error
    assert kept() == []


def test_an_upload_that_is_too_large_is_refused_and_not_kept(
    as_alice: Client, queue: Queue, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MAX_BYTES = 100_000
    sizes = []
    original = uploads.ArchiveUploadHandler.receive_data_chunk

    def watched(self: uploads.ArchiveUploadHandler, data: bytes, start: int) -> None:
        original(self, data, start)
        sizes.append(sum(path.stat().st_size for path in kept()))

    monkeypatch.setattr(uploads.ArchiveUploadHandler, "receive_data_chunk", watched)
    response = upload(as_alice, SimpleUploadedFile("big.zip", b"x" * 1_000_000))
    assert "larger than" in errors(response)
    assert "required" not in errors(response)
    assert "empty" not in errors(response)
    assert len(sizes) > 10
    assert max(sizes) <= 100_000
    assert kept() == []


def test_an_export_just_within_the_bound_is_taken(as_alice: Client, queue: Queue, settings) -> None:
    archive = zipped(FIXTURES / "twitter")
    settings.UPLOAD_MAX_BYTES = archive.size
    assert upload(as_alice, archive).status_code == 302
    settings.UPLOAD_MAX_BYTES = archive.size - 1
    archive.seek(0)
    assert "larger than" in errors(upload(as_alice, archive))


def test_files_that_were_not_asked_for_are_dropped(as_alice: Client, queue: Queue) -> None:
    extra = SimpleUploadedFile("other.bin", b"x" * 5000)
    response = as_alice.post(
        "/settings/import", {"network": "", "other": extra, "archive": [zipped(FIXTURES / "twitter"), extra]}
    )
    assert response.status_code == 302
    [path] = kept()
    assert zipfile.is_zipfile(path)


def test_an_upload_needs_a_log_in_and_the_token_of_the_form(alice: Person, queue: Queue) -> None:
    assert upload(Client(), zipped(FIXTURES / "twitter")).url.startswith("/accounts/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.users.get())
    assert upload(strict, zipped(FIXTURES / "twitter")).status_code == 403
    strict.get("/settings/import")
    token = strict.cookies[django_settings.CSRF_COOKIE_NAME].value
    fields = {"csrfmiddlewaretoken": token, "network": "", "archive": zipped(FIXTURES / "twitter")}
    assert strict.post("/settings/import", fields).status_code == 302
    assert len(kept()) == ImportJob.objects.count() == len(queue) == 1


def test_a_job_is_shown_to_its_uploader_alone(alice: Person, as_alice: Client, join, queue: Queue) -> None:
    address = upload(as_alice, zipped(FIXTURES / "twitter")).url
    assert as_alice.get(address).status_code == 200
    bob = join("Bob")
    unknown = logged_in(bob).get("/settings/import/999999")
    assert logged_in(bob).get(address).status_code == unknown.status_code == 404
    assert Client().get(address).status_code == 302
    assert b"my export.zip" not in logged_in(bob).get("/settings/import").content
    Membership.objects.filter(person=alice).delete()
    assert as_alice.get(address).status_code == 404


def test_an_organisation_gets_its_own_uploads(alice: Person, as_alice: Client, work: Callable[[], None]) -> None:
    firm = Person.objects.create(handle="acme", kind=Person.Kind.ORGANISATION)
    Membership.objects.create(user=alice.users.get(), person=firm)
    upload(as_alice, zipped(FIXTURES / "twitter"), at="/settings/import?person=acme")
    work()
    assert LinkedAccount.objects.get().person == firm
    assert upload(as_alice, zipped(FIXTURES / "twitter"), at="/settings/import?person=bob").status_code == 404


def test_another_persons_account_is_refused(as_alice: Client, join, work: Callable[[], None]) -> None:
    bob = join("Bob")
    upload(logged_in(bob), zipped(FIXTURES / "twitter"))
    upload(as_alice, zipped(FIXTURES / "twitter"))
    work()
    assert [job.state for job in ImportJob.objects.order_by("pk")] == ["done", "failed"]
    assert LinkedAccount.objects.get().person == bob
    assert "linked to somebody else" in ImportJob.objects.get(state="failed").error


def test_so_many_uploads_may_wait_and_no_more(as_alice: Client, queue: Queue) -> None:
    for _ in range(imports.AT_ONCE):
        assert upload(as_alice, zipped(FIXTURES / "twitter")).status_code == 302
    assert "earlier uploads" in errors(upload(as_alice, zipped(FIXTURES / "twitter")))
    assert len(kept()) == imports.AT_ONCE
    ImportJob.objects.update(state="done")
    assert upload(as_alice, zipped(FIXTURES / "twitter")).status_code == 302


def test_a_broker_that_is_away_leaves_nothing_behind(as_alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self, name: str, args: list[int]) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(type(app), "send_task", refuse)
    assert "try again" in errors(upload(as_alice, zipped(FIXTURES / "twitter")))
    assert kept() == []
    assert not ImportJob.objects.exists()


# ---------------------------------------------------------------- the worker


class Killed(BaseException):
    """The worker dies here."""


def test_a_worker_that_dies_is_followed_by_one_that_finishes(
    as_alice: Client, queue: Queue, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from scoring.collect import archives

    upload(as_alice, zipped(FIXTURES / "twitter"))
    job = ImportJob.objects.get()
    original = archives.merge

    def die_after(*args: object, **kwargs: object) -> None:
        original(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(archives, "merge", die_after)
    with pytest.raises(Killed):
        imports.run(job_id=job.pk, at=NOW)
    job.refresh_from_db()
    assert job.state == "running"
    assert len(kept()) == 1, "the next worker needs the file"
    stored = counted()
    monkeypatch.setattr(archives, "merge", original)
    work()
    job.refresh_from_db()
    assert job.state == "done"
    assert job.summary["known"] > 0
    assert counted() == stored
    assert kept() == []


def counted() -> list[int]:
    return [model.objects.count() for model in (Interaction, Relation, PostTotal)]


def test_a_job_that_is_done_is_left_alone_when_it_comes_again(
    as_alice: Client, queue: Queue, work, monkeypatch
) -> None:
    upload(as_alice, zipped(FIXTURES / "twitter"))
    again = list(queue)
    work()
    before = ImportJob.objects.values().get()
    queue.extend(again)
    work()
    assert ImportJob.objects.values().get() == before
    assert len(mail.outbox) == 1


def test_what_a_dead_worker_left_is_queued_again(
    as_alice: Client, queue: Queue, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from scoring import tasks

    upload(as_alice, zipped(FIXTURES / "twitter"))
    job = ImportJob.objects.get()
    queue.clear()
    assert imports.left_over(at=NOW) == []
    assert imports.left_over(at=NOW + 2 * imports.FORGOTTEN) == [job.pk], "a broker may lose its memory"
    ImportJob.objects.update(state="running")
    with imports.alone(job.pk) as taken:
        assert taken
        assert imports.left_over(at=NOW) == [], "somebody reads it"
    tasks.resume_uploads()
    assert queue == [(uploads.TASK, (job.pk,))]
    work()
    assert ImportJob.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_a_job_is_read_by_one_worker_at_a_time(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ImportJob.objects.create(person=alice, user=alice.users.get(), path="nowhere.zip", file_name="a.zip")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [imports.LOCK, job.pk])
        imports.run(job_id=job.pk, at=NOW)
        assert ImportJob.objects.get().state == "waiting"
    finally:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [imports.LOCK, job.pk])
        other.close()
    imports.run(job_id=job.pk, at=NOW)
    assert ImportJob.objects.get().state == "failed"


def test_the_slower_of_two_workers_does_not_undo_the_faster(as_alice: Client, queue: Queue) -> None:
    upload(as_alice, zipped(FIXTURES / "twitter"))
    job = ImportJob.objects.get()
    imports.run(job_id=job.pk, at=NOW)
    imports.fail(job, "the file is gone", at=NOW)
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")


def test_an_upload_erased_with_its_person_is_not_read(alice: Person, as_alice: Client, queue: Queue, work) -> None:
    upload(as_alice, zipped(FIXTURES / "twitter"))
    privacy.erase_person(person=alice, at=NOW)
    work()
    assert not ImportJob.objects.exists()
    assert not Relation.objects.exists()
    assert mail.outbox == []


def test_progress_is_written_at_most_once_a_second_and_shown(as_alice: Client, queue: Queue) -> None:
    address = upload(as_alice, zipped(FIXTURES / "twitter")).url
    job = ImportJob.objects.get()
    ImportJob.objects.update(state="running")
    now = [0.0]
    report = imports.progress_of(job, clock=lambda: now[0])
    seen = []
    for done in range(0, 5000, 100):
        now[0] += 0.1
        report("reading", done, 0)
        seen.append(ImportJob.objects.get().records)
    assert len(set(seen)) == 5
    assert f"{seen[-1]:,} records so far" in as_alice.get(address).content.decode()
    report("storing", 1200, 5000)
    page = as_alice.get(address).content.decode()
    assert "1,200 rows so far" in page
    assert 'max="5000" value="1200"' in page
    ImportJob.objects.update(state="done", summary={"new": 1})
    now[0] += 10
    report("storing", 5000, 5000)
    assert ImportJob.objects.get().summary == {"new": 1}


def test_files_that_no_job_knows_are_swept_when_they_are_old(as_alice: Client, queue: Queue) -> None:
    upload(as_alice, zipped(FIXTURES / "twitter"))
    [known] = kept()
    left, fresh = imports.folder() / "left.part", imports.folder() / "fresh.part"
    left.touch()
    import os

    old = dt.datetime.now(dt.UTC) - imports.ABANDONED - dt.timedelta(hours=1)
    for path in (known, left):
        os.utime(path, (old.timestamp(), old.timestamp()))
    fresh.touch()
    assert imports.sweep(at=dt.datetime.now(dt.UTC)) == 1
    assert kept() == sorted([known, fresh])


def test_the_pages_take_few_queries_however_many_uploads(
    alice: Person, as_alice: Client, django_assert_max_num_queries
) -> None:
    user = alice.users.get()
    for number in range(20):
        ImportJob.objects.create(person=alice, user=user, path="x", file_name=f"{number}.zip", state="done")
    with django_assert_max_num_queries(6):
        assert as_alice.get("/settings/import").content.count(b".zip</a>") == uploads.LISTED
    with django_assert_max_num_queries(6):
        as_alice.get(f"/settings/import/{ImportJob.objects.first().pk}")
