"""System checks for operators: what is missing, with an id to look up and what to do about it.

E001 to E019 stop a production system, E020 and above any; warnings (W) are worth a look. `settings.py` itself refuses
values that make no sense. I001 is only for knowing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import DatabaseError
from django.http.request import validate_host

from klout import embedded, environment
from klout.health import postgres_version
from klout.postgres.programs import OLDEST

# Read by the tests and by link_account, not by settings.
OTHER_VARIABLES = frozenset({"KLOUT_TEST_DATA", "KLOUT_TOKEN"})


@register
def production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What a production system must be given."""
    if not settings.PRODUCTION:
        return []
    from accounts.second_factors import is_address

    host = urlsplit(settings.SITE_URL).hostname or ""
    rules = [
        (
            settings.DATABASE is None,
            "E001",
            "DATABASE_URL is not set.",
            "Name a PostgreSQL 15 or newer: postgres://...",
        ),
        (
            not settings.REDIS_URL,
            "E002",
            "REDIS_URL is not set.",
            "Name a Valkey or Redis server: redis://host:port/0.",
        ),
        (not settings.TOKEN_KEYS, "E003", "TOKEN_KEYS is not set.", "Make one: openssl rand -base64 48. Keep it safe."),
        (
            any(len(key) < 32 for key in settings.TOKEN_KEYS),
            "E004",
            "A key in TOKEN_KEYS is shorter than 32 characters.",
            "Make one: openssl rand -base64 48; put it first, and keep the old ones behind it.",
        ),
        (
            len(settings.OPT_OUT_KEY) < 32,
            "E010",
            "OPT_OUT_KEY is not set, or shorter than 32 characters.",
            "Make one: openssl rand -base64 48. Keep it for good: with another, nobody's opt-out would be known.",
        ),
        (not settings.ALLOWED_HOSTS, "E005", "ALLOWED_HOSTS is empty.", "Name the hosts that people use, with commas."),
        (
            not settings.SITE_URL.startswith("https://"),
            "E006",
            f"SITE_URL is {settings.SITE_URL}, without HTTPS.",
            "Set it to the address that people use; links in mails are made from it.",
        ),
        (
            bool(settings.ALLOWED_HOSTS) and not validate_host(host, settings.ALLOWED_HOSTS),
            "E007",
            f"The host of SITE_URL ({host}) is not in ALLOWED_HOSTS.",
            "Add it, or correct SITE_URL.",
        ),
        (
            settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not environment.text("EMAIL_URL"),
            "E008",
            "EMAIL_URL is not set: nobody could confirm an address.",
            "Name a mail server: smtp+tls://user:password@host:587.",
        ),
        (
            "localhost" in settings.DEFAULT_FROM_EMAIL,
            "E009",
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL}.",
            'Set the sender of mails: "Klout <hello@klout.example>".',
        ),
    ]
    found: list[CheckMessage] = [
        Error(text, hint=hint, id=f"klout.{number}") for broken, number, text, hint in rules if broken
    ]
    if not environment.text("KLOUT_LAKE"):
        found.append(
            Warning(
                f"KLOUT_LAKE is not set: closed days of the log lie in {settings.LAKE}.",
                hint="Name a folder that is backed up, or a store such as s3://bucket/path.",
                id="klout.W001",
            )
        )
    if is_address(host):
        found.append(
            Warning(
                f"SITE_URL names the address {host}: browsers make passkeys for names alone.",
                hint="Give the site a name, and put that in SITE_URL. A passkey is good for the name that made it.",
                id="klout.W004",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("ALLOWED_HOSTS lets every host in.", hint="Name the hosts.", id="klout.W002"))
    return found


def names_of_keys(slug: str) -> str:
    """The variables that hold our app's keys at a network."""
    return f"{slug.upper()}_CLIENT_ID and {slug.upper()}_CLIENT_SECRET"


@register
def web_push(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The key of web push is one, where it is set."""
    from accounts import push

    try:
        push.keys()
    except ValueError as error:
        return [
            Error(
                f"VAPID_PRIVATE_KEY is no key: {error}.",
                hint="Make one: openssl rand 32 | basenc --base64url. With another, every browser must subscribe anew.",
                id="klout.E026",
            )
        ]
    return []


@register(deploy=True)
def web_push_is_off(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """For `check --deploy`: nobody can be notified in a browser."""
    if settings.VAPID_PRIVATE_KEY:
        return []
    hint = "Make one: openssl rand 32 | basenc --base64url."
    return [Info("Web push is off: VAPID_PRIVATE_KEY is not set.", hint=hint, id="klout.I002")]


@register
def half_set_keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One key of a network's two is a slip: the network would be off, and nobody would know why."""
    return [
        Error(
            f"Only {slug.upper()}_CLIENT_{'ID' if keys[0] else 'SECRET'} is set.",
            hint=f"Set {names_of_keys(slug)}, or neither.",
            id="klout.E024",
        )
        for slug, keys in settings.NETWORK_KEYS.items()
        if bool(keys[0]) != bool(keys[1])
    ]


@register(deploy=True)
def networks_that_are_off(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """For `check --deploy`: networks that nobody can connect, all in one."""
    off = [slug for slug, keys in settings.NETWORK_KEYS.items() if not any(keys)]
    if not off:
        return []
    wanted = ", ".join(f"{slug} is off: set {names_of_keys(slug)}" for slug in off)
    return [Info(f"{wanted}.", hint="`manage.py doctor` says which callback address each wants.", id="klout.I001")]


@register
def formula(app_configs: Any, **_: Any) -> list[CheckMessage]:
    from scoring import formula as formulas

    if settings.FORMULA == formulas.BASELINE or settings.FORMULA not in formulas.VERSIONS:
        return [
            Error(
                f"KLOUT_FORMULA is {settings.FORMULA!r}, which is no released formula.", hint="Try v2.", id="klout.E020"
            )
        ]
    return []


@register
def engine(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Spark, where it is wanted, can run here."""
    from scoring.engine.spark_session import missing

    if settings.ENGINE == "spark" and (reason := missing()):
        return [Error(f"KLOUT_ENGINE is spark. {reason}", id="klout.E025")]
    return []


@register
def built_in_servers(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The programs of the built-in servers are there where those are wanted."""
    if settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    for wanted, number, find in (
        (settings.DATABASE is None, "E021", embedded.postgres_programs),
        (not settings.REDIS_URL, "E022", embedded.broker_program),
    ):
        try:
            if wanted:
                find()
        except embedded.EmbeddedError as error:
            found.append(Error(str(error), id=f"klout.{number}"))
    return found


@register(Tags.database)
def database_version(
    app_configs: Any, databases: Sequence[str] | Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """PostgreSQL 15 or newer; asked by `migrate` and by `check --database default`."""
    for alias in databases or ():
        try:
            major, _minor = postgres_version(alias)
        except DatabaseError:
            continue  # The command that wants the database says so itself.
        if major < OLDEST:
            return [Error(f"PostgreSQL {major} is too old: {OLDEST} or newer is needed.", id="klout.E023")]
    return []


@register
def misspelt_variables(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Variables named KLOUT_... that nothing reads."""
    known = environment.KNOWN | {f"{name}_FILE" for name in environment.KNOWN} | OTHER_VARIABLES
    return [
        Warning(
            f"{name} is set, and nothing reads it.", hint="See the table of settings in README.md.", id="klout.W003"
        )
        for name in sorted(os.environ)
        if name.startswith("KLOUT_") and name not in known
    ]
