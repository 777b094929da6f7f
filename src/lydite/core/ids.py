"""Who is who: rows of the user's table, pictures by content, regions from birth to export."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

from lydite.core.errors import InvalidValue

_DIGEST_HEX = 64


@dataclass(frozen=True, order=True, slots=True)
class ItemId:
    """A row that labels, splits and submissions speak of: source and relative path.

    Two items may show the same picture. Text form is ``source:path``; the path uses ``/`` on
    every system and is Unicode-normalised (NFC), so that one name typed on two systems is one item.

    Args:
        source: Name of the source, without ``:``; not empty.
        path: Path relative to the source's root; not empty.

    Raises:
        InvalidValue: If a part is empty or the source holds a colon.
    """

    source: str
    path: str

    def __post_init__(self) -> None:
        if not self.source or ":" in self.source:
            raise InvalidValue("ItemId.source", "a name without ':'", self.source)
        path = self.path if _is_plain(self.path) else PurePath(self.path).as_posix() if self.path else ""
        if not path or path == ".":
            raise InvalidValue("ItemId.path", "a relative path", self.path)
        object.__setattr__(self, "path", unicodedata.normalize("NFC", path))

    def __str__(self) -> str:
        return f"{self.source}:{self.path}"

    @classmethod
    def parse(cls, text: str) -> ItemId:
        """The inverse of ``str``."""
        source, colon, path = text.partition(":")
        if not colon:
            raise InvalidValue("ItemId", "written as 'source:path'", text)
        return cls(source, path)


def _is_plain(path: str) -> bool:
    """Whether a path is as ``PurePath`` would write it; most are, and asking it costs ten times as much."""
    odd = "//" in path or "\\" in path or "/." in path or ":" in path
    return bool(path) and not odd and path[0] not in "/." and path[-1] != "/"


@dataclass(frozen=True, order=True, slots=True)
class ImageId:
    """A picture by the SHA-256 of its file's bytes: same bytes, same id, on any machine.

    Args:
        digest: 64 lower-case hexadecimal digits.

    Raises:
        InvalidValue: If the digest is anything else.
    """

    digest: str

    def __post_init__(self) -> None:
        if len(self.digest) != _DIGEST_HEX or set(self.digest) - set("0123456789abcdef"):
            raise InvalidValue("ImageId.digest", "64 lower-case hexadecimal digits", self.digest)

    def __str__(self) -> str:
        return self.digest

    @property
    def short(self) -> str:
        """The first 16 digits: enough for a file name."""
        return self.digest[:16]

    @classmethod
    def of_bytes(cls, data: bytes) -> ImageId:
        """The id of a file's bytes."""
        return cls(hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, order=True, slots=True)
class RegionId:
    """A box or mask from birth to export: never re-used, never re-numbered.

    Args:
        item: The item that the region was born in.
        number: Number within the item, from 0.

    Raises:
        InvalidValue: If the number is negative.
    """

    item: ItemId
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise InvalidValue("RegionId.number", "0 or more", self.number)

    def __str__(self) -> str:
        return f"{self.item}#{self.number}"

    @classmethod
    def parse(cls, text: str) -> RegionId:
        """The inverse of ``str``."""
        item, mark, number = text.rpartition("#")
        if not mark or not number.isdecimal():
            raise InvalidValue("RegionId", "written as 'source:path#number'", text)
        return cls(ItemId.parse(item), int(number))
