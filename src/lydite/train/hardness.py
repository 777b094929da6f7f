"""How strongly each item varies in the last epochs: by its class's loss, or by its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.train.profiles import PROFILES, Profile

Floats = npt.NDArray[np.float32]
_HARDER = 1.5
_EASY_SHARE = 0.7
"""Items up to this quantile of the loss are easy."""


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """A profile for each row, from a few.

    Args:
        profiles: The few.
        choice: ``(n,)`` place in ``profiles`` of each row's.
    """

    profiles: tuple[Profile, ...]
    choice: npt.NDArray[np.int64]

    def of(self, row: int) -> Profile:
        """The profile of a row."""
        return self.profiles[int(self.choice[row])]


def assign_profiles(
    usual: Profile,
    labels: npt.NDArray[np.int64],
    difficulty: Floats,
    *,
    hardening: bool,
    confidence: bool,
) -> Assigned:
    """Who varies how.

    Args:
        usual: The recipe's profile.
        labels: ``(n,)`` class of each row.
        difficulty: ``(n,)`` last loss of each row; NaN where it was not seen yet.
        hardening: Classes whose mean loss is above that of all classes vary 1.5 times as strongly.
        confidence: Rows with a loss above the 70 % quantile are only mirrored and turned; the others vary
            1.5 times as strongly.
    """
    profiles = (usual, usual.harder(_HARDER), PROFILES["rotate"])
    choice = np.zeros(len(labels), np.int64)
    known = np.isfinite(difficulty)
    if not known.any():
        return Assigned(profiles, choice)
    if hardening:
        counts = np.bincount(labels[known])
        sums = np.bincount(labels[known], weights=difficulty[known])
        means = sums[counts > 0] / counts[counts > 0]
        hard = np.flatnonzero(counts > 0)[means > means.mean()]
        choice[np.isin(labels, hard)] = 1
    if confidence:
        easy = difficulty <= np.quantile(difficulty[known], _EASY_SHARE)
        choice[known & easy] = 1
        choice[known & ~easy] = 2
    return Assigned(profiles, choice)
