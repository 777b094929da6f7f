"""CVAT for images 1.1 out: one XML file, masks as runs within their box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lydite.core import ClassMap
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.files import atomic_path
from lydite.data.xmltree import xml_text


def write_cvat(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write one ``annotations.xml``, in one step, one picture in memory at a time.

    A row with a mask becomes a ``mask``, exact with its holes; one without becomes a ``box``. Ids and scores
    become the attributes ``region`` and ``score``, other attributes keep their names; CVAT imports those
    that the labels of its task declare. A row with a score is marked ``source="auto"``. Cannot carry: the
    box of a row with a mask, where it differs from the box around that; digits of a box beyond the second;
    ``crowd``, ``difficult``.

    Raises:
        OutputError: If it cannot be written, or XML cannot hold a name; an old file is untouched.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(_head(annotations.class_map))
        for number, image in enumerate(annotations.images):
            file.writelines(_image(number, image, annotations.class_map))
        file.write("</annotations>\n")


def _head(class_map: ClassMap) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield "  <meta><task><mode>annotation</mode><labels>\n"
    for name in class_map:
        yield f"    <label><name>{xml_text(name)}</name><type>any</type><attributes>"
        yield from (_declared(attribute) for attribute in ("region", "score"))
        yield "</attributes></label>\n"
    yield "  </labels></task></meta>\n"


def _declared(name: str) -> str:
    return (
        f"<attribute><name>{name}</name><mutable>False</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
    )


def _image(number: int, image: AnnotatedImage, class_map: ClassMap) -> Iterator[str]:
    height, width = image.size_hw
    yield f'  <image id="{number}" name="{xml_text(image.path)}" width="{width}" height="{height}">\n'
    for row in range(len(image)):
        label = xml_text(class_map[int(image.labels[row])])
        scored = image.scores is not None and not np.isnan(image.scores[row])
        common = (
            f'label="{label}" source="{"auto" if scored else "manual"}" occluded="{int(image.occluded[row])}"'
        )
        tag, shape = _shape(image, row)
        attributes = "".join(
            f'      <attribute name="{xml_text(name)}">{xml_text(text)}</attribute>\n'
            for name, text in _attributes(image, row)
        )
        yield f'    <{tag} {common} {shape} z_order="0">\n{attributes}    </{tag}>\n'
    yield "  </image>\n"


def _shape(image: AnnotatedImage, row: int) -> tuple[str, str]:
    if image.masks is not None:
        top, left, piece = image.masks.crop(row)
        if piece.size:
            piece_height, piece_width = piece.shape
            runs = ", ".join(map(str, _runs(piece.ravel())))
            return "mask", (
                f'rle="{runs}" left="{left}" top="{top}" width="{piece_width}" height="{piece_height}"'
            )
    x0, y0, x1, y1 = image.boxes.xyxy[row].tolist()
    return "box", f'xtl="{x0:.2f}" ytl="{y0:.2f}" xbr="{x1:.2f}" ybr="{y1:.2f}"'


def _runs(flat: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    """Lengths of alternating background and foreground, row by row, background first."""
    edges = np.flatnonzero(np.diff(flat)) + 1
    lengths: list[int] = np.diff([0, *edges.tolist(), len(flat)]).tolist()
    return [0, *lengths] if flat[0] else lengths


def _attributes(image: AnnotatedImage, row: int) -> Iterator[tuple[str, str]]:
    if image.ids is not None:
        yield "region", image.ids[row]
    if image.scores is not None and not np.isnan(image.scores[row]):
        yield "score", repr(float(image.scores[row]))
    if image.attributes is not None:
        yield from ((n, t) for n, t in image.attributes[row].items() if n not in {"region", "score"})
