"""Files written by hand in every format, read by us and by programs that others wrote, and compared.

    make peers                                                builds benchmarks/.peers and runs this too
    python benchmarks/sources_read_alike.py [--peers PYTHON]

``benchmarks/by_hand`` holds the files. What we read of them goes to a neutral JSON file;
``benchmarks/peers/read_alike.py`` then runs in an environment of its own, without Lydite, reads them with
datumaro, pycocotools, supervision and label-studio-sdk, and compares pictures, classes, boxes, masks and
attributes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lydite.data import FORMATS, AnnotationSet, to_coco_rle

HERE = Path(__file__).resolve().parent
PICTURES = {
    "cvat": ("images/north/äpfel 照片.png", "images/north/b.png", "images/nothing.png"),
    "cvat-video": tuple(f"images/frame_{number:06d}.png" for number in range(4)),
    "coco": ("images/north/äpfel 照片.png", "images/north/b.png", "images/nothing.png"),
    "voc": ("JPEGImages/b.png",),
    "yolo": ("images/b.png",),
    "label-studio": ("images/north/b.png",),
}
READ = {
    "cvat": ("annotations.xml", "images"),
    "cvat-video": ("annotations.xml", "images"),
    "coco": ("instances.json", "images"),
    "voc": ("Annotations", "JPEGImages"),
    "yolo": ("labels", "images"),
    "label-studio": ("tasks.json", "images"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, default=HERE / ".peers" / "bin" / "python")
    options = parser.parse_args()
    if not options.peers.exists():
        sys.exit(f"There is no {options.peers}; build it with: make peers")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told = {name: neutral(name, lay_out(name, folder)) for name in READ}
        (folder / "neutral.json").write_text(json.dumps(told), encoding="utf-8")
        command = [str(options.peers), str(HERE / "peers" / "read_alike.py"), str(folder)]
        sys.exit(subprocess.run(command, check=False).returncode)


def lay_out(name: str, folder: Path) -> AnnotationSet:
    """The files of a format beside pictures of their size, and what we read of them."""
    shutil.copytree(HERE / "by_hand" / name, folder / name)
    for picture in PICTURES[name]:
        path = folder / name / picture
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 120)).save(path)
    file, images = READ[name]
    found = FORMATS[name].read(folder / name / file, folder / name / images)
    if found.problems:
        sys.exit(f"{name}: {found.problems[0]}")
    return found


def neutral(name: str, found: AnnotationSet) -> dict[str, list[dict[str, Any]]]:
    """Rows of each picture."""
    pictures = {}
    for image in found.images:
        rles = to_coco_rle(image.masks) if image.masks is not None else [None] * len(image)
        pictures[image.path] = [
            {
                "class": found.class_map[int(image.labels[row])],
                "box": np.round(image.boxes.xyxy[row].astype(float), 6).tolist(),
                "rle": rles[row] if image.masks is not None and image.masks.areas[row] else None,
                "attributes": dict(image.attributes[row]) if image.attributes is not None else {},
            }
            for row in range(len(image))
        ]
    print(f"{name:13} read by us: {len(pictures)} pictures, {sum(map(len, pictures.values()))} rows")
    return pictures


if __name__ == "__main__":
    main()
