"""Pascal VOC: one XML file for each picture, boxes that count from 1 and include their ends."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lydite.core import AnnotationError, Boxes, ClassMap, UsageError
from lydite.data.annotations import AnnotatedImage, AnnotationSet
from lydite.data.find import has_image_suffix, is_hidden
from lydite.data.names import path_key, printable
from lydite.data.rows import (
    TOLERANCE_PX,
    Place,
    Rows,
    XyXy,
    fit_box,
    measure_picture,
    parse_number,
    parse_picture_path,
    parse_size,
    read_bytes,
    read_text,
)
from lydite.data.xmltree import Element, parse_xml

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAG_OF_CLASS_LIST = re.compile(r"\s+-?[01]$")


@dataclass(frozen=True, slots=True)
class _Thing:
    name: str
    box: XyXy
    difficult: bool
    occluded: bool
    place: Place


@dataclass(slots=True)
class _Page:
    """What one XML file said; without a path nothing of it can be used."""

    source: Path
    path: str = ""
    size_hw: tuple[int, int] = (0, 0)
    names: set[str] = field(default_factory=set)
    things: list[_Thing] = field(default_factory=list)
    problems: list[AnnotationError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_voc(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    stems: Collection[str] | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read a folder of XML files, or one.

    Boxes ``xmin ymin xmax ymax`` become ``xmin-1 .. xmax``. One whose ends coincide in both
    directions was clicked, not drawn, and is a problem, as is one of negative size.

    Args:
        path: Folder of ``.xml`` files, searched to any depth, or one file.
        images: Folder of pictures; if given, each file must belong to a picture there, which is found
            by ``filename`` or else by the XML file's own stem, and may supply a missing size.
        classes: Label numbers; the sorted names of all files of the folder if not given, so that the
            splits of one folder agree.
        stems: XML files to return, by path below ``path`` without suffix; all if not given.
        tolerance_px: How far a box may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If ``path`` is one file that cannot be used.
        UsageError: If ``path`` does not exist, holds no XML file, or lacks a listed stem.
    """
    pictures = _Pictures.below(images)
    if path.is_file():
        page = _read_page(path, pictures, tolerance_px)
        if not page.path:
            raise page.problems[0]
        pages = [page]
    else:
        files = _xml_files(path, stems)
        needed = (
            files
            if stems is None or classes is None
            else [file for file in files if _stem(file, path) in stems]
        )
        pages = [_read_page(file, pictures, tolerance_px) for file in needed]
    class_map = classes or ClassMap(tuple(sorted(set().union(*(page.names for page in pages)))))
    return _join([page for page in pages if stems is None or _stem(page.source, path) in stems], class_map)


