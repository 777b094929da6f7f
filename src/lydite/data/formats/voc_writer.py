"""Pascal VOC out: one XML file for each picture, boxes that count from 1 and include their ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lydite.core import ClassMap
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.files import new_folder, os_errors_as_output_errors, write_once
from lydite.data.xmltree import xml_text


def write_voc(path: Path, annotations: AnnotationSet | AnnotationStream) -> None:
    """Write boxes as a new folder: ``Annotations/<picture>.xml``, a list in ``ImageSets``, ``labelmap.txt``.

    The pictures belong beside them, in ``JPEGImages``. Cannot carry: masks, scores, ids, attributes,
    ``crowd``; the order of the classes, but in ``labelmap.txt``, which is left out if a name holds a colon,
    a line end or a leading ``#``; two pictures whose names differ only in their suffix; white space around a
    class name. A box of one pixel is written, but its ends coincide, which readers such as ours take for
    a slip.

    Raises:
        OutputConflict: If the folder holds anything.
        OutputError: If it cannot be written, two pictures would share a file, or XML cannot hold a name.
    """
    folder = new_folder(path)
    new_folder(folder / "Annotations")
    listed = folder / "ImageSets" / "Main" / "default.txt"
    new_folder(listed.parent)
    if _can_be_mapped(annotations.class_map):
        lines = (f"{name}:{r},{g},{b}::\n" for name, (r, g, b) in _colours(annotations.class_map))
        text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\n" + "".join(lines)
        write_once(folder / "labelmap.txt", text, "")
    with os_errors_as_output_errors(listed), listed.open("x", encoding="utf-8", newline="\n") as names:
        for image in annotations.images:
            stem = PurePosixPath(image.path).with_suffix("")
            page = "".join(_page(image, annotations.class_map))
            write_once(folder / "Annotations" / f"{stem}.xml", page, image.path)
            names.write(f"{stem}\n")


def _page(image: AnnotatedImage, class_map: ClassMap) -> Iterator[str]:
    height, width = image.size_hw
    folder = PurePosixPath(image.path).parent
    yield (
        f"<annotation>\n  <folder>{xml_text(str(folder) if folder.name else '')}</folder>\n"
        f"  <filename>{xml_text(image.path)}</filename>\n"
        f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
        "  <segmented>0</segmented>\n"
    )
    for row, corners in enumerate(image.boxes.to_voc().tolist()):
        x0, y0, x1, y1 = (f"{value:.6f}".rstrip("0").rstrip(".") for value in corners)
        yield (
            f"  <object>\n    <name>{xml_text(class_map[int(image.labels[row])])}</name>\n"
            f"    <pose>Unspecified</pose>\n    <truncated>0</truncated>\n"
            f"    <occluded>{int(image.occluded[row])}</occluded>\n"
            f"    <difficult>{int(image.difficult[row])}</difficult>\n"
            f"    <bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>\n"
            "  </object>\n"
        )
    yield "</annotation>\n"


def _can_be_mapped(class_map: ClassMap) -> bool:
    return not any(name.startswith("#") or set(name) & set(":\r\n") for name in class_map)


def _colours(class_map: ClassMap) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """The colours of VOC's palette: bits of the number, dealt to the channels, highest first."""
    for number, name in enumerate(class_map, start=1):
        channels = [0, 0, 0]
        for bit in range(24):
            if number >> bit & 1 and bit // 3 < 8:
                channels[bit % 3] |= 128 >> bit // 3
        yield name, (channels[0], channels[1], channels[2])
