"""Safe decoding: a file becomes RGB pixels, or an error that names the file, the fact and the remedy."""

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.core import ImageError, ImageId, InvalidValue
from lydite.data.colour import to_rgb
from lydite.data.names import printable
from lydite.data.opening import DECODER_ERRORS, Header, damaged, open_header
from lydite.data.quiet import quiet_decoders
from lydite.data.sniff import lying_name

_MIB = 1 << 20
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what shows the picture upright; 1 needs nothing."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a picture may cost; checked before the cost arises.

    Args:
        max_bytes: Bytes of the file, checked before it is read.
        max_pixels: Height times width, checked before pixels are decoded.

    Raises:
        InvalidValue: If a limit is not positive.
    """

    max_bytes: int = 256 * _MIB
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise InvalidValue("ImageLimits.max_bytes", "positive", self.max_bytes)
        if self.max_pixels < 1:
            raise InvalidValue("ImageLimits.max_pixels", "positive", self.max_pixels)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB as shown: orientation applied, transparency on white.
        image_id: Hash of the file's bytes.
        alpha: ``(height, width)`` bool, foreground where the opacity is 128 of 255 or more;
            ``None`` if every pixel is opaque.
        notes: What was done that a reader may want to know, for example ``"first of 12 frames"``.

    Raises:
        InvalidValue: If shapes or types are wrong.
    """

    pixels: npt.NDArray[np.uint8]
    image_id: ImageId
    alpha: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            seen = (self.pixels.dtype.name, self.pixels.shape)
            raise InvalidValue("Picture.pixels", "uint8 of shape (height, width, 3)", seen)
        if min(self.pixels.shape) < 1:
            raise InvalidValue("Picture.pixels", "at least 1x1", self.pixels.shape)
        object.__setattr__(self, "pixels", np.ascontiguousarray(self.pixels))
        if self.alpha is not None:
            if self.alpha.dtype != np.bool_ or self.alpha.shape != self.size_hw:
                seen = (self.alpha.dtype.name, self.alpha.shape)
                raise InvalidValue("Picture.alpha", f"bool of shape {self.size_hw}", seen)
            object.__setattr__(self, "alpha", np.ascontiguousarray(self.alpha))

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


def load_image(path: Path | str, limits: ImageLimits | None = None) -> Picture:
    """Read and decode a picture.

    Args:
        path: A regular file, or a link to one.
        limits: What it may cost; the defaults of ``ImageLimits`` if not given.

    Raises:
        ImageError: If it is missing, no regular file, unreadable, too large, damaged or no picture.
        MissingExtra: HEIC without the extra ``heif``.
    """
    return decode_image(read_picture_bytes(Path(path), limits or ImageLimits()), path, limits)


def decode_image(data: bytes, name: Path | str, limits: ImageLimits | None = None) -> Picture:
    """Decode a picture that is already in memory.

    JPEG, PNG, WebP, BMP, TIFF, and HEIC with the extra ``heif``; of several frames the first. Pixels
    come as shown: the EXIF orientation is applied. ``colour.to_rgb`` states what happens to
    transparency, 16 bits and other colour modes.

    Args:
        data: The bytes of the file.
        name: What errors call it; its suffix is compared with what the bytes say.
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
        try:
            pixels, alpha, notes = decode_header(header)
        except DECODER_ERRORS as error:
            raise damaged(shown, error) from error
    return Picture(pixels, ImageId.of_bytes(data), alpha, (*_notes(header, shown), *notes))


def peek_size(path: Path | str, limits: ImageLimits | None = None) -> tuple[int, int]:
    """Height and width of a picture as ``load_image`` would give it, without decoding its pixels.

    Raises:
        ImageError: As ``load_image``, except for damage behind the header.
        MissingExtra: HEIC without the extra ``heif``.
    """
    limits = limits or ImageLimits()
    data = read_picture_bytes(Path(path), limits)
    with quiet_decoders:
        return open_header(data, printable(path), limits.max_pixels).size_hw


def identify_image(path: Path | str, limits: ImageLimits | None = None) -> tuple[ImageId, tuple[int, int]]:
    """Hash of a picture's file, and height and width as shown, from one reading without decoding pixels.

    Raises:
        ImageError: As ``load_image``, except for damage behind the header.
        MissingExtra: HEIC without the extra ``heif``.
    """
    limits = limits or ImageLimits()
    data = read_picture_bytes(Path(path), limits)
    with quiet_decoders:
        size_hw = open_header(data, printable(path), limits.max_pixels).size_hw
    return ImageId.of_bytes(data), size_hw


def decode_header(
    header: Header,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_] | None, tuple[str, ...]]:
    """Pixels, opacity and notes of an opened picture, turned as it is shown; raises what decoders raise."""
    header.image.load()
    pixels, alpha, notes = to_rgb(header)
    if header.orientation in TURNS and header.format != "TIFF":  # a TIFF turns while it loads
        turn = TURNS[header.orientation]
        pixels = np.array(Image.fromarray(pixels).transpose(turn))
        if alpha is not None:
            alpha = np.array(Image.fromarray(alpha).transpose(turn))
    return pixels, alpha, notes


def _notes(header: Header, shown: str) -> tuple[str, ...]:
    notes = []
    if lying_name(shown, header.format):
        notes.append(f"a {header.format} in spite of its name")
    if header.frames > 1:
        notes.append(f"first of {header.frames} frames")
    if header.orientation > 1:
        notes.append("rotated by its EXIF orientation")
    return (*notes, *header.notes)


def read_picture_bytes(path: Path, limits: ImageLimits) -> bytes:
    """The bytes of a regular file that is not too large.

    Raises:
        ImageError: Otherwise.
    """
    shown = printable(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its writer
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
            raise ImageError(shown, f"is {kind}, not a file", "Give a picture file.")
        require_bytes(status.st_size, shown, limits)
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, shown, error) from error


def require_bytes(size: int, shown: str, limits: ImageLimits) -> None:
    """Raise ``ImageError`` if a file of a size is too large."""
    if size > limits.max_bytes:
        raise ImageError(
            shown,
            f"is larger than the allowed {limits.max_bytes:,} bytes",
            "Shrink it, or raise max_bytes.",
            f"{size:,} bytes",
        )


def _unreadable(path: Path, shown: str, error: OSError | ValueError) -> ImageError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT and path.is_symlink():
        return ImageError(
            shown, "is a link to nothing", "Mend or remove the link.", printable(path.readlink())
        )
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return ImageError(shown, "does not exist", "Check the name.")
    if number in {errno.EACCES, errno.EPERM}:
        return ImageError(shown, "may not be read", "Give yourself permission to read it.")
    if number == errno.ELOOP:
        return ImageError(shown, "is a link that leads back to itself", "Mend or remove the link.")
    return ImageError(shown, "cannot be read", "Check the name and the disk.", str(error))
