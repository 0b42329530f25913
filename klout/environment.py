"""Readers of the environment for settings.py: a bad value stops the start and says which variable it was.

`NAME_FILE` names a file that holds the value of NAME, for secrets. An empty value counts as none.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})

# Every variable that was asked for; the README's table and the check for misspelt ones go by it.
KNOWN: set[str] = set()


def text(name: str, default: str = "", *, choices: Collection[str] = ()) -> str:
    """The value of `name`, or of the file that `name`_FILE names."""
    KNOWN.add(name)
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and file:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; keep one.")
    if file:
        try:
            with open(file, encoding="utf-8") as stream:
                value = stream.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE is {file!r}, which cannot be read: {error}") from error
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE is {file!r}, which is empty.")
    value = value or default
    if choices and value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
    return value


def yes_or_no(name: str, default: bool) -> bool:
    value = text(name, "yes" if default else "no").lower()
    if value not in YES | NO:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be yes or no (or true, false, on, off, 1, 0).")
    return value in YES


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    try:
        found = int(value)
    except ValueError:
        found = least - 1
    if not least <= found <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number from {least} to {most}.")
    return found


def decimal(name: str, default: float, *, least: float, most: float) -> float:
    value = text(name, str(default))
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a number from {least} to {most}, such as 0.25.")
    return found


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """Values with commas between."""
    found = [word.strip() for word in text(name).split(",") if word.strip()]
    return found or list(default)


def web_address(name: str, default: str) -> str:
    """An address such as https://klout.example, without a path and without the slash at its end."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        right = False
    if not right or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be like https://klout.example, and no more.")
    return value.rstrip("/")


def origins(name: str) -> dict[str, str]:
    """Pairs of origins with commas between: `https://api.x.com=http://127.0.0.1:9000`."""
    found = {}
    for pair in words(name):
        origin, equals, other = pair.partition("=")
        for value in (origin, other):
            if not equals or not re.fullmatch(r"https?://[^/?#@\s]+", value):
                raise ImproperlyConfigured(
                    f"{name} holds {pair!r}; it must be pairs such as https://api.x.com=http://127.0.0.1:9000."
                )
        found[origin.lower()] = other
    return found


def database(name: str) -> dict[str, Any] | None:
    """Django's entry for the PostgreSQL server that `name` gives; None without one. Errors leave passwords out."""
    value = text(name)
    if not value:
        return None
    wrong = ImproperlyConfigured(f"{name} must be like postgres://user:password@host:port/name (PostgreSQL only).")
    if value.partition("://")[0] not in {"postgres", "postgresql"}:
        raise wrong
    try:
        found: dict[str, Any] = environ.Env.db_url_config(value)
    except ValueError:
        raise wrong from None
    if not found.get("NAME"):
        raise wrong
    return found


def broker(name: str) -> str:
    value = text(name)
    if value and (value.partition("://")[0] not in {"redis", "rediss", "unix"} or not value.partition("://")[2]):
        raise ImproperlyConfigured(f"{name} must be like redis://host:port/0, rediss://... or unix:///path.")
    return value


def mail(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_ settings: smtp://, smtp+tls://, smtp+ssl://, filemail:///folder or consolemail://."""
    value = text(name, default)
    if not value:
        return {}
    scheme, _, rest = value.partition("://")
    if scheme == "filemail" and rest.startswith("/"):
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": rest}
    wrong = ImproperlyConfigured(
        f"{name} must be like smtp+tls://user:password@host:587, smtp+ssl://..., smtp://..., "
        "filemail:///folder or consolemail://."
    )
    if scheme not in {"smtp", "smtp+tls", "smtp+ssl", "consolemail"} or (scheme.startswith("smtp") and not rest):
        raise wrong
    try:
        found: dict[str, Any] = environ.Env.email_url_config(value)
    except ValueError:
        raise wrong from None
    found.pop("EMAIL_FILE_PATH", None)
    found.pop("OPTIONS", None)
    return {key: setting for key, setting in found.items() if setting is not None}
