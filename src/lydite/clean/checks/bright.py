"""Too bright: even the darkest parts are."""

from __future__ import annotations

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View


def dark_end(view: View) -> float:
    """Luma in [0, 1] that 5 % of the pixels do not exceed."""
    return view.level(0.05)


CHECK = Check("luma that 5 % of the pixels do not exceed, 0 to 1", Worse.HIGH, 0.95, of_picture=dark_end)
