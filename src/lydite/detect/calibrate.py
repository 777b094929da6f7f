"""Thresholds of the classes from a rehearsal: what true objects rank, against what everything ranks.

How many hits and false alarms there are at each threshold is told by ``curves``. One trade-off shared by all
classes maximises F1: Dinkelbach, "On nonlinear fractional programming", 1967.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.detect.curves import Curves, as_one, centred, measure, model
from lydite.detect.rehearsal import Floats, Ints, Ranked, Rehearsal
from lydite.detect.settings import CalibrationSettings, CalibrationTarget

FEWEST, LEAST_OBJECTS = 3, 40
"""Found in fewer pictures, or with fewer objects in the whole pile, a class has no threshold of its own."""
LEAST_TOLD = 0.1
"""Where fewer of the objects still rank, the precision is not told any more."""
TOLERANCE = 0.02
"""Share of the objects that may be lost to a safer threshold."""
DRAWS, LEVEL = 100, 0.95
ROUNDING = 0.005
"""What falls short of a target by less is shown as having reached it."""


@dataclass(frozen=True, slots=True)
class ClassCalibration:
    """The threshold of one class, and what it rests on.

    Args:
        name: The class.
        threshold: Least rank.
        low: Lower end of the 95 % interval of the threshold, over other examples' pictures.
        high: Upper end.
        examples: Held-out examples.
        pictures: Pictures that they are in.
        found: How many of them the search found, at any rank and as whatever class.
        named: How many of these were given their own class.
        objects: Objects in a picture, as estimated; known where the pictures are exhaustive.
        precision: Expected at the threshold.
        recall: Expected at the threshold.
        borrowed: True if too little is seen of the class and its threshold leans on all classes together.
    """

    name: str
    threshold: float
    low: float
    high: float
    examples: int
    pictures: int
    found: int
    named: int
    objects: float
    precision: float
    recall: float
    borrowed: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds of all classes, or the reason why there are none.

    Args:
        classes: One for each class; empty when nothing could be calibrated.
        target: What was asked for.
        f1: Expected at the thresholds, all classes together; NaN when nothing could be calibrated.
        refusal: Why not; empty when done.
        missed: Of which classes the precision or recall asked for is out of reach; empty where of none.
    """

    classes: tuple[ClassCalibration, ...]
    target: str
    f1: float
    refusal: str = ""
    missed: str = ""

    @property
    def thresholds(self) -> dict[str, float]:
        """As the rule ``class_slack`` reads them."""
        return {each.name: each.threshold for each in self.classes}


def calibrate(
    rehearsal: Rehearsal, settings: CalibrationSettings, pile: Sequence[Ranked] = ()
) -> Calibration:
    """Choose the threshold of each class.

    Args:
        rehearsal: What the search of the examples' own pictures showed.
        settings: What to choose it for.
        pile: Pictures of the kind that will be searched, without labels; those of the examples if empty.
    """
    target = settings.calibration_target.value
    refusal = _refusal(rehearsal)
    if refusal:
        return Calibration((), target, float("nan"), refusal)
    everyone = np.arange(len(rehearsal.labels))
    judged = [scene for scene in rehearsal.scenes if scene.truth is not None]
    found = _thresholds(rehearsal, everyone, pile or rehearsal.scenes, judged, settings)
    low, high = _interval(rehearsal, settings, pile)
    classes = tuple(
        _describe(rehearsal, found, label, float(low[label]), float(high[label]))
        for label in range(len(rehearsal.class_map))
    )
    return Calibration(classes, target, found.f1, missed=_missed(classes, settings))


def _missed(classes: Sequence[ClassCalibration], settings: CalibrationSettings) -> str:
    """What was asked for and cannot be had, with the classes by name."""
    target, level = settings.calibration_target, settings.calibration_level
    if target is CalibrationTarget.F1:
        return ""
    reached = {each.name: getattr(each, target.value) for each in classes}
    names = ", ".join(name for name, value in reached.items() if value < level - ROUNDING)
    if not names:
        return ""
    if target is CalibrationTarget.PRECISION:
        return (
            f"No threshold is expected to have a precision of {level:g} for {names}: the most precise holds."
        )
    return (
        f"A recall of {level:g} is out of reach for {names}: too few of the objects are found at any "
        f"threshold. The one chosen keeps {level:g} of those that are."
    )


