"""Test-time augmentation by the symmetries of a square: views that move pixels and never change them.

The eight elements of the dihedral group in an order whose first 1, 2, 4 and 8 are subgroups: identity;
mirror; both mirrors and the half turn, which keep the picture's shape; the rest, which swap its sides.
Answers for the views of a subgroup do not depend on which of those views the picture was stored as.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue, UnknownName, UsageError

Pixels: TypeAlias = npt.NDArray[np.uint8]
Logits: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """One symmetry: swap the sides, then mirror.

    Args:
        name: How caches and tables call it.
        swap: Whether rows and columns change places (the mirror at the main diagonal).
        down: Whether top and bottom change places, after the swap.
        across: Whether left and right change places, after the swap.
    """

    name: str
    swap: bool
    down: bool
    across: bool

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture seen this way, without a copy.

        Args:
            pixels: ``(..., height, width, channels)``; one picture or a batch.

        Returns:
            The same pixels in another order, ``(..., width, height, channels)`` after a swap.
        """
        seen = pixels.swapaxes(-3, -2) if self.swap else pixels
        return seen[..., :: -1 if self.down else 1, :: -1 if self.across else 1, :]

    def after(self, first: View) -> View:
        """The one view that equals ``first`` followed by this one."""
        down, across = (first.across, first.down) if self.swap else (first.down, first.across)
        return _find(self.swap != first.swap, self.down != down, self.across != across)

    def inverse(self) -> View:
        """The view that brings this one back."""
        return next(other for other in VIEWS if self.after(other) is IDENTITY)


VIEWS = (
    View("identity", False, False, False),
    View("mirror", False, False, True),
    View("mirror_down", False, True, False),
    View("half_turn", False, True, True),
    View("quarter_turn", True, True, False),
    View("back_turn", True, False, True),
    View("diagonal", True, False, False),
    View("other_diagonal", True, True, True),
)
"""The dihedral group; ``quarter_turn`` is counter-clockwise."""
IDENTITY = VIEWS[0]
TTA = MappingProxyType({"none": 1, "flip": 2, "geo4": 4, "geo8": 8})
"""Name of each set of views -> how many of ``VIEWS`` it has, from the first on."""


def views_of(name: str, first: int | None = None) -> tuple[View, ...]:
    """The views of a set, or the first few of them.

    Args:
        name: A key of ``TTA``.
        first: How many; all when ``None``. With counts that are no power of two the answer is no longer
            the same for every view of a picture.

    Raises:
        UnknownName: If there is no such set.
        UsageError: If the set does not have so many views.
    """
    if name not in TTA:
        raise UnknownName("set of views", name, TTA)
    count = TTA[name]
    if first is not None and not 1 <= first <= count:
        raise UsageError(
            f"Views of {name!r} to use must be 1..{count}.", "Ask for fewer, or for geo8.", first
        )
    return VIEWS[: count if first is None else first]


def combine(logits: Sequence[Logits]) -> Logits:
    """The mean over views, the same to the last bit in whatever order the views come.

    Args:
        logits: ``(n, classes)`` float32 of each view, the same rows; a row without an answer is NaN.

    Raises:
        InvalidValue: If there is no view, or shapes differ.
    """
    shapes = {one.shape for one in logits}
    if len(shapes) != 1:
        raise InvalidValue("Logits of views", "of one shape, at least one view", sorted(shapes))
    stacked = np.sort(np.stack(logits), axis=0)
    mean: Logits = stacked.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def predict_views(predict: Callable[[Pixels], Logits], pixels: Pixels, views: Sequence[View]) -> Logits:
    """Answers for a batch, each view asked on its own and all of them combined.

    Args:
        predict: From ``(n, height, width, 3)`` uint8 to ``(n, classes)`` float32.
        pixels: ``(n, height, width, 3)`` uint8.
        views: At least one.
    """
    return combine([predict(np.ascontiguousarray(view.apply(pixels))) for view in views])


def _find(swap: bool, down: bool, across: bool) -> View:
    return next(view for view in VIEWS if (view.swap, view.down, view.across) == (swap, down, across))
