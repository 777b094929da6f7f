"""One small file of each kind that the decoder must read, made in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE_HW = (12, 20)
SUFFIX_OF = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "HEIF": ".heic"}


def ramp(size_hw: tuple[int, int] = SIZE_HW) -> npt.NDArray[np.uint8]:
    """A picture without symmetry, smooth enough for lossy formats."""
    height, width = size_hw
    y, x = np.mgrid[:height, :width]
    red, green = 255 * x // max(width - 1, 1), 255 * y // max(height - 1, 1)
    return np.stack([red, green, np.full_like(red, 60)], axis=2).astype(np.uint8)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def oriented(orientation: int) -> Image.Exif:
    """EXIF data with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def heic(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A HEIC file; needs the extra."""
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=-1)
    return buffer.getvalue()


@cache
def samples() -> dict[str, bytes]:
    """Files by name; the name carries the right suffix."""
    rgb = Image.fromarray(ramp())
    other = Image.fromarray(ramp()[::-1].copy())
    rgba = rgb.convert("RGBA")
    rgba.putalpha(Image.fromarray(np.tile(np.arange(20, dtype=np.uint8) * 13, (12, 1))))
    wide = Image.fromarray(np.linspace(0, 65535, 240).astype(np.uint16).reshape(SIZE_HW))
    makers: dict[str, Callable[[], bytes]] = {
        "rgb.jpg": lambda: encode(rgb, "JPEG", quality=95, exif=oriented(6)),
        "grey.jpg": lambda: encode(rgb.convert("L"), "JPEG"),
        "cmyk.jpg": lambda: encode(rgb.convert("CMYK"), "JPEG", progressive=True),
        "rgb.png": lambda: encode(rgb, "PNG", exif=oriented(3)),
        "rgba.png": lambda: encode(rgba, "PNG"),
        "la.png": lambda: encode(rgba.convert("LA"), "PNG"),
        "palette.png": lambda: encode(rgb.quantize(16), "PNG", transparency=3),
        "bits.png": lambda: encode(rgb.convert("1"), "PNG"),
        "wide.png": lambda: encode(wide, "PNG"),
        "animated.png": lambda: encode(rgb, "PNG", save_all=True, append_images=[other]),
        "rgb.webp": lambda: encode(rgb, "WEBP", exif=oriented(8)),
        "rgba.webp": lambda: encode(rgba, "WEBP", lossless=True, exact=True),
        "animated.webp": lambda: encode(rgb, "WEBP", save_all=True, append_images=[other]),
        "rgb.bmp": lambda: encode(rgb, "BMP"),
        "palette.bmp": lambda: encode(rgb.quantize(16), "BMP"),
        "raw.tif": lambda: encode(rgb, "TIFF", exif=oriented(5)),
        "lzw.tif": lambda: encode(rgb, "TIFF", compression="tiff_lzw"),
        "cmyk.tif": lambda: encode(rgb.convert("CMYK"), "TIFF"),
        "wide.tif": lambda: encode(wide, "TIFF"),
        "float.tif": lambda: encode(Image.fromarray(np.asarray(wide, np.float32) / 65535), "TIFF"),
        "pages.tif": lambda: encode(rgb, "TIFF", save_all=True, append_images=[other, other]),
    }
    return {name: make() for name, make in makers.items()}
