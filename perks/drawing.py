"""The rule by which a lottery is drawn: plain arithmetic, that anybody can do again from what its page publishes.

    commitment      SHA-256 of the seed: 32 random bytes, made when the campaign is scheduled, before anybody enters
    tickets_digest  SHA-256 of all tickets as they are written (UUIDs in lower case), sorted, a line feed between them
    place           tickets in the order of HMAC-SHA-256(key: seed, message: tickets_digest's 32 bytes, then the ticket)

The digest of all tickets is mixed in so that the seed alone, which we know beforehand, decides nothing: who wins
changes with every ticket that is added. What this cannot show is in the words of the draw's page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

SEED_BYTES = 32

# It reads the file that the draw's page offers; a test runs it as it stands.
PROGRAM = """\
import hashlib, hmac, json, sys
draw = json.load(open(sys.argv[1]))
seed = bytes.fromhex(draw["seed"])
assert hashlib.sha256(seed).hexdigest() == draw["commitment"], "another seed"
tickets = sorted(entry["ticket"] for entry in draw["tickets"])
digest = hashlib.sha256("\\n".join(tickets).encode()).digest()
assert digest.hex() == draw["tickets_digest"], "other tickets"
tickets.sort(key=lambda ticket: hmac.digest(seed, digest + ticket.encode(), "sha256"))
assert tickets == [entry["ticket"] for entry in draw["tickets"]], "another order"
print(len(tickets), "tickets, in the order of the rule")
"""


def commitment_of(seed: bytes) -> str:
    """What is published of a seed before anybody enters, in hexadecimal."""
    return hashlib.sha256(seed).hexdigest()


def digest_of(tickets: Iterable[str]) -> bytes:
    """The fingerprint of all tickets, in whichever order they are given."""
    return hashlib.sha256("\n".join(sorted(tickets)).encode()).digest()


def in_order(seed: bytes, tickets: Iterable[str]) -> list[str]:
    """The tickets from the first place on."""
    known = list(tickets)
    digest = digest_of(known)
    return sorted(known, key=lambda ticket: hmac.digest(seed, digest + ticket.encode(), "sha256"))
