"""Pictures in folders whose names say something: the split, the class, the group."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath

import polars as pl

from lydite.core import UsageError
from lydite.data.dataset.intake import Intake
from lydite.data.dataset.schema import ITEMS, item_fault
from lydite.data.find import ImageFile, find_images, is_hidden
from lydite.data.names import printable

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Folder names that are taken for splits, in lower case, and the split that they name."""

PARTS = ("split", "label", "group", "*")


def read_folders(path: Path, source: str, layout: str | None = None) -> Intake:
    """Pictures below a folder; the names of the folders on the way say what they are.

    Args:
        path: The folder; its pictures are found to any depth.
        source: Name of the source.
        layout: What each level of folders names, joined by ``/``: ``split``, ``label``, ``group``, ``*``
            (nothing). ``split/*/label/group`` reads ``train/Fruit/Apple/Gala/1.jpg``. Deeper levels mean
            nothing. If not given: ``label``, or ``split/label`` where the top folders are named as splits.
            A picture that lies too high for a group has its innermost named folder for one.

    Returns:
        Items with relative paths; pictures are not opened.

    Raises:
        UsageError: If the folder does not exist, holds no picture, or the layout is none.
    """
    root = Path(path).absolute()
    if root.is_file():
        raise UsageError(f"{printable(path)} is a file, not a folder of pictures.", "Name its folder.")
    files = find_images([root], source)
    parts, guessed = _parts(files, layout)
    items: dict[str, list[str | None]] = {name: [] for name in ("item", "path", "label", "group", "split")}
    report: list[dict[str, object]] = []
    counted: Counter[str] = Counter()
    for file in files:
        folders = PurePosixPath(file.item.path).parts[:-1]
        fault = _path_fault(file.path) or item_fault(str(file.item))
        said, defaulted = _read(folders, parts)
        label = said.get("label")
        if label is not None and not label.strip():
            fault = "below a folder whose name is more than white space"
        if fault:
            remedy = "Rename it."
            what = f"picture {file.item.path}: its name must be {fault}"
            report.append({"file": printable(file.path), "kind": "refused", "what": what, "remedy": remedy})
            continue
        counted.update(defaulted)
        relative = file.path.relative_to(root).as_posix()
        row = {"item": str(file.item), "path": relative, **said}
        for name, column in items.items():
            column.append(row.get(name))
    notes = [*guessed, *(f"{count} items: {what}" for what, count in sorted(counted.items()))]
    notes += (
        f"folder {printable(name)} holds no picture, so it names no class"
        for name in _bare(root, files, parts)
    )
    shown = printable(path)
    report += ({"file": shown, "kind": "defaulted", "what": note, "remedy": ""} for note in notes)
    report.append({"file": shown, "kind": "taken", "what": f"{len(items['item'])} items", "remedy": ""})
    return Intake.of(
        pl.DataFrame(items, schema={name: ITEMS[name] for name in items}), (), None, {source: root}, report
    )


def _parts(files: tuple[ImageFile, ...], layout: str | None) -> tuple[tuple[str, ...], list[str]]:
    if layout is not None:
        parts = tuple(part.strip() for part in layout.strip("/").split("/"))
        named = [part for part in parts if part != "*"]
        if set(parts) - set(PARTS) or len(set(named)) != len(named):
            raise UsageError(
                "A layout is made of split, label, group (each at most once) and *, joined by '/'.",
                "For example: --layout split/label",
                layout,
            )
        return parts, []
    tops = {parts[0] for file in files if len(parts := PurePosixPath(file.item.path).parts) > 1}
    if tops and all(top.lower() in SPLITS for top in tops):
        return ("split", "label"), [f"layout split/label, since the folders at the top are {sorted(tops)}"]
    return ("label",), []


def _read(folders: tuple[str, ...], parts: tuple[str, ...]) -> tuple[dict[str, str | None], list[str]]:
    said: dict[str, str | None] = {}
    defaulted = []
    for part, folder in zip(parts, folders, strict=False):
        if part == "split":
            said[part] = SPLITS.get(folder.lower(), folder)
            if said[part] != folder:
                defaulted.append(f"folder {folder} is the split {said[part]}")
        elif part != "*":
            said[part] = folder
    if "group" in parts and "group" not in said and said.get("label"):
        said["group"] = said["label"]
        defaulted.append("no folder for a group, so their label is their group")
    return said, defaulted


def _bare(root: Path, files: tuple[ImageFile, ...], parts: tuple[str, ...]) -> list[str]:
    """Folders where a class is expected, without a picture below."""
    if "label" not in parts:
        return []
    depth = parts.index("label") + 1
    filled = {PurePosixPath(*PurePosixPath(file.item.path).parts[:depth]).as_posix() for file in files}
    level = [root]
    for _ in range(depth):
        level = [inner for folder in level for inner in _folders(folder)]
    return [name for one in level if (name := one.relative_to(root).as_posix()) not in filled]


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder that a person means, in order; none where it cannot be read."""
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and not is_hidden(one.name))
    except OSError:
        return []


def _path_fault(path: Path) -> str:
    return "" if printable(path) == str(path) else "valid UTF-8"
