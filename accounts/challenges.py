"""Proof that an account is somebody's, without a log-in there: a code of ours that they show on it.

Nothing is stored: the code is an HMAC of whom it is for, the network and the account's id, so that it proves neither
another account nor anything for anybody else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

# Without 0, 1, i, l and o, which are mistaken for each other when they are typed.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
GROUP, GROUPS = 5, 2
# So many looks at a network in so many seconds, by one person.
LOOKS, SECONDS = 10, 600
# What programs and people make of a hyphen.
_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def code_for(subject: str, network: str, external_id: str) -> str:
    """What `subject` ("person:12", say) shows on the account, such as "klout-7f3k9-q2m4x"; the same at every call."""
    return _code(settings.SECRET_KEY, subject, network, external_id)


def holds(about: str, code: str, *, profile_url: str = "") -> bool:
    """Whether `about` shows `code` as a word of its own, or has a line that is `profile_url` and nothing else.

    A link to a profile proves an account only where the network says that the links in `about` are its owner's own
    (rel=me): a mention of somebody's page in a text proves nothing.
    """
    text = _HYPHENS.sub("-", about).lower()
    if re.search(rf"(?<![a-z0-9-]){re.escape(code.lower())}(?![a-z0-9-])", text):
        return True
    wanted = plain(profile_url) if profile_url else ""
    return bool(wanted) and any(plain(line) == wanted for line in about.splitlines())


def proves(subject: str, network: str, external_id: str, about: str, *, profile_url: str = "") -> bool:
    """Whether `about` holds the code of `subject`; one made before SECRET_KEY was changed is good too."""
    return any(
        holds(about, _code(key, subject, network, external_id), profile_url=profile_url)
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def may_look(subject: str) -> bool:
    """Whether `subject` may have a network asked now; each call counts as a look."""
    key = f"challenge-looks:{subject}"
    cache.add(key, 0, SECONDS)
    try:
        return bool(cache.incr(key) <= LOOKS)
    except ValueError:
        # It lapsed between the two.
        return True


def _code(key: str, subject: str, network: str, external_id: str) -> str:
    parts = (part.encode() for part in ("accounts.challenges", subject, network, external_id))
    # Each part with its length: no two lists of parts run together to the same text.
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    number = int.from_bytes(hmac.new(key.encode(), message, hashlib.sha256).digest(), "big")
    letters = ""
    for _ in range(GROUP * GROUPS):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return "-".join(["klout", *(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))])


def plain(url: str) -> str:
    """An address without what does not tell pages apart: scheme, capitals and the slash at its end."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return f"{parts.netloc}{parts.path}".lower().rstrip("/") if parts.netloc and not parts.query else ""
