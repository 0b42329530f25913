"""Pictures of people: what is uploaded is decoded within bounds and written anew, small and without its metadata."""

from __future__ import annotations

import io
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024**2
MAX_PIXELS = 50_000_000
SIDE = 400
# Pillow's own alarm, which by default sounds at a larger number.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Formats with safe decoders; others that Pillow knows (PostScript, say) start programs or are rarely tested.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def encode(file: IO[bytes], size: int, *, side: int = SIDE) -> ContentFile[bytes]:
    """The picture in `file` (`size` bytes) as a WebP of at most `side` x `side` pixels. Raises ValidationError."""
    if size > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 10 MB."), code="picture_size")
    try:
        image: Image.Image = Image.open(file, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ValidationError(_("The picture has more than 50 million pixels."), code="picture_pixels")
        # A JPEG is decoded at the scale it is needed in.
        image.draft("RGB", (2 * side, 2 * side))
        image = ImageOps.exif_transpose(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except Image.DecompressionBombError:
        raise ValidationError(_("The picture has more than 50 million pixels."), code="picture_pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise ValidationError(
            _("This is no picture that can be read. Use a PNG, JPEG, WebP or GIF file."), code="picture_format"
        ) from None
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", quality=85, method=4)
    return ContentFile(encoded.getvalue(), name="picture.webp")
