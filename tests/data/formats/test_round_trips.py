"""For every way to write: what is written reads back, up to what the format can carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from lydite.core import Boxes, ClassMap, Masks, OutputConflict, OutputError
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.formats import FORMATS, TARGETS

SIZE = (9, 12)
CLASSES = ClassMap(("Äpfel & <pears>", "鳥 '\"", "no"))
NAMES = ("a.jpg", "sub dir/ünï&<c>'\".png", "sub dir/deep/照片 1.webp", "100%?#.bmp")


@dataclass(frozen=True)
class Carries:
    """What a format keeps beside picture, size and class."""

    boxes: bool = True
    masks: bool = False
    scores: bool = False
    ids: bool = False
    attributes: bool = False
    flags: tuple[str, ...] = ()


CARRIES = {
    "coco": Carries(
        masks=True, scores=True, ids=True, attributes=True, flags=("crowd", "difficult", "occluded")
    ),
    "cvat": Carries(masks=True, scores=True, ids=True, attributes=True, flags=("occluded",)),
    "label-studio": Carries(masks=True, scores=True, ids=True),
    "voc": Carries(flags=("difficult", "occluded")),
    "yolo": Carries(),
    "yolo-polygons": Carries(masks=True),
}
READ_FROM = {"voc": "Annotations", "yolo": "labels", "yolo-polygons": "labels"}


def test_every_target_is_tried_and_every_format_can_be_written() -> None:
    assert set(CARRIES) == set(TARGETS)
    # Frames of a video have numbers, not names: what was read from one is written as pictures (cvat).
    assert {target.format for target in TARGETS.values()} == set(FORMATS) - {"cvat-video"}


@st.composite
def images(draw: st.DrawFn, name: str) -> AnnotatedImage:
    """Masks with holes and specks beside plain boxes; a picture may be empty."""
    dense = draw(hnp.arrays(np.bool_, st.tuples(st.integers(0, 4), *map(st.just, SIZE))))
    masks = Masks.from_dense(dense)
    boxes = masks.boxes.xyxy.copy()
    plain = masks.areas < 2  # no mask: a box of halves, which two decimals and VOC's ends can carry
    boxes[plain] = [1.5, 2, 7.25, 8]
    rows = np.arange(len(masks))
    empty = np.zeros(SIZE, np.bool_)
    masks = Masks.from_dense(
        [empty if plain[row] else masks.decode(row) for row in range(len(masks))] or dense
    )
    scored = draw(st.booleans())
    return AnnotatedImage(
        name,
        SIZE,
        Boxes(boxes),
        np.array(draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))), np.int64),
        masks if (~plain).any() else None,
        tuple(f"images:{name}#{row}" for row in rows) or None,
        crowd=rows % 2 == 0,
        difficult=rows % 3 == 0,
        scores=draw(hnp.arrays(np.float64, len(rows), elements=st.floats(0, 1)))
        if scored and len(rows)
        else None,
        occluded=rows % 2 == 1,
        attributes=tuple({"colour": f"'<é>&\n\t{row}"} for row in rows) if len(rows) else None,
    )


def write_pictures(folder: Path) -> Path:
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(folder / name, "PNG")
    return folder


@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    given_images = tuple(data.draw(images(path)) for path in NAMES)
    target = TARGETS[name]
    path = folder / "out" / target.file
    path.parent.mkdir(exist_ok=True)

    def stream() -> Iterator[AnnotatedImage]:
        yield from given_images

    target.write(path, AnnotationStream(CLASSES, stream()))
    pictures = write_pictures(folder / "images") if "yolo" in name else None
    found = FORMATS[target.format].read(path / READ_FROM.get(name, ""), images=pictures, classes=CLASSES)
    assert [str(problem) for problem in found.problems] == []
    assert all("prediction" in note or "shapes by source" in note for note in found.notes)
    again = {image.path: image for image in found.images}
    assert set(again) == set(NAMES)
    for image in given_images:
        compare(image, again[image.path], CARRIES[name])


def compare(image: AnnotatedImage, again: AnnotatedImage, carries: Carries) -> None:
    assert again.size_hw == image.size_hw
    assert np.array_equal(again.labels, image.labels)
    assert np.allclose(again.boxes.xyxy, image.boxes.xyxy, atol=1e-3)
    if carries.masks:
        for row in range(len(image)):
            assert np.array_equal(mask_of(again, row), mask_of(image, row))
    if carries.scores:
        assert (again.scores is None) == (image.scores is None)
        if again.scores is not None and image.scores is not None:
            assert np.array_equal(again.scores, image.scores)
    if carries.ids:
        assert again.ids == image.ids
    if carries.attributes:
        assert [dict(texts) for texts in again.attributes or ()] == [
            dict(texts) for texts in image.attributes or ()
        ]
    for flag in carries.flags:
        assert np.array_equal(getattr(again, flag), getattr(image, flag))


def mask_of(image: AnnotatedImage, row: int) -> npt.NDArray[np.bool_]:
    """The mask of a row; one without has the filled box, as a polygon of it has."""
    if image.masks is not None and image.masks.areas[row]:
        return image.masks.decode(row)
    return Masks.from_boxes(Boxes(np.round(image.boxes.xyxy[[row]])), image.size_hw).decode(0)


def one(path: str = "a.jpg", name: str = "cat") -> AnnotationSet:
    boxes = Boxes(np.array([[1, 2, 7, 8]], np.float32))
    return AnnotationSet(ClassMap((name,)), (AnnotatedImage(path, SIZE, boxes, np.zeros(1, np.int64)),))


@pytest.mark.parametrize("name", ["voc", "yolo", "yolo-polygons"])
def test_folders_must_be_new_and_names_apart(tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis").write_text("precious")
    with pytest.raises(OutputConflict, match=r"full is no new or empty folder\. Name another\."):
        TARGETS[name].write(tmp_path / "full", one())
    both = AnnotationStream(one().class_map, (*one("x/a.jpg").images, *one("x/a.png").images))
    message = r"Two pictures would share the file a\.(xml|txt): .* Rename one picture.*Seen: x/a\.png"
    with pytest.raises(OutputError, match=message):
        TARGETS[name].write(tmp_path / "new", both)


@pytest.mark.parametrize("name", ["voc", "cvat"])
def test_what_xml_cannot_hold_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "out" / TARGETS[name].file
    path.parent.mkdir(exist_ok=True)
    with pytest.raises(OutputError, match=r"XML cannot carry the character '\\x01'\. Rename it, or export"):
        TARGETS[name].write(path, one("a\x01.jpg"))


def test_yolo_writes_each_number_and_each_name(tmp_path: Path) -> None:
    TARGETS["yolo"].write(tmp_path / "y", one(name="no"))
    assert (tmp_path / "y" / "labels" / "a.txt").read_text() == "0 0.333333333 0.555555556 0.5 0.666666667\n"
    assert (tmp_path / "y" / "data.yaml").read_text() == "train: images\nval: images\nnames:\n  0: 'no'\n"


def test_voc_counts_from_one_and_lists_its_pictures_and_classes(tmp_path: Path) -> None:
    TARGETS["voc"].write(tmp_path / "v", one("in/a.jpg"))
    page = (tmp_path / "v" / "Annotations" / "in" / "a.xml").read_text()
    assert "<xmin>2</xmin><ymin>3</ymin><xmax>7</xmax><ymax>8</ymax>" in page
    assert "<folder>in</folder>" in page
    assert (tmp_path / "v" / "ImageSets" / "Main" / "default.txt").read_text() == "in/a\n"
    assert (tmp_path / "v" / "labelmap.txt").read_text().splitlines()[1:] == [
        "background:0,0,0::",
        "cat:128,0,0::",
    ]
    TARGETS["voc"].write(tmp_path / "w", one(name="a:b"))
    assert not (tmp_path / "w" / "labelmap.txt").exists()
