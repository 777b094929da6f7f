"""Read exports with programs that others wrote, and compare with the neutral dump. Runs without Lydite.

    benchmarks/.peers/bin/python benchmarks/peers/read_back.py FOLDER

The folder holds neutral.json, pictures/ and one export for each format (made by formats_read_back.py). Each
line says format, reader, what was compared, and how far boxes and masks are apart at most.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import supervision as sv
from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from label_studio_sdk.converter.brush import decode_rle
from label_studio_sdk.label_interface import LabelInterface
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

BOX_TOLERANCE_PX = 0.01


@dataclass
class Row:
    """One instance as a reader gives it; what the reader does not give is ``None``."""

    name: str
    box: Any
    mask: Any = None
    score: float | None = None
    rim: Any = None


Content = dict[str, list[Row]]


def main() -> None:
    folder = Path(sys.argv[1])
    packages = ("pycocotools", "supervision", "datumaro", "label-studio-sdk", "numpy")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    told = json.loads((folder / "neutral.json").read_text(encoding="utf-8"))
    truth = read_truth(told)
    rows = [row for image in truth.values() for row in image]
    holes = sum(has_hole(row.mask) for row in rows)
    counted = len(told["classes"])
    empty = sum(not image for image in truth.values())
    print(
        f"{len(truth)} pictures ({empty} empty), {len(rows)} instances, {counted} classes, {holes} with holes"
    )
    good = True
    for (name, reader), read in READERS.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = read(folder, told)
        except Exception as error:  # noqa: BLE001  (a reader that fails is a result too)
            reason = f"{type(error).__name__}: {error.__cause__ or error}"
            print(f"FAILED  {name:13} {reader:18} {reason}")
            good = False
            continue
        problem, line = ("", found) if isinstance(found, str) else compare(truth, found)
        good &= not problem
        print(f"{'FAILED' if problem else 'equal':7} {name:13} {reader:18} {problem or line}")
    sys.exit(0 if good else 1)


def read_truth(told: dict[str, Any]) -> Content:
    return {
        path: [
            Row(row["class"], row["box"], coco_mask.decode(row["rle"]).astype(bool), row["score"])
            for row in picture["rows"]
        ]
        for path, picture in told["pictures"].items()
    }


def compare(truth: Content, found: Content) -> tuple[str, str]:
    """What differs, or how equal everything is."""
    if set(truth) != set(found):
        return f"pictures differ: {sorted(set(truth) ^ set(found))[:4]}", ""
    worst_box, worst_mask, masks, scores, rims = 0.0, 0, 0, 0, 0
    for path, expected in truth.items():
        there = found[path]
        if len(expected) != len(there):
            return f"{path}: {len(there)} rows instead of {len(expected)}", ""
        for one, other in zip(sorted(expected, key=order), sorted(there, key=order), strict=True):
            if one.name != other.name:
                return f"{path}: class {other.name!r} instead of {one.name!r}", ""
            if other.box is not None:
                worst_box = max(worst_box, float(np.abs(np.subtract(one.box, other.box)).max()))
            if other.mask is not None:
                masks += 1
                differs = one.mask != other.mask
                rims += int(differs.sum()) if other.rim is not None else 0
                worst_mask = max(
                    worst_mask, int((differs if other.rim is None else differs & ~other.rim).sum())
                )
            if other.score is not None:
                scores += 1
                if abs(one.score - other.score) > 1e-6:
                    return f"{path}: score {other.score} instead of {one.score}", ""
    line = f"boxes within {worst_box:.4f} px"
    line += f", {masks} masks within {worst_mask} px" if masks else ", no masks in this format or reader"
    line += f" beside painted outlines ({rims} px)" if rims else ""
    line += f", {scores} scores" if scores else ""
    return (line if worst_box > BOX_TOLERANCE_PX or worst_mask else ""), line


def order(row: Row) -> tuple[Any, ...]:
    """Rows in an order that does not depend on the reader."""
    box = row.box if row.box is not None else tight(row.mask)
    return row.name, [round(float(side)) for side in box]


def tight(mask: Any) -> list[int]:
    y, x = np.nonzero(mask)
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def has_hole(mask: Any) -> bool:
    _, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return tree is not None and bool((tree[0, :, 3] >= 0).any())


def coco_by_pycocotools(folder: Path, _: dict[str, Any]) -> Content:
    dataset = COCO(str(folder / "coco" / "instances.json"))
    content: Content = {image["file_name"]: [] for image in dataset.imgs.values()}
    for row in dataset.anns.values():
        x, y, width, height = row["bbox"]
        content[dataset.imgs[row["image_id"]]["file_name"]].append(
            Row(
                dataset.cats[row["category_id"]]["name"],
                [x, y, x + width, y + height],
                dataset.annToMask(row).astype(bool),
                row["score"],
            )
        )
    return content


def coco_by_supervision(folder: Path, _: dict[str, Any]) -> Content:
    dataset = sv.DetectionDataset.from_coco(
        str(folder / "pictures"), str(folder / "coco" / "instances.json"), force_masks=True
    )
    return by_supervision(dataset, folder / "pictures")


def coco_by_datumaro(folder: Path, told: dict[str, Any]) -> Content:
    """It gives each instance twice, as a box and as a mask."""
    root = lay_out(folder, "coco/instances.json", "annotations/instances_default.json", "images/default")
    content = by_datumaro(Dataset.import_from(str(root), "coco_instances"), told)
    for path, rows in content.items():
        masks = [row for row in rows if row.mask is not None]
        boxes = [row for row in rows if row.mask is None]
        if len(boxes) != len(masks):
            raise ValueError(f"{path}: {len(boxes)} boxes and {len(masks)} masks")
        for mask, box in zip(sorted(masks, key=order), sorted(boxes, key=order), strict=True):
            mask.box = box.box
        content[path] = masks
    return content


def cvat_by_datumaro(folder: Path, told: dict[str, Any]) -> Content:
    root = lay_out(folder, "cvat/annotations.xml", "annotations.xml", "images")
    return by_datumaro(Dataset.import_from(str(root / "annotations.xml"), "cvat"), told)


def voc_by_datumaro(folder: Path, told: dict[str, Any]) -> Content:
    content = by_datumaro(Dataset.import_from(str(folder / "voc"), "voc_detection"), told)
    # It takes the corners as they stand in the file, which count from 1 and include their ends.
    for row in (row for rows in content.values() for row in rows):
        row.box = [row.box[0] - 1, row.box[1] - 1, row.box[2], row.box[3]]
    return content


def voc_by_supervision(folder: Path, _: dict[str, Any]) -> Content:
    content: Content = {}
    for images in folders_below(folder / "pictures"):
        labels = folder / "voc" / "Annotations" / images.relative_to(folder / "pictures")
        dataset = sv.DetectionDataset.from_pascal_voc(str(images), str(labels))
        content |= by_supervision(dataset, folder / "pictures", masks=False)
    return content


def yolo_by_supervision(folder: Path, _: dict[str, Any]) -> Content:
    return yolo_parts(folder, "yolo", masks=False)


def polygons_by_supervision(folder: Path, told: dict[str, Any]) -> Content:
    """It paints outlines, too: pixels that a polygon's line passes may differ, and only those."""
    content = yolo_parts(folder, "yolo-polygons", masks=True)
    for path, rows in content.items():
        for row, corners in zip(rows, polygons(folder, path, told), strict=True):
            line = np.zeros(row.mask.shape, np.uint8)
            cv2.polylines(line, [np.round(corners).astype(np.int32)], True, 1)
            row.rim = cv2.dilate(line, np.ones((3, 3), np.uint8)) > 0
    return content


