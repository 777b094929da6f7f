"""Opens a picture's header: size, orientation and frames, before any pixel is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from lydite.core import ImageError, MissingExtra
from lydite.data.sniff import FORMATS_TEXT, HEAD_BYTES, describe_foreign, sniff_format

DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Everything that a decoder was seen to raise on damaged bytes."""

# The classes of the formats are called directly: ``Image.open`` would apply its own process-wide cap
# on pixels and try formats that are not in the list.
_OPENERS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
}
_PNG_ORIENTATION_MARKS = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")


@dataclass(frozen=True, slots=True)
class Header:
    """An opened picture whose pixels are still encoded.

    Args:
        format: A key of ``sniff.SUFFIXES``.
        image: The opened file; ``image.load()`` decodes.
        orientation: EXIF orientation 1..8 that is still to be applied.
        frames: Pictures in the file.
        bits: Bits per sample as stored.
        notes: What was odd so far.
    """

    format: str
    image: Image.Image
    orientation: int
    frames: int
    bits: int
    notes: tuple[str, ...]

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width as shown, the orientation applied."""
        width, height = self.image.size
        # Pillow's TIFF reader states the size as shown, and turns the pixels itself.
        turned = self.orientation >= 5 and self.format != "TIFF"
        return (width, height) if turned else (height, width)


def open_header(data: bytes, name: str, max_pixels: int) -> Header:
    """Open the header of an encoded picture.

    Raises:
        ImageError: No format in the list, a damaged header, or more than ``max_pixels`` pixels.
        MissingExtra: HEIC without the extra.
    """
    found = _require_format(data, name)
    if found == "WebP":  # its reader allocates the canvas on opening
        _require_pixels(_webp_size_hw(data), name, max_pixels)
    image = _open(found, data, name)
    _require_pixels((image.height, image.width), name, max_pixels)
    orientation, notes = _read_orientation(found, image, data)
    return Header(
        found, image, orientation, _count_frames(found, image, data), _bits(found, image, data), notes
    )


def damaged(name: str, error: BaseException) -> ImageError:
    """The error for bytes that a decoder gave up on."""
    return ImageError(
        name, "is damaged or cut short", "Fetch or export it again.", f"{type(error).__name__}: {error}"
    )


def _require_format(data: bytes, name: str) -> str:
    remedy = f"Use one of {FORMATS_TEXT}."
    if not data:
        raise ImageError(name, "is empty", "Fetch or export it again.", "0 bytes")
    found = sniff_format(data[:HEAD_BYTES])
    if found is None:
        foreign = describe_foreign(data[:HEAD_BYTES])
        if foreign:
            raise ImageError(name, f"is {foreign}, which is not supported", remedy, data[:16])
        raise ImageError(name, "is of no known picture format", remedy, data[:16])
    return found


def _require_pixels(size_hw: tuple[int, int], name: str, max_pixels: int) -> None:
    height, width = size_hw
    if height < 1 or width < 1:
        raise ImageError(name, "has no pixels", "Fetch or export it again.", f"{width}x{height}")
    if height * width > max_pixels:
        raise ImageError(
            name,
            f"has more than the allowed {max_pixels:,} pixels",
            "Shrink it, or raise max_pixels.",
            f"{width}x{height} = {height * width:,} pixels",
        )


def _open(found: str, data: bytes, name: str) -> Image.Image:
    try:
        return _open_heic(data, name) if found == "HEIC" else _OPENERS[found](io.BytesIO(data))
    except DECODER_ERRORS as error:
        raise damaged(name, error) from error


def _open_heic(data: bytes, name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise MissingExtra(f"Picture {name} is a HEIC and", "heif") from None
    image: Image.Image = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return image


def _read_orientation(found: str, image: Image.Image, data: bytes) -> tuple[int, tuple[str, ...]]:
    """EXIF orientation, 1 where there is none or the reader has turned the picture itself."""
    if found == "HEIC" or (found == "PNG" and not any(mark in data for mark in _PNG_ORIENTATION_MARKS)):
        return 1, ()  # asking a PNG for its EXIF decodes it, so only where there is some
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_ERRORS:
        return 1, ("its EXIF data is unreadable",)
    return (value, ()) if isinstance(value, int) and 1 <= value <= 8 else (1, ())


def _count_frames(found: str, image: Image.Image, data: bytes) -> int:
    """Pictures in the file; counted on a second reader, since counting moves a TIFF's position."""
    try:
        if found == "TIFF":
            with TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as second:
                return int(second.n_frames)
        return int(image.n_frames) if found in {"PNG", "WebP", "HEIC"} else 1  # type: ignore[attr-defined]
    except DECODER_ERRORS:
        return 1


def _bits(found: str, image: Image.Image, data: bytes) -> int:
    if found == "PNG":
        return data[24]
    if isinstance(image, TiffImageFile):
        bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    return 8


def _webp_size_hw(data: bytes) -> tuple[int, int]:
    """Canvas size from the three kinds of first chunk (RFC 9649); a header cut short counts as 1x1."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return 1, 1
    if kind == b"VP8X":
        width = int.from_bytes(body[4:7], "little") + 1
        return int.from_bytes(body[7:10], "little") + 1, width
    if kind == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        return (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1
    width = int.from_bytes(body[6:8], "little") & 0x3FFF
    return int.from_bytes(body[8:10], "little") & 0x3FFF, width
