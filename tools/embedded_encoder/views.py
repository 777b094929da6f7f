"""Views: pairs of crops of one picture, the same pair for the same seed and step.

Teacher and student look at the very same pixels (Beyer et al., "Knowledge distillation: a good teacher is
patient and consistent", 2022), so colours may be shifted freely: no invariance to colour is taught by
that. Only the pairing of two crops teaches invariance, and both crops of a pair share their colours.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from embedded_encoder.pictures import NATURAL_SIDE, TINY_SIDE, Pictures, Pixels
from embedded_encoder.rendered import render_scene

KINDS = ("natural", "tiny", "mosaic", "rendered")
SHARES = (0.28, 0.32, 0.12, 0.28)
SMALLEST = {"natural": 0.08, "tiny": 0.3, "mosaic": 0.12, "rendered": 0.15}
"""Smallest area of a crop, as a share of its picture."""
TURNED = 0.15
RECOLOURED = 0.6
PASTED, BLENDED = 0.2, 0.15
"""Shares of views that carry a rectangle of their neighbour's (CutMix, Yun et al., 2019), and that are a
weighted mean with their neighbour (mixup, Zhang et al., 2018)."""


@dataclass(frozen=True, slots=True)
class ViewMaker:
    """Makes batches of views.

    Args:
        pictures: Where they come from.
        seed: With the step it decides everything.
    """

    pictures: Pictures
    seed: int

    def batch(self, step: int, pairs: int, side: int, pool: ThreadPoolExecutor) -> Pixels:
        """``(2 * pairs, side, side, 3)`` uint8 RGB; row ``i`` and row ``pairs + i`` show one picture."""
        seeds = np.random.SeedSequence([self.seed, step]).spawn(pairs + 1)
        made = list(pool.map(lambda each: self._pair(np.random.default_rng(each), side), seeds[:-1]))
        views = np.stack([pair[k] for k in (0, 1) for pair in made])
        _mix(views, np.random.default_rng(seeds[-1]))
        return views

    def _pair(self, rng: np.random.Generator, side: int) -> tuple[Pixels, Pixels]:
        kind = KINDS[int(rng.choice(len(KINDS), p=SHARES))]
        picture = self._picture(kind, rng)
        first, second = (_crop(picture, SMALLEST[kind], side, rng) for _ in range(2))
        if rng.random() < RECOLOURED:
            matrix, offset = _colours(rng)
            first, second = _recolour(first, matrix, offset), _recolour(second, matrix, offset)
        return first, second

    def _picture(self, kind: str, rng: np.random.Generator) -> Pixels:
        natural, tiny = self.pictures.natural, self.pictures.tiny
        if kind == "natural":
            return natural[rng.integers(len(natural))]
        if kind == "tiny":
            return tiny[rng.integers(len(tiny))]
        if kind == "rendered":
            return render_scene(natural, tiny, NATURAL_SIDE, rng)
        per_side = NATURAL_SIDE // TINY_SIDE
        chosen = tiny[rng.integers(len(tiny), size=per_side * per_side)]
        rows = chosen.reshape(per_side, per_side, TINY_SIDE, TINY_SIDE, 3).swapaxes(1, 2)
        return np.ascontiguousarray(rows.reshape(NATURAL_SIDE, NATURAL_SIDE, 3))


def _crop(picture: Pixels, smallest: float, side: int, rng: np.random.Generator) -> Pixels:
    """A random resized crop (Szegedy et al., 2015), sometimes turned, mirrored by chance."""
    full = picture.shape[0]
    area = full * full * rng.uniform(smallest, 1.0)
    aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
    width, height = (
        int(np.clip(round(v), 8, full)) for v in (np.sqrt(area * aspect), np.sqrt(area / aspect))
    )
    left, top = int(rng.integers(full - width + 1)), int(rng.integers(full - height + 1))
    if rng.random() < TURNED:
        matrix = cv2.getRotationMatrix2D((left + width / 2, top + height / 2), rng.uniform(-180, 180), 1.0)
        picture = np.asarray(
            cv2.warpAffine(
                picture, matrix, (full, full), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
            ),
            np.uint8,
        )
    crop = picture[top : top + height, left : left + width]
    way = cv2.INTER_AREA if width * height > side * side else cv2.INTER_CUBIC
    view = np.asarray(cv2.resize(crop, (side, side), interpolation=way), np.uint8)
    return view[:, ::-1] if rng.random() < 0.5 else view


def _colours(rng: np.random.Generator) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One affine map of colours: brightness, contrast, saturation, white balance, sometimes hue."""
    grey = np.full((3, 3), 1 / 3, np.float32)
    saturation = np.eye(3, dtype=np.float32) * (s := rng.uniform(0.3, 1.7)) + grey * (1 - s)
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.15 else rng.uniform(-0.25, 0.25)
    cosine, sine = np.cos(angle), np.sin(angle)
    axis = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.float32) / np.sqrt(3)
    hue = np.eye(3) * cosine + axis * sine + grey * (1 - cosine)
    balance = np.diag(rng.uniform(0.8, 1.2, 3))
    contrast = rng.uniform(0.6, 1.5)
    matrix = contrast * balance @ hue @ saturation
    offset = np.full(3, 128 * (1 - contrast) + rng.uniform(-35, 35))
    return matrix.astype(np.float32), offset.astype(np.float32)


def _recolour(view: Pixels, matrix: npt.NDArray[np.float32], offset: npt.NDArray[np.float32]) -> Pixels:
    affine = np.concatenate([matrix, offset[:, None]], 1)
    return np.asarray(cv2.transform(view, affine), np.uint8)


def _mix(views: Pixels, rng: np.random.Generator) -> None:
    """Paste rectangles of neighbours, or blend with them, in place."""
    count, side = len(views), views.shape[1]
    draws = rng.random(count)
    for row in np.flatnonzero(draws < PASTED + BLENDED):
        other = views[(row + 1) % count]
        if draws[row] < PASTED:
            height, width = (int(v) for v in rng.integers(side // 4, side // 2 + 1, 2))
            top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
            area = np.s_[top : top + height, left : left + width]
            views[row][area] = other[area]
        else:
            share = rng.uniform(0.2, 0.5)
            views[row] = cv2.addWeighted(views[row], 1 - share, other, share, 0)
