"""Annotations of other tools: one file for each format, one row for each in ``FORMATS``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from lydite.core import ClassMap, UnknownName
from lydite.data.annotations import AnnotationSet
from lydite.data.formats.coco import CocoWriter, read_coco, write_coco
from lydite.data.formats.voc import read_split, read_voc
from lydite.data.formats.yolo import read_yolo, read_yolo_names


class Reader(Protocol):
    """Reads a file or folder of one format; one bad row is a problem of the result, not its end."""

    def __call__(
        self, path: Path, images: Path | None = None, classes: ClassMap | None = None
    ) -> AnnotationSet:
        """Read ``path``; ``images`` is the folder of pictures, ``classes`` fixes the label numbers."""
        ...


class Writer(Protocol):
    """Writes annotations to a file of one format, in one step."""

    def __call__(self, path: Path, annotations: AnnotationSet) -> None:
        """Write ``annotations`` to ``path``."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A foreign format.

    Args:
        title: Its name as people write it.
        read: Its reader.
        write: Its writer, if there is one.
    """

    title: str
    read: Reader
    write: Writer | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "coco": Format("COCO", read_coco, write_coco),
        "voc": Format("Pascal VOC", read_voc),
        "yolo": Format("YOLO", read_yolo),
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
    "CocoWriter",
    "Format",
    "Reader",
    "Writer",
    "get_format",
    "read_coco",
    "read_split",
    "read_voc",
    "read_yolo",
    "read_yolo_names",
    "write_coco",
]
