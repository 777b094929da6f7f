"""From an archive to a folder: whole or not at all, and a list of what was left out."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lydite.core import AnnotationError, ArchiveError, OutputError
from lydite.data.archive.limits import ArchiveLimits, Meter
from lydite.data.archive.names import Taken, clean_path, name_fault
from lydite.data.archive.readers import DAMAGE, Entry, Reader, open_archive
from lydite.data.files import atomic_folder
from lydite.data.find import is_hidden
from lydite.data.names import printable
from lydite.data.watch import Watch, unwatched

_REMEDY = "Pack it again, with plain files and relative names."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What became of an archive.

    Args:
        folder: Where its files lie.
        files: How many there are.
        refused: One for each entry that was left out: links, devices, encrypted files, names that meet.
    """

    folder: Path
    files: int
    refused: tuple[AnnotationError, ...]


def unpack(
    archive: Path,
    into: Path,
    limits: ArchiveLimits | None = None,
    watch: Watch = unwatched,
) -> Unpacked:
    """Unpack a zip or tar (plain, gzip, bzip2, xz) into a new folder.

    The folder appears when everything is unpacked and on the disk; a kill or an error leaves none. Files of
    the system (``__MACOSX``, ``.DS_Store``) are passed over. Nothing gets the right to be run.

    Args:
        archive: The file.
        into: A folder that does not exist; its parent is made.
        limits: Caps; those of ``ArchiveLimits`` if not given.
        watch: Shows progress over the entries.

    Raises:
        ArchiveError: If it is no archive or damaged, goes beyond a cap, or an entry has an absolute path,
            leaves the folder, or bears a name that no file may have: then nothing of it is trusted.
        OutputConflict: If the folder exists.
        OutputError: If the folder cannot be written, or the disk has too little room.
    """
    shown = printable(archive)
    try:
        meter = Meter(Path(shown), limits or ArchiveLimits(), archive.stat().st_size)
        reading = archive.open("rb")
    except OSError as error:
        raise ArchiveError(shown, f"cannot be read: {error.strerror or error}", "Check the name.") from error
    reading.close()
    with atomic_folder(into) as folder:
        _check_room(folder, meter)
        work = _Unpacking(folder, meter, Taken(), [])
        try:
            with open_archive(archive, meter) as reader:
                for entry in watch(reader.entries(), reader.total, "unpacking"):
                    work.take(entry, reader)
        except NotImplementedError as error:
            raise ArchiveError(shown, f"is packed in an unknown way: {error}", "Pack it as zip.") from error
        except RuntimeError as error:  # zipfile's word for a wrong or missing password
            raise ArchiveError(shown, f"cannot be unpacked: {error}", _REMEDY) from error
        except DAMAGE as error:
            raise _damaged(shown, error) from error
        except OSError as error:
            if error.errno is None:  # what the module bz2 raises for bad data
                raise _damaged(shown, error) from error
            raise
    return Unpacked(into, work.files, tuple(work.refused))


@dataclass(slots=True)
class _Unpacking:
    folder: Path
    meter: Meter
    taken: Taken
    refused: list[AnnotationError]
    files: int = 0

    def take(self, entry: Entry, reader: Reader) -> None:
        fault = name_fault(entry.name)
        if fault:
            raise ArchiveError(
                self.meter.archive, f"holds an entry that {fault}", _REMEDY, printable(entry.name)
            )
        path = clean_path(entry.name)
        if any(is_hidden(part) for part in path.parts):
            return
        fault = entry.fault or self.taken.fault(path, entry.is_folder)
        if fault:
            self.refused.append(
                AnnotationError(str(self.meter.archive), 0, "an entry", fault, printable(path), _REMEDY)
            )
            return
        target = self.folder / path
        (target if entry.is_folder else target.parent).mkdir(parents=True, exist_ok=True)
        if not entry.is_folder:
            with target.open("xb") as file:
                file.writelines(reader.pieces(entry))
            self.files += 1


def _damaged(shown: str, error: Exception) -> ArchiveError:
    return ArchiveError(shown, f"is damaged or no archive: {error}", "Copy or download it again.")


def _check_room(folder: Path, meter: Meter) -> None:
    """The archive's own size is the least that it unpacks to, but for texts that packed well."""
    free = shutil.disk_usage(folder).free
    if free < meter.packed_bytes:
        raise OutputError(
            f"Unpacking {os.fspath(meter.archive)} needs {meter.packed_bytes:,} bytes or more.",
            "Free some space, or unpack elsewhere.",
            f"{free:,} bytes free",
        )
