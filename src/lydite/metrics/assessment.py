"""A whole evaluation: every measure, where it may be given, with its interval and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue
from lydite.metrics import measures
from lydite.metrics.cases import Case, Sides, Terms
from lydite.metrics.coco import SIZES
from lydite.metrics.confusion import Confusion, confuse
from lydite.metrics.figures import Figure
from lydite.metrics.matching import Matching, match
from lydite.metrics.measures import ALL, Figures
from lydite.metrics.ranking import Operating, Ranking, rank_instances

NOT_EXHAUSTIVE = "the annotation is declared not exhaustive: what it does not show may be there all the same"
ONLY_BOXES = "boxes are compared: no pixels are known"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Precision against recall of one class, or of all pooled.

    Args:
        recall: ``(n,)`` ascending.
        precision: ``(n,)``.
        threshold: ``(n,)`` score down to which is accepted, descending.
        own: What the run itself accepted; it need not lie on the curve, since its rules see more than one
            score.
        oracle: The best point of the curve.
    """

    recall: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float32]
    own: Operating
    oracle: Operating


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """The outcome of an evaluation.

    Args:
        terms: On which terms.
        images: Pictures.
        exhaustive: Those of them whose annotation is complete: what false alarms are counted in.
        asked: True instances that count, by class.
        overall: All classes. Precision, recall, F1 and matched overlaps are pooled over instances; AP, AR
            and foregrounds are means over the classes that the truth holds.
        per_class: One for each class of the map.
        per_size: By COCO's sizes.
        curves: By label, ``ALL`` for all classes pooled; empty where precision is withheld.
        confusion: Classes against each other and the background. Its background row counts exhaustive
            pictures only.
        matching: Who found whom, in all pictures; its false alarms are those of exhaustive pictures.
    """

    terms: Terms
    images: int
    exhaustive: int
    asked: tuple[int, ...]
    overall: Figures
    per_class: tuple[Figures, ...]
    per_size: Mapping[str, Figures]
    curves: Mapping[int, Curve]
    confusion: Confusion
    matching: Matching


def assess(cases: Sequence[Case], terms: Terms) -> Assessment:
    """Evaluate accepted instances against the truth.

    Recall, AR and the overlap of matched instances rest on all pictures. Whatever a false alarm would
    change rests on exhaustively annotated pictures only; where there are none it is withheld.

    The oracle: what if one threshold on the score, the same for all classes and pictures, had replaced the
    run's score rules? Candidates, filters and suppression stay as they are. The threshold is the best for
    the very pictures that it is judged on, so no honest choice could know it, and the oracle's F1 is
    optimistic. It is no upper bound: rules that look at more than one score may do better.

    Args:
        cases: Pictures, in any order, at least one.
        terms: On which terms.

    Raises:
        InvalidValue: If there is no picture, or truth and results do not fit each other.
    """
    if not cases:
        raise InvalidValue("Pictures to evaluate", "one or more", 0)
    everything, whole = Sides.of(cases), Sides.of([case for case in cases if case.exhaustive])
    matching = match(everything.truth, everything.accepted, terms.class_map, terms.threshold, terms.iou_type)
    asked = everything.asked(len(terms.class_map))
    by_class, by_size = _recalls(everything, matching, terms, asked)
    curves: dict[int, Curve] = {}
    if len(whole):
        curves = _add_precisions(whole, terms, by_class, by_size)
    _hold_back(by_class, by_size, terms, len(whole))
    return Assessment(
        terms,
        len(everything),
        len(whole),
        tuple(asked),
        by_class[ALL],
        tuple(by_class[label] for label in range(len(asked))),
        by_size,
        curves,
        _confusion(everything, whole, matching, terms),
        _only_known_alarms(matching, {one.image for one in whole.truth}),
    )


