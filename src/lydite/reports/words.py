"""Reasons in plain words, and the command that would change a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from lydite.core import Block
from lydite.data import printable
from lydite.detect.config import GROUP_OF, GROUPS

SUBJECTS: dict[str, str] = {
    "min_area_frac": "share of the picture's area",
    "max_area_frac": "share of the picture's area",
    "border_width": "distance to the picture's edge in pixels",
    "duplicate_iou": "overlap (IoU) with the better proposal",
    "min_quality": "how surely it is one thing",
    "max_surround": "cosine to what lies around it",
    "max_rectangle": "share of its tightest rectangle that it fills",
    "max_square": "share of its tightest square that it fills",
    "max_holes": "share of holes within its outline",
    "max_shape_distance": "distance of its outline from the examples' outlines",
    "min_pos_score": "positive score",
    "decision_threshold": "gap between positive and negative score",
    "score_ratio": "ratio of positive to negative score",
    "neg_cap": "negative score",
    "require_pos_gt_neg": "gap between positive and negative score",
    "margin": "gap between nearest positive and nearest negative",
    "class_separation": "gap to the second class",
    "consensus_thr": "score of the last positive that must agree",
    "class_slack": "rank above the threshold of its class",
    "adaptive_ratio": "share of the picture's best positive score",
    "adaptive_diff_floor": "gap between positive and negative score",
    "nms_iou": "overlap (IoU) with the stronger instance",
    "nested_ios": "share inside the stronger instance",
}
"""What each rule measures. A rule that is missing here is shown by its name alone."""

NEGATIVE_RULES = frozenset(
    {"decision_threshold", "score_ratio", "neg_cap", "require_pos_gt_neg", "margin", "adaptive_diff_floor"}
)
"""Rules whose value depends on the negatives."""

FILTER_RULES = frozenset(
    {
        "min_area_frac",
        "max_area_frac",
        "border_width",
        "min_quality",
        "max_surround",
        "max_rectangle",
        "max_square",
        "max_holes",
        "duplicate_iou",
    }
)
"""Rules that stop a candidate before its scores count."""

_CEILINGS = frozenset(
    {
        "max_area_frac",
        "max_surround",
        "max_rectangle",
        "max_square",
        "max_holes",
        "max_shape_distance",
        "neg_cap",
        "duplicate_iou",
        "nms_iou",
        "nested_ios",
    }
)
_EXACT_DIGITS = 17


@dataclass(frozen=True, slots=True)
class Change:
    """One option of the command line, split so that a page can dim the digits that only a machine needs.

    Args:
        option: For example ``"--min-pos-score"``.
        head: The value's leading digits.
        tail: The rest of its exact digits; ``head + tail`` is the value.
    """

    option: str
    head: str = ""
    tail: str = ""

    def __str__(self) -> str:
        return f"{self.option} {self.head}{self.tail}".rstrip()


def describe_block(block: Block) -> str:
    """For example ``"positive score 0.552 is 0.028 below min_pos_score 0.58"``."""
    subject = SUBJECTS.get(block.rule, block.rule)
    if block.rule == "require_pos_gt_neg":
        return f"positive score is {number(block.short_by)} below the negative score ({block.rule})"
    side = "above" if block.rule in _CEILINGS else "below"
    value, threshold = told_apart(block.value, block.threshold)
    if block.rule == "class_slack" and not block.threshold:
        return f"rank is {number(block.short_by)} below the threshold of its class (class_slack 0)"
    if block.against is not None:
        subject = f"{subject} #{block.against} is"
        return f"{subject} {value}, {number(block.short_by)} {side} {block.rule} {threshold}"
    return f"{subject} {value} is {number(block.short_by)} {side} {block.rule} {threshold}"


def describe_changes(changes: Sequence[tuple[str, float]]) -> tuple[Change, ...]:
    """A flip as options of the command line, with every digit that the boundary needs."""
    return tuple(_change(name, value) for name, value in changes)


def told_apart(value: float, threshold: float) -> tuple[str, str]:
    """Both numbers, with as many decimals of the first, three at least, as show how far they are apart."""
    gap = abs(value - threshold)
    if not 10**-_EXACT_DIGITS < gap < math.inf:
        return repr(value), repr(threshold)
    digits = max(3, math.ceil(-math.log10(gap)) + 1)
    return f"{value:.{digits}f}", _positional(threshold)


def number(value: float) -> str:
    """Three decimals, or two significant digits for what would vanish."""
    if value == 0 or abs(value) >= 0.0095 or abs(value) < 10**-_EXACT_DIGITS:
        return f"{value:.3f}"
    return _positional(float(f"{value:.2g}"))


def _positional(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def without_folder(text: str, path: str, name: str) -> str:
    """A message about a file that calls it by its name: pages are handed on, folders are private.

    Args:
        text: The message.
        path: The file's path, as the message may spell it.
        name: The path below the folder that was given.
    """
    for spelled in {path, printable(path)}:
        text = text.replace(spelled, name)
        if spelled.endswith(name) and len(spelled) > len(name) + 1:
            text = text.replace(spelled.removesuffix(name), "")
    return text


def plural(count: int, one: str, many: str = "") -> str:
    """``"1 picture"``, ``"1,000 pictures"``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _change(name: str, value: float) -> Change:
    option = "--" + name.replace("_", "-")
    kind = _kind(name)
    if kind is bool:
        return Change(option if value else f"--no-{option[2:]}")
    if kind is int:
        return Change(option, str(int(value)))
    digits = repr(float(value))
    point = digits.find(".")
    cut = len(digits) if "e" in digits or point < 0 else point + 5
    return Change(option, digits[:cut], digits[cut:])


def _kind(name: str) -> object:
    group: type[BaseModel] | None = GROUPS.get(GROUP_OF.get(name, ""))
    return None if group is None else group.model_fields[name].annotation
