"""A picture for the screen: decoded as safely as any other, made smaller, and encoded anew."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from lydite.core import ImageError
from lydite.data.image import ImageLimits, decode_header, read_picture_bytes
from lydite.data.names import printable
from lydite.data.opening import DECODER_ERRORS, damaged, open_header
from lydite.data.quiet import quiet_decoders

_QUALITY = 88
_EXACT_SIDE = 512
"""Pictures up to this size are sent as PNG: every pixel counts when they are enlarged."""


@dataclass(frozen=True, slots=True)
class Preview:
    """An encoded picture with nothing in it but pixels.

    Args:
        data: JPEG, or PNG for small pictures.
        media_type: Which of them.
        size_hw: Height and width of the original as shown.
    """

    data: bytes
    media_type: str
    size_hw: tuple[int, int]


def render_preview(path: Path, long_side: int, limits: ImageLimits | None = None) -> Preview:
    """Decode a picture and make its longer side at most ``long_side`` pixels.

    A large JPEG is decoded at a fraction of its size, which saves most of the time.

    Raises:
        ImageError: As ``load_image``.
        MissingExtra: HEIC without the extra ``heif``.
    """
    limits = limits or ImageLimits()
    shown = printable(path)
    data = read_picture_bytes(path, limits)
    with quiet_decoders:
        header = open_header(data, shown, limits.max_pixels)
        size_hw = header.size_hw
        try:
            if header.format == "JPEG" and header.image.mode in {"RGB", "L"}:
                header.image.draft(None, (long_side, long_side))
            pixels, _, _ = decode_header(header)
        except ImageError:
            raise
        except DECODER_ERRORS as error:
            raise damaged(shown, error) from error
        image = Image.fromarray(pixels)
        image.thumbnail((long_side, long_side), Image.Resampling.BICUBIC, reducing_gap=2.0)
        content = BytesIO()
        if max(image.size) <= _EXACT_SIDE:
            image.save(content, "PNG", compress_level=1)
            return Preview(content.getvalue(), "image/png", size_hw)
        image.save(content, "JPEG", quality=_QUALITY)
    return Preview(content.getvalue(), "image/jpeg", size_hw)
