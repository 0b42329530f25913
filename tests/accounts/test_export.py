"""A copy of everything: for its own person alone, whole, safe to open, and gone after some days."""

import csv
import datetime as dt
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client

from accounts import handing_out, privacy
from accounts.models import Account, ExportJob, LinkedAccount, Membership, Person
from scoring import log
from scoring.log.lake import open_lake
from scoring.models import Interaction
from tests.accounts.conftest import link, logged_in
from tests.accounts.test_privacy import interaction

AT = dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")


def made(person: Person, at: dt.datetime = AT) -> ExportJob:
    job, _ = handing_out.ask(person=person, user=person.users.get(), at=at)
    handing_out.make(job_id=job.pk, at=at)
    job.refresh_from_db()
    return job


def opened(job: ExportJob) -> zipfile.ZipFile:
    return zipfile.ZipFile(job.path)


def test_it_holds_all_as_json_and_as_tables_with_a_page_that_says_what_is_what(alice: Person) -> None:
    link(alice)
    job = made(alice)
    with opened(job) as archive:
        assert archive.testzip() is None
        whole = json.loads(archive.read("everything.json"))
        readme = archive.read("README.txt").decode()
        accounts = list(csv.DictReader(io.StringIO(archive.read("person/accounts.csv").decode())))
    assert whole == json.loads(json.dumps(privacy.export_person(alice))) | {"person": whole["person"]}
    assert whole["person"]["email_addresses"] == [{"email": "alice@example.org", "verified": True, "primary": True}]
    assert accounts[0]["handle"] == "alice@town.example"
    assert "@Alice" in readme
    assert "person/accounts.csv: 1" in readme


def test_only_this_systems_user_can_read_the_file(alice: Person) -> None:
    path = Path(made(alice).path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["=1+1", "+49", "-2", "@sum", "\t=1", "\r=1", "\uff1d1"])
def test_no_cell_is_taken_for_a_formula(alice: Person, text: str) -> None:
    assert handing_out.cell(text) == f"'{text}"
    file = io.BytesIO()
    file.close = lambda: None  # type: ignore[method-assign]
    handing_out.write_csv(file, [{"name": text, "number": -2, "list": [text]}])
    [row] = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    assert row["name"].startswith("'")
    assert row["number"] == "-2"


def test_reactions_that_have_moved_to_the_lake_count_and_who_reacted_is_not_named(alice: Person, bob: Person) -> None:
    mine = link(alice)
    account = Account.objects.create(
        pk=987_654_321, network="mastodon", external_id="bob-77", handle="bob@town.example"
    )
    his = LinkedAccount.objects.create(account=account, person=bob)
    rows = [interaction(number, mine.account_id, his.account_id) for number in range(1, 4)]
    Interaction.objects.bulk_create(rows)
    log.compact(dt.date(2026, 12, 1))
    assert not Interaction.objects.exists()
    assert open_lake().manifest().days
    Interaction.objects.bulk_create([interaction(9, mine.account_id, his.account_id)])
    with opened(made(alice)) as archive:
        whole = archive.read("everything.json").decode()
        everything = "".join(archive.read(name).decode() for name in archive.namelist())
    assert [row["number"] for row in json.loads(whole)["scoring"]["reactions_received"]] == [4]
    for trace in ("bob-77", "bob@town.example", "987654321"):
        assert trace not in everything


def test_of_an_organisation_the_other_members_are_not_named(alice: Person, bob: Person) -> None:
    firm = Person.objects.create(handle="acme", kind="organisation")
    for person in (alice, bob):
        Membership.objects.create(user=person.users.get(), person=firm)
    exported = json.dumps(privacy.export_person(firm))
    assert "bob@example.org" not in exported
    assert '"role": "owner"' in exported


def test_asking_twice_makes_one(alice: Person) -> None:
    user = alice.users.get()
    first, new = handing_out.ask(person=alice, user=user, at=AT)
    assert new
    assert handing_out.ask(person=alice, user=user, at=AT) == (first, False)


