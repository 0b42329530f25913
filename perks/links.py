"""Addresses compared as people mean them: the same page, however it was shared."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

# What sharing adds to an address and what names no other page.
TRACKING = frozenset(
    {"fbclid", "gclid", "gbraid", "wbraid", "dclid", "msclkid", "twclid", "ttclid", "li_fat_id", "yclid", "igshid"}
    | {"igsh", "si", "ref", "ref_src", "ref_url", "mc_cid", "mc_eid", "mibextid", "share_id", "_branch_match_id"}
)
FRONT = ("www.", "m.", "mobile.")
# Hosts that stand for one another.
SAME = {"twitter.com": "x.com", "youtu.be": "youtube.com", "threads.com": "threads.net"}


@dataclass(frozen=True, slots=True)
class Form:
    """An address without its scheme, its fragment and what sharing added."""

    host: str
    path: str
    params: frozenset[tuple[str, str]]

    def leads_to(self, other: Form) -> bool:
        """Whether it is the page `other`: of parameters it may have more."""
        return (self.host, self.path) == (other.host, other.path) and other.params <= self.params


def form_of(address: str) -> Form | None:
    """The form of an address of the web; None for anything else."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() not in ("http", "https") or "." not in host:
        return None
    for front in FRONT:
        host = host.removeprefix(front)
    host = SAME.get(host, host)
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    params = (
        frozenset(
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
            if not name.lower().startswith("utm_") and name.lower() not in TRACKING
        )
        if parts.query.count("&") < 100
        else frozenset()
    )
    return Form(host, unquote(parts.path).rstrip("/"), params)
