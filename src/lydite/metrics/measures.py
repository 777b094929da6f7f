"""The measures of an evaluation, each with its interval: counts, COCO's, overlaps, the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.metrics.cases import Sides, Terms, areas_of
from lydite.metrics.coco import SIZES, Curves, Judge
from lydite.metrics.figures import Figure, Sampling
from lydite.metrics.foreground import count_pixels, foreground_dice, foreground_iou
from lydite.metrics.matching import Matching
from lydite.metrics.ranking import Ranking

Floats: TypeAlias = npt.NDArray[np.float64]
Figures: TypeAlias = dict[str, Figure]
ALL = -1
"""The key of all classes together, where others are label numbers."""


def counted(matching: Matching, terms: Terms, asked: list[int]) -> dict[int, Figures]:
    """Precision, recall and F1 of what was accepted: all classes pooled, and by class."""
    sampling = Sampling(len(matching.images), terms.draws, terms.level)
    measures = {"precision": _precision, "recall": _recall, "f1": _f1}
    tables = {ALL: matching.table.sum(axis=1), **dict(enumerate(np.moveaxis(matching.table, 1, 0)))}
    return {
        label: {
            name: sampling.ratio(table, measure, sum(asked) if label == ALL else asked[label])
            for name, measure in measures.items()
        }
        for label, table in tables.items()
    }


def matched_overlap(matching: Matching, terms: Terms) -> dict[int, Figures]:
    """Mean IoU and Dice of the pairs; the instances are the hits."""
    sampling = Sampling(len(matching.images), terms.draws, terms.level)
    place = {image: number for number, image in enumerate(matching.images)}
    sums = np.zeros((len(place), len(terms.class_map), 3))
    for hit in matching.hits:
        sums[place[hit.image], hit.label] += (hit.iou, 2 * hit.iou / (1 + hit.iou), 1)
    tables = {ALL: sums.sum(axis=1), **dict(enumerate(np.moveaxis(sums, 1, 0)))}
    return {
        label: {
            name: sampling.ratio(table[:, [column, 2]], _share, int(table[:, 2].sum()))
            for column, name in enumerate(("matched_iou", "matched_dice"))
        }
        for label, table in tables.items()
    }


def foreground(sides: Sides, terms: Terms) -> dict[int, Figures]:
    """IoU and Dice of the pixels that a class covers; over all classes, the mean of those of the truth."""
    pixels = count_pixels(sides.truth, sides.accepted, terms.class_map)
    asked = sides.asked(len(terms.class_map))
    present = [label for label, count in enumerate(asked) if count]
    sampling = Sampling(len(sides), terms.draws, terms.level)
    measures = {"foreground_iou": foreground_iou, "foreground_dice": foreground_dice}

    def figures(labels: list[int]) -> Figures:
        table = pixels[:, labels].reshape(len(sides), -1)
        return {
            name: sampling.ratio(table, _mean_of(measure), sum(asked[label] for label in labels))
            for name, measure in measures.items()
        }

    return {ALL: figures(present), **{label: figures([label]) for label in range(len(asked))}}


def average_precision(sides: Sides, terms: Terms) -> tuple[dict[int, Figures], dict[str, Figures]]:
    """COCO's AP, AP50 and AP75 of what was accepted: by class and, AP alone, by size."""
    judge = Judge(sides.truth, sides.accepted, terms.class_map, terms.iou_type, terms.limits, tuple(SIZES))
    asked = sides.asked(len(terms.class_map))
    labels = {ALL: None, **{label: label for label in range(len(asked))}}
    sizes = list(SIZES)[1:]

    def measure(rows: npt.NDArray[np.int64]) -> Floats:
        curves = judge.accumulate(rows, only_ap=True)
        by_class = [curves.ap(iou, label) for label in labels.values() for iou in (None, 0.5, 0.75)]
        return np.array([*by_class, *(curves.ap(size=1 + at) for at in range(len(sizes)))])

    counts = [sum(asked) if label == ALL else asked[label] for label in labels for _ in range(3)]
    counts += [sum(_asked_of_size(sides, terms, size).tolist()) for size in sizes]
    figures = iter(Sampling(len(sides), terms.draws, terms.level).redrawn(measure, counts))
    by_class = {label: {name: next(figures) for name in ("ap", "ap50", "ap75")} for label in labels}
    return by_class, {size: {"ap": next(figures)} for size in sizes}


def ranked_precision(sides: Sides, terms: Terms) -> Figures:
    """COCO's AP and AP50 of everything that was scored, accepted or not."""
    judge = Judge(sides.truth, sides.scored, terms.class_map, terms.iou_type, (terms.max_dets,))

    def measure(rows: npt.NDArray[np.int64]) -> Floats:
        curves: Curves = judge.accumulate(rows)
        return np.array([curves.ap(), curves.ap(0.5)])

    count = sum(sides.asked(len(terms.class_map)))
    ap, ap50 = Sampling(len(sides), terms.draws, terms.level).redrawn(measure, [count, count])
    return {"ranking_ap": ap, "ranking_ap50": ap50}


