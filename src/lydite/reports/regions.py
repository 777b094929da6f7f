"""One row of a run's table as pages show it: outline, scores, neighbours, reasons, flip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from lydite.core import Block, Outcome
from lydite.detect.settings import ReportSettings
from lydite.detect.store import masks_of
from lydite.detect.tidy import CLEANED, MERGED
from lydite.reports.description import RunDescription
from lydite.reports.exemplar_art import ExemplarArt
from lydite.reports.overlays import Frame, outlines
from lydite.reports.palette import ClassLook
from lydite.reports.words import Change, describe_block, describe_changes

CLOSEST_OF_EMPTY = 3
"""How many of the closest candidates an empty picture shows when none reaches ``keep_rejected_min``."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The exemplar that a region resembles most.

    Args:
        name: The exemplar.
        cosine: Its cosine.
        art: How it looks; ``None`` if the run does not describe it.
    """

    name: str
    cosine: float
    art: ExemplarArt | None

    @property
    def score(self) -> float:
        """The cosine on the scale of the thresholds."""
        return (self.cosine + 1) / 2

    @property
    def short_name(self) -> str:
        """The name without ``positive/`` or ``negative/``, which the column says already."""
        return self.name.partition("/")[2] or self.name


@dataclass(frozen=True, slots=True)
class Mending:
    """What was done to a mask before it was looked at.

    Args:
        label: In a word, with the regions that it was made of.
        told: In a sentence.
    """

    label: str
    told: str


@dataclass(frozen=True, slots=True)
class RegionView:
    """One candidate on a picture's page.

    Args:
        number: Its number within the picture.
        outcome: What became of it.
        look: Its class.
        positive: Cosine to the class's positives, aggregated.
        negative: Cosine to the negatives, aggregated; ``None`` where there are none.
        path: Outline in the drawn picture.
        box_xyxy: Box in the drawn picture.
        area: In pixels of the picture.
        nearest_positive: Nearest positive of the class.
        nearest_negative: Nearest negative; ``None`` where there is none.
        reasons: Every rule that blocked it, in words.
        flip: The change that would accept it; empty where none can.
        rank: What instances are ordered by: likeness and wholeness together.
        invented: Whether it is an instance that no annotated object answers to.
        mended: What was done to its mask before it was looked at.
    """

    number: int
    outcome: str
    look: ClassLook
    positive: float
    negative: float | None
    path: str
    box_xyxy: tuple[float, float, float, float]
    area: int
    nearest_positive: Nearest
    nearest_negative: Nearest | None
    reasons: tuple[str, ...]
    flip: tuple[Change, ...]
    rank: float = 0.0
    invented: bool = False
    mended: tuple[Mending, ...] = ()

    @property
    def score(self) -> float:
        """Positive score on the scale of the thresholds."""
        return (self.positive + 1) / 2

    @property
    def negative_score(self) -> float | None:
        """Negative score on the same scale."""
        return None if self.negative is None else (self.negative + 1) / 2

    def slide(self, frame: Frame) -> float:
        """Where between the left and the right edge its label slides so as to stay inside, in percent.

        A label at this share of the way, moved back by the same share of its own width, begins with the
        region at the left edge of the picture, ends with it at the right edge, and never leaves.
        """
        x0, _, x1, _ = self.box_xyxy
        room = frame.width - (x1 - x0)
        return round(100 * min(max(x0 / room, 0.0), 1.0), 2) if room > 0 else 0.0

    @property
    def view_box(self) -> str:
        """The part of the drawn picture that shows it, as an SVG view box: square, with a margin."""
        x0, y0, x1, y1 = self.box_xyxy
        side = 1.3 * max(x1 - x0, y1 - y0, 1.0)
        return f"{(x0 + x1 - side) / 2:.1f} {(y0 + y1 - side) / 2:.1f} {side:.1f} {side:.1f}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page draws of a picture, and what it leaves out.

    Args:
        accepted: All accepted rows, best first.
        suppressed: The best suppressed rows.
        refused: The best refused rows.
        refused_worth: Refused rows that reach ``keep_rejected_min``, drawn or not.
    """

    accepted: pl.DataFrame
    suppressed: pl.DataFrame
    refused: pl.DataFrame
    refused_worth: int


def choose(table: pl.DataFrame, settings: ReportSettings) -> Shown:
    """Pick the rows that a page draws.

    Refused rows must reach ``keep_rejected_min``; a picture without instance that would then show
    nothing shows the closest few all the same.
    """
    table = table.sort("rank", "region", descending=[True, False])
    accepted, suppressed, refused = (
        table.filter(pl.col("outcome") == outcome)
        for outcome in (Outcome.ACCEPTED, Outcome.SUPPRESSED, Outcome.REFUSED)
    )
    kept = refused.filter(pl.col("score") >= settings.keep_rejected_min)
    drawn = kept.head(settings.keep_rejected)
    if accepted.is_empty() and drawn.is_empty():
        drawn = refused.head(min(CLOSEST_OF_EMPTY, settings.keep_rejected))
    return Shown(
        accepted,
        suppressed.head(settings.keep_rejected),
        drawn,
        len(kept),
    )


def view_regions(
    rows: pl.DataFrame,
    frame: Frame,
    description: RunDescription,
    art: Mapping[str, ExemplarArt],
) -> tuple[RegionView, ...]:
    """The views of a table's rows, in their order."""
    paths = outlines(masks_of(rows, frame.size_hw), frame)
    return tuple(
        _view(row, path, frame, description, art)
        for row, path in zip(rows.iter_rows(named=True), paths, strict=True)
    )


def _view(
    row: dict[str, Any],
    path: str,
    frame: Frame,
    description: RunDescription,
    art: Mapping[str, ExemplarArt],
) -> RegionView:
    x, y = frame.scale_xy
    box = np.array([row["x0"], row["y0"], row["x1"], row["y1"]]) * (x, y, x, y)
    left, top, right, bottom = (round(value, 2) for value in box.tolist())
    return RegionView(
        row["region"],
        row["outcome"],
        description.look(row["class"]),
        row["positive"],
        row["negative"],
        path,
        (left, top, right, bottom),
        row["area"],
        Nearest(row["nearest_positive"], row["nearest_positive_cosine"], art.get(row["nearest_positive"])),
        _nearest_negative(row, art),
        tuple(describe_block(Block(**block)) for block in row["blocks"]),
        describe_changes([(change["setting"], change["value"]) for change in row["flip"]]),
        row["rank"],
        mended=tuple(_mended(row["origin"])),
    )


def _mended(origin: str) -> Iterator[Mending]:
    """From the last word of an origin such as ``regions/edge+cleaned+merged #3 #8``."""
    for word in origin.split("+")[1:][-1:]:
        if word == CLEANED:
            yield Mending(word, "its mask was mended first: specks, cracks or holes")
        elif word.startswith(MERGED):
            pieces = word.removeprefix(MERGED).split()
            told = "two candidates that nearly touch, as one; both are still there as they were"
            yield Mending(" ".join([MERGED, " + ".join(pieces)]), told)


def _nearest_negative(row: dict[str, Any], art: Mapping[str, ExemplarArt]) -> Nearest | None:
    name, cosine = row["nearest_negative"], row["nearest_negative_cosine"]
    return Nearest(name, cosine, art.get(name)) if name and cosine is not None else None
