from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from lydite.core import Boxes, ClassMap, InvalidValue, Masks, OutputError
from lydite.data.coco_writer import CocoWriter

CLASSES = ClassMap(("Äpfel", "鳥"))
BOX = Boxes(np.array([[1, 2, 4, 6.5]], np.float32))


def ring() -> Masks:
    """One mask with a hole, one that is a single pixel, one empty."""
    dense = np.zeros((3, 9, 11), np.bool_)
    dense[0, 1:8, 2:9] = True
    dense[0, 3:6, 4:7] = False
    dense[1, 8, 10] = True
    return Masks.from_dense(dense)


def load(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools
def test_pycocotools_reads_it_back_bit_by_bit(tmp_path: Path) -> None:
    masks, path = ring(), tmp_path / "ünïcode 鳥.json"
    with CocoWriter(path, CLASSES, info={"description": "ñ"}) as writer:
        first = writer.add(
            "shelf 3/Äpfel 🍎.jpg",
            (9, 11),
            masks.boxes,
            [0, 1, 1],
            masks=masks,
            scores=np.array([0.5, 1, 0], np.float32),
            crowd=[False, True, False],
            attributes=[{"region": "images:a#0"}, {}, {}],
        )
        second = writer.add("empty.jpg", (5, 6), Boxes.empty(), [])
    coco = load(path)
    assert (first, second) == (1, 2)
    assert coco.imgs[1] == {"id": 1, "file_name": "shelf 3/Äpfel 🍎.jpg", "width": 11, "height": 9}
    assert coco.cats == {1: {"id": 1, "name": "Äpfel"}, 2: {"id": 2, "name": "鳥"}}
    rows = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [row["area"] for row in rows] == [40, 1, 0]
    for row in range(2):
        assert np.array_equal(coco.annToMask(rows[row]) > 0, masks.decode(row))
        x, y, width, height = rows[row]["bbox"]
        assert Boxes.from_xywh([[x, y, width, height]]).xyxy.tolist() == masks.boxes[[row]].xyxy.tolist()
    assert rows[2]["segmentation"] == []
    assert [row["iscrowd"] for row in rows] == [0, 1, 0]
    assert [row["score"] for row in rows] == [0.5, 1.0, 0.0]
    assert rows[0]["attributes"] == {"region": "images:a#0"}
    assert "attributes" not in rows[1]
    assert coco.getAnnIds(imgIds=[2]) == []


def test_the_empty_file_and_the_file_without_annotations(tmp_path: Path) -> None:
    with CocoWriter(tmp_path / "a.json", CLASSES):
        pass
    assert json.loads((tmp_path / "a.json").read_text())["images"] == []
    with CocoWriter(tmp_path / "b.json", CLASSES) as writer:
        writer.add("x.jpg", (4, 5), Boxes.empty(), [])
    assert json.loads((tmp_path / "b.json").read_text())["annotations"] == []
    assert load(tmp_path / "b.json").imgs.keys() == {1}


def test_same_input_same_bytes_and_nothing_left_over(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with CocoWriter(tmp_path / name, CLASSES) as writer:
            writer.add("x\udcff.jpg", (8, 9), BOX, [1])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert json.loads((tmp_path / "a").read_text())["annotations"][0]["bbox"] == [1, 2, 3, 4.5]


def test_an_interrupted_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def interrupt() -> None:
        with CocoWriter(path, CLASSES) as writer:
            writer.add("x.jpg", (8, 9), BOX, [1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with (
        pytest.raises(
            OutputError, match=r"a\.json cannot be written: No space left on device\. Free some space"
        ),
        CocoWriter(tmp_path / "a.json", CLASSES) as writer,
    ):
        writer.add("x.jpg", (8, 9), BOX, [1])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"none/a\.json cannot be written: .* Create the folder first"),
        CocoWriter(tmp_path / "none" / "a.json", CLASSES),
    ):
        pass


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    boxes = Boxes(np.tile(BOX.xyxy, (50, 1)))

    def peak(pictures: int) -> int:
        tracemalloc.start()
        with CocoWriter(tmp_path / "a.json", CLASSES) as writer:
            for number in range(pictures):
                writer.add(f"{number}.jpg", (8, 9), boxes, np.zeros(50, np.int64))
        _, high = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return high

    peak(2)
    # A path is remembered for each picture, to refuse a second one; its 50 annotations are not.
    assert -peak(30) + peak(300) < 270 * 500
    assert (tmp_path / "a.json").stat().st_size > 270 * 50 * 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "x.jpg"}, r"CocoWriter path must be a relative path, each once\. Seen: x\.jpg"),
        ({"labels": [2]}, r"CocoWriter labels must be from 0 to 1\. Seen: \[2\]"),
        ({"labels": [-1]}, r"CocoWriter labels must be from 0 to 1"),
        ({"labels": [0, 1]}, r"CocoWriter boxes must be of 2 rows\. Seen: 1"),
        ({"scores": [0.1, 0.2]}, r"CocoWriter scores must be of 1 rows"),
        ({"attributes": []}, r"CocoWriter attributes must be of 1 rows"),
        ({"masks": Masks.from_boxes(BOX, (9, 8))}, r"CocoWriter masks must be of size \(8, 9\)"),
    ],
)
def test_rows_are_checked(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with CocoWriter(tmp_path / "a.json", CLASSES) as writer:
        writer.add("x.jpg", (8, 9), BOX, [1])
        arguments: dict[str, object] = {"path": "y.jpg", "size_hw": (8, 9), "boxes": BOX, "labels": [1]}
        with pytest.raises(InvalidValue, match=message):
            writer.add(**arguments | changes)  # type: ignore[arg-type]
    assert len(json.loads((tmp_path / "a.json").read_text())["images"]) == 1
