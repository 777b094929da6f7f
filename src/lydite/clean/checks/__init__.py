"""The checks: one file each, one line in the table."""

from __future__ import annotations

from types import MappingProxyType

from lydite.clean.checks import (
    aspect,
    blur,
    bright,
    dark,
    exact_duplicate,
    group_outlier,
    label_conflict,
    label_issue,
    low_detail,
    near_duplicate,
    scene_leak,
    semantic_outlier,
    small,
    split_leak,
)
from lydite.clean.checks.base import Check, Column, Needs, Worse

UNDECODABLE = "undecodable"
"""The check that decoding itself is: 1 for a picture that cannot be read, 0 otherwise."""

CHECKS: MappingProxyType[str, Check] = MappingProxyType(
    {
        "small": small.CHECK,
        "low_detail": low_detail.CHECK,
        "blur": blur.CHECK,
        "dark": dark.CHECK,
        "bright": bright.CHECK,
        "aspect": aspect.CHECK,
        "exact_duplicate": exact_duplicate.CHECK,
        "near_duplicate": near_duplicate.CHECK,
        "split_leak": split_leak.CHECK,
        "scene_leak": scene_leak.CHECK,
        "label_conflict": label_conflict.CHECK,
        "group_outlier": group_outlier.CHECK,
        "semantic_outlier": semantic_outlier.CHECK,
        "label_issue": label_issue.CHECK,
    }
)
"""File name of each check -> the check."""

NAMES = (UNDECODABLE, *CHECKS)
"""All names that a policy may speak of."""

__all__ = ["CHECKS", "NAMES", "UNDECODABLE", "Check", "Column", "Needs", "Worse"]
