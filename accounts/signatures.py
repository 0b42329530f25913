"""Standard Webhooks (standardwebhooks.com): how a message to somebody's program is signed, and how they check it.

Each message carries three headers: `webhook-id` (the same over all tries of it), `webhook-timestamp` (seconds since
1970, of this try) and `webhook-signature` (one or more of `v1,<base64>` with spaces between). What is signed is
`<id>.<timestamp>.<body>`, by HMAC-SHA256 under the bytes that the secret's part after `whsec_` stands for in base64.
Who receives it checks the signature, refuses an old time, and does nothing twice for one id: `verify` is all of it but
the last, and needs nothing but the standard library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
# How far the time of a message may be from the receiver's clock, in seconds.
TOLERANCE = 300


class WrongSignature(ValueError):
    """The message is not ours, was changed on its way, or is an old one that somebody sends again."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed(secret: str, message: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` of a message. Raises ValueError where the secret is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("this is no secret of a webhook") from error
    found = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(found).decode()}"


def headers_of(secrets_in_use: Iterable[str], message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; a signature for each secret, so that one may be changed while messages are on their way."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed(secret, message, timestamp, body) for secret in secrets_in_use),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The id of a message that is ours and new; headers by their lower-case names. Raises WrongSignature."""
    message, said = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (message and said.isascii() and said.isdigit() and len(said) < 12):
        raise WrongSignature("the message has no id or no time")
    if abs(now - int(said)) > TOLERANCE:
        raise WrongSignature("the message is too old, or from a clock that is wrong")
    wanted = signed(secret, message, int(said), body)
    for found in headers.get("webhook-signature", "").split():
        if hmac.compare_digest(found.encode(), wanted.encode()):
            return message
    raise WrongSignature("the message is signed with another secret")
