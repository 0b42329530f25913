"""Mails that were written to files instead of being sent (as in development): copies of what people were told."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from django.conf import settings


def forget(addresses: Collection[str]) -> int:
    """Delete the files that hold mails to any of `addresses`; how many. Where mails are sent there are none."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if not addresses or not folder or not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return 0
    named = [address.lower().encode() for address in addresses]
    deleted = 0
    for path in Path(folder).glob("*.log"):
        content = path.read_bytes().lower()
        if any(address in content for address in named):
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted
