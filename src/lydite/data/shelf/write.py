"""The demo on disk: exemplars, negatives, scenes and their truth, in the folders that detection reads."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from lydite.core.errors import InvalidValue, OutputError
from lydite.data.shelf.clutter import CLUTTER
from lydite.data.shelf.pictures import Pixels, Scene, ShelfPaths
from lydite.data.shelf.produce import CLASSES, class_map
from lydite.data.shelf.scene import render_clutter, render_exemplar, render_scene

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)


def write_shelf(
    folder: Path | str,
    seed: int = 0,
    *,
    scenes: int = 6,
    exemplars_per_class: int = 5,
    negatives: int = 6,
    empty: int = 2,
    size_hw: tuple[int, int] = (600, 800),
    exemplar_hw: tuple[int, int] = (320, 320),
) -> ShelfPaths:
    """Render the demo.

    ``positive/<class>/<group>-01.jpg`` with ``<group>-01.png`` (white is the piece), ``negative/*.jpg``,
    ``scenes/*.jpg``, ``empty/*.jpg`` and ``truth.json`` (COCO, masks as RLE; each annotation also
    carries its ``group`` and the ``visible`` share).

    Args:
        folder: Is made if need be; files of the same names are replaced.
        seed: 0 or more; decides every byte.
        scenes: Scenes with produce.
        exemplars_per_class: Exemplars of each class, its groups in turn.
        negatives: Pictures of clutter, its kinds in turn.
        empty: Shelves without produce.
        size_hw: Size of scenes.
        exemplar_hw: Size of exemplars and negatives.

    Raises:
        InvalidValue: If a count is negative.
        OutputError: If a file cannot be written.
    """
    counts = (scenes, exemplars_per_class, negatives, empty)
    if min(counts) < 0:
        raise InvalidValue("counts of pictures", "0 or more", counts)
    root = Path(folder)
    paths = ShelfPaths(
        root / "positive", root / "negative", root / "scenes", root / "empty", root / "truth.json"
    )
    for name, groups in CLASSES.items():
        for number in range(exemplars_per_class):
            group = groups[number % len(groups)]
            exemplar = render_exemplar(name, group, seed * 1000 + number, exemplar_hw)
            stem = paths.positive / name / f"{group}-{number // len(groups) + 1:02d}"
            _write_picture(stem.with_suffix(".jpg"), exemplar.pixels)
            _write(stem.with_suffix(".png"), _encode(".png", exemplar.mask.astype(np.uint8) * 255, ()))
    kinds = list(CLUTTER)
    for number in range(negatives):
        kind = kinds[number % len(kinds)]
        name = f"{kind.replace(' ', '-')}-{number // len(kinds) + 1:02d}.jpg"
        _write_picture(paths.negative / name, render_clutter(kind, seed * 1000 + number, exemplar_hw))
    truth: list[tuple[str, Scene]] = []
    for kind, count in (("scenes", scenes), ("empty", empty)):
        for number in range(count):
            # A hundred seeds apart, so that an empty shelf is no scene with its produce taken away.
            first = seed * 1000 + (0 if kind == "scenes" else 100)
            scene = render_scene(first + number, size_hw, produce=kind == "scenes")
            file_name = f"{kind}/{'shelf' if kind == 'scenes' else 'empty'}-{number + 1:02d}.jpg"
            _write_picture(root / file_name, scene.pixels)
            truth.append((file_name, scene))
    _write(paths.truth, json.dumps(to_coco(truth), indent=1).encode())
    return paths


def to_coco(truth: list[tuple[str, Scene]]) -> dict[str, Any]:
    """COCO's dictionary of scenes; all ids count from 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, (file_name, scene) in enumerate(truth, start=1):
        height, width = scene.masks.size_hw
        images.append({"id": image_id, "file_name": file_name, "height": height, "width": width})
        for row, mask in enumerate(scene.masks):
            rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": int(scene.labels[row]) + 1,
                    "bbox": coco_mask.toBbox(rle).tolist(),
                    "area": int(coco_mask.area(rle)),
                    "iscrowd": 0,
                    "segmentation": {"size": [height, width], "counts": rle["counts"].decode("ascii")},
                    "group": scene.groups[row],
                    "visible": round(float(scene.visible[row]), 4),
                }
            )
    categories = [{"id": label + 1, "name": name} for label, name in enumerate(class_map())]
    return {"images": images, "categories": categories, "annotations": annotations}


def _write_picture(path: Path, pixels: Pixels) -> None:
    _write(path, _encode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _JPEG))


def _encode(suffix: str, picture: npt.NDArray[np.generic], options: tuple[int, ...]) -> bytes:
    done, data = cv2.imencode(suffix, np.asarray(picture, np.uint8), options)
    if not done:
        raise OutputError(f"A picture could not be encoded as {suffix}.", "", picture.shape)
    return data.tobytes()


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all: under a temporary name, then renamed."""
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise OutputError(
            f"{path} could not be written: {error.strerror}.", "Choose a folder that can be written."
        ) from error
