"""Smooth randomness: fractal noise on a plane, and noise in space that wraps no seams around a fruit."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

_CELLS = 32  # edge of the volume; a power of two, so that wrapping is one bitwise and
_BLOCK = 8192  # points at a time, so that what is between stays in the processor's cache


def fractal(
    rng: np.random.Generator,
    size_hw: tuple[int, int],
    scale: float,
    octaves: int = 4,
    stretch: float = 1.0,
) -> Float:
    """Fractal value noise (octaves of interpolated random grids, each half as strong as the last).

    Args:
        rng: Source of randomness.
        size_hw: Height and width of the result in pixels.
        scale: Size in pixels of the largest blobs across.
        octaves: Number of grids, each twice as fine as the one before.
        stretch: Length of a blob along x relative to its height.

    Returns:
        ``(h, w)`` float32 with mean 0 and standard deviation 1 (all 0 if there was no variation).
    """
    height, width = size_hw
    total = np.zeros(size_hw, np.float32)
    for octave in range(octaves):
        cell = max(scale / 2**octave, 1.0)
        grid_hw = (int(np.ceil(height / cell)) + 2, int(np.ceil(width / (cell * stretch))) + 2)
        grid = rng.standard_normal((min(grid_hw[0], height + 2), min(grid_hw[1], width + 2)), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    total -= total.mean()
    spread = float(total.std())
    return total / np.float32(spread) if spread > 0 else total


@dataclass(frozen=True, eq=False)
class Volume:
    """Value noise in space, periodic with 32 cells.

    Args:
        cells: ``(32, 32, 32)`` float32 random values.
    """

    cells: Float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Volume:
        """A new volume of standard normal values."""
        return cls(rng.standard_normal((_CELLS, _CELLS, _CELLS), np.float32))

    def sample(self, points: Float, frequency: float, offset: float = 0.0) -> Float:
        """Noise at points: smoothed trilinear interpolation between the cells.

        Args:
            points: ``(..., 3)`` float32 positions.
            frequency: Cells per unit.
            offset: Moves the sampling place, so that one volume serves independent textures.

        Returns:
            ``(...)`` float32, mean about 0, most values within -1.5 to 1.5.
        """
        flat = points.reshape(-1, 3)
        values = np.empty(len(flat), np.float32)
        for start in range(0, len(flat), _BLOCK):
            block = slice(start, start + _BLOCK)
            at = np.ascontiguousarray(flat[block].T) * np.float32(frequency) + np.float32(offset * 7.31)
            values[block] = self._between_cells(at)
        return values.reshape(points.shape[:-1])

    def _between_cells(self, at: Float) -> Float:
        """``(n,)`` values at ``(3, n)`` places, counted in cells."""
        low = np.floor(at)
        part = at - low
        part = part * part * (3 - 2 * part)
        index = low.astype(np.int32)
        near, far = index & (_CELLS - 1), (index + 1) & (_CELLS - 1)
        flat = self.cells.ravel()
        x0, x1 = near[0] * _CELLS * _CELLS, far[0] * _CELLS * _CELLS
        y0, y1 = near[1] * _CELLS, far[1] * _CELLS
        z0, z1 = near[2], far[2]
        fx, fy, fz = part

        def edge(base: npt.NDArray[np.int32]) -> Float:
            start = flat.take(base + z0)
            return np.asarray(start + (flat.take(base + z1) - start) * fz, np.float32)

        left = edge(x0 + y0)
        left += (edge(x0 + y1) - left) * fy
        right = edge(x1 + y0)
        right += (edge(x1 + y1) - right) * fy
        return np.asarray(left + (right - left) * fx, np.float32)

    def fractal(self, points: Float, frequency: float, offset: float = 0.0, octaves: int = 3) -> Float:
        """Octaves of :meth:`sample`, each twice as fine and half as strong as the last."""
        total = self.sample(points, frequency, offset)
        for octave in range(1, octaves):
            total = total + self.sample(points, frequency * 2**octave, offset + octave) / 2**octave
        return total
