from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from lydite.core import Boxes, ClassMap, ImageError, ImageId, Masks, OutputError, UsageError
from lydite.data import AnnotatedImage, ImageLimits
from lydite.detect import Found, ImageRecord
from lydite.reports.drawings import DRAWINGS
from lydite.reports.palette import HUES

CLASSES = ClassMap(("apple", "鳥 & co/x"))
LIMITS = ImageLimits()
SIZE = (40, 60)


def dense() -> npt.NDArray[np.bool_]:
    """A large ring, and within its hole and across its edge a small square of another class."""
    masks = np.zeros((2, *SIZE), np.bool_)
    masks[1, 5:35, 5:45] = True
    masks[1, 12:20, 12:20] = False
    masks[0, 15:25, 15:25] = True
    return masks


@pytest.fixture
def found(tmp_path: Path) -> Found:
    return find(tmp_path, "sub dir/ü 1.jpg")


def find(folder: Path, name: str, masks: npt.NDArray[np.bool_] | None = None) -> Found:
    path = folder / "pictures.png"
    Image.fromarray(np.full((*SIZE, 3), 100, np.uint8)).save(path)
    rows = Masks.from_dense(dense() if masks is None else masks)
    image = AnnotatedImage(
        name,
        SIZE,
        rows.boxes if len(rows) else Boxes.empty(),
        np.arange(len(rows)) % 2,
        rows if len(rows) else None,
    )
    digest = str(ImageId.of_bytes(path.read_bytes()))
    record = ImageRecord(f"images:{name}", str(path), "done", digest, SIZE)
    return Found(record, image, tuple(range(7, 7 + len(rows))))


def rgb(hue: str) -> list[int]:
    return [int(hue[at : at + 2], 16) for at in (1, 3, 5)]


def draw(name: str, folder: Path, found: Found) -> Image.Image:
    DRAWINGS[name](folder / "out", found, CLASSES, LIMITS)
    with Image.open(folder / "out" / "sub dir" / "ü 1.png") as image:
        return image.copy()


def test_the_overlay_tints_and_outlines_and_leaves_the_rest(tmp_path: Path, found: Found) -> None:
    pixels = np.asarray(draw("overlays", tmp_path, found))
    assert pixels.shape == (*SIZE, 3)
    assert pixels[0, 0].tolist() == pixels[13, 13].tolist() == [100, 100, 100]
    assert pixels[5, 5].tolist() == pixels[19, 11].tolist() == rgb(HUES[1])
    assert pixels[15, 15].tolist() == rgb(HUES[0])
    inside = np.round(0.55 * 100 + 0.45 * np.array(rgb(HUES[1])))
    assert pixels[30, 30].tolist() == inside.tolist()


def test_contours_are_outlines_on_white(tmp_path: Path, found: Found) -> None:
    Path(found.record.path).unlink()
    pixels = np.asarray(draw("contours", tmp_path, found))
    assert pixels[5, 5].tolist() == rgb(HUES[1])
    assert pixels[15, 15].tolist() == rgb(HUES[0])
    assert pixels[30, 30].tolist() == pixels[13, 13].tolist() == [255, 255, 255]


def test_the_semantic_map_counts_classes_from_one_and_puts_the_smaller_on_top(
    tmp_path: Path, found: Found
) -> None:
    image = draw("semantic", tmp_path, found)
    assert image.mode == "P"
    masks = dense()
    expected = np.zeros(SIZE, np.uint8)
    expected[masks[1]] = 2
    expected[masks[0]] = 1
    assert np.array_equal(np.asarray(image), expected)
    colours = np.asarray(image.convert("RGB"))
    assert colours[0, 0].tolist() == [0, 0, 0]
    assert colours[30, 30].tolist() == rgb(HUES[1])


def test_each_instance_is_a_mask_named_by_region_and_class(tmp_path: Path, found: Found) -> None:
    DRAWINGS["instances"](tmp_path / "out", found, CLASSES, LIMITS)
    folder = tmp_path / "out" / "sub dir" / "ü 1.jpg"
    assert sorted(path.name for path in folder.iterdir()) == ["0007-apple.png", "0008-鳥_co_x.png"]
    for name, mask in zip(("0007-apple.png", "0008-鳥_co_x.png"), dense(), strict=True):
        image = Image.open(folder / name)
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), mask * np.uint8(255))


@pytest.mark.parametrize("name", ["overlays", "contours", "semantic"])
def test_a_picture_with_nothing_in_it_is_drawn_too(tmp_path: Path, name: str) -> None:
    empty = find(tmp_path, "sub dir/ü 1.jpg", np.zeros((0, *SIZE), np.bool_))
    assert len(np.unique(np.asarray(draw(name, tmp_path, empty)))) == 1


def test_a_picture_that_is_gone_or_changed_is_no_ground_for_an_overlay(tmp_path: Path, found: Found) -> None:
    path = Path(found.record.path)
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(path)
    with pytest.raises(ImageError, match="has changed since the run looked at it"):
        draw("overlays", tmp_path, found)
    path.unlink()
    with pytest.raises(ImageError, match=r"pictures\.png"):
        draw("overlays", tmp_path, found)
    assert not (tmp_path / "out").exists()


def test_two_pictures_with_one_stem_do_not_share_a_file(tmp_path: Path, found: Found) -> None:
    draw("semantic", tmp_path, found)
    with pytest.raises(OutputError, match=r"Two pictures would share the file ü 1\.png"):
        draw("semantic", tmp_path, find(tmp_path, "sub dir/ü 1.webp"))
    DRAWINGS["instances"](tmp_path / "each", found, CLASSES, LIMITS)
    DRAWINGS["instances"](tmp_path / "each", find(tmp_path, "sub dir/ü 1.webp"), CLASSES, LIMITS)


def test_more_classes_than_an_index_can_tell(tmp_path: Path, found: Found) -> None:
    many = ClassMap(tuple(f"c{number}" for number in range(256)))
    with pytest.raises(UsageError, match=r"at most 255 classes apart\. Export as coco\. Seen: 256"):
        DRAWINGS["semantic"](tmp_path, found, many, LIMITS)
    DRAWINGS["semantic"](tmp_path, found, ClassMap(many.names[:255]), LIMITS)
