"""Files written by hand after the published formats; ``make peers`` has others read them, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lydite.data.annotations import AnnotationSet
from lydite.data.formats import FORMATS
from support import REPOSITORY

BY_HAND = REPOSITORY / "benchmarks" / "by_hand"
READ = {
    "cvat": "annotations.xml",
    "cvat-video": "annotations.xml",
    "coco": "instances.json",
    "voc": "Annotations",
    "yolo": "labels",
    "label-studio": "tasks.json",
}
WRONG, CORRECT = {"safety_rope_use": "wrong"}, {"safety_rope_use": "correct"}
PERSON, CRANE = (10.25, 20.5, 40.75, 100), (100, 10, 180, 90)
EXPECTED = {
    "cvat": {
        "north/äpfel 照片.png": [
            ("person", PERSON, {**WRONG, "helmet": "true"}),
            ("person", (60, 30, 90, 110.5), {**CORRECT, "helmet": "false"}),
            ("crane", CRANE, {}),
        ],
        "north/b.png": [("crane", (50, 60, 54, 63), {})],
        "nothing.png": [],
    },
    "cvat-video": {
        "frame_000000.PNG": [("person", (10, 20, 40, 100), {**WRONG, "track": "0"})],
        "frame_000001.PNG": [
            ("person", (12.5, 20, 42.5, 100), {**WRONG, "track": "0"}),
            ("crane", CRANE, {"track": "1"}),
        ],
        "frame_000002.PNG": [("person", (15, 20, 45, 100), {**CORRECT, "track": "0"})],
        "frame_000003.PNG": [],
    },
    "coco": {
        "north/äpfel 照片.png": [("person", PERSON, WRONG), ("crane", CRANE, {})],
        "north/b.png": [("crane", (0, 0, 2, 3), {})],
        "nothing.png": [],
    },
    "voc": {"b.png": [("person", (10, 20, 40, 100), {}), ("crane", (0, 0, 200, 120), {})]},
    "yolo": {"b.png": [("person", (10.25, 21, 40.75, 99), {}), ("crane", (25, 22.5, 175, 37.5), {})]},
    "label-studio": {"north/b.png": [("person", (10, 30, 40, 90), {}), ("crane", (100, 12, 180, 90), {})]},
}


def test_every_format_was_written_by_hand() -> None:
    assert (
        set(READ)
        == set(EXPECTED)
        == set(FORMATS)
        == {path.name for path in BY_HAND.iterdir() if path.is_dir()}
    )


@pytest.mark.parametrize("name", READ)
def test_each_says_what_was_meant(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (200, 120)).save(tmp_path / "b.png")
    images = tmp_path if name in {"voc", "yolo"} else None
    found = FORMATS[name].read(BY_HAND / name / READ[name], images)
    assert found.problems == ()
    assert rows(found) == EXPECTED[name]
    assert {image.size_hw for image in found.images} == {(120, 200)}


def rows(found: AnnotationSet) -> dict[str, list[tuple[str, tuple[float, ...], dict[str, str]]]]:
    return {
        image.path: [
            (
                found.class_map[int(image.labels[row])],
                tuple(round(side, 3) for side in image.boxes.xyxy[row].tolist()),
                dict(image.attributes[row]) if image.attributes is not None else {},
            )
            for row in range(len(image))
        ]
        for image in found.images
    }