def polygons_by_pycocotools(folder: Path, told: dict[str, Any]) -> Content:
    content: Content = {}
    for path, picture in told["pictures"].items():
        text = label_file(folder, path).read_text(encoding="utf-8")
        numbers = [int(line.split()[0]) for line in text.splitlines()]
        content[path] = [
            Row(
                told["classes"][number],
                [*corners.min(axis=0), *corners.max(axis=0)],
                coco_mask.decode(coco_mask.frPyObjects([corners.ravel().tolist()], *picture["size_hw"])[0])
                > 0,
            )
            for number, corners in zip(numbers, polygons(folder, path, told), strict=True)
        ]
    return content


def label_studio_by_its_sdk(folder: Path, _: dict[str, Any]) -> Content:
    setup = LabelInterface((folder / "label-studio" / "label_config.xml").read_text(encoding="utf-8"))
    content: Content = {}
    for task in json.loads((folder / "label-studio" / "tasks.json").read_text(encoding="utf-8")):
        rows = content.setdefault(task["data"]["image"], [])
        for prediction in task["predictions"]:
            errors = setup.validate_prediction(prediction, return_errors=True)
            if errors:
                raise ValueError(str(errors))
            for region in prediction["result"]:
                size = (region["original_height"], region["original_width"], 4)
                mask = decode_rle(region["value"]["rle"]).reshape(size)[:, :, 3] > 0
                rows.append(Row(region["value"]["brushlabels"][0], tight(mask), mask, region["score"]))
    return content


def instances_by_opencv(folder: Path, told: dict[str, Any]) -> Content:
    content: Content = {}
    for path, picture in told["pictures"].items():
        files = sorted((folder / "instances" / path).glob("*.png"))
        by_region = {int(file.name.split("-")[0]): file for file in files}
        content[path] = []
        for row in picture["rows"]:
            file = by_region.pop(row["region"])
            if file.stem.split("-", 1)[1] != re.sub(r"[^\w-]+", "_", row["class"]):
                raise ValueError(f"{path}: {file.name} does not name {row['class']}")
            data = np.fromfile(file, np.uint8)
            mask = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            if set(np.unique(mask)) != {0, 255} or mask.ndim != 2:
                raise ValueError(f"{path}: values other than 0 and 255")
            content[path].append(Row(row["class"], tight(mask), mask > 0))
        if by_region:
            raise ValueError(f"{path}: too many files")
    return content


