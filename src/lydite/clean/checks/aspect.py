"""Odd aspect: the long side over the short one."""

from __future__ import annotations

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View


def aspect(view: View) -> float:
    """Long side over short side, 1 or more."""
    return max(view.size_hw) / min(view.size_hw)


CHECK = Check("long side over short side", Worse.HIGH, 3.0, of_picture=aspect)
