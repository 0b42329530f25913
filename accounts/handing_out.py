"""Everything that is kept about a person, as a zip for themselves: made in the background, deleted after some days."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import privacy
from accounts.erasure import date_of, day_of
from accounts.models import ExportJob, Person, User
from accounts.notify import notify
from accounts.team_log import note

log = logging.getLogger(__name__)

KEEP = timedelta(days=7)
# A job that has waited for so long was lost with the broker, a file that no job knows for so long with its worker.
FORGOTTEN = timedelta(hours=1)
# With these a spreadsheet takes a cell for a formula.
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def folder() -> Path:
    """Where exports lie: under KLOUT_VAR, for this system's user alone."""
    path: Path = settings.VAR / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def ask(*, person: Person, user: User, at: datetime) -> tuple[ExportJob, bool]:
    """The job that makes an export for `user`, and whether it is new: one that waits already is not made twice."""
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        waiting = ExportJob.objects.filter(person=person, user=user, state=ExportJob.State.WAITING).first()
        if waiting is not None:
            return waiting, False
        note(person=person, user=user, action="export", at=at)
        return ExportJob.objects.create(person=person, user=user), True


def make(*, job_id: int, at: datetime) -> None:
    """Write the zip of a job that waits, and tell its person. Run twice, or killed and run again, it does no harm."""
    job = ExportJob.objects.select_related("person").filter(pk=job_id, state=ExportJob.State.WAITING).first()
    if job is None:
        return
    path = folder() / f"{secrets.token_hex(16)}.zip"
    try:
        write(path, job.person, at)
        with transaction.atomic():
            # Not where another worker was faster, nor where the person has been erased meanwhile.
            ready = {"state": ExportJob.State.READY, "path": str(path), "ready_at": at}
            if ExportJob.objects.filter(pk=job_id, state=ExportJob.State.WAITING).update(**ready):
                _tell(job, "export_ready", at)
                path = Path()
    except Exception as error:
        # The message may quote what is being handed out.
        log.error("export %s could not be made: %s", job_id, type(error).__name__)  # noqa: TRY400
        with transaction.atomic():
            if ExportJob.objects.filter(pk=job_id, state=ExportJob.State.WAITING).update(state=ExportJob.State.FAILED):
                _tell(job, "export_failed", at)
    finally:
        if path.name:
            path.unlink(missing_ok=True)


def left_over(*, at: datetime) -> list[int]:
    """Jobs that nobody works at, it seems."""
    waiting = ExportJob.objects.filter(state=ExportJob.State.WAITING, created_at__lt=at - FORGOTTEN)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def sweep(*, at: datetime) -> int:
    """Delete exports that are KEEP old, and files that no job knows; how many files went."""
    old = ExportJob.objects.filter(Q(ready_at__lt=at - KEEP) | Q(created_at__lt=at - KEEP))
    old.exclude(state=ExportJob.State.WAITING).delete()
    known = set(ExportJob.objects.exclude(path="").values_list("path", flat=True))
    swept = 0
    for path in folder().iterdir():
        if str(path) in known:
            continue
        # The newest may be on their way into a job.
        if at.timestamp() - path.stat().st_mtime > FORGOTTEN.total_seconds():
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def write(path: Path, person: Person, at: datetime) -> None:
    """Write everything about `person` to a new zip that only this system's user can read."""
    found = privacy.export_person(person)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", readme(person, found, at))
        with archive.open("everything.json", "w", force_zip64=True) as entry:
            for piece in json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(found):
                entry.write(piece.encode(errors="replace"))
        for name, rows in tables(found):
            with archive.open(name, "w", force_zip64=True) as entry:
                write_csv(entry, rows)


def tables(found: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(file name, rows) of each list of rows in an export; empty ones are left to the JSON."""
    for part, content in found.items():
        for name, rows in content.items() if isinstance(content, dict) else ():
            if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
                yield f"{part}/{name}.csv", rows


def write_csv(file: IO[bytes], rows: list[dict[str, Any]]) -> None:
    """Rows as a table that a spreadsheet can open without taking any cell for a formula."""
    with io.TextIOWrapper(file, "utf-8", errors="replace", newline="", write_through=True) as text:
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.writer(text)
        writer.writerow(names)
        for row in rows:
            writer.writerow([cell(row.get(name)) for name in names])
        # The entry is the zip's to close.
        text.flush()


def cell(value: Any) -> Any:
    """`value` as a cell: lists and objects as JSON, text that looks like a formula behind an apostrophe."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text


def readme(person: Person, found: Mapping[str, Any], at: datetime) -> str:
    """What is in the zip, in plain words."""
    listed = "\n".join(f"  {name}: {len(rows)}" for name, rows in tables(found))
    return _(
        "Everything that %(site)s keeps about %(name)s (@%(handle)s), as of %(day)s.\n"
        "\n"
        "everything.json  all of it, for programs\n"
        "the tables       the same lists, for a spreadsheet; each with its number of rows:\n"
        "%(listed)s\n"
        "\n"
        "Who reacted to you is other people's data: of them there are numbers, no names.\n"
        "Passwords are kept as fingerprints that nobody can turn back, and the keys to your linked accounts are\n"
        "encrypted: neither is in here. An apostrophe before a cell keeps spreadsheets from taking it for a formula.\n"
        "Please keep this file to yourself. Here it is deleted after %(days)s days.\n"
    ) % {
        "site": settings.SITE_NAME,
        "name": person.display_name,
        "handle": person.handle,
        "day": day_of(person, at),
        "listed": listed,
        "days": KEEP.days,
    }


def _tell(job: ExportJob, kind: str, at: datetime) -> None:
    url = f"{reverse('export')}?person={job.person.handle}"
    context = {"name": job.person.display_name, "url": url, "day": date_of(job.person, at + KEEP)}
    notify(person=job.person, kind=kind, context=context)
