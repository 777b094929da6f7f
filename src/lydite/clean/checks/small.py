"""Too small: the short side in pixels."""

from __future__ import annotations

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View


def short_side(view: View) -> float:
    """Pixels of the short side."""
    return float(min(view.size_hw))


CHECK = Check("short side in pixels", Worse.LOW, 56, of_picture=short_side)
