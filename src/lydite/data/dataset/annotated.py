"""Between annotations of single pictures, which every foreign format is read into, and versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lydite.core import Boxes, ClassMap, InvalidValue, ItemId, Masks, RegionId
from lydite.data.annotations import AnnotatedImage, AnnotationSet, AnnotationStream
from lydite.data.dataset.folders import SPLITS
from lydite.data.dataset.intake import Intake, report_rows
from lydite.data.dataset.schema import PROVISIONAL, item_fault
from lydite.data.dataset.version import DatasetVersion
from lydite.data.rle import from_coco_rle, to_coco_rle

_COLUMNS = ("x0", "y0", "x1", "y1")
_SPLIT_NAME = re.compile(r"\w[\w.-]*\Z")
_FLAGS = ("crowd", "difficult", "occluded")


def from_annotations(
    annotations: AnnotationSet,
    source: str,
    root: Path,
    *,
    split_of: Callable[[str], str | None] | None = None,
    group_of: Callable[[str], str | None] | None = None,
    exhaustive: bool = True,
    accept_scored: bool = False,
    file: str = "",
) -> Intake:
    """Annotations of pictures as items and regions; pictures are not opened.

    A row whose id is the text of a region of its item keeps that number, so that an export comes back as the
    regions that went out; others are numbered when they join a version.

    Args:
        annotations: What a reader of a foreign format returned.
        source: Name of the source.
        root: Folder of the pictures.
        split_of: Split of an item by its path; else what the annotations say.
        group_of: Group of an item by its path; else what the annotations say.
        exhaustive: Whether every thing in these pictures has its region.
        accept_scored: Whether rows with a machine's score are taken, without the score. A prediction is no
            label: say so only where a person has confirmed each.
        file: What the report calls the annotations.
    """
    report = report_rows(annotations.problems, annotations.notes)
    items: list[dict[str, object]] = []
    regions: list[dict[str, object]] = []
    taken: set[str] = set()
    scored = 0
    for image in annotations.images:
        fault = item_fault(item := _item_text(source, image.path))
        if fault or item in taken:
            what = f"picture {image.path}: its name must be {fault}" if fault else f"a second picture {item}"
            report.append(_refused(file, what, "Rename the picture."))
            continue
        taken.add(item)
        height, width = image.size_hw
        items.append(
            {
                "item": item,
                "source": source,
                "path": image.path,
                "height": height,
                "width": width,
                "label": image.label,
                "group": (group_of(image.path) if group_of is not None else None) or image.group,
                "split": (split_of(image.path) if split_of is not None else None) or _split(image),
                "exhaustive": exhaustive,
            }
        )
        machine = _scored(image) & (not accept_scored)
        scored += int(machine.sum())
        regions += _regions(item, image, annotations.class_map, ~machine)
    if scored:
        report.append(
            _refused(
                file,
                f"{scored} regions with a machine's score: a prediction is no label",
                "Review them, or say that a person has confirmed them (--accept-scored).",
            )
        )
    taken_row = {"file": file, "line": None, "kind": "taken", "remedy": ""}
    report.append({**taken_row, "what": f"{len(items)} items with {len(regions)} regions"})
    numbered = any(int(str(row["number"])) < PROVISIONAL for row in regions)
    return Intake.of(items, regions, annotations.class_map, {source: root}, report, numbered=numbered)


def to_annotations(
    version: DatasetVersion, *, split: str | None = None, source: str | None = None
) -> AnnotationStream:
    """The regions of a version, one picture at a time, for any writer of a foreign format.

    Labels of whole pictures, groups and splits do not travel. Paths are those of the items; where there are
    several sources and none is chosen, the source stands before them. Items of unknown size are left out.

    Args:
        version: The version.
        split: Only items of this split.
        source: Only items of this source.

    Raises:
        UnknownName: If the version has no such split or source.
    """
    items = version.items_of(split=split, source=source).filter(pl.col("height").is_not_null())
    several = items["source"].n_unique() > 1
    return AnnotationStream(version.class_map, _images(items, version, several))


def _images(items: pl.DataFrame, version: DatasetVersion, several: bool) -> Iterator[AnnotatedImage]:
    regions = version.regions.join(items.select("item"), on="item", how="semi").sort("item", "number")
    starts = dict(regions.group_by("item", maintain_order=True).agg(pl.len()).iter_rows())
    labels = {name: number for number, name in enumerate(version.class_map)}
    at = 0
    for item, height, width in items.select("item", "height", "width").iter_rows():
        rows = regions.slice(at, starts.get(item, 0))
        at += len(rows)
        source, _, path = item.partition(":")
        yield AnnotatedImage(
            f"{source}/{path}" if several else path,
            (height, width),
            Boxes(rows.select(_COLUMNS).to_numpy()),
            np.array([labels[name] for name in rows["label"]], np.int64),
            _masks(rows["mask"].to_list(), (height, width)),
            tuple(rows["region"]) or None,
            attributes=_attributes(rows["attributes"].to_list()),
            crowd=rows["crowd"].to_numpy(),
            difficult=rows["difficult"].to_numpy(),
            occluded=rows["occluded"].to_numpy(),
        )


def _item_text(source: str, path: str) -> str:
    try:
        return str(ItemId(source, path))
    except InvalidValue:
        return f"{source}:{path}"


def _split(image: AnnotatedImage) -> str | None:
    """What its file calls its part of the data, under the usual name; CVAT's ``default`` is none."""
    named = (image.split or "").strip()
    if not _SPLIT_NAME.match(named) or named.lower() == "default":
        return None
    return SPLITS.get(named.lower(), named)


