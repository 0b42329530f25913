"""Pictures of offers: what is uploaded is decoded within bounds and written anew, without its metadata."""

from __future__ import annotations

from typing import IO

from django.core.files.base import ContentFile

from accounts import avatars

# As wide as the widest page shows it on a sharp screen.
SIDE = 1600


def encode(file: IO[bytes], size: int) -> ContentFile[bytes]:
    """The picture in `file` (`size` bytes) as a WebP of at most 1600 x 1600 pixels. Raises ValidationError."""
    return avatars.encode(file, size, side=SIDE)
