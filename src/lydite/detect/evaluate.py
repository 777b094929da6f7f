"""How a run did where the truth is known: its accepted instances against an annotation file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lydite.core import ClassMap, InvalidValue, ItemId, Masks
from lydite.data import AnnotatedImage, read_coco
from lydite.detect.run_folder import RunFolder
from lydite.detect.store import ImageRecord, masks_of
from lydite.metrics import Counts, ImageResult, ImageTruth, Matching, match


def evaluate_run(
    folder: RunFolder, records: Iterable[ImageRecord], truth: Path, threshold: float = 0.5
) -> Matching:
    """Match a run's accepted instances to the truth, by masks.

    True instances marked ``difficult`` or ``iscrowd`` are neither hits nor misses, and an accepted
    instance that covers one is no false alarm (as in PASCAL VOC's and COCO's own evaluations).
    Pictures that failed or are not in the truth, and true instances of classes that the run does not
    know, are left out.

    Args:
        folder: A finished run.
        records: Of its pictures.
        truth: COCO file with masks; its paths are relative to its own folder.
        threshold: Smallest intersection over union of a pair, in (0, 1].

    Returns:
        Who found whom; pictures are named as in the truth.

    Raises:
        AnnotationError: If the file, or a row of it, cannot be used.
        InvalidValue: If run and truth have no picture in common.
    """
    class_map = ClassMap(tuple(folder.describe()["classes"]))
    annotated = read_coco(truth)
    for problem in annotated.problems:
        raise problem
    done = {_key(record, truth.parent): record for record in records if record.status == "done"}
    known = [image for image in annotated.images if image.path in done]
    if not known:
        raise InvalidValue(f"Pictures of {truth}", "some of the run's", sorted(done)[:8])
    asked, accepted = [], []
    for listed in known:
        found = _read_accepted(folder, done[listed.path], listed.path, class_map)
        asked.append(_to_run_classes(listed, annotated.class_map, class_map))
        accepted.append(found)
    return match(asked, accepted, class_map, threshold, "segm")


def true_objects(folder: RunFolder, records: Iterable[ImageRecord], truth: Path) -> dict[ItemId, ImageTruth]:
    """The true instances of a run's pictures that count, with the run's labels, by item.

    Args:
        folder: A finished run.
        records: Of its pictures.
        truth: COCO file with masks; its paths are relative to its own folder.
    """
    class_map = ClassMap(tuple(folder.describe()["classes"]))
    annotated = read_coco(truth)
    items = {_key(record, truth.parent): ItemId.parse(record.item) for record in records}
    objects = {}
    for listed in annotated.images:
        if listed.path in items:
            every = _to_run_classes(listed, annotated.class_map, class_map)
            objects[items[listed.path]] = every[every.counted]
    return objects


def summarise_matching(matching: Matching, threshold: float) -> dict[str, Any]:
    """The numbers of a matching as JSON: pooled, and by class where there is anything to count."""
    names = [matching.class_map[label] for label in range(len(matching.class_map))]
    per_class = zip(names, matching.per_class, strict=True)
    return {
        "threshold": threshold,
        "pictures": len(matching.images),
        **_numbers(matching.pooled),
        "by_class": {name: _numbers(counts) for name, counts in per_class if counts != Counts(0, 0, 0)},
    }


def _key(record: ImageRecord, root: Path) -> str:
    """The picture's path as the truth spells it; one outside of the truth's folder keeps its own."""
    path = Path(record.path).resolve()
    below = path.is_relative_to(root.resolve())
    return path.relative_to(root.resolve()).as_posix() if below else str(path)


def _read_accepted(folder: RunFolder, record: ImageRecord, key: str, class_map: ClassMap) -> ImageResult:
    table = folder.shelf.read_table(ItemId.parse(record.item)).filter(pl.col("outcome") == "accepted")
    masks = masks_of(table, record.size_hw)
    labels = np.array([class_map.get_label(name) for name in table["class"]], np.int64)
    return ImageResult(key, masks.boxes, masks, labels, table["rank"].to_numpy().astype(np.float32))


def _to_run_classes(image: AnnotatedImage, theirs: ClassMap, ours: ClassMap) -> ImageTruth:
    """The same picture with the run's label numbers, and without rows of classes it does not know."""
    names = [theirs[int(label)] for label in image.labels]
    rows = np.array([row for row, name in enumerate(names) if name in ours], np.int64)
    labels = np.array([ours.get_label(names[row]) for row in rows], np.int64)
    if image.masks is None and len(image):
        raise InvalidValue(f"Masks of {image.path}", "in the truth", None)
    masks = Masks.empty(image.size_hw) if image.masks is None else image.masks[rows]
    return ImageTruth(image.path, image.boxes[rows], masks, labels, image.crowd[rows], image.difficult[rows])


def _numbers(counts: Counts) -> dict[str, Any]:
    shares: Mapping[str, float] = {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
    }
    # JSON has no NaN: what cannot be said is null.
    rounded = {name: None if np.isnan(share) else round(share, 4) for name, share in shares.items()}
    return {"found": counts.tp, "invented": counts.fp, "missed": counts.fn, **rounded}
