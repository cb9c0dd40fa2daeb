"""Whether a picture can be shown: its bytes are decoded as whoever looks at it would."""

import warnings
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from shared.media.kinds import SNIFFED, kind_of

_DECODED = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP", "image/bmp": "BMP"}
"""What is decoded, by the kind that the first bytes show; nobody can tell of other files."""

_MOST_PIXELS = 60_000_000
"""Decoded, that is 240 MB; a larger picture is not tried."""


def opens(content: BinaryIO) -> str | None:
    """Why a picture cannot be shown, in words; None when it can, and for files that are no pictures we decode."""
    head = content.read(SNIFFED)
    content.seek(0)
    name = _DECODED.get(kind_of(head) or "")
    if name is None:
        return None
    try:
        with warnings.catch_warnings(), Image.open(content, formats=(name,)) as picture:
            warnings.simplefilter("ignore")
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"{type(error).__name__}"
    return None
