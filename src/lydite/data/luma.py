"""The brightness of a picture alone, in no more pixels than are needed: a fraction of the whole cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from lydite.core import ImageId
from lydite.data.image import TURNS, ImageLimits, decode_header, require_bytes
from lydite.data.names import printable
from lydite.data.opening import DECODER_ERRORS, Header, damaged, open_header
from lydite.data.quiet import quiet_decoders

_SHARES = (8, 4, 2, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Luma:
    """A decoded picture without its colours.

    Args:
        pixels: ``(h, w)`` uint8 as shown: orientation applied, transparency on white.
        size_hw: Height and width of the whole picture, of which ``pixels`` may be a smaller rendering.
        image_id: Hash of the file's bytes.
    """

    pixels: npt.NDArray[np.uint8]
    size_hw: tuple[int, int]
    image_id: ImageId


def decode_luma(data: bytes, name: Path | str, long_side: int, limits: ImageLimits | None = None) -> Luma:
    """Decode the brightness of a picture that is already in memory.

    Of a JPEG only the channel of brightness is decoded, at a half, quarter or eighth of the size where that
    divides both sides evenly and leaves ``long_side`` pixels or more. Refusals are those of ``decode_image``.

    Args:
        data: The bytes of the file.
        name: What errors call it.
        long_side: Pixels that the longer side keeps at least; smaller pictures come whole.
        limits: What it may cost; the defaults of ``ImageLimits`` if not given.

    Raises:
        ImageError: If it is too large, damaged or no picture.
        MissingExtra: HEIC without the extra ``heif``.
    """
    limits = limits or ImageLimits()
    shown = printable(name)
    require_bytes(len(data), shown, limits)
    with quiet_decoders:
        header = open_header(data, shown, limits.max_pixels)
        size_hw = header.size_hw
        try:
            pixels = _luma(header, long_side)
        except DECODER_ERRORS as error:
            raise damaged(shown, error) from error
    return Luma(pixels, size_hw, ImageId.of_bytes(data))


def _luma(header: Header, long_side: int) -> npt.NDArray[np.uint8]:
    image = header.image
    if not isinstance(image, JpegImageFile) or image.mode not in {"RGB", "L"}:
        pixels, _, _ = decode_header(header)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    width, height = image.size
    least = min(long_side, max(width, height))
    fits = [s for s in _SHARES if width % s == height % s == 0 and max(width, height) // s >= least]
    image.draft("L", (width // fits[0], height // fits[0]))
    image.load()
    turn = TURNS.get(header.orientation)
    shown: Image.Image = image if turn is None else image.transpose(turn)
    return np.ascontiguousarray(np.asarray(shown, np.uint8))
