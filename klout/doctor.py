"""What `manage.py doctor` looks at: one finding for each part of the system, in plain words, whatever is down."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from klout import up
from klout.celery import app
from klout.checks import names_of_keys
from klout.health import ask_cache, postgres_version
from klout.postgres.programs import OLDEST
from klout.tasks import EVERY, HEARTBEAT

State = Literal["ok", "note", "missing"]
LOW_DISK = 2 * 1024**3
# Linked accounts that have been due for so long are not read as they should be.
LATE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Finding:
    """ok: works. note: is not there, and need not be now. missing: is needed; `advice` says what to do."""

    part: str
    state: State
    text: str
    advice: str = ""


def examine(at: datetime) -> Iterator[Finding]:
    """Look at every part at time `at`; a part that cannot be looked at is missing, and says why."""
    reached: dict[str, bool] = {}
    for part, look in PARTS.items():
        needs = NEEDS.get(part, "")
        if needs and not reached.get(needs):
            yield Finding(part, "missing", f"cannot be looked at without the {needs}")
            continue
        try:
            finding = look(part, at)
        except Exception as error:
            text = str(error).strip().partition("\n")[0] or type(error).__name__
            finding = Finding(part, "missing", text, ADVICE.get(part, ""))
        reached[part] = finding.state == "ok"
        yield finding


def mode(part: str, at: datetime) -> Finding:
    return Finding(part, "ok", settings.MODE + (", with DEBUG" if settings.DEBUG else ""))


def configuration(part: str, at: datetime) -> Finding:
    found = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    serious = [message for message in found if message.is_serious()]
    if not found:
        return Finding(part, "ok", "the system checks find nothing")
    text = "; ".join(f"{message.id}: {message.msg}" for message in serious or found)
    advice = " ".join(str(message.hint) for message in serious or found if message.hint)
    return Finding(part, "missing" if serious else "note", text, advice)


def state(part: str, at: datetime) -> Finding:
    settings.VAR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.VAR).free
    text = f"{settings.VAR}, {free / 1024**3:.1f} GB free"
    if not os.access(settings.VAR, os.W_OK | os.X_OK):
        return Finding(part, "missing", f"{settings.VAR} cannot be written", "Set KLOUT_VAR to a folder of your own.")
    if free < LOW_DISK:
        return Finding(part, "missing", text, "Make room, or move KLOUT_VAR and KLOUT_LAKE to a larger disk.")
    return Finding(part, "ok", text)


def database(part: str, at: datetime) -> Finding:
    major, minor = postgres_version()
    where = "DATABASE_URL" if settings.DATABASE else "built-in"
    if major < OLDEST:
        return Finding(part, "missing", f"PostgreSQL {major} ({where}) is too old", f"Use version {OLDEST} or newer.")
    return Finding(part, "ok", f"PostgreSQL {major}.{minor} ({where}) answers")


def migrations(part: str, at: datetime) -> Finding:
    executor = MigrationExecutor(connection)
    number = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if number:
        return Finding(part, "missing", f"{number} not applied", "Run `manage.py migrate`, or `manage.py up`.")
    return Finding(part, "ok", "all applied")


def broker(part: str, at: datetime) -> Finding:
    ask_cache()
    return Finding(part, "ok", f"{'REDIS_URL' if settings.REDIS_URL else 'built-in'} answers")


def worker(part: str, at: datetime) -> Finding:
    if answers := app.control.ping(timeout=1.0):
        return Finding(part, "ok", ", ".join(sorted(name for answer in answers for name in answer)))
    return Finding(
        part,
        _if_up(),
        "none answers; imports and daily runs wait",
        "Run `manage.py up`, or `celery -A klout worker` under your service manager.",
    )


def beat(part: str, at: datetime) -> Finding:
    last = cache.get(HEARTBEAT)
    age = at.timestamp() - last if last else None
    if age is not None and age < 3 * EVERY:
        return Finding(part, "ok", f"its last task ran {max(0, age):.0f} seconds ago")
    text = f"its last task ran {timedelta(seconds=round(age))} ago" if age else "none of its tasks has run yet"
    return Finding(
        part,
        _if_up(),
        text,
        "Run `manage.py up`, or one `celery -A klout beat` under your service manager; a new one needs two minutes.",
    )


def mail(part: str, at: datetime) -> Finding:
    if folder := getattr(settings, "EMAIL_FILE_PATH", None):
        return Finding(part, "ok", f"written to files in {folder}; nothing is sent")
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return Finding(part, "ok", settings.EMAIL_BACKEND)
    with get_connection(timeout=10):
        return Finding(part, "ok", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers")


def secrets(part: str, at: datetime) -> Finding:
    where = "from the environment" if settings.PRODUCTION else f"made for development in {settings.VAR}/secrets"
    keys = len(settings.TOKEN_KEYS)
    if not keys:
        return Finding(part, "missing", "TOKEN_KEYS is not set", "Make one: openssl rand -base64 48.")
    accepted = len(settings.API_KEYS)
    return Finding(part, "ok", f"{where}; API_KEYS: {accepted or 'none, so the API in the old form refuses everybody'}")


def log_in(part: str, at: datetime) -> Finding:
    """What passkeys belong to, who uses a second factor, and whose of the staff does not."""
    from allauth.mfa.models import Authenticator
    from django.contrib.auth import get_user_model

    from accounts.second_factors import relying_party
    from accounts.tokens import LostKey

    codes = Authenticator.Type.RECOVERY_CODES
    factors = Authenticator.objects.exclude(type=codes)
    text = f"passkeys belong to {relying_party(urlsplit(settings.SITE_URL).hostname or '')}"
    text += f"; {factors.values('user').distinct().count():,} log-ins have a second factor"
    newest = Authenticator.objects.filter(type=codes).order_by("-pk").first()
    try:
        if newest is not None:
            newest.wrap().generate_codes()
    except LostKey:
        advice = "Put the key that encrypted them back into TOKEN_KEYS, behind the new one."
        return Finding(part, "missing", f"{text}; no key of TOKEN_KEYS opens what is kept of them", advice)
    without = get_user_model().objects.filter(is_staff=True, is_active=True).exclude(pk__in=factors.values("user"))
    if number := without.count():
        advice = "Ask them to set up a passkey or an authenticator app under Settings, Log-in."
        return Finding(part, "note", f"{text}; of the staff {number:,} have none", advice)
    return Finding(part, "ok", text)


def web_push(part: str, at: datetime) -> Finding:
    """Whether browsers can be woken, and how many may be."""
    from accounts import push
    from accounts.models import PushSubscription

    if push.keys() is None:
        return Finding(
            part,
            "note",
            "off: VAPID_PRIVATE_KEY is not set",
            "Make one, if people are to be notified in their browsers: openssl rand 32 | basenc --base64url.",
        )
    return Finding(part, "ok", f"on; {PushSubscription.objects.count():,} browsers may be woken")


def lake(part: str, at: datetime) -> Finding:
    place = settings.LAKE
    if "://" in place:
        from scoring.log.lake import open_lake

        store = open_lake()
        store.create("doctor", lambda stream: stream.write(b"written to see whether it can be"))
        store.filesystem.delete_file(store.path("doctor"))
        return Finding(part, "ok", f"{settings.LAKE} can be written")
    folder = next(folder for folder in (Path(place), *Path(place).parents) if folder.exists())
    with tempfile.TemporaryFile(dir=folder):
        free = shutil.disk_usage(folder).free / 1024**3
        return Finding(part, "ok", f"{place} can be written, {free:.1f} GB free")


def networks(part: str, at: datetime) -> Finding:
    """Which networks people can connect, and for the others what to register there and what to set here."""
    from accounts.networks import NETWORKS
    from accounts.networks.klout import OWN
    from accounts.providers.apps import callback_address

    specs = [network.spec for slug, network in NETWORKS.items() if slug != OWN]
    lacking = [spec for spec in specs if spec.needs_keys and not all(settings.NETWORK_KEYS.get(spec.slug, ("", "")))]
    text = ", ".join(spec.label for spec in specs if spec not in lacking)
    if not lacking:
        return Finding(part, "ok", text)
    wanted = [f"{spec.label}: {names_of_keys(spec.slug)}; callback {callback_address(spec)}" for spec in lacking]
    return Finding(
        part,
        "note",
        f"{text}; off without keys: {', '.join(spec.label for spec in lacking)}",
        "\n".join(
            ["To switch one on, register an app with it, name our callback address there, set both keys:", *wanted]
        ),
    )


def collecting(part: str, at: datetime) -> Finding:
    """How many streams of linked accounts are due, since when, and how many were given up."""
    from scoring.collect import schedule

    number, oldest, parked = schedule.standing(at=at)
    resting = ", ".join(f"{slug} until {until:%H:%M} UTC" for slug, until in schedule.held(at=at).items())
    text = f"{number:,} streams of linked accounts are due" if number else "nothing is due"
    text += f", the oldest since {oldest:%Y-%m-%d %H:%M} UTC" if oldest else ""
    text += f"; asked to wait: {resting}" if resting else ""
    text += f"; {parked:,} parked after days of failures" if parked else ""
    if oldest and at - oldest > LATE:
        advice = "Run more workers, `celery -A klout worker -Q pull.<network>`; see whether worker and beat live."
        return Finding(part, _if_up(), text, advice)
    advice = "See them in the admin, under cursors; `manage.py collect --unpark` reads them again." if parked else ""
    return Finding(part, "note" if parked else "ok", text, advice)


def formula(part: str, at: datetime) -> Finding:
    """Which formula counts, whether this release has it, and which are tried in its shadow."""
    from scoring import formula as formulas
    from scoring import versions
    from scoring.models import ShadowFormula

    live = versions.live_formula(at)
    tried = list(ShadowFormula.objects.order_by("started_at", "formula").values_list("formula", flat=True))
    text = f"{live} counts, computed by {settings.ENGINE}"
    text += f"; in its shadow: {', '.join(tried)}" if tried else ""
    if live not in formulas.VERSIONS:
        return Finding(
            part,
            "missing",
            f"{live} is to count, and this release has it not: nobody is scored",
            "Put its file back into scoring/formula, or `manage.py switch_formula --back`.",
        )
    if gone := [version for version in tried if version not in formulas.VERSIONS]:
        advice = "".join(f"`manage.py shadow_formula {version} --stop`. " for version in gone).strip()
        return Finding(part, "note", f"{text}; this release has no {', '.join(gone)}", advice)
    return Finding(part, "ok", text)


def last_run(part: str, at: datetime) -> Finding:
    from scoring.models import ScoreRun

    run = ScoreRun.objects.filter(kind=ScoreRun.Kind.DAILY).order_by("-started_at").first()
    if run is None:
        return Finding(part, "note", "none yet", "Import something, then `manage.py recompute`.")
    text = f"as of {run.as_of} by {run.formula}: {run.state}"
    if run.state == ScoreRun.State.FAILED:
        why = run.error.strip().rpartition("\n")[2]
        return Finding(
            part, "missing", f"{text} after {run.stage or 'the start'}: {why}", "Run `manage.py recompute` again."
        )
    if at.astimezone(UTC).date() - run.as_of > timedelta(days=2):
        return Finding(
            part, _if_up(), f"{text}; that is long ago", "Run `manage.py recompute`; see whether beat lives."
        )
    return Finding(part, "ok", text)


def _if_up() -> State:
    """Missing where the system is meant to run: in production, or while `up` does."""
    return "missing" if settings.PRODUCTION or up.owner(settings.VAR) else "note"


PARTS: dict[str, Callable[[str, datetime], Finding]] = {
    "mode": mode,
    "configuration": configuration,
    "state": state,
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "worker": worker,
    "beat": beat,
    "mail": mail,
    "secrets": secrets,
    "log-in": log_in,
    "web push": web_push,
    "lake": lake,
    "networks": networks,
    "collecting": collecting,
    "formula": formula,
    "last run": last_run,
}
# Parts that cannot be looked at without another.
NEEDS = {
    "migrations": "database",
    "log-in": "migrations",
    "web push": "migrations",
    "collecting": "migrations",
    "formula": "migrations",
    "last run": "database",
    "worker": "broker",
    "beat": "broker",
}
ADVICE = {
    "state": "Set KLOUT_VAR to a folder of your own.",
    "database": "Start the server that DATABASE_URL names, or correct it; without it the built-in one is used.",
    "broker": "Start the server that REDIS_URL names, or correct it; without it the built-in one is used.",
    "mail": "Correct EMAIL_URL: smtp+tls://user:password@host:587.",
    "lake": "Set KLOUT_LAKE to a folder or store that can be written.",
}