def _refusal(rehearsal: Rehearsal) -> str:
    found = np.isfinite(rehearsal.ranks)
    pictures = len(np.unique(rehearsal.pictures[found]))
    if found.sum() >= FEWEST and pictures >= FEWEST:
        return ""
    reasons = []
    if len(found):
        reasons.append(
            f"{int(found.sum())} of {len(found)} held-out examples were found, in {pictures} pictures"
        )
    for names, reason in (
        (
            rehearsal.whole,
            "examples are close-ups without a mask, or without a pile of six pictures to put them into",
        ),
        (rehearsal.alone, "are in the only picture of their class"),
        (rehearsal.unsearched, "are in pictures where the proposer has nothing to propose"),
        (rehearsal.unread, "could not be read again"),
    ):
        if names:
            reasons.append(f"{len(names)} {reason}")
    needed = f"Too few examples to calibrate: {FEWEST} must be found again, in as many pictures"
    return f"{needed}, but {'; '.join(reasons) or 'none could be read'}."


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Thresholds and what is expected at them, each ``(classes,)``; ``f1`` is of all classes together."""

    thresholds: Floats
    objects: Floats
    precision: Floats
    recall: Floats
    borrowed: npt.NDArray[np.bool_]
    f1: float


def _thresholds(
    rehearsal: Rehearsal,
    rows: Ints,
    pile: Sequence[Ranked],
    judged: Sequence[Ranked],
    settings: CalibrationSettings,
) -> _Found:
    """Each class on its own where enough is seen of it, else all classes as one, centre on centre.

    Args:
        rehearsal: Where the held-out examples are.
        rows: Which of them to use; rows may repeat.
        pile: Pictures without labels.
        judged: Pictures in which somebody went through what was found.
        settings: What to choose the thresholds for.
    """
    classes = np.arange(len(rehearsal.class_map))
    curves = measure(rehearsal, rows, pile, settings.exhaustive, judged)
    own = _choose(curves, settings)
    centres, _ = model(rehearsal, rows)
    one = as_one(rehearsal, centres)
    alike = [[centred(scene, centres) for scene in scenes] for scenes in (pile, judged)]
    pooled = measure(one, rows, alike[0], settings.exhaustive, alike[1])
    at = int(_choose(pooled, settings)[0])
    found = rows[np.isfinite(rehearsal.ranks[rows])]
    pictures = [len(np.unique(rehearsal.pictures[found[rehearsal.labels[found] == k]])) for k in classes]
    borrowed = (np.array(pictures) < FEWEST) | (curves.objects * len(pile) < LEAST_OBJECTS)
    return _Found(
        np.where(borrowed, centres + pooled.thresholds[at], curves.thresholds[own]),
        curves.objects,
        np.where(borrowed, pooled.precision[0, at], curves.precision[classes, own]),
        np.where(borrowed, pooled.recall[0, at], curves.recall[classes, own]),
        borrowed,
        pooled.f1(np.array([at])) if borrowed.any() else curves.f1(own),
    )


def _choose(curves: Curves, settings: CalibrationSettings) -> Ints:
    """``(classes,)`` the step of each class."""
    level = settings.calibration_level
    match settings.calibration_target:
        case CalibrationTarget.F1:
            return _best_f1(curves)
        case CalibrationTarget.RECALL:
            enough = curves.recall >= level * curves.recall[:, :1]
            return np.asarray(enough.shape[1] - 1 - enough[:, ::-1].argmax(axis=1), np.int64)
        case CalibrationTarget.PRECISION:
            return _first_precise(curves, level)


def _first_precise(curves: Curves, level: float) -> Ints:
    """The lowest step that is precise enough, as far as objects still rank; else the most precise one."""
    told = (curves.recall >= LEAST_TOLD * curves.recall[:, :1]) & (curves.seen > 0)
    precision = np.where(told, curves.precision, 0)
    enough = precision >= level
    best = np.where(enough.any(axis=1), enough.argmax(axis=1), precision.argmax(axis=1))
    return np.asarray(best, np.int64)


def _best_f1(curves: Curves) -> Ints:
    """An instance is worth accepting if it is a hit more often than half the F1 reached (Dinkelbach).

    Where objects and all else rank far apart, any threshold between them is as good on what was rehearsed.
    The middle of all that are nearly as good is the safest for what was not.
    """
    f1 = 0.5
    while True:
        gain = curves.hits - f1 / 2 * curves.seen
        chosen: Ints = gain.argmax(axis=1).astype(np.int64)
        reached = curves.f1(chosen)
        if abs(reached - f1) < 1e-9:
            return _middle(gain, chosen, TOLERANCE * curves.objects)
        f1 = reached


def _middle(gain: Floats, chosen: Ints, tolerance: Floats) -> Ints:
    """The middle of the steps around the chosen one whose gain is less by no more than the tolerance."""
    middle = []
    for row, at, loss in zip(gain, chosen.tolist(), tolerance.tolist(), strict=True):
        worse = np.flatnonzero(row < row[at] - loss)
        first = int(worse[worse < at].max(initial=-1)) + 1
        last = int(worse[worse > at].min(initial=len(row))) - 1
        middle.append((first + last) // 2)
    return np.array(middle, np.int64)


def _interval(
    rehearsal: Rehearsal, settings: CalibrationSettings, pile: Sequence[Ranked]
) -> tuple[Floats, Floats]:
    """Percentiles of the thresholds over resampled pictures of examples; ``(classes,)`` each."""
    rng = np.random.default_rng(0)
    by_picture = [np.flatnonzero(rehearsal.pictures == k) for k in range(len(rehearsal.scenes))]
    drawn = []
    for _ in range(DRAWS):
        pictures = rng.integers(len(by_picture), size=len(by_picture))
        rows = np.concatenate([by_picture[k] for k in pictures])
        if np.isfinite(rehearsal.ranks[rows]).any():
            scenes = [rehearsal.scenes[k] for k in pictures]
            judged = [scene for scene in scenes if scene.truth is not None]
            drawn.append(_thresholds(rehearsal, rows, pile or scenes, judged, settings).thresholds)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return low, high


def _describe(rehearsal: Rehearsal, found: _Found, label: int, low: float, high: float) -> ClassCalibration:
    mine = rehearsal.labels == label
    threshold = float(found.thresholds[label])
    return ClassCalibration(
        rehearsal.class_map[label],
        threshold,
        min(low, threshold),
        max(high, threshold),
        int(mine.sum()),
        len(np.unique(rehearsal.pictures[mine])),
        int((mine & np.isfinite(rehearsal.ranks)).sum()),
        int((mine & rehearsal.named).sum()),
        float(found.objects[label]),
        float(found.precision[label]),
        float(found.recall[label]),
        bool(found.borrowed[label]),
    )
