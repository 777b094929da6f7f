"""Small data sets for tests, drawn and written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import strategies as st
from PIL import Image

from lydite.core import ClassMap
from lydite.data.dataset import DatasetVersion, Intake

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLASSES = ClassMap(("pear", "Äpfel", "鳥"))
HEX = "0123456789abcdef" * 4


def intake(labels: tuple[str | None, ...] = ("pear", "Äpfel", None), regions: int = 2) -> Intake:
    """One item a label, the same picture for all, with the same number of regions each."""
    items = [
        {
            "item": f"s:dir/{row}.jpg",
            "path": f"dir/{row}.jpg",
            "image": HEX,
            "height": 40,
            "width": 60,
            "label": label,
            "group": f"g{row // 2}",
            "split": "train",
            "exhaustive": True,
        }
        for row, label in enumerate(labels)
    ]
    parts = [
        {
            "item": f"s:dir/{row}.jpg",
            "number": number,
            "label": "鳥",
            "x0": 1.5,
            "y0": 2.0,
            "x1": 10.0 + number,
            "y1": 20.0,
            "attributes": [{"name": "worn", "value": "yes"}],
        }
        for row in range(len(labels))
        for number in range(regions)
    ]
    return Intake.of(items, parts, CLASSES, {"s": Path("/pictures")})


def version(labels: tuple[str | None, ...] = ("pear", "Äpfel", None), regions: int = 2) -> DatasetVersion:
    """The first version of ``intake``."""
    return DatasetVersion.begin(intake(labels, regions), "me", "a start", WHEN)


@st.composite
def tables(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items and regions, any of whose columns may differ between two draws."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    maybe = st.sampled_from([None, *CLASSES.names])
    items, regions = [], []
    for name in names:
        items.append(
            {
                "item": f"s:{name}",
                "path": draw(st.sampled_from([name, f"moved/{name}"])),
                "image": draw(st.sampled_from([HEX, HEX[::-1]])),
                "height": 9,
                "width": 9,
                "label": draw(maybe),
                "group": draw(st.sampled_from([None, "g"])),
                "split": draw(st.sampled_from([None, "train"])),
                "exhaustive": draw(st.booleans()),
            }
        )
        regions += [
            {
                "item": f"s:{name}",
                "number": number,
                "label": draw(st.sampled_from(CLASSES.names)),
                "x0": 0.0,
                "y0": 0.0,
                "x1": draw(st.sampled_from([1.0, 2.5])),
                "y1": 9.0,
                "mask": draw(st.sampled_from([None, "0i2"])),
                "difficult": draw(st.booleans()),
                "attributes": draw(st.sampled_from([[], [{"name": "n", "value": "v"}]])),
            }
            for number in draw(st.lists(st.integers(0, 3), unique=True))
        ]
    made = Intake.of(items, regions, CLASSES, {"s": Path("/p")})
    return made.items, made.regions


def draw_picture(path: Path, seed: int, size_hw: tuple[int, int] = (24, 32)) -> Path:
    """A small picture, different for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size_hw, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path
