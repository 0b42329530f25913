"""Uploaded data exports: kept until a worker has read them, with progress on the job's row, and deleted either way.

Reading twice adds nothing (scoring.collect), so that a job whose worker was killed is simply run again.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import LinkedAccount, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import BadArchive, Network
from accounts.notify import notify
from accounts.privacy import keeping
from scoring.models import ImportJob

log = logging.getLogger(__name__)

UNFINISHED = (ImportJob.State.WAITING, ImportJob.State.RUNNING)
# Uploads of one person that may wait or be read at once.
AT_ONCE = 3
# The progress of a job is written this often, in seconds.
EVERY = 1.0
# A file that belongs to no job was left by a request that broke off; none takes that long.
ABANDONED = timedelta(days=2)


def folder() -> Path:
    """Where uploads wait: under KLOUT_VAR, for this system's user alone."""
    path: Path = settings.VAR / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


# What each network calls its export, what of it is read here, and where people get it.
WHERE: dict[str, str | Promise] = {
    "twitter": gettext_lazy("Settings, Your account, Download an archive of your data. The zip as it comes."),
    "facebook": gettext_lazy(
        "Accounts Centre, Your information and permissions, Export your information. Choose the format JSON, not HTML; "
        "personal information, friends, followers, posts and notifications are enough. The zip as it comes."
    ),
    "instagram": gettext_lazy(
        "Accounts Centre, Your information and permissions, Export your information. Choose the format JSON, not HTML. "
        "The zip as it comes; exports of 2020 are read too."
    ),
    "linkedin": gettext_lazy(
        "Settings, Data privacy, Get a copy of your data, the larger data archive. The zip as it comes; the "
        "first, small one lacks what comes a day later."
    ),
    "mastodon": gettext_lazy(
        "Preferences, Import and export, Request your archive. The zip, or the .tar.gz of older servers; the table of "
        "followers may be put beside it."
    ),
    "google": gettext_lazy(
        "takeout.google.com, YouTube and YouTube Music, as a zip or a .tgz. In any language; if it comes in parts, "
        "the one with the tables of channels and videos."
    ),
    "googleplus": gettext_lazy(
        "Google Takeout of until April 2019, with Google+ Stream. The zip you kept, in any language; "
        "Google gives none today."
    ),
    "foursquare": gettext_lazy("Settings, Privacy, Export my data. The zip, or a file of check-ins in JSON."),
    "tiktok": gettext_lazy(
        "Settings and privacy, Account, Download your data. Choose JSON, not TXT. The zip, or "
        "user_data_tiktok.json alone."
    ),
    "blog": gettext_lazy(
        "Your blog's own feed (RSS or Atom), the file that WordPress or Blogger exports (.xml), or a list of feeds "
        "(.opml). Where a list names several, say above which blog is yours."
    ),
}


def archive_networks() -> list[Network]:
    """The networks whose data export can be read."""
    return [network for network in NETWORKS.values() if type(network).read_archive is not Network.read_archive]


# The first half of the key of the advisory lock that a worker holds while it reads a job; the second is the job's id.
LOCK = 0x6A6F6273
# A job that has waited for so long was lost with the broker's memory, or stands in a very long queue.
FORGOTTEN = timedelta(hours=1)


class TooMany(Exception):
    """The person has as many uploads waiting as may be."""


def accept(*, person: Person, user: User, network: str, source: Path, file_name: str, own: str = "") -> ImportJob:
    """Keep the file at `source` (in `folder()`) and make its job. network "": recognised when read. Raises TooMany.

    own: what the person says is theirs, where an export lists what others own too.
    """
    target = folder() / f"{secrets.token_hex(16)}.upload"
    with transaction.atomic():
        # Locked, so that uploads sent at once are counted one after the other.
        Person.objects.select_for_update().get(pk=person.pk)
        if ImportJob.objects.filter(person=person, state__in=UNFINISHED).count() >= AT_ONCE:
            raise TooMany
        job = ImportJob.objects.create(
            person=person,
            user=user,
            network=network,
            path=str(target),
            file_name=file_name[-255:],
            summary={"own": own} if own else {},
        )
        source.rename(target)
    return job


