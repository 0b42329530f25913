"""What makes an interaction known when it is read again: its key of 128 bits; and the number of a post.

A key is the MD5 of its parts, joined by a character that no part may hold. An event that the network numbers itself is
(network, "key", target, its number there); any other is (network, verb, target, actor, post, time), and where the same
tuple stands in one file n times, the second and later ones are (key of the first, n). MD5 is no lock here: whoever may
write rows could as well write wrong ones.
"""

from __future__ import annotations

import hashlib
import re

SEPARATOR = "\x1f"
# Longer ids are no ids; PostgreSQL's unique index could not hold them either.
MAX_ID = 500
# Control characters, line separators, and bytes that are no UTF-8 (read as lone surrogates).
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# `nth_key` in PostgreSQL, over the columns key and nth.
NTH_KEY_SQL = "md5(replace(key::text, '-', '') || chr(31) || nth)::uuid"


def digest(*parts: str) -> str:
    """The 32 hexadecimal digits of a key."""
    return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()


def event_key(network: str, target: str, key: str) -> str:
    """The key of an event that the network itself numbers, per account that it happened to."""
    return digest(network, "key", target, key)


def tuple_key(network: str, verb: str, target: str, actor: str, post: str, occurred_at: int) -> str:
    """The key of an event known by what it says; `occurred_at` in microseconds since 1970."""
    return digest(network, verb, target, actor, post, str(occurred_at))


def nth_key(first: str, nth: int) -> str:
    """The key of the `nth` (2 or more) occurrence of a tuple in one file, whose first has the key `first`."""
    return digest(first, str(nth))


def post_number(network: str, post: str) -> int:
    """The post's signed 64-bit number in the log; 0 where there is no post."""
    if not post:
        return 0
    text = f"{network}{SEPARATOR}{post}".encode()
    return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:8], "big", signed=True) or 1


def unfit(what: str, text: str) -> str:
    """Why `text` cannot be stored as `what`; "" where it can."""
    if len(text) > MAX_ID:
        return f"{what} is longer than {MAX_ID} characters"
    found = UNFIT.search(text)
    if found:
        character = ord(found[0])
        return f"{what} is not UTF-8" if 0xD800 <= character <= 0xDFFF else f"{what} holds the character {character:#x}"
    return ""
