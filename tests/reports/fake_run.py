"""Runs that no encoder made: random evidence through the real rules and the real shelf."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

from lydite import __version__
from lydite.core import Candidates, ClassMap, ImageId, ItemId, Masks
from lydite.data import CocoWriter
from lydite.detect.config import DetectSettings, flatten
from lydite.detect.decide import decide
from lydite.detect.detector import Detection
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.explain import explain
from lydite.detect.finished import FinishedRun
from lydite.detect.run_folder import RunFolder
from lydite.detect.scoring import NEAREST_KEPT, Scores
from lydite.detect.store import ImageRecord, masks_of

SPACE = {"encoder": "made-up", "weights": "0" * 64, "layer": "last", "mean": [0.5, 0.5, 0.5], "dim": 8}


@dataclass
class FakeRun:
    """A run folder under construction.

    Args:
        root: Where pictures, exemplars and the run lie.
        classes: Names of the classes.
        exemplars_each: Positives a class.
        negatives: Names of negatives; none at all when empty.
        set_aside: Names of negatives that were set aside.
        problems: Exemplar problems.
    """

    root: Path
    classes: Sequence[str] = ("apple", "pear")
    exemplars_each: int = 2
    negatives: Sequence[str] = ("leaf.png", "tag.png")
    set_aside: Sequence[str] = ()
    problems: Sequence[str] = ()
    records: list[ImageRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run = RunFolder(self.root / "run")
        self.run.path.mkdir(parents=True)
        self.positive_names = [
            f"positive/{name}/{k:02}.png" for name in self.classes for k in range(self.exemplars_each)
        ]
        self.negative_names = [f"negative/{name}" for name in self.negatives]
        self.labels = np.repeat(np.arange(len(self.classes)), self.exemplars_each)
        described = {
            "fingerprint": "f" * 64,
            "lydite": __version__,
            "settings": self._settings(),
            "space": SPACE,
            "classes": list(self.classes),
            "exemplars": self._exemplars(),
            "set_aside": [
                {"name": f"negative/{name}", "positive": self.positive_names[0], "cosine": 0.7}
                for name in self.set_aside
            ],
            "exemplar_problems": list(self.problems),
        }
        (self.run.path / "run.json").write_text(json.dumps(described), encoding="utf-8")

    def add(
        self,
        name: str = "",
        size_hw: tuple[int, int] = (48, 64),
        candidates: int = 24,
        lift: float = 0.0,
        pixels: npt.NDArray[np.uint8] | None = None,
    ) -> Detection:
        """A picture with random candidates; ``lift`` is added to every positive cosine."""
        number = len(self.records)
        rng = np.random.default_rng(number)
        path = self.root / "pictures" / (name or f"picture-{number:04}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        if pixels is None:
            pixels = rng.integers(0, 255, (*size_hw, 3), np.uint8) // 3 + np.uint8(90)
        Image.fromarray(pixels).save(path, "PNG" if path.suffix == ".png" else "JPEG")
        item = ItemId("pictures", path.name)
        found, evidence = self._evidence(item, pixels.shape[:2], candidates, rng, lift)
        settings = DetectSettings().decision
        decisions = explain(found, evidence, decide(evidence, settings), settings)
        image_id = ImageId.of_bytes(path.read_bytes())
        detection = Detection(
            item, image_id, pixels.shape[:2], found, evidence, decisions, {"propose": 0.1, "score": 0.02}
        )
        self.records.append(self.run.shelf.write(detection, path))
        return detection

    def add_failed(self, name: str, error: str) -> None:
        """A picture that could not be used."""
        self.records.append(ImageRecord(f"pictures:{name}", name, "failed", error=error))

    def finish(self) -> FinishedRun:
        """The files that make the run a finished one, by the real writers."""
        done = [record for record in self.records if record.status == "done"]
        with CocoWriter(self.run.path / "instances.json", ClassMap(tuple(self.classes))) as writer:
            for record in done:
                rows = self.accepted(record)
                masks = masks_of(rows, record.size_hw)
                labels = [self.classes.index(name) for name in rows["class"]]
                writer.add(
                    ItemId.parse(record.item).path, record.size_hw, masks.boxes, labels=labels, masks=masks
                )
        failed = [{"item": record.item} for record in self.records if record.status == "failed"]
        (self.run.path / "summary.json").write_text(json.dumps({"failed": failed}), encoding="utf-8")
        lines = [json.dumps({"item": record.item, "status": record.status}) + "\n" for record in self.records]
        (self.run.path / "pictures.jsonl").write_text("".join(lines), encoding="utf-8")
        return FinishedRun.open(self.run.path)

    def accepted(self, record: ImageRecord) -> pl.DataFrame:
        """The accepted rows of a picture's table."""
        table = self.run.shelf.read_table(ItemId.parse(record.item))
        return table.filter(pl.col("outcome") == "accepted")

    def _evidence(
        self, item: ItemId, size_hw: tuple[int, int], count: int, rng: np.random.Generator, lift: float
    ) -> tuple[Candidates, Evidence]:
        masks = _ellipses(rng, count, size_hw)
        candidates = Candidates.born(item, masks, rng.random(count), "random")
        by_class = rng.uniform(0.04, 0.84, (count, len(self.classes))).astype(np.float32) + np.float32(lift)
        labels = by_class.argmax(axis=1).astype(np.int64) if count else np.zeros(0, np.int64)
        best = by_class.max(axis=1, keepdims=True, initial=-1)
        nearest = np.sort(np.clip(best + rng.uniform(-0.1, 0.3, (count, NEAREST_KEPT)), -1, 1))[:, ::-1]
        own = np.array([rng.choice(np.flatnonzero(self.labels == k)) for k in labels], np.int64)
        nothing = np.full(count, np.nan, np.float32)
        some = bool(self.negative_names)
        negative = rng.uniform(0.14, 0.64, count).astype(np.float32) if some else nothing
        against = rng.integers(0, len(self.negative_names), count) if some else np.full(count, -1)
        scores = Scores(
            ClassMap(tuple(self.classes)),
            by_class,
            labels,
            negative,
            nearest.astype(np.float32),
            own,
            against.astype(np.int64),
            negative,
            tuple(self.positive_names),
            tuple(self.negative_names),
            np.ones(count, np.float32),
        )
        return candidates, gather_evidence(
            candidates,
            scores,
            np.zeros(len(candidates), np.float32),
            np.full((1, 4), np.nan, np.float32),
            np.zeros(1, np.int64),
        )

    def _settings(self) -> dict[str, Any]:
        settings = flatten(DetectSettings())
        return {name: value for name, value in settings.items() if not name.startswith("keep_rejected")}

    def _exemplars(self) -> list[dict[str, Any]]:
        entries = []
        names = [*self.positive_names, *self.negative_names, *(f"negative/{n}" for n in self.set_aside)]
        for number, name in enumerate(names):
            path = self.root / "exemplars" / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            colour = np.random.default_rng(1000 + number).integers(40, 220, 3)
            Image.fromarray(np.full((24, 24, 3), colour, np.uint8)).save(path)
            class_name = self.classes[int(self.labels[number])] if number < len(self.labels) else None
            box = [4.0, 4.0, 20.0, 20.0] if number % 2 else None
            entries.append(
                {"name": name, "class": class_name, "path": str(path), "mask_path": None, "box": box}
            )
        return entries


def _ellipses(rng: np.random.Generator, count: int, size_hw: tuple[int, int]) -> Masks:
    """Filled ellipses, as pieces, so that large pictures cost little; each eighth repeats the one before."""
    height, width = size_hw
    crops: list[tuple[int, int, npt.NDArray[np.bool_]]] = []
    for number in range(count):
        if number % 8 == 7:
            crops.append(crops[-1])
            continue
        tall = int(rng.integers(max(1, height // 12), max(2, height // 3)))
        wide = int(rng.integers(max(1, width // 12), max(2, width // 3)))
        y, x = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
        rows, columns = np.ogrid[:tall, :wide]
        inside = ((rows - (tall - 1) / 2) / (tall / 2)) ** 2 + ((columns - (wide - 1) / 2) / (wide / 2)) ** 2
        crops.append((y, x, inside <= 1))
    return Masks.from_crops(crops, size_hw)
