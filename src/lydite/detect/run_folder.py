"""The folder of a run, and the names in it.

::

    out/
      settings.toml      every setting, as resolved; reads back with --config
      run.json           what the run is: version, feature space, exemplars, fingerprint
      pictures/          one table and one record a picture (what resuming looks at)
      pictures.jsonl     the pictures that the files below cover, in order: one line a picture
      decisions.parquet  all candidates of all pictures, with numbers, reasons and flips
      instances.json     accepted instances, COCO with RLE
      summary.json       counts, seconds, problems
      calibration.json   where the thresholds of the classes come from, if they were found
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lydite.detect.store import Shelf

DESCRIPTION = "run.json"
SETTINGS = "settings.toml"
CALIBRATION = "calibration.json"
LIST = "pictures.jsonl"
SUMMARY = "summary.json"
DECISIONS = "decisions.parquet"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """An output folder that belongs to exactly one set of settings and exemplars."""

    path: Path

    @property
    def shelf(self) -> Shelf:
        """Results of single pictures."""
        return Shelf(self.path / "pictures")

    def describe(self) -> dict[str, Any]:
        """What the run is, as written when it began."""
        described: dict[str, Any] = json.loads((self.path / DESCRIPTION).read_text(encoding="utf-8"))
        return described
