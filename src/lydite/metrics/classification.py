"""How well pictures are told apart: overall, by class, by group, each figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from lydite.core import ClassMap, InvalidValue
from lydite.metrics.figures import NAN, Figure
from lydite.metrics.intervals import bootstrap, bootstrap_columns
from lydite.metrics.judgements import Judgements
from lydite.metrics.proportions import f1_share, share

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class.

    Args:
        name: The class.
        there: Rows of it.
        said: Rows said to be of it.
        recall: Share of its rows that were called so.
        precision: Share of the rows called so that are of it.
        f1: Harmonic mean of the two.
    """

    name: str
    there: int
    said: int
    recall: Figure
    precision: Figure
    f1: Figure


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One group of rows that belong together.

    Args:
        name: The group.
        accuracy: Share of its rows that are right; its interval speaks of more rows of this group.
    """

    name: str
    accuracy: Figure


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationScores:
    """Everything about one classifier on one set of rows.

    Args:
        class_map: The classes.
        images: Rows.
        units: What intervals draw: groups, and rows without a group.
        level: Of the intervals.
        overall: ``accuracy``, ``balanced_accuracy`` and ``macro_f1`` (means over the classes that the rows
            hold), ``log_loss`` in nats.
        per_class: In the order of the class map.
        confusion: ``(classes, classes)`` int64: rows are what is there, columns what was said.
        groups: Every named group, the least accurate first, then the larger.
    """

    class_map: ClassMap
    images: int
    units: int
    level: float
    overall: Mapping[str, Figure]
    per_class: tuple[ClassScore, ...]
    confusion: npt.NDArray[np.int64]
    groups: tuple[GroupScore, ...]

    def worst_group(self, least: int = 1) -> GroupScore | None:
        """The least accurate group of at least so many rows; ``None`` if there is none.

        The worst of many is partly bad luck: its own interval is too hopeful about the next worst.
        """
        return next((group for group in self.groups if group.accuracy.images >= least), None)


def score_classes(judged: Judgements, *, draws: int = 1000, level: float = 0.95) -> ClassificationScores:
    """All figures of a classifier.

    Shares have Wilson's interval, means over classes and the loss a percentile bootstrap; both draw groups
    where there are any.

    Args:
        judged: Labels and logits; may be empty.
        draws: Resamples of the bootstrap.
        level: Of all intervals, in (0, 1).

    Raises:
        InvalidValue: If draws or level are out of range.
    """
    if draws < 1 or not 0 < level < 1:
        raise InvalidValue("Draws and level", "1 or more, and in (0, 1)", [draws, level])
    classes = len(judged.class_map)
    confusion = np.bincount(judged.labels * classes + judged.said, minlength=classes**2)
    return ClassificationScores(
        judged.class_map,
        len(judged),
        len(np.unique(judged.units)),
        level,
        _overall(judged, draws, level),
        tuple(_class_score(judged, label, level) for label in range(classes)),
        confusion.reshape(classes, classes),
        _group_scores(judged, level),
    )


def mean_loss(judged: Judgements, *, draws: int = 1000, level: float = 0.95) -> Figure:
    """Mean of minus the logarithm of the label's probability, in nats."""
    return _ratio(judged, judged.unit_sums(judged.losses), draws, level)


def _overall(judged: Judgements, draws: int, level: float) -> dict[str, Figure]:
    figures = {"accuracy": share(judged.hits, judged.units, level)}
    means = _over_classes(judged, draws, level)
    figures["balanced_accuracy"], figures["macro_f1"] = means
    figures["log_loss"] = mean_loss(judged, draws=draws, level=level)
    return figures


def _over_classes(judged: Judgements, draws: int, level: float) -> tuple[Figure, Figure]:
    rows = len(judged)
    if not rows:
        return Figure(NAN, NAN, NAN, 0, 0), Figure(NAN, NAN, NAN, 0, 0)
    classes = len(judged.class_map)
    hit = np.flatnonzero(judged.hits)
    places = (
        np.concatenate([judged.units[hit], judged.units, judged.units]),
        np.concatenate([judged.labels[hit], classes + judged.labels, 2 * classes + judged.said]),
    )
    counts = sparse.csr_array((np.ones(len(places[0])), places), shape=(judged.units.max() + 1, 3 * classes))

    def of_classes(means: Floats) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
        both, there, said = np.split(means, 3, axis=1)
        known = there > 0
        recall = np.divide(both, there, out=np.zeros_like(both), where=known)
        f1 = np.divide(2 * both, there + said, out=np.zeros_like(both), where=known)
        return known, recall, f1

    known, recall_of_all, f1_of_all = of_classes(np.asarray(counts.mean(axis=0))[None])
    held = np.flatnonzero(known[0])

    def measure(means: Floats) -> Floats:
        # A class of one group is missing in a third of the draws. The mean of the rest would be another
        # quantity, in which classes of many groups weigh more: there it keeps what all rows say of it.
        there, recall, f1 = of_classes(means)
        full = np.where(there, recall, recall_of_all), np.where(there, f1, f1_of_all)
        return np.stack([column[:, held].mean(axis=1) for column in full], axis=1)

    single = counts.shape[0] < 2
    made = bootstrap_columns(counts, measure, draws=draws, level=level)
    ends = [(NAN, NAN) if single else (one.low, one.high) for one in made]
    recall, f1 = (Figure(one.estimate, *end, rows, rows) for one, end in zip(made, ends, strict=True))
    return recall, f1


def _ratio(judged: Judgements, sums: Floats, draws: int, level: float) -> Figure:
    rows = len(judged)
    if not rows:
        return Figure(NAN, NAN, NAN, 0, 0)
    made = bootstrap(sums, lambda means: means[:, 0] / means[:, 1], draws=draws, level=level)
    low, high = (NAN, NAN) if len(sums) < 2 else (made.low, made.high)
    return Figure(made.estimate, low, high, rows, rows)


def _class_score(judged: Judgements, label: int, level: float) -> ClassScore:
    there, said = judged.labels == label, judged.said == label
    units = judged.units
    return ClassScore(
        judged.class_map[label],
        int(there.sum()),
        int(said.sum()),
        share(said[there], units[there], level),
        share(there[said], units[said], level),
        f1_share(there, said, units, level),
    )


def _group_scores(judged: Judgements, level: float) -> tuple[GroupScore, ...]:
    members: dict[str, list[int]] = {}
    for row, name in enumerate(judged.groups):
        if name:
            members.setdefault(name, []).append(row)
    hits = judged.hits
    scores = [
        GroupScore(name, share(hits[rows], np.arange(len(rows)), level)) for name, rows in members.items()
    ]
    return tuple(sorted(scores, key=lambda one: (one.accuracy.value, -one.accuracy.images, one.name)))
