"""Every export format, read back by programs that others wrote, and compared with what the run holds.

    make peers                                          builds benchmarks/.peers and runs this
    python benchmarks/formats_read_back.py [--run RUN] [--peers PYTHON] [--keep FOLDER]

Without ``--run`` a small run is made: masks with holes, of several parts, down to single pixels; several
classes; empty pictures; Unicode names, sub-folders, equal stems in different folders. What the run holds goes
to a neutral JSON file; ``benchmarks/peers/read_back.py`` then runs in an environment of its own, without
Lydite, reads each export with pycocotools, supervision, datumaro and label-studio-sdk, and compares.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from lydite.core import Candidates, ItemId, Masks
from lydite.data import TARGETS, find_images, load_image, to_coco_rle
from lydite.detect import Detector, FinishedRun, finish, open_run, read_accepted, resolve
from lydite.reports.drawings import DRAWINGS

HERE = Path(__file__).resolve().parent
SIZE = (120, 160)
COLOURS = {"Äpfel & Birnen": (200, 40, 40), "ring": (50, 160, 60), "鳥 no 1": (50, 70, 190)}
FULL = ("b.png", "shelf 3/äpfel 照片.png", "shelf 3/b.jpg", "shelf 3/deep/d.e.png")
EMPTY = ("nothing.png", "shelf 3/nichts – leer.png")

Mask = npt.NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a finished run; one is made if not given")
    parser.add_argument("--peers", type=Path, default=HERE / ".peers" / "bin" / "python")
    parser.add_argument("--keep", type=Path, help="new folder that keeps all files")
    options = parser.parse_args()
    if not options.peers.exists():
        sys.exit(f"{options.peers} is not there; make peers builds it")
    with tempfile.TemporaryDirectory() as temporary:
        work = options.keep or Path(temporary)
        run = options.run or make_run(work)
        dump(run, work)
        for name in (*TARGETS, *DRAWINGS):
            export = [sys.executable, "-m", "lydite.cli.main", "detect", "export", str(run), "--quiet"]
            export += ["--format", name, "--out", str(work / name)]
            subprocess.run(export, check=True, capture_output=True)
        script = HERE / "peers" / "read_back.py"
        sys.exit(subprocess.run([options.peers, script, work], check=False).returncode)


def make_run(work: Path) -> Path:
    """A run of the real detector that judges masks which are known."""
    for class_name, colour in COLOURS.items():
        for number in range(2):
            mask = np.zeros((64, 64), np.uint8)
            cv2.circle(mask, (32, 32), 20 + number, 255, -1)
            pixels = paint((64, 64), [(colour, mask > 0)], number)
            save(pixels, work / "examples" / class_name / f"{number}.jpg")
            save(mask, work / "examples" / class_name / f"{number}.png")
    things = {name: draw_things(seed) for seed, name in enumerate(FULL)}
    for seed, name in enumerate((*FULL, *EMPTY)):
        save(paint(SIZE, things.get(name, []), seed), work / "scenes" / name)
    settings = resolve(options={"allow_unknown": False, "short_side": 128})
    detector = Detector.from_folders(work / "examples", settings=settings)
    folder = open_run(work / "run", detector)
    records = []
    for file in find_images([work / "scenes"]):
        masks = [mask for _, mask in things.get(file.item.path, [])]
        detection = detector.detect(load_image(file.path), file.item, born(file.item, masks))
        records.append(folder.shelf.write(detection, file.path))
    finish(folder, detector, records)
    return folder.path


def born(item: ItemId, masks: list[Mask]) -> Candidates:
    dense = np.stack(masks) if masks else np.zeros((0, *SIZE), np.bool_)
    return Candidates.born(item, Masks.from_dense(dense), np.ones(len(dense)), "drawn")


def draw_things(seed: int) -> list[tuple[tuple[int, int, int], Mask]]:
    """Five shapes with holes, parts, specks, one at the corner of the picture, each in a class's colour."""
    rng = np.random.default_rng(seed)
    yx = np.indices(SIZE)
    radius = np.hypot(yx[0] - 35 - seed, yx[1] - 38)
    ring = (radius < 24) & (radius > 11)
    parts = box(70, 15, 30, 12) | box(70, 32, 30, 14) | box(104, 20, 3, 1)
    windows = box(10, 85, 40, 50) & ~box(15, 90, 12, 15) & ~box(30, 110, 8, 20) & ~box(20, 120, 1, 1)
    ragged = cv2.GaussianBlur(rng.random(SIZE), (0, 0), 1.5) > 0.5
    ragged &= box(62, 62, 50, 45)
    corner = box(92, 128, 28, 32) & (yx[0] + yx[1] > 235)
    colours = list(COLOURS.values())
    masks = (ring, parts, windows, ragged, corner)
    return [(colours[(number + seed) % 3], mask) for number, mask in enumerate(masks)]


def box(y: int, x: int, height: int, width: int) -> Mask:
    mask = np.zeros(SIZE, np.bool_)
    mask[y : y + height, x : x + width] = True
    return mask


def paint(
    size_hw: tuple[int, int], things: list[tuple[tuple[int, int, int], Mask]], seed: int
) -> npt.NDArray[np.uint8]:
    pixels = np.clip(np.random.default_rng(seed).normal(190, 4, (*size_hw, 3)), 0, 255).astype(np.uint8)
    for colour, mask in things:
        pixels[mask] = colour
    return pixels


def save(pixels: npt.NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def dump(run: Path, work: Path) -> None:
    """What the run holds, as plain JSON, and its pictures under the names that it gives them."""
    finished = FinishedRun.open(run)
    pictures = {}
    for found in read_accepted(finished):
        image = found.image
        target = work / "pictures" / image.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found.record.path, target)
        rles = to_coco_rle(image.masks) if image.masks is not None else []
        scores = image.scores if image.scores is not None else []
        pictures[image.path] = {
            "size_hw": image.size_hw,
            "rows": [
                {
                    "class": finished.class_map[int(label)],
                    "box": image.boxes.xyxy[row].tolist(),
                    "rle": rles[row],
                    "score": float(scores[row]),
                    "region": found.regions[row],
                }
                for row, label in enumerate(image.labels)
            ],
        }
    told = {"classes": list(finished.class_map), "pictures": pictures}
    (work / "neutral.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
