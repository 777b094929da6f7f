"""From what people have, folders of pictures or annotations in any format that is read, to an intake."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import polars as pl

from lydite.core import UnknownName, UsageError
from lydite.data.annotations import AnnotationSet
from lydite.data.dataset.annotated import from_annotations
from lydite.data.dataset.folders import SPLITS, read_folders
from lydite.data.dataset.intake import Intake
from lydite.data.dataset.materialise import PAGE as TREE_PAGE
from lydite.data.formats import FORMATS, get_format, read_split
from lydite.data.guess import locate_annotations
from lydite.data.names import printable
from lydite.data.watch import Watch, unwatched

FOLDERS = "folders"
"""The name, among those of the formats, of plain folders of pictures."""

ByPath = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How something is to be read; what is not given is found out, and the report says so.

    Args:
        source: Name of the source.
        format: ``folders`` or a name in ``FORMATS``.
        images: Folder of the pictures that annotations speak of.
        layout: What each level of folders names, see ``read_folders``.
        split: Split of every item.
        group_pattern: Regular expression with one group, searched in the path: the item's group.
        exhaustive: Whether every thing in annotated pictures has its region.
        accept_scored: Whether regions with a machine's score are taken.
        id_column: Column of a table that tells its rows apart.
        file_column: Column that names the picture.
        label_column: Column of labels.
        group_column: Column of groups.
        workspace: Where archives are unpacked and frames of a server are kept.
        token: Access token of a server.
        timeout_s: How long a server may be silent.
        watch: Shows progress over what is unpacked or fetched.
    """

    source: str
    format: str | None = None
    images: Path | None = None
    layout: str | None = None
    split: str | None = None
    group_pattern: str | None = None
    exhaustive: bool = True
    accept_scored: bool = False
    id_column: str | None = None
    file_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    workspace: Path = Path()
    token: str | None = None
    timeout_s: float = 60.0
    watch: Watch = unwatched


def read_source(path: Path, wanted: Wanted) -> Intake:
    """Read a folder of pictures, or annotations and the folder of pictures that they speak of.

    Pascal VOC's lists in ``ImageSets/Main``, and folders named ``train``, ``val``, ``test``, give splits.

    Args:
        path: File or folder.
        wanted: How.

    Raises:
        UsageError: If there is no such thing, nothing says what it is, or ``wanted`` cannot be meant.
        AnnotationError: If a file of annotations cannot be used at all.
    """
    if wanted.format not in {None, FOLDERS, *FORMATS}:
        raise UnknownName("format", str(wanted.format), [FOLDERS, *FORMATS])
    group_of = _by_pattern(wanted.group_pattern)
    name, located = _locate(path, wanted.format or (None if wanted.layout is None else FOLDERS))
    if name == FOLDERS:
        return _said(read_folders(path, wanted.source, wanted.layout), wanted.split, group_of)
    if wanted.layout is not None:
        raise UsageError(
            "A layout is for folders of pictures.", "Leave out --layout, or say --format folders."
        )
    found, root = _read(name, located, wanted.images)
    split_of, told = _splits(name, located, found, wanted.split)
    found = replace(found, notes=(*found.notes, *told))
    return from_annotations(
        found,
        wanted.source,
        root,
        split_of=split_of,
        group_of=group_of,
        exhaustive=wanted.exhaustive,
        accept_scored=wanted.accept_scored,
        file=printable(located),
    )


def _locate(path: Path, given: str | None) -> tuple[str, Path]:
    if given == FOLDERS:
        return FOLDERS, path
    if given is not None:
        if not path.exists():
            raise UsageError(f"There is no file or folder {printable(path)}.", "Check the name.")
        return given, _within(path, given)
    if path.is_dir() and ((path / TREE_PAGE).is_file() or not _holds_annotations(path)):
        return FOLDERS, path
    return locate_annotations(path)


def _within(path: Path, name: str) -> Path:
    """What the reader of a format takes: the file or folder in a folder, or the path itself."""
    if not path.is_dir():
        return path
    try:
        told, located = locate_annotations(path)
    except UsageError:
        return path
    return located if told == name else path


def _holds_annotations(folder: Path) -> bool:
    return any(entry.suffix.lower() in {".xml", ".json", ".txt", ".yaml"} for entry in folder.rglob("*"))