def read_split(path: Path) -> tuple[str, ...]:
    """The stems that a list of ``ImageSets`` names, in its order, each once.

    A class list's second column (-1, 0 or 1) is passed over.

    Raises:
        AnnotationError: If the file cannot be read.
    """
    lines = (_FLAG_OF_CLASS_LIST.sub("", line.strip()) for line in read_text(path).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The folder of pictures: its files by name and by stem."""

    folder: Path | None
    by_stem: dict[str, str]

    @classmethod
    def below(cls, folder: Path | None) -> _Pictures:
        if folder is None:
            return cls(None, {})
        if not folder.is_dir():
            raise UsageError(f"There is no folder of pictures {printable(folder)}.", "Check the name.")
        names = sorted(entry.name for entry in folder.iterdir() if has_image_suffix(entry.name))
        return cls(folder, {PurePosixPath(name).stem: name for name in reversed(names)})

    def resolve(self, filename: str, stem: str, place: Place) -> str:
        """The picture that a file is about, relative to the folder."""
        if self.folder is None:
            return parse_picture_path(filename, place)
        if filename:
            path = parse_picture_path(filename, place)
            if (self.folder / path).is_file():
                return path
        if stem in self.by_stem:
            return self.by_stem[stem]
        raise place.error("names no picture of the folder of pictures", filename or stem)


def _xml_files(folder: Path, stems: Collection[str] | None) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"There is no file or folder {printable(folder)}.", "Check the name.")
    files = [
        entry
        for entry in folder.rglob("*")
        if entry.suffix.lower() == ".xml" and not any(map(is_hidden, entry.relative_to(folder).parts))
    ]
    if not files:
        raise UsageError(f"Folder {printable(folder)} holds no XML file.", "Give the folder of annotations.")
    missing = sorted(set(stems or ()) - {_stem(file, folder) for file in files})
    if missing:
        raise UsageError(
            f"Folder {printable(folder)} lacks {len(missing)} of the listed files.",
            "Check the list.",
            missing[:5],
        )
    return sorted(files, key=lambda file: path_key(printable(file.relative_to(folder))))


def _stem(file: Path, folder: Path) -> str:
    return file.stem if file == folder else file.relative_to(folder).with_suffix("").as_posix()


def _read_page(file: Path, pictures: _Pictures, tolerance_px: float) -> _Page:
    page = _Page(file)
    try:
        root = parse_xml(read_bytes(file), printable(file))
        place = Place(printable(file), root.line)
        path = pictures.resolve(root.find_text("filename"), file.stem, place.at("filename"))
        page.size_hw = _size(root, pictures, path, place)
        page.path = path
    except AnnotationError as error:
        page.problems.append(error)
        return page
    for number, thing in enumerate(root.find_all("object")):
        try:
            _read_object(thing, place.at(f"object[{number}]", thing.line), page, tolerance_px)
        except AnnotationError as error:
            page.problems.append(error)
    return page


def _size(root: Element, pictures: _Pictures, path: str, place: Place) -> tuple[int, int]:
    size = root.find("size")
    inner = place.at("size", size.line if size is not None else None)
    try:
        if size is None:
            raise inner.error("is missing")
        return parse_size(size.find_text("height"), size.find_text("width"), inner)
    except AnnotationError:
        if pictures.folder is None:
            raise
        return measure_picture(pictures.folder / path, inner)


def _read_object(thing: Element, place: Place, page: _Page, tolerance_px: float) -> None:
    name = thing.find_text("name")
    if not name:
        raise place.at("name").error("is missing")
    page.names.add(name)
    corners, inner = _corners(thing, place)
    x0, y0, x1, y1 = corners
    if x1 == x0 and y1 == y0:
        raise inner.error("has no size: its ends coincide", list(corners), "Draw it again or remove it.")
    if x1 < x0 or y1 < y0:
        raise inner.error("ends before it begins", list(corners), "Draw it again or remove it.")
    box, was_cut = fit_box(Boxes.from_voc([corners]).xyxy[0].tolist(), page.size_hw, tolerance_px, inner)
    if was_cut:
        page.notes.append(inner.note("was cut at the edge of the picture"))
    difficult, occluded = (thing.find_text(mark) == "1" for mark in ("difficult", "occluded"))
    page.things.append(_Thing(name, box, difficult, occluded, place.at("name")))


def _corners(thing: Element, place: Place) -> tuple[XyXy, Place]:
    bndbox = thing.find("bndbox")
    if bndbox is None:
        raise place.at("bndbox").error("is missing")
    inner = place.at("bndbox", bndbox.line)
    values: list[float] = []
    for corner in _CORNERS:
        element = bndbox.find(corner)
        if element is None:
            raise inner.at(corner).error("is missing")
        values.append(parse_number(element.text.strip(), inner.at(corner, element.line)))
    return (values[0], values[1], values[2], values[3]), inner


def _join(pages: list[_Page], class_map: ClassMap) -> AnnotationSet:
    images: dict[str, AnnotatedImage] = {}
    problems: list[AnnotationError] = []
    for page in pages:
        problems += page.problems
        if not page.path:
            continue
        if page.path in images:
            place = Place(printable(page.source), 0, "filename")
            problems.append(place.error("names a picture that another file has described", page.path))
            continue
        rows = Rows(page.size_hw)
        for thing in page.things:
            if thing.name in class_map:
                label = class_map.get_label(thing.name)
                rows.add(thing.box, label, difficult=thing.difficult, occluded=thing.occluded)
            else:
                problems.append(thing.place.error("is no class of the given class map", thing.name))
        images[page.path] = rows.build(page.path)
    notes = tuple(note for page in pages for note in page.notes)
    return AnnotationSet(class_map, tuple(images.values()), tuple(problems), notes)