def _scored(image: AnnotatedImage) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.zeros(len(image), np.bool_) if image.scores is None else ~np.isnan(image.scores)


def _regions(
    item: str, image: AnnotatedImage, class_map: ClassMap, taken: np.ndarray[Any, np.dtype[np.bool_]]
) -> Iterator[dict[str, object]]:
    numbers = _numbers(item, image)
    masks = _mask_texts(image)
    for row, corners in enumerate(image.boxes.xyxy.tolist()):
        if taken[row]:
            attributes = image.attributes[row] if image.attributes is not None else {}
            yield {
                "region": f"{item}#{numbers[row]}",
                "item": item,
                "number": numbers[row],
                "label": class_map[int(image.labels[row])],
                **dict(zip(_COLUMNS, corners, strict=True)),
                "mask": masks[row],
                **{flag: bool(getattr(image, flag)[row]) for flag in _FLAGS},
                "attributes": [{"name": name, "value": text} for name, text in attributes.items()],
            }


def _numbers(item: str, image: AnnotatedImage) -> list[int]:
    numbers: list[int] = []
    taken: set[int] = set()
    for row in range(len(image)):
        number = _number_of(item, image.ids[row]) if image.ids is not None else None
        if number is None or number in taken:
            number = PROVISIONAL + row
        taken.add(number)
        numbers.append(number)
    return numbers


def _number_of(item: str, text: str) -> int | None:
    """The number of a region by its text, if it is one of this item."""
    try:
        region = RegionId.parse(text)
    except InvalidValue:
        return None
    return region.number if str(region.item) == item and region.number < PROVISIONAL else None


def _mask_texts(image: AnnotatedImage) -> list[str | None]:
    if image.masks is None:
        return [None] * len(image)
    filled = image.masks.areas > 0
    return [
        rle["counts"] if full else None for rle, full in zip(to_coco_rle(image.masks), filled, strict=True)
    ]


def _masks(texts: list[str | None], size_hw: tuple[int, int]) -> Masks | None:
    if all(text is None for text in texts):
        return None
    height, width = size_hw
    nothing: Mapping[str, Any] = {"size": [height, width], "counts": [height * width]}
    rles = [nothing if text is None else {"size": [height, width], "counts": text} for text in texts]
    return from_coco_rle(rles, size_hw)


def _attributes(lists: list[list[dict[str, str]]]) -> tuple[dict[str, str], ...] | None:
    return tuple({pair["name"]: pair["value"] for pair in row} for row in lists) if any(lists) else None


def _refused(file: str, what: str, remedy: str) -> dict[str, object]:
    return {"file": file, "line": None, "kind": "refused", "what": what, "remedy": remedy}
