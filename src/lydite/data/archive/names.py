"""Which names of an archive's entries may become files, and where two of them meet."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_ODD = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"^[A-Za-z]:")
_LONGEST_PART = 255  # bytes of one name, the limit of nearly every file system
_LONGEST_PATH = 1024
_DEEPEST = 64


def name_fault(name: str) -> str:
    """Why an entry of this name must not be unpacked, as a clause; empty if it may.

    A backslash counts as a separator, since it is one on Windows.
    """
    path = name.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    sizes = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    faults = (
        (bool(_ODD.search(name)), "has a control character in its name"),
        (path.startswith("/") or bool(_DRIVE.match(path)), "has an absolute path"),
        (".." in parts, "leaves the folder"),
        (not parts, "has no name"),
        (":" in path, "has a colon in its name, which some systems take for a drive or a stream"),
        (max(sizes, default=0) > _LONGEST_PART, "has too long a path"),
        (sum(sizes) > _LONGEST_PATH or len(parts) > _DEEPEST, "has too long a path"),
    )
    return next((fault for is_so, fault in faults if is_so), "")


def clean_path(name: str) -> PurePosixPath:
    """The relative path of an entry that has no fault."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    return PurePosixPath(*parts)


@dataclass(slots=True)
class Taken:
    """The paths that were given out, as the least discerning file system would compare them."""

    _files: set[str] = field(default_factory=set)
    _folders: dict[str, str] = field(default_factory=dict)

    def fault(self, path: PurePosixPath, is_folder: bool) -> str:
        """Take a path; if it cannot be taken the clause that says why.

        Two names are one where only case or Unicode's composition tells them apart.
        """
        above = [*reversed(path.parents)][1:]
        for folder in (*above, path) if is_folder else above:
            key = _folded(folder)
            if key in self._files:
                return "is a file and a folder"
            if self._folders.setdefault(key, str(folder)) != str(folder):
                return "differs from an earlier folder by case or composition only"
        if is_folder:
            return ""
        key = _folded(path)
        if key in self._folders:
            return "is a file and a folder"
        if key in self._files:
            return "has the name of an earlier entry, or differs from it by case or composition only"
        self._files.add(key)
        return ""


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
