"""``run.json`` as types: what a run was made of, for pages that must not guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lydite.data import ImageLimits
from lydite.detect.exemplars import Exemplar
from lydite.detect.negatives import SetAside
from lydite.detect.run_folder import RunFolder
from lydite.reports.palette import ClassLook, look_of
from lydite.reports.words import without_folder


@dataclass(frozen=True, slots=True)
class RunDescription:
    """What a run is, as it wrote down when it began.

    Args:
        fingerprint: Hash of all that decides its numbers.
        version: Lydite's version.
        classes: How each class looks, in the order of the class map.
        exemplars: Positives and negatives that were looked at.
        set_aside: Negatives that were not used.
        problems: Why other exemplars could not be used.
        settings: Flat names to values.
        space: Fields of the feature space.
        calibration: What each class's threshold rests on, by class; empty if none was found.
    """

    fingerprint: str
    version: str
    classes: tuple[ClassLook, ...]
    exemplars: tuple[Exemplar, ...]
    set_aside: tuple[SetAside, ...]
    problems: tuple[str, ...]
    settings: dict[str, Any]
    space: dict[str, Any]
    calibration: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, run: RunFolder) -> RunDescription:
        """The description of a run folder."""
        raw = run.describe()
        exemplars = tuple(_exemplar(entry) for entry in raw["exemplars"])
        return cls(
            raw["fingerprint"],
            raw["lydite"],
            tuple(look_of(index, name) for index, name in enumerate(raw["classes"])),
            exemplars,
            tuple(SetAside(**entry) for entry in raw["set_aside"]),
            tuple(_problem(text, exemplars) for text in raw["exemplar_problems"]),
            raw["settings"],
            raw["space"],
            _calibration(run.path / "calibration.json"),
        )

    @property
    def limits(self) -> ImageLimits:
        """How large a picture may be, as the run had it."""
        return ImageLimits(self.settings["max_bytes"], self.settings["max_pixels"])

    @property
    def positives(self) -> tuple[Exemplar, ...]:
        """Examples of classes."""
        return tuple(e for e in self.exemplars if e.class_name is not None)

    @property
    def negatives(self) -> tuple[Exemplar, ...]:
        """Examples of what must not be found that were used."""
        aside = {negative.name for negative in self.set_aside}
        return tuple(e for e in self.exemplars if e.class_name is None and e.name not in aside)

    @property
    def ordered(self) -> tuple[Exemplar, ...]:
        """All exemplars in the order of their pages: positives by class, negatives, those set aside."""
        place = {look.name: look.index for look in self.classes}
        positives = sorted(self.positives, key=lambda e: place[str(e.class_name)])
        negatives = self.negatives
        used = {e.name for e in negatives}
        aside = [e for e in self.exemplars if e.class_name is None and e.name not in used]
        return (*positives, *negatives, *aside)

    def look(self, name: str) -> ClassLook:
        """The look of a class by its name."""
        return next(look for look in self.classes if look.name == name)

    @property
    def thresholds(self) -> dict[str, float]:
        """The least rank of each class that has one."""
        thresholds: dict[str, float] = self.settings.get("class_thresholds", {})
        return thresholds

    @property
    def decides_by_scores(self) -> bool:
        """Whether the constants for the positive and the negative score say what passes."""
        return bool(self.settings["allow_unknown"]) and not self.thresholds

    def threshold(self, name: str) -> float:
        """A numeric setting."""
        return float(self.settings[name])


def _calibration(path: Path) -> dict[str, dict[str, Any]]:
    """What was written of each class when thresholds were found; empty where none were."""
    if not path.is_file():
        return {}
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {entry["name"]: entry for entry in written["classes"]}


def _problem(text: str, exemplars: tuple[Exemplar, ...]) -> str:
    """A message about an exemplar that was left out, without the folders that the others lie in."""
    for exemplar in exemplars:
        text = without_folder(text, str(exemplar.path), exemplar.name)
    return text


def _exemplar(entry: dict[str, Any]) -> Exemplar:
    mask, box = entry["mask_path"], entry["box"]
    return Exemplar(
        Path(entry["path"]),
        entry["name"],
        entry["class"],
        None if mask is None else Path(mask),
        None if box is None else (box[0], box[1], box[2], box[3]),
        rle=entry.get("rle"),
    )