def sweep(*, at: datetime) -> int:
    """Delete files in the folder that no job knows and that are old; returns how many."""
    known = set(ImportJob.objects.filter(state__in=UNFINISHED).values_list("path", flat=True))
    swept = 0
    for path in folder().iterdir():
        if str(path) not in known and at.timestamp() - path.stat().st_mtime > ABANDONED.total_seconds():
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def left_over(*, at: datetime) -> list[int]:
    """Jobs that were begun and that nobody reads now, since their worker died, or that have waited for long.

    The broker gives a dead worker's task out again only after hours (its visibility timeout): this is sooner.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND classid = %s AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        being_read = [row[0] for row in cursor.fetchall()]
    lost = Q(state=ImportJob.State.RUNNING) & ~Q(pk__in=being_read)
    forgotten = Q(state=ImportJob.State.WAITING, created_at__lt=at - FORGOTTEN)
    return list(ImportJob.objects.filter(lost | forgotten).order_by("pk").values_list("pk", flat=True))


@contextmanager
def alone(job_id: int) -> Iterator[bool]:
    """Whether this is the one worker that reads the job; it is until the end of the block, or of this process."""
    key = [LOCK, job_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def run(*, job_id: int, at: datetime) -> None:
    """Read the upload of a job, unless another worker does so already."""
    with alone(job_id) as alone_here:
        if alone_here:
            _run(job_id, at)


def _run(job_id: int, at: datetime) -> None:
    """Read the upload and finish the job. Done already, or erased with its person: nothing but the file goes."""
    # Here and not above: the web imports this module too, and has no use for the libraries of the log.
    from scoring.collect.archives import import_archive
    from scoring.collect.summary import Refused

    job = ImportJob.objects.select_related("person").filter(pk=job_id).first()
    if job is None:
        return
    path = Path(job.path)
    if job.state in UNFINISHED:
        ImportJob.objects.filter(pk=job.pk, state__in=UNFINISHED).update(state=ImportJob.State.RUNNING)
        try:
            with keeping(job.person, "reading an export that was uploaded"):
                summary = import_archive(
                    path=path,
                    network=job.network or None,
                    person=job.person,
                    at=at,
                    progress=progress_of(job),
                    # Its person knows the file by another name than the one it has here.
                    label=job.file_name,
                    own=job.summary.get("own", ""),
                    proof=LinkedAccount.Proof.UPLOAD,
                )
        except (BadArchive, Refused) as error:
            fail(job, str(error), at=at)
        except Person.DoesNotExist:
            log.info("upload %s was erased with its person", job.pk)
        except (OperationalError, InterfaceError):
            # The database is away: the task tries again, and the file must be there then.
            raise
        except Exception:
            log.exception("upload %s of %s could not be read", job.pk, job.person_id)
            fail(job, _("Something went wrong on our side. Please upload it again later."), at=at)
        else:
            finish(job, summary.as_dict(), at=at)
    path.unlink(missing_ok=True)


def progress_of(job: ImportJob, clock: Callable[[], float] = time.monotonic) -> Callable[[str, int, int], None]:
    """A `progress` that writes to the job's row, at most once in EVERY seconds but at once for a new stage."""
    last_stage, last_time = "", float("-inf")
    # What was said with the upload is needed again if another worker takes it up.
    said = {name: value for name, value in job.summary.items() if name == "own"}

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last_stage, last_time
        now = clock()
        if stage == last_stage and now - last_time < EVERY:
            return
        last_stage, last_time = stage, now
        state = {"stage": stage, "done": done, "total": total}
        ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.RUNNING).update(
            records=done, summary={"progress": state} | said
        )

    return report


def finish(job: ImportJob, summary: dict[str, Any], *, at: datetime) -> None:
    """Mark the job done and tell its person; a job that another worker ended meanwhile stays as it is."""
    done = {"state": ImportJob.State.DONE, "summary": summary, "records": summary["read"], "finished_at": at}
    with transaction.atomic():
        if ImportJob.objects.filter(pk=job.pk, state__in=UNFINISHED).update(network=summary["network"], **done):
            notify(
                person=job.person,
                kind="import_done",
                context={
                    "network": label_of(summary),
                    "file_name": job.file_name,
                    "summary": counts(summary),
                    "url": reverse("import_job", args=[job.pk]),
                },
            )


def fail(job: ImportJob, message: str, *, at: datetime) -> None:
    """Mark the job failed, with a message for its person, and tell them."""
    failed = {"state": ImportJob.State.FAILED, "error": message, "summary": {}, "finished_at": at}
    with transaction.atomic():
        if ImportJob.objects.filter(pk=job.pk, state__in=UNFINISHED).update(**failed):
            notify(
                person=job.person,
                kind="import_failed",
                context={"file_name": job.file_name, "error": message, "url": reverse("import")},
            )


def networks_of(summary: dict[str, Any]) -> list[Network]:
    """The networks that a finished import was of: several where one company's come together."""
    return [NETWORKS[slug] for slug in summary.get("networks") or [summary.get("network")] if slug in NETWORKS]


def label_of(summary: dict[str, Any]) -> str:
    return _(" and ").join(network.spec.label for network in networks_of(summary))


def counts(summary: dict[str, Any]) -> list[tuple[str, int]]:
    """What an import read by kind, then what became of it, as (label, number)."""
    became = [
        (gettext_lazy("new"), "new"),
        (gettext_lazy("already known"), "known"),
        (gettext_lazy("rejected"), "rejected"),
    ]
    if summary.get("left_out"):
        became.append((gettext_lazy("left out, as people asked not to be known here"), "left_out"))
    return [*map(tuple, summary["tallies"]), *((label, summary[name]) for label, name in became)]