def _recalls(
    sides: Sides, matching: Matching, terms: Terms, asked: list[int]
) -> tuple[dict[int, Figures], dict[str, Figures]]:
    counts = measures.counted(matching, terms, asked)
    ar_by_class, ar_by_size = measures.average_recall(sides, terms)
    overlap = measures.matched_overlap(matching, terms)
    by_class = {
        label: {"recall": counts[label]["recall"], **ar_by_class[label], **overlap[label]} for label in counts
    }
    by_size = measures.recall_by_size(sides, matching, terms)
    return by_class, {size: {**by_size[size], **ar_by_size[size]} for size in by_size}


def _add_precisions(
    sides: Sides, terms: Terms, by_class: dict[int, Figures], by_size: dict[str, Figures]
) -> dict[int, Curve]:
    own = match(sides.truth, sides.accepted, terms.class_map, terms.threshold, terms.iou_type)
    ranking = rank_instances(sides.truth, sides.scored, terms.class_map, terms.threshold, terms.iou_type)
    counts = measures.counted(own, terms, sides.asked(len(terms.class_map)))
    ap_by_class, ap_by_size = measures.average_precision(sides, terms)
    best = measures.oracle(ranking, own, terms)
    pixels = measures.foreground(sides, terms) if terms.iou_type == "segm" else {}
    for label, figures in by_class.items():
        figures.update({name: counts[label][name] for name in ("precision", "f1")})
        figures.update(best[label] | ap_by_class[label] | pixels.get(label, {}))
    by_class[ALL] |= measures.ranked_precision(sides, terms)
    for size, figures in by_size.items():
        figures.update(ap_by_size[size])
    return {label: _curve(ranking, counts[label], by_class[label], label) for label in by_class}


def _curve(ranking: Ranking, counts: Figures, figures: Figures, label: int) -> Curve:
    rows = ranking if label == ALL else ranking.of_class(label)
    nothing = float("nan")
    own = Operating(nothing, counts["precision"].value, counts["recall"].value, figures["f1"].value)
    if not rows.asked.sum():
        empty = np.zeros(0)
        return Curve(empty, empty, empty.astype(np.float32), own, rows.best())
    return Curve(*rows.curve(), own, rows.best())


def _hold_back(
    by_class: dict[int, Figures], by_size: dict[str, Figures], terms: Terms, exhaustive: int
) -> None:
    """Name the measures that are not given, each with its reason."""
    unknown = Figure(float("nan"), float("nan"), float("nan"), 0, 0)
    precision = ("precision", "f1", "oracle_f1", "f1_to_oracle", "ap", "ap50", "ap75")
    ranked = ("ranking_ap", "ranking_ap50")
    for label, figures in by_class.items():
        if not exhaustive:
            names = (*precision, *(ranked if label == ALL else ()))
            figures.update({name: unknown.hold_back(NOT_EXHAUSTIVE) for name in names})
        if "foreground_iou" not in figures:
            reason = ONLY_BOXES if terms.iou_type == "bbox" else NOT_EXHAUSTIVE
            figures.update({f"foreground_{name}": unknown.hold_back(reason) for name in ("iou", "dice")})
    if not exhaustive:
        for size in list(SIZES)[1:]:
            by_size[size]["ap"] = unknown.hold_back(NOT_EXHAUSTIVE)


def _confusion(everything: Sides, whole: Sides, matching: Matching, terms: Terms) -> Confusion:
    confusion = confuse(everything.truth, everything.accepted, matching, terms.threshold, terms.iou_type)
    if len(whole) == len(everything):
        return confusion
    counts = confusion.counts.copy()
    own = match(whole.truth, whole.accepted, terms.class_map, terms.threshold, terms.iou_type)
    counts[-1] = confuse(whole.truth, whole.accepted, own, terms.threshold, terms.iou_type).counts[-1]
    return Confusion(counts, terms.class_map)


def _only_known_alarms(matching: Matching, exhaustive: set[str]) -> Matching:
    alarms = tuple(alarm for alarm in matching.false_alarms if alarm.image in exhaustive)
    return replace(matching, false_alarms=alarms)
