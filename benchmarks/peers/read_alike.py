"""Read the files of benchmarks/by_hand with programs that others wrote, and compare with what we read.

Runs in benchmarks/.peers, without Lydite; see benchmarks/sources_read_alike.py.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from label_studio_sdk.converter import Converter
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

TOLERANCE_PX = 0.01
Rows = list[dict[str, Any]]


def main() -> None:
    folder = Path(sys.argv[1])
    told = json.loads((folder / "neutral.json").read_text(encoding="utf-8"))
    packages = ("datumaro", "pycocotools", "supervision", "label-studio-sdk")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    good = True
    for name, reader, read in READERS:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = read(folder / name)
        except Exception as error:  # noqa: BLE001  (a reader that fails is a result too)
            print(f"FAILED  {name:13} {reader:18} {type(error).__name__}: {error}")
            good = False
            continue
        problem, line = compare(told[name], found)
        good &= not problem
        print(f"{'FAILED' if problem else 'alike':7} {name:13} {reader:18} {problem or line}")
    sys.exit(0 if good else 1)


def compare(ours: dict[str, Rows], theirs: dict[str, Rows]) -> tuple[str, str]:
    """What differs, or how alike everything is. Pictures go by their name without folder and suffix."""
    left = {Path(path).stem: rows for path, rows in ours.items()}
    right = {Path(path).stem: rows for path, rows in theirs.items()}
    empty = {name for name, rows in left.items() if not rows}
    if set(left) - empty != {name for name, rows in right.items() if rows}:
        return f"pictures differ: {sorted(left)} and {sorted(right)}", ""
    worst, boxes, masks, attributes = 0.0, 0, 0, 0
    for name in sorted(set(left) - empty):
        one, other = sorted(left[name], key=order), sorted(right[name], key=order)
        if [row["class"] for row in one] != [row["class"] for row in other]:
            return (
                f"{name}: classes {[row['class'] for row in one]} and {[row['class'] for row in other]}",
                "",
            )
        for mine, their in zip(one, other, strict=True):
            if their.get("box") is not None:
                boxes += 1
                worst = max(worst, float(np.abs(np.subtract(mine["box"], their["box"])).max()))
            if their.get("mask") is not None:
                masks += 1
                mask = coco_mask.decode(mine["rle"]).astype(bool)
                if not np.array_equal(mask, their["mask"]):
                    return f"{name}: masks differ in {int((mask != their['mask']).sum())} pixels", ""
            for key, value in their.get("attributes", {}).items():
                attributes += 1
                if mine["attributes"].get(key) != value:
                    return f"{name}: {key} is {mine['attributes'].get(key)!r} and {value!r}", ""
    told = (
        f"{len(right)} pictures, {boxes} boxes within {worst:.4f} px, {masks} masks, {attributes} attributes"
    )
    return (told if worst > TOLERANCE_PX else ""), told


def order(row: dict[str, Any]) -> tuple[str, list[int]]:
    return row["class"], [round(side) for side in row["box"]]


def cvat_by_datumaro(folder: Path) -> dict[str, Rows]:
    """Attributes are texts but for truth values; what it makes up itself (occluded, track) is left out."""
    dataset = Dataset.import_from(str(folder / "annotations.xml"), "cvat")
    names = dataset.categories()[AnnotationType.label]
    content: dict[str, Rows] = {}
    for item in dataset:
        rows = content.setdefault(f"{item.id}.png", [])
        for found in item.annotations:
            if found.attributes.get("outside"):
                continue
            x, y, width, height = found.get_bbox()
            box: list[float] = [x, y, x + width, y + height]
            mask = None
            if found.type == AnnotationType.mask:
                mask = np.asarray(found.image).astype(bool)
                rows_hit, columns_hit = np.nonzero(mask)
                box = [columns_hit.min(), rows_hit.min(), columns_hit.max() + 1, rows_hit.max() + 1]
            own = {
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in found.attributes.items()
                if name in {"safety_rope_use", "helmet"}
            }
            rows.append({"class": names[found.label].name, "box": box, "mask": mask, "attributes": own})
    return content


def coco_by_pycocotools(folder: Path) -> dict[str, Rows]:
    return coco_rows(COCO(str(folder / "instances.json")), masks=True)


def coco_rows(dataset: Any, masks: bool) -> dict[str, Rows]:
    content: dict[str, Rows] = {image["file_name"]: [] for image in dataset.imgs.values()}
    for row in dataset.anns.values():
        x, y, width, height = row["bbox"]
        content[dataset.imgs[row["image_id"]]["file_name"]].append(
            {
                "class": dataset.cats[row["category_id"]]["name"],
                "box": [x, y, x + width, y + height],
                "mask": dataset.annToMask(row).astype(bool) if masks else None,
            }
        )
    return content


def voc_by_datumaro(folder: Path) -> dict[str, Rows]:
    """It takes corners as they stand in the file, which count from 1 and include their ends."""
    dataset = Dataset.import_from(str(folder), "voc_detection")
    names = dataset.categories()[AnnotationType.label]
    content: dict[str, Rows] = {}
    for item in dataset:
        rows = content.setdefault(f"{item.id}.png", [])
        for found in item.annotations:
            x, y, width, height = found.get_bbox()
            rows.append({"class": names[found.label].name, "box": [x - 1, y - 1, x + width, y + height]})
    return content


def voc_by_supervision(folder: Path) -> dict[str, Rows]:
    pictures, pages = str(folder / "JPEGImages"), str(folder / "Annotations")
    return detections(sv.DetectionDataset.from_pascal_voc(pictures, pages))


def yolo_by_supervision(folder: Path) -> dict[str, Rows]:
    parts = (str(folder / name) for name in ("images", "labels", "data.yaml"))
    return detections(sv.DetectionDataset.from_yolo(*parts))


def detections(dataset: Any) -> dict[str, Rows]:
    return {
        path: [
            {"class": dataset.classes[found.class_id[row]], "box": found.xyxy[row].tolist()}
            for row in range(len(found))
        ]
        for path, _, found in dataset
    }


def label_studio_by_its_converter(folder: Path) -> dict[str, Rows]:
    """Its own way to COCO, read by pycocotools; it puts a digest before the names of pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        setup = (folder / "label_config.xml").read_text(encoding="utf-8")
        converter = Converter(setup, str(folder), download_resources=False)
        converter.convert_to_coco(
            str(folder / "tasks.json"), temporary, output_image_dir=temporary, is_dir=False
        )
        content = coco_rows(COCO(str(Path(temporary) / "result.json")), masks=False)
        return {Path(path).name.partition("__")[2]: rows for path, rows in content.items()}


READERS: list[tuple[str, str, Callable[[Path], dict[str, Rows]]]] = [
    ("cvat", "datumaro", cvat_by_datumaro),
    ("cvat-video", "datumaro", cvat_by_datumaro),
    ("coco", "pycocotools", coco_by_pycocotools),
    ("voc", "datumaro", voc_by_datumaro),
    ("voc", "supervision", voc_by_supervision),
    ("yolo", "supervision", yolo_by_supervision),
    ("label-studio", "label-studio-sdk", label_studio_by_its_converter),
]


if __name__ == "__main__":
    main()
