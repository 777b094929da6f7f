"""How much an archive may hold, and the count of how much it held so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lydite.core import ArchiveError, InvalidValue


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Caps on what an archive may unpack to.

    Args:
        max_entries: Entries of any kind, from 1.
        max_bytes: Bytes of all files together, from 1.
        max_ratio: How many times the archive's own size its files may have together, from 1.
        free_bytes: What may be unpacked whatever the ratio, from 0: a small archive of blank masks is honest.

    Raises:
        InvalidValue: If a cap is below that.
    """

    max_entries: int = 2_000_000
    max_bytes: int = 1 << 40
    max_ratio: int = 100
    free_bytes: int = 1 << 28

    def __post_init__(self) -> None:
        for name, least in (("max_entries", 1), ("max_bytes", 1), ("max_ratio", 1), ("free_bytes", 0)):
            if getattr(self, name) < least:
                raise InvalidValue(f"ArchiveLimits.{name}", f"{least} or more", getattr(self, name))


@dataclass(slots=True)
class Meter:
    """What was read of an archive so far; what a header claims is never believed.

    Args:
        archive: The archive.
        limits: Its caps.
        packed_bytes: Size of the archive's file.
    """

    archive: Path
    limits: ArchiveLimits
    packed_bytes: int
    entries: int = field(default=0, init=False)
    unpacked_bytes: int = field(default=0, init=False)

    def count_entry(self) -> None:
        """One more entry.

        Raises:
            ArchiveError: If these are too many.
        """
        self.entries += 1
        if self.entries > self.limits.max_entries:
            raise ArchiveError(
                self.archive, f"holds more than {self.limits.max_entries:,} entries", "Split it."
            )

    def count_bytes(self, size: int) -> None:
        """So many bytes more.

        Raises:
            ArchiveError: If these are too many, or too many for an archive of this size.
        """
        self.unpacked_bytes += size
        self.check_bytes(self.unpacked_bytes)

    def check_bytes(self, size: int) -> None:
        """Pass if files of this size together are allowed.

        Raises:
            ArchiveError: Otherwise.
        """
        limits = self.limits
        if size > limits.max_bytes:
            raise ArchiveError(
                self.archive,
                f"unpacks to more than {limits.max_bytes:,} bytes",
                "Split it, or unpack it yourself.",
                size,
            )
        if size > limits.free_bytes and size > limits.max_ratio * self.packed_bytes:
            raise ArchiveError(
                self.archive,
                f"unpacks to more than {limits.max_ratio} times its own size of {self.packed_bytes:,} bytes, "
                "as bombs do",
                "If you trust it, unpack it yourself.",
                size,
            )
