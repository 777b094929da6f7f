"""The difference of two runs as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from lydite import __version__
from lydite.detect.diff import APPEARED, MOVED, RECLASSED, VANISHED, Change, RunDiff, Seen
from lydite.detect.evaluation_record import fate_record, number

OTHER_SPACES = "the runs have different feature spaces, whose scores cannot be compared"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What became of one class.

    Args:
        name: The class.
        same: Instances of both runs, unchanged.
        vanished: Only in the first run.
        appeared: Only in the second run.
        left: Of this class in the first run, of another in the second.
        joined: Of this class in the second run, of another in the first.
        moved: In both with another score; ``None`` where scores cannot be compared.
    """

    name: str
    same: int
    vanished: int
    appeared: int
    left: int
    joined: int
    moved: int | None


def class_rows(diff: RunDiff) -> tuple[ClassRow, ...]:
    """One row for each class of either run, the first run's order first."""
    counts: Counter[tuple[str, str]] = Counter()
    for change in diff.changes:
        if change.kind == RECLASSED and change.before and change.after:
            counts["left", change.before.class_name] += 1
            counts["joined", change.after.class_name] += 1
        else:
            counts[change.kind, change.shown.class_name] += 1
    names = dict.fromkeys((*diff.before.class_map, *diff.after.class_map))
    return tuple(
        ClassRow(
            name,
            diff.same[name],
            counts[VANISHED, name],
            counts[APPEARED, name],
            counts["left", name],
            counts["joined", name],
            counts[MOVED, name] if diff.one_space else None,
        )
        for name in names
    )


def diff_record(diff: RunDiff) -> dict[str, Any]:
    """The content of ``diff.json``."""
    return {
        "lydite": __version__,
        "before": diff.before.description["fingerprint"],
        "after": diff.after.description["fingerprint"],
        "iou_threshold": diff.threshold,
        "min_move": diff.min_move,
        "scores_not_compared": "" if diff.one_space else OTHER_SPACES,
        "causes": [asdict(cause) for cause in diff.causes],
        "pictures": len(diff.pairs),
        "only_before": list(diff.only_before),
        "only_after": list(diff.only_after),
        "resized": list(diff.resized),
        "altered": list(diff.altered),
        "by_class": [asdict(row) for row in class_rows(diff)],
        "changes": [_change(change) for change in diff.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "before": _seen(change.before),
        "after": _seen(change.after),
        "iou": number(change.iou) if change.before and change.after else None,
        "in_the_other_run": None if change.fate is None else fate_record(change.fate),
        "causes": [cause.name for cause in change.causes],
    }


def _seen(seen: Seen | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {
        "region": str(seen.region),
        "class": seen.class_name,
        "score": number(seen.score),
        "box_xyxy": [round(side, 2) for side in seen.mask.boxes.xyxy[0].tolist()],
        "nearest_positive": seen.nearest,
    }
