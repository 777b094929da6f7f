"""Which format an annotation file or folder is in, by what it holds."""

from __future__ import annotations

from pathlib import Path

from lydite.core import UsageError
from lydite.data.find import is_hidden
from lydite.data.names import printable

_HEAD_BYTES = 4096


_BESIDE = frozenset({"provenance.json"})
"""Files that exports of Lydite carry beside annotations."""


def locate_annotations(path: Path) -> tuple[str, Path]:
    """The format of a file or folder, and what its reader takes.

    A file is told by how it begins. A folder is Pascal VOC's or YOLO's, or holds the one file that is meant.

    Args:
        path: File or folder.

    Returns:
        A name in ``FORMATS``, and ``path`` itself or the one file in it.

    Raises:
        UsageError: If there is no such file or folder, nothing says what it is, or several files could be
            meant.
    """
    if not path.exists():
        raise UsageError(f"There is no file or folder {printable(path)}.", "Check the name.")
    if path.is_file():
        name, chosen = _of_file(path), path
    else:
        name, chosen = _in_folder(path)
    if not name:
        raise UsageError(
            f"Nothing says in which format {printable(path)} is.",
            "Name the format, for example: --format coco",
        )
    return name, chosen


def _in_folder(folder: Path) -> tuple[str, Path]:
    files = _files(folder) or _files(folder / "annotations")
    told = {file: _of_file(file) for file in files}
    single = [file for file, name in told.items() if name not in {"", "voc"}]
    if len(single) > 1:
        raise UsageError(
            f"Folder {printable(folder)} holds several files of annotations.",
            "Name the one that is meant.",
            [file.name for file in single[:3]],
        )
    if single:
        return told[single[0]], single[0]
    if any(folder.rglob("*.xml")):
        return "voc", folder
    labels = folder / "labels"  # YOLO's own layout: the texts beside the pictures, not above them
    texts = labels if labels.is_dir() else folder
    return ("yolo" if any(texts.rglob("*.txt")) else ""), texts


def _files(folder: Path) -> list[Path]:
    """Files that may hold all annotations of a folder; COCO has them in one of its own."""
    return sorted(
        entry
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if entry.suffix.lower() in {".xml", ".json"}
        and entry.is_file()
        and entry.name not in _BESIDE
        and not is_hidden(entry.name)
    )


def _of_file(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return "coco"
    if head.startswith(b"["):
        return "label-studio"
    if head.startswith(b"<"):
        if b"<annotations" in head:
            return "cvat-video" if _holds_tracks(file) else "cvat"
        return "voc" if b"<annotation" in head else ""
    return ""


def _holds_tracks(file: Path) -> bool:
    """Whether CVAT's file is of a video: the first thing behind its head is a track."""
    with file.open("rb") as opened:
        before = b""
        while piece := opened.read(_HEAD_BYTES):
            seen = before + piece
            track, image = seen.find(b"<track "), seen.find(b"<image ")
            if track >= 0 or image >= 0:
                return image < 0 or 0 <= track < image
            before = seen[-len(b"<track ") :]
    return False
