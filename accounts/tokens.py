"""Tokens of linked accounts as they are stored: encrypted with TOKEN_KEYS (the first encrypts, all decrypt)."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class LostKey(Exception):
    """No key of TOKEN_KEYS opens a stored token: the key that encrypted it is no longer among them."""


def _keys() -> MultiFernet:
    if not settings.TOKEN_KEYS:
        raise LostKey("TOKEN_KEYS is empty: tokens of linked accounts can be neither stored nor read")
    # A key is any secret text; Fernet wants exactly 32 bytes of it.
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.TOKEN_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def encrypt(token: str) -> bytes:
    """`token` as Credential.token keeps it. Raises LostKey where there is no key."""
    return _keys().encrypt(token.encode())


def decrypt(stored: bytes | memoryview) -> str:
    """The token again. Raises LostKey."""
    try:
        return _keys().decrypt(bytes(stored)).decode()
    except InvalidToken:
        raise LostKey("no key of TOKEN_KEYS opens this token; was the key that encrypted it removed?") from None