def semantic_by_pillow(folder: Path, told: dict[str, Any]) -> str:
    """Maps hold no instances, so they are compared with maps painted here."""
    inside = 0
    for path, picture in told["pictures"].items():
        image = Image.open((folder / "semantic" / path).with_suffix(".png"))
        if image.mode != "P":
            raise ValueError(f"{path}: mode {image.mode} instead of P")
        numbers = np.asarray(image)
        masks = [coco_mask.decode(row["rle"]).astype(bool) for row in picture["rows"]]
        expected = np.zeros(picture["size_hw"], np.uint8)
        for row in sorted(range(len(masks)), key=lambda row: -masks[row].sum()):
            expected[masks[row]] = told["classes"].index(picture["rows"][row]["class"]) + 1
        if not np.array_equal(numbers, expected):
            raise ValueError(f"{path}: {(numbers != expected).sum()} pixels differ")
        inside += int((numbers > 0).sum())
    return f"{len(told['pictures'])} maps equal, {inside} pixels of classes"


def lay_out(folder: Path, export: str, name: str, images: str) -> Path:
    """An export and its pictures in the folders that a reader asks for, as links."""
    root = folder / "laid out" / export.split("/", maxsplit=1)[0]
    for link, target in ((root / name, folder / export), (root / images, folder / "pictures")):
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(target.resolve())
    return root


def yolo_parts(folder: Path, name: str, masks: bool) -> Content:
    content: Content = {}
    for images in folders_below(folder / "pictures"):
        labels = folder / name / "labels" / images.relative_to(folder / "pictures")
        dataset = sv.DetectionDataset.from_yolo(
            str(images), str(labels), str(folder / name / "data.yaml"), force_masks=masks
        )
        content |= by_supervision(dataset, folder / "pictures", masks=masks)
    return content


def by_supervision(dataset: Any, pictures: Path, masks: bool = True) -> Content:
    content: Content = {}
    for path, _, found in dataset:
        rows = content.setdefault(Path(path).relative_to(pictures).as_posix(), [])
        for row in range(len(found)):
            mask = found.mask[row].astype(bool) if masks and found.mask is not None else None
            rows.append(Row(dataset.classes[found.class_id[row]], found.xyxy[row], mask))
    return content


def by_datumaro(dataset: Any, told: dict[str, Any]) -> Content:
    """Its ids are paths without suffix."""
    paths = {str(Path(path).with_suffix("")): path for path in told["pictures"]}
    names = dataset.categories()[AnnotationType.label]
    content: Content = {}
    for item in dataset:
        rows = content.setdefault(paths.get(item.id, item.id), [])
        for found in item.annotations:
            x, y, width, height = found.get_bbox()
            box, mask = [x, y, x + width, y + height], None
            if found.type == AnnotationType.mask:
                mask = np.asarray(found.image).astype(bool)
                box = tight(mask)
            score = found.attributes.get("score")
            rows.append(Row(names[found.label].name, box, mask, None if score is None else float(score)))
    return content


def polygons(folder: Path, path: str, told: dict[str, Any]) -> Iterator[Any]:
    height, width = told["pictures"][path]["size_hw"]
    for line in label_file(folder, path).read_text(encoding="utf-8").splitlines():
        yield np.array(line.split()[1:], float).reshape(-1, 2) * [width, height]


def label_file(folder: Path, path: str) -> Path:
    return (folder / "yolo-polygons" / "labels" / path).with_suffix(".txt")


def folders_below(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(path for path in folder.rglob("*") if path.is_dir())


READERS: dict[tuple[str, str], Callable[[Path, dict[str, Any]], Content | str]] = {
    ("coco", "pycocotools"): coco_by_pycocotools,
    ("coco", "supervision"): coco_by_supervision,
    ("coco", "datumaro"): coco_by_datumaro,
    ("cvat", "datumaro"): cvat_by_datumaro,
    ("voc", "datumaro"): voc_by_datumaro,
    ("voc", "supervision"): voc_by_supervision,
    ("yolo", "supervision"): yolo_by_supervision,
    ("yolo-polygons", "supervision"): polygons_by_supervision,
    ("yolo-polygons", "pycocotools"): polygons_by_pycocotools,
    ("label-studio", "label-studio-sdk"): label_studio_by_its_sdk,
    ("semantic", "Pillow"): semantic_by_pillow,
    ("instances", "opencv"): instances_by_opencv,
}


if __name__ == "__main__":
    main()
