"""An archive as a folder: unpacked once into the workspace, by the digest of its bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from lydite.core import AnnotationError, ArchiveError
from lydite.data.archive import unpack
from lydite.data.files import TEMPORARY, atomic_folder, os_errors_as_output_errors, write_once
from lydite.data.find import has_image_suffix, is_hidden
from lydite.data.locking import lock_file
from lydite.data.names import printable
from lydite.data.watch import Watch, unwatched

_FILES, _REFUSED = "files", "refused.json"
_DIGEST_SHOWN = 12


def unpack_once(
    archive: Path, workspace: Path, watch: Watch = unwatched
) -> tuple[Path, tuple[AnnotationError, ...]]:
    """The folder of an archive's files, and what was left out.

    It lies in ``<workspace>/unpacked/<name>-<digest>/`` and is made again only if the archive has
    changed. What a killed process left behind is removed.

    Raises:
        ArchiveError: If it must not be unpacked.
        OutputError: If the workspace cannot be written.
    """
    base = workspace / "unpacked"
    name = archive.name.partition(".")[0] or "archive"
    with os_errors_as_output_errors(base):
        base.mkdir(parents=True, exist_ok=True)
    with lock_file(base / ".lock"):
        for left in base.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = base / f"{name}-{_digest(archive)[:_DIGEST_SHOWN]}"
        if not folder.is_dir():
            with atomic_folder(folder) as temporary:
                found = unpack(archive, temporary / _FILES, watch=watch)
                told = [(one.reason, one.seen, one.remedy) for one in found.refused]
                write_once(temporary / _REFUSED, json.dumps(told), str(archive))
    told = json.loads((folder / _REFUSED).read_text(encoding="utf-8"))
    shown = printable(archive)
    refused = tuple(
        AnnotationError(shown, 0, "an entry", reason, seen, remedy) for reason, seen, remedy in told
    )
    return _without_wrapper(folder / _FILES), refused


def _digest(archive: Path) -> str:
    try:
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArchiveError(
            printable(archive), f"cannot be read: {error.strerror or error}", "Check the name."
        ) from error


def _without_wrapper(folder: Path) -> Path:
    """The innermost folder that holds everything; but a lone folder of pictures may be a class."""
    while True:
        entries = [entry for entry in folder.iterdir() if not is_hidden(entry.name)]
        if len(entries) != 1 or not entries[0].is_dir():
            return folder
        if any(has_image_suffix(entry.name) for entry in entries[0].iterdir()):
            return folder
        folder = entries[0]
