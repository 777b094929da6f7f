"""Which format an annotation file or folder is in, by what it holds."""

from __future__ import annotations

from pathlib import Path

from lydite.core import UsageError
from lydite.data.find import is_hidden
from lydite.data.names import printable

_HEAD_BYTES = 4096


def guess_format(path: Path) -> str:
    """The name of a format: ``coco``, ``voc``, ``yolo``, ``cvat`` or ``labelstudio``.

    A folder is told by the files in it, a file by how it begins.

    Raises:
        UsageError: If there is no such file or folder, or nothing says what it is.
    """
    if path.is_dir():
        found = _of_folder(path)
    elif path.is_file():
        found = _of_file(path)
    else:
        raise UsageError(f"There is no file or folder {printable(path)}.", "Check the name.")
    if not found:
        raise UsageError(
            f"Nothing says in which format {printable(path)} is.",
            "Name the format, for example: --format coco",
        )
    return found


def _of_folder(folder: Path) -> str:
    names = [entry.name.lower() for entry in folder.iterdir() if not is_hidden(entry.name)]
    if any(name.endswith(".xml") for name in names):
        return "voc"
    return "yolo" if any(folder.rglob("*.txt")) else ""


def _of_file(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return "coco"
    if head.startswith(b"["):
        return "labelstudio"
    if head.startswith(b"<"):
        return "cvat" if b"<annotations" in head else "voc" if b"<annotation" in head else ""
    return ""