def average_recall(sides: Sides, terms: Terms) -> tuple[dict[int, Figures], dict[str, Figures]]:
    """COCO's AR of what was accepted, at each limit: by class and, at the last limit, by size."""
    judge = Judge(sides.truth, sides.accepted, terms.class_map, terms.iou_type, terms.limits, tuple(SIZES))
    found, asked = judge.recalls()
    sampling = Sampling(len(sides), terms.draws, terms.level)
    classes = len(terms.class_map)

    def figure(labels: list[int], size: int, limit: int) -> Figure:
        hits = found[:, :, labels, size, limit].mean(axis=1)
        return sampling.ratio(
            np.concatenate([hits, asked[:, labels, size]], axis=1),
            _mean_share,
            int(asked[:, labels, size].sum()),
        )

    groups = {ALL: list(range(classes)), **{label: [label] for label in range(classes)}}
    by_class = {
        key: {f"ar_{most}": figure(labels, 0, limit) for limit, most in enumerate(terms.limits)}
        for key, labels in groups.items()
    }
    last = len(terms.limits) - 1
    name = f"ar_{terms.max_dets}"
    by_size = {size: {name: figure(groups[ALL], at, last)} for at, size in enumerate(SIZES) if at}
    return by_class, by_size


def recall_by_size(sides: Sides, matching: Matching, terms: Terms) -> dict[str, Figures]:
    """Share of the true instances of each size that was found."""
    sampling = Sampling(len(sides), terms.draws, terms.level)
    hit = {(one.image, one.truth_row) for one in matching.hits}
    figures = {}
    for size, (low, high) in list(SIZES.items())[1:]:
        table = np.zeros((len(sides), 2))
        for place, one in enumerate(sides.truth):
            areas = areas_of(one, terms.iou_type)
            rows = np.flatnonzero(one.counted & (areas >= low) & (areas <= high))
            table[place] = sum((one.image, row) in hit for row in rows.tolist()), len(rows)
        figures[size] = {"recall": sampling.ratio(table, _share, int(table[:, 1].sum()))}
    return figures


def oracle(ranking: Ranking, own: Matching, terms: Terms) -> dict[int, Figures]:
    """The best F1 that one threshold on the score could have had, and the run's own F1 as a share of it.

    Each draw of pictures looks for its own best threshold, on the side of the oracle only.
    """
    sampling = Sampling(len(own.images), terms.draws, terms.level)
    asked = ranking.asked.sum(axis=0).tolist()
    tables: Mapping[int, npt.NDArray[np.int64]] = {
        ALL: own.table.sum(axis=1),
        **dict(enumerate(np.moveaxis(own.table, 1, 0))),
    }
    figures = {}
    for label, table in tables.items():
        rows = ranking if label == ALL else ranking.of_class(label)
        count = sum(asked) if label == ALL else asked[label]
        best, ratio = sampling.redrawn(_against_oracle(rows, table), [count, count])
        figures[label] = {"oracle_f1": best, "f1_to_oracle": ratio}
    return figures


def _against_oracle(
    ranking: Ranking, table: npt.NDArray[np.int64]
) -> Callable[[npt.NDArray[np.int64]], Floats]:
    def measure(rows: npt.NDArray[np.int64]) -> Floats:
        best = ranking.best(np.bincount(rows, minlength=len(table)).astype(np.float64)).f1
        own = float(_f1(table[rows].sum(axis=0, keepdims=True))[0])
        return np.array([best, own / best if best > 0 else np.nan])

    return measure


def _asked_of_size(sides: Sides, terms: Terms, size: str) -> npt.NDArray[np.int64]:
    low, high = SIZES[size]
    counts = []
    for one in sides.truth:
        areas = areas_of(one, terms.iou_type)
        counts.append(int((one.counted & (areas >= low) & (areas <= high)).sum()))
    return np.array(counts, np.int64)


def _precision(means: Floats) -> Floats:
    return _divide(means[:, 0], means[:, 0] + means[:, 1])


def _recall(means: Floats) -> Floats:
    return _divide(means[:, 0], means[:, 0] + means[:, 2])


def _f1(means: Floats) -> Floats:
    return _divide(2 * means[:, 0], 2 * means[:, 0] + means[:, 1] + means[:, 2])


def _share(means: Floats) -> Floats:
    return _divide(means[:, 0], means[:, 1])


def _mean_share(means: Floats) -> Floats:
    """Mean over the classes that a draw holds: left half found, right half to be found."""
    half = means.shape[1] // 2
    return _nanmean(_divide(means[:, :half], means[:, half:]))


def _mean_of(measure: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """Mean over the classes that a draw's truth holds, as for AP."""

    def mean(means: Floats) -> Floats:
        pixels = means.reshape(len(means), -1, 3)
        return _nanmean(np.where(pixels[..., 1] > 0, measure(pixels), np.nan))

    return mean


def _nanmean(values: Floats) -> Floats:
    known = np.isfinite(values)
    return _divide(np.where(known, values, 0).sum(axis=1), known.sum(axis=1))


def _divide(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> Floats:
    ratio = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=ratio, where=np.asarray(whole > 0))
    return ratio
