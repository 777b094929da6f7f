"""A second copy of a file's bytes, under a name that was free."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
from enum import StrEnum
from pathlib import Path
from typing import IO

from lydite.data.files import TEMPORARY, os_errors_as_output_errors

_CHUNK = 1 << 20
_FICLONE = 0x40049409
"""Linux: share the blocks of a file until one of the two is written to (btrfs, XFS, bcachefs)."""
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}


class Means(StrEnum):
    """How a file gets a second name."""

    COPY = "copy"
    """Bytes of its own; shared blocks where the file system can, which nobody notices."""
    HARDLINK = "hardlink"
    """The same file under a second name: an edit of one is an edit of both."""


class TakenError(Exception):
    """The name is taken by something else."""


def digest_file(path: Path) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clone_file(source: Path, target: Path, digest: str, means: Means) -> bool:
    """Give a file's bytes a second place, if they are the expected ones; never in the place of another file.

    Args:
        source: The file.
        target: Where it goes; its folder exists.
        digest: SHA-256 (hex) that its bytes must have.
        means: Copy or hard link.

    Returns:
        Whether the bytes were the expected ones; if not, nothing was made. The file may not be on the disk
        yet: who needs that flushes once for many.

    Raises:
        TakenError: If there is something at ``target`` already.
        OSError: If ``source`` cannot be read.
        OutputError: If ``target`` cannot be written.
    """
    if means is Means.HARDLINK:
        if digest_file(source) != digest:
            return False
        with os_errors_as_output_errors(target):
            _link(source, target)
        return True
    temporary = target.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
    with source.open("rb") as opened, os_errors_as_output_errors(target):
        try:
            with temporary.open("xb") as made:
                found = _copy(opened, made)
            if found != digest:
                return False
            _name(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return True


def _copy(source: IO[bytes], made: IO[bytes]) -> str:
    """Copy a file, by shared blocks if that works; the digest (hex) of what was read."""
    digest = hashlib.sha256()
    shared = _share_blocks(source.fileno(), made.fileno())
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        if not shared:
            made.write(chunk)
    return digest.hexdigest()


def _share_blocks(source: int, made: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    try:
        fcntl.ioctl(made, _FICLONE, source)
    except OSError:
        return False
    return True


def _name(temporary: Path, target: Path) -> None:
    """Give a finished file its name if the name is free; a link refuses what a rename would replace."""
    try:
        _link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise TakenError(target) from None
        temporary.rename(target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise TakenError(target) from None
