"""What may be uploaded: whole exports, single files, several networks in one; and what each cannot give."""
# ruff: noqa: F811 (fixtures come by import)

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import opt_out
from accounts.models import Account, Person
from accounts.networks.base import Owner
from scoring import imports
from scoring.models import ImportJob
from tests.scoring.uploading import (  # noqa: F401
    FIXTURES,
    Queue,
    alice,
    apart,
    as_alice,
    errors,
    kept,
    queue,
    upload,
    work,
    zipped,
)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("blog/feed.xml", "blog"),
        ("wordpress/alice.wordpress.xml", "blog"),
        ("opml/feeds.opml", "blog"),
        ("tiktok/user_data_tiktok.json", "tiktok"),
    ],
)
def test_a_single_file_is_read_too(
    alice: Person, as_alice: Client, work: Callable[[], None], name: str, network: str
) -> None:
    upload(as_alice, SimpleUploadedFile(Path(name).name, (FIXTURES / name).read_bytes()))
    work()
    job = ImportJob.objects.get()
    assert (job.state, job.network, job.error) == ("done", network, "")
    assert alice.links.get().account.network == network


@pytest.mark.parametrize(("name", "mode"), [("archive-2021.tar.gz", "w:gz"), ("archive-2021.tar", "w")])
def test_a_tar_is_read_too(
    alice: Person, as_alice: Client, work: Callable[[], None], name: str, mode: Literal["w", "w:gz"]
) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:
        tar.add(FIXTURES / "mastodon", "archive")
    upload(as_alice, SimpleUploadedFile(name, file.getvalue(), content_type="application/gzip"))
    work()
    job = ImportJob.objects.get()
    assert (job.state, job.network, job.error) == ("done", "mastodon", "")
    assert alice.links.get().account.network == "mastodon"
    assert kept() == []


def test_a_single_table_says_what_it_lacks(as_alice: Client, work: Callable[[], None]) -> None:
    table = SimpleUploadedFile("Connections (2).csv", (FIXTURES / "linkedin" / "Connections.csv").read_bytes())
    upload(as_alice, table)
    work()
    job = ImportJob.objects.get()
    assert job.state == "failed"
    assert job.error.startswith("Connections (2).csv: does not say whose export it is")


def test_which_feed_of_a_list_is_theirs_is_asked_and_kept_for_the_worker(
    alice: Person, as_alice: Client, queue: Queue, work: Callable[[], None]
) -> None:
    feeds = "".join(f'<outline text="{n}" xmlUrl="https://{n}.example.org/feed"/>' for n in "ab")
    text = f'<opml version="2.0"><body>{feeds}</body></opml>'.encode()
    upload(as_alice, SimpleUploadedFile("feeds.opml", text))
    work()
    assert "lists 2 feeds" in ImportJob.objects.get().error
    ImportJob.objects.all().delete()
    fields = {"network": "", "own": "https://b.example.org/feed", "archive": SimpleUploadedFile("feeds.opml", text)}
    as_alice.post("/settings/import", fields)
    # A worker that dies has reported its progress by then; the next one must still know.
    imports.progress_of(ImportJob.objects.get())("reading", 1, 0)
    ImportJob.objects.update(state="running")
    imports.progress_of(ImportJob.objects.get())("reading", 1, 0)
    work()
    assert ImportJob.objects.get().state == "done"
    assert alice.links.get().account.external_id == "b.example.org/feed"


def test_a_takeout_of_two_networks_is_shown_as_both(as_alice: Client, work: Callable[[], None], tmp_path: Path) -> None:
    for network in ("google", "googleplus"):
        shutil.copytree(FIXTURES / network, tmp_path / "takeout", dirs_exist_ok=True)
    address = upload(as_alice, zipped(tmp_path / "takeout", "takeout-2019.zip")).url
    work()
    page = as_alice.get(address).content.decode()
    assert "Your Google (YouTube) and Google+ export has been read" in page
    for network in ("google", "googleplus"):
        assert imports.NETWORKS[network].spec.archive_note.replace("'", "&#x27;").replace("+", "+") in page


def test_the_page_says_of_every_network_where_its_export_is_and_what_it_cannot_give(as_alice: Client) -> None:
    page = as_alice.get("/settings/import").content.decode()
    for network in imports.archive_networks():
        assert f"<strong>{network.spec.label}</strong>" in page
        assert str(imports.WHERE[network.spec.slug]).replace("'", "&#x27;") in page
        assert network.spec.archive_note
        assert network.spec.archive_note.replace("'", "&#x27;") in page
    assert ".opml" in page


def test_who_asked_not_to_be_known_is_left_out_and_that_is_said(as_alice: Client, work: Callable[[], None]) -> None:
    opt_out.add(network="twitter", owner=Owner("2001"), at=timezone.now())
    address = upload(as_alice, zipped(FIXTURES / "twitter")).url
    work()
    page = as_alice.get(address).content.decode()
    assert 'asked not to be known here</th><td class="number">1</td>' in page
    assert not Account.objects.filter(external_id="2001").exists()


@pytest.mark.parametrize(
    ("archive", "part"),
    [
        (SimpleUploadedFile("notes.txt", b"hello"), "no zip file"),
        (SimpleUploadedFile("cat.zip", bytes(range(256)) * 9), "no zip file"),
        (SimpleUploadedFile("friends.html", b"<!DOCTYPE html>\n<html><body>Bob</body></html>"), "web page"),
        (SimpleUploadedFile("takeout.tgz", b"\x1f\x8b\x08\x00" + b"x" * 90), "Ask your network for a zip"),
        (SimpleUploadedFile("export.rar", b"Rar!\x1a\x07\x01\x00" + b"x" * 90), "Ask your network for a zip"),
        (SimpleUploadedFile("cut.zip", zipped(FIXTURES / "twitter").read()[:-30]), "no zip file"),
        (SimpleUploadedFile("empty.zip", b""), "empty"),
        ("", "required"),
    ],
)
def test_what_cannot_be_an_export_is_refused_at_once(
    as_alice: Client, queue: Queue, archive: object, part: str
) -> None:
    assert part in errors(upload(as_alice, archive))
    assert kept() == []
    assert queue == []
    assert not ImportJob.objects.exists()


def test_what_was_left_out_is_told_once() -> None:
    summary = {"tallies": [["followers", 9]], "new": 3, "known": 2, "rejected": 0, "left_out": 4}
    assert [number for _, number in imports.counts(summary)] == [9, 3, 2, 0, 4]
