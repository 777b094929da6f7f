"""Files that are either the old ones or the new ones, never half of each; and names for them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from lydite.core import ItemId, OutputConflict, OutputError
from lydite.data.names import printable

_REMEDIES = {
    errno.ENOSPC: "Free some space, or write elsewhere.",
    errno.EDQUOT: "Free some space, or write elsewhere.",
    errno.EFBIG: "Write to a file system that takes larger files.",
    errno.EROFS: "Write to a place that is not read-only.",
    errno.EACCES: "Give yourself permission to write there, or write elsewhere.",
    errno.EPERM: "Give yourself permission to write there, or write elsewhere.",
    errno.ENAMETOOLONG: "Use a shorter name.",
    errno.ENOENT: "Create the folder first.",
    errno.ENOTDIR: "Part of the path is a file; choose another folder.",
    errno.EISDIR: "A folder has this name; choose another.",
}
TEMPORARY = ".lydite-"
"""How the names of files begin that are being written; a killed process leaves them behind."""
_LEFTOVER_AFTER_S = 3600.0
_STEM_PREFIX = 60
_SUFFIX_LIMIT = 16


def write_atomic(path: Path, data: bytes | str) -> None:
    """Replace a file's content in one step; text is written as UTF-8.

    Raises:
        OutputError: If it cannot be written; the old file is untouched.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path that becomes ``path`` when the block ends well.

    It lies in the same folder, has the same suffix, and is flushed to the disk before it is renamed.
    If the block raises, or the process dies, the old file is untouched; if the block raises, the
    temporary file is removed. A link at ``path`` is replaced, not followed.

    Raises:
        OutputError: If it cannot be written; also for what the block itself could not write there.
    """
    path = Path(path)
    suffix = path.suffix if len(path.suffix) <= _SUFFIX_LIMIT else ""
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(8)}{suffix}"
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        if error.filename not in (None, str(temporary), str(path.parent)):
            raise  # about another file, which the block read or wrote
        raise _unwritable(path, error) from error
    except BaseException:
        _remove(temporary)
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that becomes ``path`` when the block ends well, with everything in it on the disk.

    If the block raises, or the process dies, ``path`` is not there; if the block raises, the temporary
    folder is removed.

    Raises:
        OutputConflict: If ``path`` exists.
        OutputError: If it cannot be written; also for what the block itself could not write there.
    """
    path = Path(path)
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
    if os.path.lexists(path):
        raise OutputConflict(f"{printable(path)} exists.", "Name another.")
    try:
        with os_errors_as_output_errors(path):
            temporary.mkdir(parents=True)
            yield temporary
            for folder, _, names in os.walk(temporary, topdown=False):
                for name in names:
                    _flush(Path(folder, name))
                _flush_folder(Path(folder))
            temporary.rename(path)
            _flush_folder(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left half written, at any depth.

    What was touched within the hour stays: another process may be writing it.
    """
    latest = time.time() - _LEFTOVER_AFTER_S
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(TEMPORARY):
                with suppress(OSError):  # it may be gone, or be another's
                    if os.stat(path := os.path.join(place, name)).st_mtime < latest:  # noqa: PTH116, PTH118
                        os.unlink(path)  # noqa: PTH108


def new_folder(path: Path) -> Path:
    """A folder that is new or empty, made if it is not there.

    Raises:
        OutputConflict: If it holds anything, or is a file.
        OutputError: If it cannot be made.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OutputConflict(f"{printable(path)} is no new or empty folder.", "Name another.")
    with os_errors_as_output_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def write_once(path: Path, data: bytes | str, owner: str) -> None:
    """Write a file that nothing has written before, making its folder.

    Args:
        path: The file, below a folder that ``new_folder`` gave.
        data: Its content; text is written as UTF-8.
        owner: The picture that it is about.

    Raises:
        OutputError: If it exists, since two pictures then share a name, or if it cannot be written.
    """
    with os_errors_as_output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
        except FileExistsError:
            raise OutputError(
                f"Two pictures would share the file {printable(path.name)}: this format names a file after "
                "its picture without the suffix.",
                "Rename one picture, or export as coco.",
                owner,
            ) from None


@contextmanager
def os_errors_as_output_errors(path: Path) -> Iterator[None]:
    """Turn what the system says while ``path`` is being made into an error with a remedy.

    Raises:
        OutputError: For any ``OSError`` of the block.
    """
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error


def safe_stem(item: ItemId) -> str:
    """A file name without suffix for an item: readable, unique, ASCII, at most 80 characters.

    The end of the item's path, then 8 hexadecimal digits of the hash of the whole item.
    """
    digest = hashlib.sha256(str(item).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    bare = str(PurePosixPath(item.path).with_suffix(""))
    ascii_text = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_text)[-_STEM_PREFIX:].strip("_-")
    return f"{readable}-{digest}" if readable else digest


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # the error that led here says more than this one would


def _unwritable(path: Path, error: OSError) -> OutputError:
    remedy = _REMEDIES.get(error.errno or 0, "Check the disk.")
    return OutputError(f"File {printable(path)} cannot be written: {error.strerror or error}.", remedy)
