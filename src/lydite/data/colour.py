"""Every colour mode that a decoder may hand over, as 8-bit RGB on white and a foreground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import TiffImageFile

from lydite.data.opening import Header

Pixels = npt.NDArray[np.uint8]
Foreground = npt.NDArray[np.bool_]

_WIDE_MODES = frozenset(("I", "F", "I;16", "I;16L", "I;16B", "I;16N"))
_ALPHA_MODES = frozenset(("LA", "La", "PA", "RGBA", "RGBa"))
_FOREGROUND_FROM = 128


def to_rgb(header: Header) -> tuple[Pixels, Foreground | None, tuple[str, ...]]:
    """Decoded pixels as RGB.

    Transparent pixels are laid on white. 16-bit samples keep their high byte, which maps 65535 to
    255 and undoes the usual widening ``v * 257`` exactly; 12-bit ones their high 8 bits. Wider
    integers and floats are taken as they are up to 255, scaled from [0, 1] (floats) or [0, 65535]
    where all values lie there, and otherwise stretched from their own least to their own greatest.
    Colour profiles are not applied.

    Returns:
        ``(h, w, 3)`` uint8, ``(h, w)`` foreground or ``None`` if every pixel is opaque, and notes.
    """
    image = header.image
    if image.mode in _WIDE_MODES:
        grey, note = _narrow(header)
        alpha = _wide_transparency(image)
        rgb = np.repeat(grey[:, :, None], 3, axis=2)
        if alpha is not None:
            rgb[~alpha] = 255
        return rgb, alpha, (note,)
    notes = ("16-bit scaled to 8",) if header.bits == 16 else ()
    if image.mode == "CMYK":
        notes = (*notes, "CMYK converted")
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return (*_on_white(_to_rgba(header)), notes)
    return np.array(image.convert("RGB")), None, notes


def _to_rgba(header: Header) -> Image.Image:
    image = header.image
    if image.mode in {"La", "RGBa"}:
        return image.convert(image.mode.upper()).convert("RGBA")
    transparent = image.info.get("transparency")
    if header.bits == 16 and isinstance(transparent, tuple):
        # The colour is stated in 16 bits, the decoder kept the high byte.
        image.info["transparency"] = tuple(int(value) >> 8 for value in transparent)
    return image.convert("RGBA")


def _on_white(image: Image.Image) -> tuple[Pixels, Foreground | None]:
    alpha = np.array(image.getchannel("A"))
    if (alpha == 255).all():
        return np.array(image.convert("RGB")), None
    white = Image.new("RGBA", image.size, "white")
    return np.array(Image.alpha_composite(white, image).convert("RGB")), alpha >= _FOREGROUND_FROM


def _wide_transparency(image: Image.Image) -> Foreground | None:
    """Foreground of a 16-bit grey picture that names one grey as transparent."""
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return None
    foreground: Foreground = np.asarray(image) != transparent
    return None if foreground.all() else foreground


def _narrow(header: Header) -> tuple[Pixels, str]:
    values = np.asarray(header.image)
    if header.image.mode.startswith("I;16"):
        bits = header.bits if 8 < header.bits < 16 else 16
        grey = (values >> (bits - 8)).clip(0, 255).astype(np.uint8)
        return (255 - grey if _white_is_zero(header.image) else grey), f"{bits}-bit scaled to 8"
    return _stretch(values.astype(np.float64))


def _stretch(values: npt.NDArray[np.float64]) -> tuple[Pixels, str]:
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8), "holds no finite value"
    low, high = float(values[finite].min()), float(values[finite].max())
    if low < 0 or high > 65535:
        start, scale, note = (
            low,
            255 / (high - low) if high > low else 0.0,
            "stretched from its own range to 8 bits",
        )
    elif high <= 1:
        start, scale, note = 0.0, 255.0, "scaled from [0, 1] to 8 bits"
    elif high <= 255:
        start, scale, note = 0.0, 1.0, "rounded to 8 bits"
    else:
        start, scale, note = 0.0, 255 / 65535, "scaled from [0, 65535] to 8 bits"
    filled = np.where(finite, values, low)
    return np.rint((filled - start) * scale).clip(0, 255).astype(np.uint8), note


def _white_is_zero(image: Image.Image) -> bool:
    """A 16-bit TIFF that counts from white; the decoder turns only 8-bit ones round itself."""
    if not isinstance(image, TiffImageFile):
        return False
    return image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
