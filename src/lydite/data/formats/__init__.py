"""Annotations of other tools: one file for each format, one row for each in ``FORMATS``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from lydite.core import ClassMap, UnknownName
from lydite.data.annotations import AnnotationSet, AnnotationStream
from lydite.data.formats.coco import CocoWriter, read_coco, write_coco
from lydite.data.formats.cvat import read_cvat
from lydite.data.formats.cvat_video import read_cvat_video
from lydite.data.formats.cvat_writer import write_cvat
from lydite.data.formats.label_studio import read_label_studio
from lydite.data.formats.label_studio_writer import write_label_studio
from lydite.data.formats.voc import read_split, read_voc
from lydite.data.formats.voc_writer import write_voc
from lydite.data.formats.yolo import read_yolo, read_yolo_names
from lydite.data.formats.yolo_writer import write_yolo, write_yolo_polygons


class Reader(Protocol):
    """Reads a file or folder of one format; one bad row is a problem of the result, not its end."""

    def __call__(
        self, path: Path, images: Path | None = None, classes: ClassMap | None = None
    ) -> AnnotationSet:
        """Read ``path``; ``images`` is the folder of pictures, ``classes`` fixes the label numbers."""
        ...


class Writer(Protocol):
    """Writes annotations in one format, one picture in memory at a time; says what it cannot carry."""

    def __call__(self, path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
        """Write ``annotations`` to ``path``: a file, or a folder that is new or empty."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A foreign format.

    Args:
        title: Its name as people write it.
        read: Its reader.
    """

    title: str
    read: Reader


@dataclass(frozen=True, slots=True)
class Target:
    """One way to write a format.

    Args:
        format: Name of the format in ``FORMATS``.
        file: Name of the file within an export; empty if the format is the folder itself.
        write: The writer.
    """

    format: str
    file: str
    write: Writer


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "coco": Format("COCO", read_coco),
        "cvat": Format("CVAT for images 1.1", read_cvat),
        "cvat-video": Format("CVAT for video 1.1", read_cvat_video),
        "label-studio": Format("Label Studio", read_label_studio),
        "voc": Format("Pascal VOC", read_voc),
        "yolo": Format("YOLO", read_yolo),
    }
)
TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "coco": Target("coco", "instances.json", write_coco),
        "cvat": Target("cvat", "annotations.xml", write_cvat),
        "label-studio": Target("label-studio", "tasks.json", write_label_studio),
        "voc": Target("voc", "", write_voc),
        "yolo": Target("yolo", "", write_yolo),
        "yolo-polygons": Target("yolo", "", write_yolo_polygons),
    }
)


def get_format(name: str) -> Format:
    """A format by its name in ``FORMATS``.

    Raises:
        UnknownName: If there is none; the nearest names are suggested.
    """
    if name not in FORMATS:
        raise UnknownName("annotation format", name, FORMATS)
    return FORMATS[name]


__all__ = [
    "FORMATS",
    "TARGETS",
    "CocoWriter",
    "Format",
    "Reader",
    "Target",
    "Writer",
    "get_format",
    "read_coco",
    "read_cvat",
    "read_cvat_video",
    "read_label_studio",
    "read_split",
    "read_voc",
    "read_yolo",
    "read_yolo_names",
    "write_coco",
    "write_cvat",
    "write_label_studio",
    "write_voc",
    "write_yolo",
    "write_yolo_polygons",
]
