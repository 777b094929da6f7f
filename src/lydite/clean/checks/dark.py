"""Too dark: even the brightest parts are."""

from __future__ import annotations

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View


def bright_end(view: View) -> float:
    """Luma in [0, 1] that 99 % of the pixels do not exceed."""
    return view.level(0.99)


CHECK = Check("luma that 99 % of the pixels do not exceed, 0 to 1", Worse.LOW, 0.32, of_picture=bright_end)
