"""Candidates from annotation files: what people or other detectors have already marked."""

from __future__ import annotations

import difflib
import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, Candidates, ImageError, ItemId, Masks, UsageError
from lydite.data import AnnotatedImage, AnnotationSet
from lydite.data.formats import get_format
from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import Proposer, Provenance, distinct_rows
from lydite.detect.proposers.regions import RegionProposer
from lydite.metrics.overlap import box_iou

Mode = Literal["file", "box", "region"]


class BoxProposer:
    """Answers with the rows of an annotation file; a picture is found by its path below its folder.

    Classes of the file are not looked at: candidates are judged by the examples like any others.

    Args:
        annotations: What was read.
        mode: ``"file"``: a row's own mask, or its filled box; ``"box"``: the filled box; ``"region"``: the
            region that fits the box best, cut at the box, or the filled box where none fits.
        snap_iou: Least IoU between a box and the box of a region.
        regions: Where regions come from.
        source: The file, for messages.
    """

    def __init__(
        self, annotations: AnnotationSet, mode: Mode, snap_iou: float, regions: Proposer, source: str
    ) -> None:
        self._annotations = annotations
        self._mode = mode
        self._snap_iou = snap_iou
        self._regions = regions
        self._source = source
        self._images = {unicodedata.normalize("NFC", image.path): image for image in annotations.images}

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        return "boxes"

    @property
    def provenance(self) -> Provenance:
        """A digest of all boxes and masks; what was left out of the file is noted."""
        problems = [f"annotation left out: {problem}" for problem in self._annotations.problems]
        return Provenance({"annotations": _digest(self._annotations)}, tuple(problems))

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """The picture's rows in the order of the file; of equal masks the first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row; its path is looked up.

        Returns:
            Candidates of quality 1; origins ``boxes/mask``, ``boxes/box``, ``boxes/region`` or
            ``boxes/box, no region fits``. Groups marked as a whole (COCO's ``iscrowd``) are not candidates.

        Raises:
            ImageError: If the file does not know the picture, or knows it at another size.
        """
        image = self._find(item, (pixels.shape[0], pixels.shape[1]))
        rows = np.flatnonzero(~image.crowd) if len(image) else np.zeros(0, np.int64)
        boxes = image.boxes[rows]
        masks, exact, origins = self._masks(image, rows, pixels, item)
        kept = distinct_rows(masks)
        kept_boxes = np.where(exact[kept, None], boxes.xyxy[kept], masks.boxes.xyxy[kept])
        return Candidates.born(item, masks[kept], None, tuple(origins[k] for k in kept), Boxes(kept_boxes))

    def _find(self, item: ItemId, size_hw: tuple[int, int]) -> AnnotatedImage:
        image = self._images.get(item.path)
        if image is None:
            close = difflib.get_close_matches(item.path, self._images, n=1, cutoff=0.0)
            named = f" Its pictures are named like {close[0]!r}." if close else ""
            raise ImageError(
                item.path,
                f"is not in the annotations {self._source}",
                f"Paths are relative to the folder of pictures.{named}",
            )
        if tuple(image.size_hw) != size_hw:
            raise ImageError(
                item.path,
                f"is of {_size(size_hw)} pixels and of {_size(image.size_hw)} in {self._source}",
                "Annotate the very picture, upright, at its own size.",
            )
        return image

    def _masks(
        self, image: AnnotatedImage, rows: npt.NDArray[np.int64], pixels: npt.NDArray[np.uint8], item: ItemId
    ) -> tuple[Masks, npt.NDArray[np.bool_], list[str]]:
        """Mask, whether the row's box is the file's own, and origin of each row."""
        boxes = image.boxes[rows]
        filled = _fill(boxes, image.size_hw)
        if self._mode == "region" and len(rows):
            regions = self._regions.propose(pixels, item)
            return _merge(
                filled, _snap(boxes, filled, regions, self._snap_iou), "region", "box, no region fits"
            )
        own: list[Masks | None] = [None] * len(rows)
        if self._mode == "file" and image.masks is not None:
            drawn = image.masks[rows]
            own = [drawn[[k]] if area else None for k, area in enumerate(drawn.areas)]
        return _merge(filled, own, "mask", "box")


def _merge(
    filled: Masks, better: Sequence[Masks | None], origin: str, otherwise: str
) -> tuple[Masks, npt.NDArray[np.bool_], list[str]]:
    parts = [filled[[k]] if mask is None else mask for k, mask in enumerate(better)]
    exact = np.array([mask is None for mask in better], np.bool_)
    origins = [f"boxes/{otherwise if plain else origin}" for plain in exact]
    return Masks.concatenate(parts, filled.size_hw), exact, origins


def _fill(boxes: Boxes, size_hw: tuple[int, int]) -> Masks:
    """Filled boxes; one that covers no pixel's centre is the pixel that holds its middle."""
    masks = Masks.from_boxes(boxes, size_hw)
    xyxy = boxes.xyxy.copy()
    for row in np.flatnonzero(masks.areas == 0):
        x0, y0, x1, y1 = xyxy[row]
        x = min(int((x0 + x1) / 2), size_hw[1] - 1)
        y = min(int((y0 + y1) / 2), size_hw[0] - 1)
        xyxy[row] = x, y, x + 1, y + 1
    return Masks.from_boxes(Boxes(xyxy), size_hw)


def _snap(boxes: Boxes, filled: Masks, regions: Candidates, least: float) -> list[Masks | None]:
    """For each box the region whose box fits it best, cut at the box."""
    if not len(regions):
        return [None] * len(boxes)
    overlap = box_iou(boxes, regions.boxes)
    return [
        _cut(regions.masks[[best]], filled[[row]]) if overlap[row, best] >= least else None
        for row, best in enumerate(overlap.argmax(axis=1).tolist())
    ]


def _cut(region: Masks, box: Masks) -> Masks | None:
    y, x, piece = box.crop(0)
    inside = region.decode(0)[y : y + piece.shape[0], x : x + piece.shape[1]] & piece
    return Masks.from_crops([(y, x, inside)], region.size_hw) if inside.any() else None


def _digest(annotations: AnnotationSet) -> str:
    digest = hashlib.sha256()
    for image in sorted(annotations.images, key=lambda image: image.path):
        digest.update(
            f"{image.path} {tuple(image.size_hw)} {len(image)}\n".encode("utf-8", "surrogateescape")
        )
        digest.update(image.boxes.xyxy.tobytes() + image.crowd.tobytes())
        if image.masks is not None:
            digest.update(image.masks.runs.tobytes() + image.masks.offsets.tobytes())
    return digest.hexdigest()


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"


def build(settings: DetectSettings) -> Proposer:
    """The proposer that reads the annotations named in the settings.

    Raises:
        UsageError: If no file is named, or the format is not known.
        AnnotationError: If the file cannot be read.
    """
    chosen = settings.boxes
    if chosen.boxes_file is None:
        raise UsageError(
            "Proposer 'boxes' needs annotations.",
            "Name them with boxes_file (--boxes-file annotations.json).",
        )
    path = Path(chosen.boxes_file).expanduser()
    if not path.exists():
        raise UsageError(f"There are no annotations {path}.", "Check --boxes-file.")
    annotations = get_format(chosen.boxes_format).read(path, images=chosen.boxes_images)
    regions = RegionProposer(settings.regions)
    return BoxProposer(annotations, chosen.boxes_masks, chosen.boxes_snap_iou, regions, path.name)
