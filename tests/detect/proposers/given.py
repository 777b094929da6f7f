"""Settings with all that a proposer needs, written into a folder."""

from __future__ import annotations

from pathlib import Path

from lydite.core import Boxes, ClassMap, Masks
from lydite.data import AnnotatedImage, AnnotationSet
from lydite.data.formats import write_coco
from lydite.detect import DetectSettings, resolve

SMALL = {"long_side": 160, "superpixels": 200, "short_side": 128}
"""Drawn pictures are small: looking at them at full size would only take time."""


def annotate(
    path: Path,
    boxes: list[list[float]],
    masks: Masks | None = None,
    picture: str = "scene.png",
    size_hw: tuple[int, int] = (120, 160),
    crowd: list[bool] | None = None,
) -> Path:
    """A COCO file of one picture."""
    image = AnnotatedImage(
        picture,
        size_hw,
        Boxes(boxes),  # type: ignore[arg-type]
        [0] * len(boxes),  # type: ignore[arg-type]
        masks,
        crowd=crowd or [False] * len(boxes),  # type: ignore[arg-type]
    )
    write_coco(path, AnnotationSet(ClassMap(("thing",)), (image,)))
    return path


def settings_for(name: str, folder: Path, **options: object) -> DetectSettings:
    """Settings under which ``build_proposer`` gives the proposer of this name."""
    needs: dict[str, object] = {}
    if name == "boxes":
        needs = {"boxes_file": annotate(folder / "boxes.json", [[20, 20, 50, 50], [90, 60, 130, 100]])}
    elif name == "callback":
        file = folder / "finder.py"
        file.write_text("def find(pixels):\n    return [[4, 5, 30, 40]], [0.5]\n", encoding="utf-8")
        needs = {"callback": f"{file}:find"}
    elif name not in {"regions", "similarity"}:
        from detect.segment.tiny import save_segmenter

        needs = {"sam_checkpoint": save_segmenter(name, folder / name)}
    return resolve(options={"proposer": name, **SMALL, **needs, **options})
