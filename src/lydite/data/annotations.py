"""What a foreign annotation file said, in this package's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lydite.core import AnnotationError, Boxes, ClassMap, InvalidValue, Masks


class Note(str):
    """A remark about one place in an annotation file; as text it says the place first.

    Args:
        path: The file.
        line: Counted from 1; 0 if unknown.
        what: What was mended, defaulted or passed over.
    """

    __slots__ = ("line", "path", "what")

    def __new__(cls, path: str, line: int, what: str) -> Note:
        """A remark; a text, so that it can stand wherever a plain one does."""
        note = super().__new__(cls, f"{path}, line {line}: {what}" if line else f"{path}: {what}")
        note.path, note.line, note.what = path, line, what
        return note

    def __getnewargs__(self) -> tuple[str, int, str]:  # type: ignore[override]
        """What it was made of, so that it travels between processes."""
        return (self.path, self.line, self.what)

    path: str
    line: int
    what: str


def _no_flags() -> npt.NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedImage:
    """Row-aligned annotations of one picture.

    Args:
        path: Relative to the folder of pictures, with ``/``.
        size_hw: Height and width in pixels, as shown.
        boxes: ``n`` boxes, inside the picture.
        labels: ``(n,)`` int64 label numbers.
        masks: ``n`` masks, or ``None`` if no row has one; an empty mask says that its row has none.
        ids: ``n`` names of the rows in the file they came from, or ``None``.
        crowd: ``(n,)`` bool: a group that is marked as a whole (COCO's ``iscrowd``); all false if not given.
        difficult: ``(n,)`` bool: not to be counted as missed (VOC's ``difficult``); all false if not given.
        scores: ``(n,)`` float64 of a machine's certainty, NaN where a row has none; ``None`` if none has.
        occluded: ``(n,)`` bool: partly hidden by something else; all false if not given.
        attributes: ``n`` mappings of further names to texts, or ``None``.
        label: Name of the class of the whole picture, or ``None``.
        group: What it belongs to with pictures like it: the video, the task; or ``None``.
        split: The part of the data that its source puts it in: ``train``, ``val``, ``test``; or ``None``.

    Raises:
        InvalidValue: If columns differ in length, masks are of another picture size, or a score is infinite.
    """

    path: str
    size_hw: tuple[int, int]
    boxes: Boxes
    labels: npt.NDArray[np.int64]
    masks: Masks | None = None
    ids: tuple[str, ...] | None = None
    crowd: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    difficult: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    scores: npt.NDArray[np.float64] | None = None
    occluded: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    attributes: tuple[Mapping[str, str], ...] | None = None
    label: str | None = None
    group: str | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        if not self.path or "\\" in self.path or self.path.startswith("/"):
            raise InvalidValue("AnnotatedImage.path", "a relative path with '/'", self.path)
        if min(self.size_hw) < 1:
            raise InvalidValue("AnnotatedImage.size_hw", "1x1 or more", self.size_hw)
        rows = len(self.boxes)
        _set_column(self, "labels", np.int64, rows)
        for name in ("crowd", "difficult", "occluded"):
            if rows and not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(rows, np.bool_))
            _set_column(self, name, np.bool_, rows)
        if rows and self.labels.min() < 0:
            raise InvalidValue("AnnotatedImage.labels", "0 or more", int(self.labels.min()))
        if self.ids is not None and len(self.ids) != rows:
            raise InvalidValue("AnnotatedImage.ids", f"{rows} names", len(self.ids))
        if self.masks is not None and (len(self.masks), self.masks.size_hw) != (rows, tuple(self.size_hw)):
            seen = (len(self.masks), self.masks.size_hw)
            raise InvalidValue("AnnotatedImage.masks", f"{rows} of size {tuple(self.size_hw)}", seen)
        if self.attributes is not None and len(self.attributes) != rows:
            raise InvalidValue("AnnotatedImage.attributes", f"{rows} mappings", len(self.attributes))
        if self.scores is not None:
            _set_column(self, "scores", np.float64, rows)
            if np.isinf(self.scores).any():
                raise InvalidValue("AnnotatedImage.scores", "finite, or NaN for none", self.scores.tolist())

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationSet:
    """The usable part of an annotation file or folder, and what was wrong with the rest.

    Args:
        class_map: What the label numbers mean.
        images: Pictures with their rows, also those without any.
        problems: One for each row or file that was left out.
        notes: What was mended, for example boxes cut at the edge of their picture.

    Raises:
        InvalidValue: If a label is not in the class map, or a path stands twice.
    """

    class_map: ClassMap
    images: tuple[AnnotatedImage, ...]
    problems: tuple[AnnotationError, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        paths: set[str] = set()
        for image in self.images:
            if image.path in paths:
                raise InvalidValue("AnnotationSet.images", "each path once", image.path)
            paths.add(image.path)
            if image.label is not None and image.label not in self.class_map:
                raise InvalidValue(f"label of {image.path}", "a class of the class map", image.label)
            if len(image) and image.labels.max() >= len(self.class_map):
                raise InvalidValue(
                    f"labels of {image.path}", f"below {len(self.class_map)}", int(image.labels.max())
                )

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationStream:
    """Annotations of any number of pictures, one picture in memory at a time.

    Args:
        class_map: What the label numbers mean.
        images: Pictures with their rows; may be a generator, which is then used up by one writer.
    """

    class_map: ClassMap
    images: Iterable[AnnotatedImage]


def _set_column(image: AnnotatedImage, name: str, kind: type[np.generic], rows: int) -> None:
    column = np.ascontiguousarray(getattr(image, name), dtype=kind)
    if column.shape != (rows,):
        raise InvalidValue(f"AnnotatedImage.{name}", f"of shape ({rows},)", column.shape)
    column.flags.writeable = False
    object.__setattr__(image, name, column)
