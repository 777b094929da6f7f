"""Detection from a few exemplars on real pictures: accuracy, seconds by stage, memory.

    python benchmarks/detect.py [--set bccd nuclei] [--encoder descriptor embedded mobilenetv2] [--limit N]

bccd: five exemplars a class from training images (boxes given), the whole test split, boxes.
nuclei: exemplars from the first ten images in sorted order (masks given), the rest, masks, 300 detections.
AP and AR are pycocotools' over all candidates after suppression, ranked; precision, recall and F1 are
those of what each preset accepts, IoU 0.5.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from lydite import __version__
from lydite.core import Boxes, ItemId, Masks
from lydite.data import load_image
from lydite.data.formats.voc import read_split, read_voc
from lydite.detect import Detection, Detector, Exemplar, ExemplarSet, decide
from lydite.detect.config import DEFAULT_PRESET, resolve
from lydite.detect.settings import PRESETS
from lydite.metrics import ImageResult, ImageTruth, evaluate, match

SHARED = Path(os.environ.get("LYDITE_MEASURING_DATA", Path(__file__).resolve().parents[2] / "shared"))
NUCLEI_EXEMPLAR_IMAGES = 10
NUCLEI_PER_IMAGE = 5
EVERYTHING = {"allow_unknown": False, "min_quality": 0, "max_surround": 1, "nested_ios": 1}
"""For AP and AR: every distinct candidate takes part, best rank first."""


@dataclass(frozen=True)
class Task:
    """Exemplars and truth of one data set."""

    name: str
    exemplars: ExemplarSet
    images: tuple[Path, ...]
    truths: tuple[ImageTruth, ...]
    iou_type: str
    max_dets: int


def bccd(root: Path, limit: int | None) -> Task:
    """Blood cells: five exemplars a class, one an image, in the order of the training list."""
    annotations = read_voc(root / "Annotations")
    by_stem = {Path(image.path).stem: image for image in annotations.images}
    class_map = annotations.class_map
    chosen: dict[str, list[Exemplar]] = defaultdict(list)
    for stem in read_split(root / "ImageSets" / "Main" / "train.txt"):
        image = by_stem[stem]
        for label, name in enumerate(class_map):
            rows = np.flatnonzero(image.labels == label)
            if len(rows) and len(chosen[name]) < 5:
                x0, y0, x1, y1 = (float(v) for v in image.boxes.xyxy[rows[0]])
                path = root / "JPEGImages" / f"{stem}.jpg"
                chosen[name].append(Exemplar(path, f"{name}/{stem}", name, box=(x0, y0, x1, y1)))
    stems = read_split(root / "ImageSets" / "Main" / "test.txt")[:limit]
    images = [by_stem[stem] for stem in stems]
    return Task(
        "bccd",
        ExemplarSet(tuple(e for name in class_map for e in chosen[name])),
        tuple(root / "JPEGImages" / f"{stem}.jpg" for stem in stems),
        tuple(ImageTruth(str(k), image.boxes, None, image.labels) for k, image in enumerate(images)),
        "bbox",
        100,
    )


def nuclei(root: Path, limit: int | None) -> Task:
    """Nuclei: the first few masks of each of the first ten images."""
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    exemplars = [
        Exemplar(picture_in(folder), f"{folder.name[:8]}/{mask.name[:8]}", "nucleus", mask=mask)
        for folder in folders[:NUCLEI_EXEMPLAR_IMAGES]
        for mask in sorted((folder / "masks").glob("*.png"))[:NUCLEI_PER_IMAGE]
    ]
    tested = folders[NUCLEI_EXEMPLAR_IMAGES:][:limit]
    truths = []
    for k, folder in enumerate(tested):
        files = sorted((folder / "masks").glob("*.png"))
        masks = Masks.from_dense(np.stack([cv2.imread(str(f), cv2.IMREAD_GRAYSCALE) > 0 for f in files]))
        truths.append(ImageTruth(str(k), masks.boxes, masks, np.zeros(len(masks), np.int64)))
    pictures = tuple(picture_in(folder) for folder in tested)
    return Task("nuclei", ExemplarSet(tuple(exemplars)), pictures, tuple(truths), "segm", 300)


def picture_in(folder: Path) -> Path:
    """The one picture of a nuclei folder."""
    return next((folder / "images").glob("*.png"))


def encoders(names: Sequence[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Encoder settings by name; the MobileNetV2 needs the torch extra and the measuring weights."""
    known: dict[str, dict[str, object]] = {
        "descriptor": {"encoder": "descriptor"},
        "embedded": {"encoder": "embedded"},
        "mobilenetv2": {
            "encoder": "mobilenetv2_100",
            "checkpoint": SHARED / "weights" / "mobilenetv2_100.imagenet.safetensors",
            "model_options": {"pad_type": "same"},
            "mean": [127 / 255] * 3,
            "std": [127.5 / 255] * 3,
        },
    }
    return ((name, known[name]) for name in names)


