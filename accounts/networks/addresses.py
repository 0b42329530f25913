"""Addresses in the one form by which accounts and posts are known: `user@host` of Mastodon, and pages of the web."""

import re
from urllib.parse import urlsplit

from accounts.networks.base import checked_id, shown

USER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")


def address(value: str) -> str:
    """`user@host` in the form accounts are known by. Raises ValueError."""
    user, _, host = value.strip().removeprefix("acct:").removeprefix("@").partition("@")
    host = _host(host)
    if not USER.fullmatch(user) or not host:
        raise ValueError(f"{shown(value)} is not an address such as user@host")
    return f"{user}@{host}".lower()


def page(value: str, *, query: bool = False) -> str:
    """A page of the web as `host/path`: without its scheme, `www.`, a slash at its end and its fragment.

    query: keep what follows the question mark, for a page that is nothing without it. Raises ValueError.
    """
    try:
        text = checked_id(value, "the address", limit=2000)
        parts = urlsplit(text if re.match(r"https?://", text, re.IGNORECASE) else f"https://{text}")
        host = _host(parts.netloc.lower().removesuffix(":443").removeprefix("www."))
    except ValueError:
        host = ""
    if "." not in host or parts.path[:1] not in ("", "/"):
        raise ValueError(f"{shown(value)} is not an address of a page such as example.org/blog")
    found = f"{host}{parts.path.rstrip('/')}{f'?{parts.query}' if query and parts.query else ''}"
    return checked_id(found, "the address")


def host_of(url: object) -> str:
    """The host (with its port) of a whole address; "" where it is none."""
    try:
        return urlsplit(url).netloc.lower() if isinstance(url, str) else ""
    except ValueError:
        return ""


def _host(host: str) -> str:
    """A host in lower case; "" where it is none. Names in other alphabets are written in two ways: this is DNS's."""
    try:
        host = host.lower() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
    return host.lower() if HOST.fullmatch(host.lower()) else ""
