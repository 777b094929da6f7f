"""What a file marks becomes candidates, picture by picture, by the masks that were asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detect.proposers.given import annotate, settings_for
from lydite.core import AnnotationError, Candidates, ImageError, ItemId, Masks, UnknownName, UsageError
from lydite.data import load_image
from lydite.detect import Detector, resolve
from lydite.detect.proposers import Proposer
from lydite.detect.proposers.boxes import build
from pictures import GREEN, RED, write_examples, write_scene

SCENE = ItemId("images", "scene.png")
DISC = [19.0, 19.0, 52.0, 52.0]
NOWHERE = [2.0, 100.0, 20.0, 106.0]


def pixels_of(folder: Path) -> np.ndarray:
    return load_image(write_scene(folder / "scene.png")).pixels


def propose(folder: Path, file: Path, item: ItemId = SCENE, **options: object) -> Candidates:
    return proposer(folder, boxes_file=file, **options).propose(pixels_of(folder), item)


def proposer(folder: Path, **options: object) -> Proposer:
    return build(settings_for("boxes", folder, **options))


def drawn() -> Masks:
    dense = np.zeros((2, 120, 160), bool)
    dense[0, 30:40, 30:45] = True
    return Masks.from_dense(dense)


def test_a_row_without_a_mask_is_its_filled_box(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [DISC, NOWHERE], drawn())
    found = propose(tmp_path, file)
    assert found.origins == ("boxes/mask", "boxes/box")
    assert found.masks.areas.tolist() == [150, 108]
    assert found.boxes.xyxy.tolist() == [[30, 30, 45, 40], NOWHERE]


def test_the_files_masks_can_be_passed_over(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [DISC, NOWHERE], drawn())
    found = propose(tmp_path, file, boxes_masks="box")
    assert found.origins == ("boxes/box", "boxes/box")
    assert found.masks.areas.tolist() == [33 * 33, 108]
    assert found.boxes.xyxy.tolist() == [DISC, NOWHERE]


def test_a_box_snaps_to_the_region_in_it_or_says_that_none_fits(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [DISC, NOWHERE])
    found = propose(tmp_path, file, boxes_masks="region")
    assert found.origins == ("boxes/region", "boxes/box, no region fits")
    rows, columns = np.mgrid[:120, :160]
    disc = (columns - 35) ** 2 + (rows - 35) ** 2 <= 16.5**2
    mask = found.masks.decode(0)
    assert (mask & disc).sum() / (mask | disc).sum() > 0.9
    x0, y0, x1, y1 = found.masks.boxes.xyxy[0].tolist()
    assert x0 >= 19 and y0 >= 19 and x1 <= 52 and y1 <= 52  # noqa: PT018
    assert propose(tmp_path, file, boxes_masks="region", boxes_snap_iou=1.0).origins[1] == found.origins[1]


def test_a_box_smaller_than_a_pixel_is_the_pixel_under_it(tmp_path: Path) -> None:
    found = propose(tmp_path, annotate(tmp_path / "a.json", [[7.6, 8.6, 8.2, 9.3]]))
    assert found.masks.areas.tolist() == [1]
    assert found.masks.boxes.xyxy.tolist() == [[7, 8, 8, 9]]


def test_equal_rows_come_once_and_crowds_not_at_all(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [DISC, DISC, NOWHERE], crowd=[False, False, True])
    assert len(propose(tmp_path, file)) == 1


def test_a_picture_without_rows_has_no_candidates(tmp_path: Path) -> None:
    assert len(propose(tmp_path, annotate(tmp_path / "a.json", []))) == 0


def test_a_picture_that_the_file_does_not_know_is_named(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [DISC], picture="day 1/scene.png")
    assert len(propose(tmp_path, file, ItemId("images", "day 1/scene.png"))) == 1
    with pytest.raises(ImageError) as caught:
        propose(tmp_path, file)
    assert str(caught.value) == (
        "Picture scene.png is not in the annotations a.json. Paths are relative to the folder of pictures. "
        "Its pictures are named like 'day 1/scene.png'."
    )


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    file = annotate(tmp_path / "a.json", [[1, 1, 5, 5]], size_hw=(60, 80))
    with pytest.raises(ImageError) as caught:
        propose(tmp_path, file)
    assert str(caught.value) == (
        "Picture scene.png is of 160x120 pixels and of 80x60 in a.json. "
        "Annotate the very picture, upright, at its own size."
    )


def test_other_formats_are_read_too(tmp_path: Path) -> None:
    write_scene(tmp_path / "images" / "scene.png")
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "scene.txt").write_text("0 0.5 0.5 0.25 0.5\n0 0.5 nonsense 0.25 0.5\n")
    (labels / "classes.txt").write_text("thing\n")
    yolo = proposer(tmp_path, boxes_file=labels, boxes_format="yolo", boxes_images=tmp_path / "images")
    found = yolo.propose(pixels_of(tmp_path), SCENE)
    assert found.boxes.xyxy.tolist() == [[60, 30, 100, 90]]
    (note,) = yolo.provenance.notes
    assert note.startswith("annotation left out: ")


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build(resolve(options={"proposer": "boxes"}))
    assert str(caught.value) == (
        "Proposer 'boxes' needs annotations. Name them with boxes_file (--boxes-file annotations.json)."
    )
    with pytest.raises(UsageError, match=r"There are no annotations .*none.json. Check --boxes-file."):
        proposer(tmp_path, boxes_file=tmp_path / "none.json")
    with pytest.raises(UnknownName, match="There is no annotation format named 'cocoa'"):
        proposer(tmp_path, boxes_format="cocoa")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(AnnotationError):
        proposer(tmp_path, boxes_file=tmp_path / "bad.json")


def test_the_digest_follows_the_marks(tmp_path: Path) -> None:
    first = proposer(tmp_path, boxes_file=annotate(tmp_path / "a.json", [DISC])).provenance
    same = proposer(tmp_path, boxes_file=annotate(tmp_path / "b.json", [DISC])).provenance
    other = proposer(tmp_path, boxes_file=annotate(tmp_path / "c.json", [NOWHERE])).provenance
    assert first == same
    assert first != other


def test_marked_things_are_named_by_the_examples(tmp_path: Path) -> None:
    positive = write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, count=2)
    scene = write_scene(tmp_path / "scene.png")
    settings = settings_for(
        "boxes",
        tmp_path,
        boxes_file=annotate(tmp_path / "a.json", [DISC, [35, 75, 65, 105]]),
        boxes_masks="region",
    )
    found = Detector.from_folders(positive, settings=settings).detect_file(scene)
    assert sorted(instance.class_name for instance in found.instances) == ["green", "red"]