def test_making_it_twice_leaves_one_file(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    job = made(alice)
    handing_out.make(job_id=job.pk, at=AT)
    assert list(handing_out.folder().iterdir()) == [Path(job.path)]
    other, _ = handing_out.ask(person=alice, user=alice.users.get(), at=AT)
    write = handing_out.write

    def slowly(path: Path, person: Person, at: dt.datetime) -> None:
        write(path, person, at)
        ExportJob.objects.filter(pk=other.pk).update(state="ready", path="/elsewhere.zip", ready_at=AT)

    monkeypatch.setattr(handing_out, "write", slowly)
    handing_out.make(job_id=other.pk, at=AT)
    assert list(handing_out.folder().iterdir()) == [Path(job.path)], "what another worker was faster with stays"


def test_one_that_is_erased_meanwhile_leaves_nothing(
    alice: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    job, _ = handing_out.ask(person=alice, user=alice.users.get(), at=AT)
    write = handing_out.write

    def slowly(path: Path, person: Person, at: dt.datetime) -> None:
        write(path, person, at)
        privacy.erase_person(person=person, at=AT)

    monkeypatch.setattr(handing_out, "write", slowly)
    handing_out.make(job_id=job.pk, at=AT)
    assert list(handing_out.folder().iterdir()) == []
    assert mail.outbox == []


def test_a_failure_is_told_without_what_it_says(
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks,
) -> None:
    def fail(person: Person) -> None:
        raise RuntimeError("alice@example.org")

    monkeypatch.setattr(privacy, "export_person", fail)
    with django_capture_on_commit_callbacks(execute=True):
        job = made(alice)
    assert job.state == "failed"
    assert "could not be made" in mail.outbox[0].subject
    assert "alice@" not in caplog.text
    assert list(handing_out.folder().iterdir()) == []


def test_the_page_queues_it_and_its_person_downloads_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    sent = []
    monkeypatch.setattr("accounts.leaving.current_app.send_task", lambda name, args: sent.append((name, args)))
    client = logged_in(alice)
    assert client.post("/settings/export").url == "/settings/export"
    client.post("/settings/export")
    job = ExportJob.objects.get()
    assert sent == [("accounts.tasks.make_export", [job.pk])]
    assert client.get(f"/settings/export/{job.pk}").status_code == 404, "it is not ready"
    with django_capture_on_commit_callbacks(execute=True):
        handing_out.make(job_id=job.pk, at=AT)
    assert "/settings/export?person=Alice" in mail.outbox[0].body
    assert f"/settings/export/{job.pk}" in client.get("/settings/export").content.decode()
    response = client.get(f"/settings/export/{job.pk}")
    assert response["Content-Disposition"] == f'attachment; filename="alice-{AT:%Y-%m-%d}.zip"'
    assert "no-store" in response["Cache-Control"]
    assert zipfile.is_zipfile(io.BytesIO(b"".join(response.streaming_content)))


def test_nobody_else_downloads_it(alice: Person, bob: Person) -> None:
    job = made(alice)
    assert logged_in(bob).get(f"/settings/export/{job.pk}").status_code == 404
    assert Client().get(f"/settings/export/{job.pk}").status_code == 302
    Membership.objects.filter(person=alice).update(role="editor")
    assert logged_in(alice).get(f"/settings/export/{job.pk}").status_code == 404, "no owner any more"


def test_it_is_gone_after_seven_days(alice: Person) -> None:
    old, fresh = made(alice, AT - dt.timedelta(days=7, minutes=1)), made(alice, AT)
    left = handing_out.folder() / "left.zip"
    left.write_bytes(b"zip")
    long_ago = (AT - dt.timedelta(hours=2)).timestamp()
    for path in (left, Path(old.path), Path(fresh.path)):
        os.utime(path, (long_ago, long_ago))
    assert logged_in(alice).get(f"/settings/export/{old.pk}").status_code == 404
    assert handing_out.sweep(at=AT) == 2
    assert ExportJob.objects.get() == fresh
    assert list(handing_out.folder().iterdir()) == [Path(fresh.path)]


def test_a_job_that_was_lost_is_found(alice: Person) -> None:
    job, _ = handing_out.ask(person=alice, user=alice.users.get(), at=AT)
    assert handing_out.left_over(at=AT + dt.timedelta(minutes=30)) == []
    assert handing_out.left_over(at=AT + dt.timedelta(minutes=90)) == [job.pk]
