"""A version as a tree of folders in which every picture lies under its label."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from lydite.core import InputError, ItemId, OutputConflict, UsageError
from lydite.data.dataset.clone import Means, TakenError, clone_file, digest_file
from lydite.data.dataset.validate import Fault
from lydite.data.dataset.version import DatasetVersion
from lydite.data.files import TEMPORARY, os_errors_as_output_errors, safe_stem, write_atomic
from lydite.data.find import is_hidden
from lydite.data.names import printable

PAGE = "lydite-tree.json"
TABLE = "items.csv"
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$", re.IGNORECASE)
_NAME_BYTES = 200
_OWN = {PAGE, TABLE}
_BACKUP = re.compile(r"^items-[0-9a-f]{16}\.csv$")


class Tree(BaseModel):
    """What ``lydite-tree.json`` at the root of a tree says.

    Args:
        version: Id of the version.
        split: The only split that is in it; ``None`` if all are.
        complete: Whether every picture is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: str
    split: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one item.

    Args:
        item: The item.
        file: Its place in the tree, relative.
        fault: Why it is not there; empty if it is.
        new: Whether it was put there now and not earlier.
    """

    item: str
    file: str
    fault: str = ""
    new: bool = True


def plan_tree(version: DatasetVersion, split: str | None = None) -> pl.DataFrame:
    """Which item goes where: the table that a tree carries, without touching the disk.

    A picture goes to ``<split>/<label>/<name>``; what an item lacks of these is left out. Where two items
    would share a name, both get a part of the hash of their item behind it: the plan depends on the version
    only.

    Args:
        version: What is laid out.
        split: Only items of this split.

    Returns:
        One row an item: ``file``, ``item``, ``label``, ``group``, ``split``, ``image``.

    Raises:
        UsageError: If a label cannot be the name of a folder, or no item is of the split.
    """
    items = version.items_of(split=split)
    for name in items["label"].drop_nulls().unique():
        _require_folder_name(name)
    columns = items.select("item", "label", "split").rows()
    wanted = [_place(item, label, part, "") for item, label, part in columns]
    # Case and Unicode form do not tell files apart on every system.
    taken = Counter(_fold(file) for file in wanted)
    folders = {_fold(str(folder)) for file in wanted for folder in PurePosixPath(file).parents}
    files = [
        _place(item, label, part, item)
        if taken[_fold(file)] > 1 or _fold(file) in folders or _is_own(file)
        else file
        for file, (item, label, part) in zip(wanted, columns, strict=True)
    ]
    table = items.select("item", "label", "group", "split", "image")
    return table.insert_column(0, pl.Series("file", files, dtype=pl.String)).sort("file")


def materialise(
    version: DatasetVersion, out: Path, *, means: Means = Means.COPY, split: str | None = None
) -> Iterator[Placed]:
    """Lay a version out as a tree; goes on where an earlier, interrupted call ended.

    The originals are only read. A picture whose bytes are no longer those of the version is left out and
    named. ``items.csv`` says which file is which item, ``lydite-tree.json`` whose tree it is.

    Args:
        version: What is laid out.
        out: Folder that is new, empty, or holds a tree of the same version.
        means: Copies (blocks are shared where the file system can), or hard links.
        split: Only items of this split.

    Yields:
        One row an item, as its file is in place.

    Raises:
        UsageError: If a label cannot be the name of a folder.
        OutputConflict: If ``out`` holds something else, or a file that is not the item's stands in its place.
        OutputError: If something cannot be written.
    """
    plan = plan_tree(version, split)
    out = Path(out)
    _claim(out, Tree(version=version.id, split=split, complete=False))
    paths = dict(zip(version.items["item"], version.picture_paths(), strict=True))
    complete = True
    for file, item, image in plan.select("file", "item", "image").iter_rows():
        placed = _put(paths[item], out / file, Placed(item, file), image, means)
        complete &= not placed.fault
        yield placed
    if hasattr(os, "sync"):
        os.sync()  # once for all files; after a crash before this, the next call compares every digest
    write_atomic(out / TABLE, plan.write_csv())
    write_tree(out, Tree(version=version.id, split=split, complete=complete))


def count_bytes(version: DatasetVersion, split: str | None = None) -> int:
    """Bytes that copies of all pictures take where no blocks are shared; absent files count 0."""
    wanted = set(version.items_of(split=split)["item"])
    total = 0
    for item, path in zip(version.items["item"], version.picture_paths(), strict=True):
        if item in wanted:
            with suppress(OSError):
                total += path.stat().st_size
    return total


def check_tree(version: DatasetVersion, out: Path) -> list[Fault]:
    """Whether a tree and a version agree one to one: every item in its place, nothing else there.

    Raises:
        InputError: If ``out`` is no tree, or one of another version.
    """
    tree = read_tree(out)
    if tree is None or tree.version != version.id:
        seen = None if tree is None else tree.version[:16]
        raise InputError(f"{printable(out)} is no tree of version {version.info.short}.", "", seen)
    plan = plan_tree(version, tree.split)
    wanted = dict(plan.select("file", "image").iter_rows())
    there = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    foreign = sorted(name for name in set(there) - set(wanted) - _OWN if not _BACKUP.match(name))
    faults = [Fault("foreign", name, "belongs to no item") for name in foreign]
    if TABLE not in there or there[TABLE].read_text(encoding="utf-8") != plan.write_csv():
        faults.append(Fault("changed", TABLE, "is not the table of the version"))
    for file, item, image in plan.select("file", "item", "image").iter_rows():
        if file not in there:
            faults.append(Fault("missing", item, f"is not in the tree as {file}"))
        elif digest_file(there[file]) != image:
            faults.append(Fault("changed", item, f"is in the tree as {file} with other bytes"))
    return faults


def read_tree(out: Path) -> Tree | None:
    """What the page of a tree says; ``None`` if there is none that can be read."""
    try:
        return Tree.model_validate_json((Path(out) / PAGE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_tree(out: Path, tree: Tree) -> None:
    """Write the page of a tree."""
    write_atomic(out / PAGE, tree.model_dump_json() + "\n")


def backup_name(version: DatasetVersion) -> str:
    """Name of a version's table in the tree of a later one."""
    return f"items-{version.info.short}.csv"


