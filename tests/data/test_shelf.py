"""The shelf as a whole: what comes out is true, repeatable and varied."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from lydite.core.errors import InvalidValue, OutputError, UnknownName
from lydite.data import shelf
from lydite.data.shelf.layout import SEQUENCE
from lydite.data.shelf.scene import MIN_VISIBLE

SMALL = (150, 200)


@pytest.fixture(scope="module", params=range(3))
def scene(request: pytest.FixtureRequest) -> shelf.Scene:
    return shelf.render_scene(request.param, (240, 320))


def test_masks_are_disjoint_inside_and_large_enough(scene: shelf.Scene) -> None:
    dense = scene.masks.to_dense()
    assert dense.sum(axis=0).max() == 1
    assert (scene.masks.areas >= MIN_VISIBLE).all()
    assert scene.masks.size_hw == scene.pixels.shape[:2] == (240, 320)


def test_rows_name_groups_of_their_class(scene: shelf.Scene) -> None:
    assert 8 <= len(scene) <= 25
    for label, group in zip(scene.labels, scene.groups, strict=True):
        assert group in shelf.CLASSES[scene.class_map[int(label)]]


def test_visible_shares_are_shares_and_some_pieces_are_hidden_in_part(scene: shelf.Scene) -> None:
    assert ((scene.visible > 0) & (scene.visible <= 1)).all()
    assert (scene.visible < 0.9).any()
    assert (scene.visible > 0.9).any()


def test_same_seed_same_bytes() -> None:
    first, second = (shelf.render_scene(4, SMALL) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.masks.runs, second.masks.runs)
    np.testing.assert_array_equal(first.visible, second.visible)
    assert first.groups == second.groups


def test_other_seed_other_picture() -> None:
    first, second = (shelf.render_scene(seed, SMALL, style="bays") for seed in (1, 2))
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() > 10


def test_seeds_in_a_row_walk_through_the_styles() -> None:
    for seed, style in enumerate(SEQUENCE):
        by_seed = shelf.render_scene(seed, SMALL)
        np.testing.assert_array_equal(by_seed.pixels, shelf.render_scene(seed, SMALL, style=style).pixels)


def test_a_mask_covers_its_piece_and_nothing_else() -> None:
    """Orange skin is found under the mask and not beside it."""
    full = shelf.render_exemplar("orange", "navel", 3, (160, 160))
    inside = cv2.erode(full.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    outside = cv2.dilate(full.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    hsv = cv2.cvtColor(full.pixels, cv2.COLOR_RGB2HSV)
    orange = (hsv[..., 0] >= 4) & (hsv[..., 0] <= 26) & (hsv[..., 1] > 150)
    assert orange[inside].mean() > 0.85
    assert orange[outside].mean() < 0.15


def test_a_scene_without_produce_has_no_truth() -> None:
    empty = shelf.render_scene(0, SMALL, produce=False)
    assert len(empty) == 0
    assert len(empty.labels) == len(empty.groups) == len(empty.visible) == 0
    assert empty.pixels.std() > 5


def test_fewer_pieces_on_request() -> None:
    assert len(shelf.render_scene(2, SMALL, most=3)) <= 3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: shelf.render_scene(-1), InvalidValue, "seed must be 0 or more. Seen: -1"),
        (
            lambda: shelf.render_scene(0, (32, 90)),
            InvalidValue,
            r"64 pixels or more on each side. Seen: \(32, 90\)",
        ),
        (lambda: shelf.render_scene(0, most=0), InvalidValue, "most must be 1 or more. Seen: 0"),
        (
            lambda: shelf.render_scene(0, style="bay"),
            UnknownName,
            "no style named 'bay'. Did you mean 'bays'?",
        ),
        (
            lambda: shelf.render_exemplar("aple", "gala", 0),
            UnknownName,
            "no class named 'aple'. Did you mean 'apple'",
        ),
        (
            lambda: shelf.render_exemplar("apple", "galla", 0),
            UnknownName,
            "group of apple named 'galla'. Did you mean 'gala'",
        ),
        (
            lambda: shelf.render_clutter("leav", 0),
            UnknownName,
            "kind of clutter named 'leav'. Did you mean 'leaf'",
        ),
        (lambda: shelf.write_shelf("x", scenes=-1), InvalidValue, "counts of pictures must be 0 or more"),
    ],
)
def test_what_cannot_be_drawn(call: object, error: type[Exception], message: str) -> None:
    assert callable(call)
    with pytest.raises(error, match=message):
        call()


def test_scene_refuses_rows_that_do_not_fit() -> None:
    scene = shelf.render_scene(2, SMALL)
    with pytest.raises(InvalidValue, match=r"Scene.labels, groups and visible must be \d+ long each"):
        shelf.Scene(scene.pixels, scene.masks, scene.labels[1:], scene.class_map, scene.groups, scene.visible)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> shelf.ShelfPaths:
    folder = tmp_path_factory.mktemp("shelf")
    return shelf.write_shelf(
        folder, 1, scenes=2, exemplars_per_class=3, negatives=2, empty=1, size_hw=SMALL, exemplar_hw=(64, 64)
    )


def test_folders_are_those_that_detection_reads(written: shelf.ShelfPaths) -> None:
    assert sorted(path.name for path in written.positive.iterdir()) == sorted(shelf.CLASSES)
    assert sorted(path.name for path in (written.positive / "apple").glob("*.jpg")) == [
        "gala-01.jpg",
        "granny-smith-01.jpg",
        "red-delicious-01.jpg",
    ]
    assert len(list(written.negative.glob("*.jpg"))) == 2
    assert len(list(written.scenes.glob("*.jpg"))) == 2
    assert len(list(written.empty.glob("*.jpg"))) == 1
    assert not list(written.truth.parent.rglob(".*"))


def test_each_exemplar_has_a_mask_of_its_size(written: shelf.ShelfPaths) -> None:
    for picture in written.positive.rglob("*.jpg"):
        mask = cv2.imread(str(picture.with_suffix(".png")), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (64, 64)
        assert set(np.unique(mask).tolist()) == {0, 255}


# pycocotools does not know numpy's copy keyword yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_reads_the_truth_back(
    written: shelf.ShelfPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    coco = COCO(str(written.truth))
    scene = shelf.render_scene(1000, SMALL)
    image = next(row for row in coco.dataset["images"] if row["file_name"] == "scenes/shelf-01.jpg")
    rows = coco.loadAnns(coco.getAnnIds(image["id"]))
    assert len(rows) == len(scene)
    for row, annotation in enumerate(rows):
        np.testing.assert_array_equal(coco.annToMask(annotation) > 0, scene.masks.decode(row))
        assert coco.cats[annotation["category_id"]]["name"] == scene.class_map[int(scene.labels[row])]
        assert annotation["attributes"]["group"] == scene.groups[row]
        assert annotation["attributes"]["visible"] == pytest.approx(scene.visible[row], abs=1e-4)
        assert annotation["area"] == scene.masks.areas[row]
    capsys.readouterr()


def test_empty_shelves_have_no_annotation(written: shelf.ShelfPaths) -> None:
    truth = json.loads(written.truth.read_text())
    empty = {row["id"] for row in truth["images"] if row["file_name"].startswith("empty/")}
    assert len(empty) == 1
    assert not [row for row in truth["annotations"] if row["image_id"] in empty]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "scenes").write_text("not a folder")
    with pytest.raises(OutputError, match=r"shelf-01.jpg cannot be written.*choose another folder"):
        shelf.write_shelf(tmp_path, scenes=1, exemplars_per_class=0, negatives=0, empty=0, size_hw=(64, 64))
