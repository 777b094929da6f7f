"""What a file is, by its first bytes; its name is only a claim."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
        "PNG": (".png", ".apng"),
        "WebP": (".webp",),
        "BMP": (".bmp", ".dib"),
        "TIFF": (".tif", ".tiff"),
        "HEIC": (".heic", ".heif", ".hif"),
    }
)
"""The formats that are read, each with the suffixes under which it is looked for."""

FORMATS_TEXT = "JPEG, PNG, WebP, BMP, TIFF, and HEIC with the extra 'heif'"

HEAD_BYTES = 32
"""How much of a file decides."""

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_HEIC_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_FOREIGN = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"<svg", "an SVG"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def sniff_format(head: bytes) -> str | None:
    """The format that a file's first ``HEAD_BYTES`` bytes announce: a key of ``SUFFIXES``, or none."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if _brand(head) in _HEIC_BRANDS and b"avif" not in head[16:]:
        return "HEIC"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def describe_foreign(head: bytes) -> str:
    """What a file of no supported format seems to be, with its article; empty if that is unknown."""
    if _brand(head) in (b"avif", b"avis") or (_brand(head) == b"mif1" and b"avif" in head):
        return "an AVIF"
    known = next((name for magic, name in _FOREIGN if head.startswith(magic)), "")
    return known or ("text" if _is_text(head) else "")


def lying_name(name: str, found: str) -> bool:
    """Whether a file's suffix is that of another supported format than the one found in it."""
    suffix = PurePath(name).suffix.lower()
    return any(suffix in suffixes for suffixes in SUFFIXES.values()) and suffix not in SUFFIXES[found]


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _is_text(head: bytes) -> bool:
    return bool(head) and all(byte >= 32 or byte in b"\t\n\r" for byte in head) and head.isascii()