def detect_all(task: Task, detector: Detector) -> list[Detection]:
    """Every picture once; all presets are decided from the same evidence."""
    found = []
    for k, path in enumerate(task.images):
        picture = load_image(path)
        found.append(detector.detect(picture, ItemId(task.name, path.name)))
        if sys.stderr.isatty():
            print(f"\r{k + 1}/{len(task.images)}", end="", file=sys.stderr)
    return found


def result_of(key: int, detection: Detection, rows: np.ndarray, segm: bool) -> ImageResult:
    """Chosen candidates of a picture as results, ranked by ``Evidence.rank``."""
    scores, rank = detection.evidence.scores, detection.evidence.rank
    masks = detection.candidates.masks[rows]
    boxes: Boxes = detection.candidates.boxes[rows]
    return ImageResult(str(key), boxes, masks if segm else None, scores.labels[rows], rank[rows])


def report(task: Task, encoder: str, detections: list[Detection], detector: Detector) -> None:
    """Print the numbers of one encoder on one data set."""
    segm, class_map = task.iou_type == "segm", detector.bank.class_map
    everything = resolve("strict", options=EVERYTHING).decision
    ranked = [
        result_of(k, d, np.flatnonzero(decide(d.evidence, everything).accepted), segm)
        for k, d in enumerate(detections)
    ]
    ap = evaluate(task.truths, ranked, class_map, task.iou_type, task.max_dets)
    all_in_all = ap.overall
    line = f"{task.name:7s} {encoder:12s} AP50 {all_in_all.ap50:.3f}  AP {all_in_all.ap:.3f}"
    by_class = zip(class_map, ap.per_class, strict=True)
    print(f"{line}  AR@{task.max_dets} {all_in_all.ar:.3f};  AP50", end=" ")
    print("  ".join(f"{name} {scores.ap50:.3f}" for name, scores in by_class))
    for preset in PRESETS:
        decision = (detector.settings if preset == DEFAULT_PRESET else resolve(preset)).decision
        accepted = [
            result_of(k, d, np.flatnonzero(decide(d.evidence, decision).accepted), segm)
            for k, d in enumerate(detections)
        ]
        pooled = match(task.truths, accepted, class_map, 0.5, task.iou_type).pooled
        print(
            f"        preset {preset:7s} precision {pooled.precision:.3f}  "
            f"recall {pooled.recall:.3f}  F1 {pooled.f1:.3f}"
        )
    seconds: dict[str, float] = defaultdict(float)
    for d in detections:
        for stage, value in d.seconds.items():
            seconds[stage] += value / len(detections)
    stages = "  ".join(f"{stage} {value:.3f}" for stage, value in seconds.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"        seconds a picture: {stages}  all {sum(seconds.values()):.3f}; peak memory {peak:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=["bccd", "nuclei"], nargs="*", default=["bccd", "nuclei"])
    parser.add_argument("--encoder", nargs="*", default=["descriptor", "embedded", "mobilenetv2"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--short-side", type=int, default=512)
    arguments = parser.parse_args()
    print(f"lydite {__version__}, numpy {np.__version__}, pycocotools {version('pycocotools')}")
    for name in arguments.set:
        build = {"bccd": bccd, "nuclei": nuclei}[name]
        task = build(SHARED / "data" / name, arguments.limit)
        for encoder, options in encoders(arguments.encoder):
            settings = resolve(options={"short_side": arguments.short_side, **options})
            detector = Detector.from_exemplars(task.exemplars, settings)
            report(task, encoder, detect_all(task, detector), detector)


if __name__ == "__main__":
    main()
