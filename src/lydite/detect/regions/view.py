"""The picture as the region finder sees it: one working size, perceptual colour, edge strength."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

_SMOOTHING_PX = 1.0
_FLUX_SMOOTHING_PX = 2.0
_MOST_ENLARGED = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture at its working size ``(h, w)``.

    Args:
        lab: ``(h, w, 3)`` float32 CIE L*a*b*, lightly smoothed; about [0, 100] and twice [-128, 128].
        edges: ``(h, w)`` float32 in [0, 1): gradient ``g`` of all three channels together as
            ``g / (g + mean g)``, so that under- and overexposed pictures speak of edges alike.
        sources: ``(h, w, 3)`` float32: how much more L*a*b* each pixel has than its four neighbours
            together, after smoothing (the Laplacian with its sign turned). By the divergence theorem its
            sum over any region is the slope into that region summed along its outline; the scale makes
            that the height of the step in L*a*b* units for each pixel side.
        full_hw: Height and width of the picture itself.
    """

    lab: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    sources: npt.NDArray[np.float32]
    full_hw: tuple[int, int]

    @property
    def size_hw(self) -> tuple[int, int]:
        """Working height and width."""
        return self.edges.shape[0], self.edges.shape[1]


def look(pixels: npt.NDArray[np.uint8], long_side: int) -> View:
    """A picture at its working size.

    Args:
        pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
        long_side: Long side of the working size in pixels; small pictures are enlarged at most twice.
    """
    height, width = pixels.shape[:2]
    scale = min(long_side / max(height, width), _MOST_ENLARGED)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size != (width, height):
        pixels = _resize(pixels, size, shrink=scale < 1)
    sharp = cv2.cvtColor(pixels.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    lab = np.asarray(cv2.GaussianBlur(sharp, (0, 0), _SMOOTHING_PX), np.float32)
    return View(lab, _edges(lab), _sources(lab), (height, width))


def _resize(pixels: npt.NDArray[np.uint8], size: tuple[int, int], *, shrink: bool) -> npt.NDArray[np.uint8]:
    method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)


def _edges(lab: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    right = cv2.Sobel(lab, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    gradient = np.sqrt((right * right + down * down).sum(axis=2))
    mean = max(float(gradient.mean()), 1e-3)
    return np.asarray(gradient / (gradient + mean), np.float32)


def _sources(lab: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    smooth = cv2.GaussianBlur(lab, (0, 0), _FLUX_SMOOTHING_PX)
    laplacian = cv2.Laplacian(smooth, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REPLICATE)
    # The steepest slope of a step that was smoothed twice is the step over sigma * sqrt(2 pi).
    sigma = np.hypot(_SMOOTHING_PX, _FLUX_SMOOTHING_PX)
    return np.asarray(-laplacian * np.float32(sigma * np.sqrt(2 * np.pi)), np.float32)