def _claim(out: Path, wanted: Tree) -> None:
    if out.exists() and not out.is_dir():
        raise OutputConflict(f"Output {printable(out)} is a file.", "Name a folder with --out.")
    tree = read_tree(out)
    if tree is None and out.is_dir() and any(out.iterdir()):
        raise OutputConflict(f"{printable(out)} holds something else.", "Name a new folder with --out.")
    if tree is not None and (tree.version, tree.split) != (wanted.version, wanted.split):
        raise OutputConflict(
            f"{printable(out)} is the tree of another version or split.",
            "Name a new folder with --out.",
            f"version {tree.version[:16]}, split {tree.split}",
        )
    with os_errors_as_output_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        write_tree(out, wanted)
        for leftover in out.rglob(f"{TEMPORARY}*"):
            leftover.unlink()


def _put(source: Path, target: Path, placed: Placed, image: str | None, means: Means) -> Placed:
    if image is None:
        return Placed(placed.item, placed.file, "has no readable picture")
    with os_errors_as_output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not target.exists():
            if clone_file(source, target, image, means):
                return placed
            return Placed(placed.item, placed.file, f"shows {printable(source)}, whose bytes have changed")
        if digest_file(target) == image:
            return Placed(placed.item, placed.file, new=False)
    except TakenError:
        pass
    except OSError as error:
        return Placed(placed.item, placed.file, f"shows {printable(source)}: {error.strerror or error}")
    raise OutputConflict(
        f"{printable(target)} is in the way: it is not the picture of {placed.item}.",
        "It is kept; what was placed stays. Move it away and go on, or name another folder with --out.",
    )


def _place(item: str, label: str | None, split: str | None, told_apart_by: str) -> str:
    parsed = ItemId.parse(item)
    path = PurePosixPath(parsed.path)
    name = path.name
    if told_apart_by:
        mark = hashlib.sha256(item.encode()).hexdigest()[:12]
        name = f"{path.stem}-{mark}{path.suffix}"
    if len(name.encode()) > _NAME_BYTES or is_hidden(name) or _RESERVED.match(name):
        name = safe_stem(parsed) + path.suffix[:16]
    return "/".join(part for part in (split, label, name) if part)


def _require_folder_name(label: str) -> None:
    wrong = set(label) & set('/\\\0<>:"|?*') or any(ord(character) < 32 for character in label)
    if (
        wrong
        or label[-1] in ". "
        or is_hidden(label)
        or _RESERVED.match(label)
        or len(label.encode()) > _NAME_BYTES
    ):
        raise UsageError(
            "This label cannot be the name of a folder on every system.",
            "Give the class another name: lydite data rename-class.",
            label,
        )


def _is_own(file: str) -> bool:
    return _fold(file) in _OWN or bool(_BACKUP.match(_fold(file)))


def _fold(file: str) -> str:
    return unicodedata.normalize("NFC", file).casefold()
