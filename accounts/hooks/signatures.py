"""Signatures of networks' messages, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any


class BadSignature(Exception):
    """The message is not from whom it says, or is no message at all."""


def signed_request(text: str, secret: str) -> dict[str, Any]:
    """What Meta's `signed_request` carries: "signature.payload", base64url, by HMAC-SHA256. Raises BadSignature."""
    signature, dot, payload = text.partition(".")
    wanted = hmac.digest(secret.encode(), payload.encode(errors="replace"), "sha256")
    if not secret or not dot or not hmac.compare_digest(_decoded(signature), wanted):
        raise BadSignature
    try:
        data = json.loads(_decoded(payload))
    except (ValueError, RecursionError):
        raise BadSignature from None
    if not isinstance(data, dict) or str(data.get("algorithm", "")).upper() != "HMAC-SHA256":
        raise BadSignature
    return data


def x_signature(message: bytes, secret: str) -> str:
    """What X puts in `x-twitter-webhooks-signature`, and what it wants as the answer to its challenge."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def check_x(message: bytes, signature: str, secret: str) -> None:
    """Raise BadSignature where `signature` is not X's of `message`."""
    wanted = x_signature(message, secret).encode()
    if not secret or not hmac.compare_digest(signature.encode(errors="replace"), wanted):
        raise BadSignature


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise BadSignature from None