def _read(name: str, path: Path, images: Path | None) -> tuple[AnnotationSet, Path]:
    """Annotations, and the folder below which their pictures lie."""
    if name == "yolo" and images is None:
        folders = [entry for entry in sorted(path.iterdir()) if entry.is_dir()] if path.is_dir() else []
        parts = [entry for entry in folders if entry.name.lower() in SPLITS and (entry / "labels").is_dir()]
        if parts:
            return _read_yolo_parts(parts), path.absolute()
    read = get_format(name).read
    if images is not None:
        return read(path, images), images.absolute()
    root = _images_beside(name, path)
    return read(path, None if name == "yolo" else root), root


def _read_yolo_parts(parts: list[Path]) -> AnnotationSet:
    """``train/labels`` beside ``train/images``, and so on, as one set whose paths begin with the folder."""
    read = [(part.name, get_format("yolo").read(part / "labels")) for part in parts]
    first = read[0][1].class_map
    for _, found in read[1:]:
        first.require_same(found.class_map)
    return AnnotationSet(
        first,
        tuple(
            replace(image, path=f"{name}/images/{image.path}")
            for name, found in read
            for image in found.images
        ),
        tuple(problem for _, found in read for problem in found.problems),
        tuple(note for _, found in read for note in found.notes),
    )


def _images_beside(name: str, path: Path) -> Path:
    """Where the pictures of annotations lie when nobody says it."""
    folder = path.absolute() if path.is_dir() else path.absolute().parent
    if name == "yolo":
        parts = list(folder.parts)
        if "labels" in parts:
            parts[len(parts) - 1 - parts[::-1].index("labels")] = "images"
        return Path(*parts)
    besides = [folder.parent / "JPEGImages", folder / "JPEGImages", folder / "images"]
    if folder.name == "annotations":  # COCO's own layout
        besides += [folder.parent / "images", folder.parent]
    for beside in besides:
        if beside.is_dir():
            return beside
    return folder


def _splits(
    name: str, path: Path, found: AnnotationSet, split: str | None
) -> tuple[ByPath | None, list[str]]:
    if split is not None:
        return (lambda _: split), []
    if name == "voc":
        lists = _voc_lists(path)
        listed = {stem: part for part, stems in lists.items() for stem in stems}
        twice = sum(map(len, lists.values())) - len(listed)
        told = [f"splits by the lists {', '.join(lists)} of ImageSets"] if lists else []
        if twice:
            told.append(f"{twice} pictures stand in several lists: the last one counts")
        return (lambda at: listed.get(str(PurePosixPath(at).with_suffix("")))), told
    tops = {image.path.partition("/")[0] for image in found.images}
    if tops and all(top.lower() in SPLITS for top in tops):
        told = [f"splits by the folders at the top: {', '.join(sorted(tops))}"]
        return (lambda at: SPLITS[at.partition("/")[0].lower()]), told
    return None, []


def _voc_lists(path: Path) -> dict[str, tuple[str, ...]]:
    folder = path if path.is_dir() else path.parent
    for base in (folder, folder.parent):
        lists = base / "ImageSets" / "Main"
        if lists.is_dir():
            return {
                part: read_split(lists / f"{part}.txt")
                for part in ("train", "val", "test")
                if (lists / f"{part}.txt").is_file()
            }
    return {}


def _by_pattern(pattern: str | None) -> ByPath | None:
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"The pattern of groups is no regular expression: {error}.", "", pattern) from error
    if compiled.groups != 1:
        raise UsageError(
            "The pattern of groups needs one group in parentheses.", "For example: '^([^_]+)_'", pattern
        )

    def group_of(path: str) -> str | None:
        found = compiled.search(path)
        return found[1] or None if found else None

    return group_of


def _said(intake: Intake, split: str | None, group_of: ByPath | None) -> Intake:
    """What was said of all items goes before what their folders say."""
    items = intake.items
    if split is not None:
        items = items.with_columns(split=pl.lit(split))
    if group_of is not None:
        groups = [group_of(item.partition(":")[2]) for item in items["item"]]
        items = items.with_columns(group=pl.Series(groups, dtype=pl.String))
    return replace(intake, items=items)
