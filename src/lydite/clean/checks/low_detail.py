"""Low detail: few grey levels carry the picture."""

from __future__ import annotations

import numpy as np

from lydite.clean.checks.base import Check, Worse
from lydite.clean.view import View


def entropy(view: View) -> float:
    """Entropy of the luma histogram in bits, 0 (one level) to 8."""
    shares = view.histogram[view.histogram > 0]
    return float(-(shares * np.log2(shares)).sum()) + 0.0


CHECK = Check("entropy of the luma in bits, 0 to 8", Worse.LOW, 3.0, of_picture=entropy)
