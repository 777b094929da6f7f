"""The encoder that needs no weights: what a cell looks like, as a kernel mean embedding.

Each cell of 8 x 8 input pixels is measured in three ways: its colour, its texture, and how it differs from
its surround at three sizes. Each measurement is sent through random Fourier features (Rahimi and Recht,
"Random Features for Large-Scale Kernel Machines", 2007), so that the product of two cells is about the sum
of three Gaussian kernels. The mean over a mask then embeds the whole distribution of local appearance under
it (Smola et al., "A Hilbert Space Embedding for Distributions", 2007), and the cosine of two pooled vectors
compares distributions, which no mean of raw statistics could do.

All constants are fixed by hand; nothing was fitted to pictures.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from statistics import NormalDist

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import FeatureMap, FeatureSpace, InvalidValue
from lydite.features.geometry import input_hw, resize
from lydite.features.pooling import POOLING
from lydite.features.settings import EncoderSettings

STRIDE = 8
"""Input pixels per cell along each axis."""

Array = npt.NDArray[np.float32]

_VERSION = "embedded 1"
_LAB_UNIT = (12.0, 8.0, 8.0)
"""Steps of L*, a*, b* that count as clearly different."""
_TEXTURE_LEVELS = 3
_TEXTURE_FLOORS = {"spread": 2.0, "detail": 1.0, "gradient": 1.5}
"""Levels of noise, in units of L*a*b*, below which texture says little."""
_COHERENCE_FLOOR = 4.0
_SURROUNDS = ((1.5, 0.5), (4.0, 0.7), (10.0, 1.0))
"""Radius of each surround in cells (sigma), and the share of ``_LAB_UNIT`` that counts as contrast."""
_KERNELS = {"colour": (0.9, 32), "texture": (0.55, 32), "contrast": (0.5, 64)}
"""Bandwidth and number of frequencies of each kernel; a frequency gives a cosine and a sine."""


@dataclass(frozen=True, eq=False)
class Descriptor:
    """Colour, texture and contrast of each cell, embedded.

    Args:
        space: The space of every map.
        short_side: Pixels of the short side at which pictures are looked at.
        frequencies: Per kernel, ``(measured, frequencies)`` float32, bandwidth included.
    """

    space: FeatureSpace
    short_side: int
    frequencies: dict[str, Array]

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The dense map of a picture: every cell has L2 norm 1.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.

        Raises:
            InvalidValue: If ``pixels`` is anything else.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape or pixels.dtype != np.uint8:
            raise InvalidValue(
                "pixels", "uint8 of shape (height, width, 3)", f"{pixels.dtype} {pixels.shape}"
            )
        size_hw = (pixels.shape[0], pixels.shape[1])
        looked_hw = input_hw(size_hw, self.short_side, STRIDE)
        measured = _measure(_to_lab(resize(pixels, looked_hw)))
        rows, columns = looked_hw[0] // STRIDE, looked_hw[1] // STRIDE
        cells = np.empty((rows * columns, self.space.dim), np.float32)
        start = 0
        for name, values in measured.items():
            phases = values.reshape(rows * columns, -1) @ self.frequencies[name]
            middle, stop = start + phases.shape[1], start + 2 * phases.shape[1]
            np.cos(phases, out=cells[:, start:middle])
            np.sin(phases, out=cells[:, middle:stop])
            start = stop
        cells *= np.float32((self.space.dim / 2) ** -0.5)
        return FeatureMap(cells.reshape(rows, columns, -1), size_hw, self.space, looked_hw)

    def smaller(self, divisor: int) -> Descriptor:
        """The same encoder looking at pictures at a share of the size; see ``Encoder.smaller``."""
        return replace(self, short_side=max(STRIDE, self.short_side // divisor))


def build(settings: EncoderSettings) -> Descriptor:
    """The descriptor at the chosen scale.

    Raises:
        UsageError: If an option is set that a network would need and this encoder cannot honour.
    """
    settings.refuse_foreign("The descriptor has no network")
    measured = _measure(np.zeros((STRIDE, STRIDE, 3), np.float32))
    frequencies = {
        name: (_frequencies(count, measured[name].shape[2]) / bandwidth).T.astype(np.float32)
        for name, (bandwidth, count) in _KERNELS.items()
    }
    space = FeatureSpace(
        encoder="descriptor",
        weights=_fingerprint(frequencies),
        layer="last",
        normalisation="unit-norm cells",
        colour_order="RGB",
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        pooling=POOLING,
        dim=2 * sum(count for _, count in _KERNELS.values()),
    )
    return Descriptor(space, settings.short_side, frequencies)


def _to_lab(pixels: npt.NDArray[np.uint8]) -> Array:
    """CIE L*a*b* in its own units: L* from 0 to 100, a* and b* around 0."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    zero, scale = np.array([0, 128, 128], np.float32), np.array([100 / 255, 1, 1], np.float32)
    return (lab - zero) * scale


def _measure(lab: Array) -> dict[str, Array]:
    """Per kernel, ``(rows, columns, measured)`` on a scale where 1 is a clear difference."""
    unit = np.array(_LAB_UNIT, np.float32)
    mean = _cell_means(lab, lab)
    surrounds = [mean, *(_blur(mean, sigma) for sigma, _ in _SURROUNDS)]
    contrasts = [
        _compress((inner - outer) / (unit * np.float32(share)))
        for inner, outer, (_, share) in zip(surrounds[:-1], surrounds[1:], _SURROUNDS, strict=True)
    ]
    variance = _cell_means(lab * lab, lab) - mean * mean
    spread = _compress(np.sqrt(np.maximum(variance, 0)) / np.float32(_TEXTURE_FLOORS["spread"]))
    return {
        "colour": mean / unit,
        "texture": np.concatenate([spread, *_texture(lab)], axis=2),
        "contrast": np.concatenate(contrasts, axis=2),
    }


def _texture(lab: Array) -> list[Array]:
    """Per level of a pyramid: energy of detail, of gradients, and how much gradients agree in direction.

    Each is the same for a pattern and for the pattern turned: the structure tensor enters by its trace and by
    the difference of its eigenvalues (Bigün and Granlund, 1987).
    """
    measured = []
    level = np.ascontiguousarray(lab[:, :, 0])
    for _ in range(_TEXTURE_LEVELS):
        smooth = _blur(level, 1.0)
        detail = np.sqrt(_cell_means((level - smooth) ** 2, lab))
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy, xy = (_cell_means(each, lab) for each in (across * across, down * down, across * down))
        energy = xx + yy
        coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / (energy + np.float32(_COHERENCE_FLOOR))
        measured += [
            _compress(detail / np.float32(_TEXTURE_FLOORS["detail"])),
            _compress(np.sqrt(energy) / np.float32(_TEXTURE_FLOORS["gradient"])),
            coherence,
        ]
        half = (level.shape[1] // 2, level.shape[0] // 2)
        level = np.asarray(cv2.resize(smooth, half, interpolation=cv2.INTER_AREA), np.float32)
    return [each[:, :, None] for each in measured]


def _cell_means(values: Array, lab: Array) -> Array:
    """Means over the cells of the input ``lab``, of anything that covers the same picture."""
    grid = (lab.shape[1] // STRIDE, lab.shape[0] // STRIDE)
    return np.asarray(cv2.resize(values, grid, interpolation=cv2.INTER_AREA), np.float32)


def _blur(values: Array, sigma: float) -> Array:
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32).reshape(values.shape)


def _compress(values: npt.NDArray[np.floating]) -> Array:
    """Sign kept, size on a logarithmic scale: twice the contrast is one step, faint or strong."""
    return np.asarray(np.copysign(np.log1p(np.abs(values)), values), np.float32)


def _frequencies(count: int, dim: int) -> npt.NDArray[np.float64]:
    """``(count, dim)`` standard normal points that fill space evenly, without a random generator.

    The additive recurrence of the generalised golden ratio through the normal quantile: a quasi-Monte Carlo
    sample (Yang et al., 2014) needs fewer features than a random one and is the same for ever.
    """
    ratio = 2.0
    for _ in range(64):
        ratio = (1 + ratio) ** (1 / (dim + 1))
    steps = ratio ** -np.arange(1.0, dim + 1)
    uniform = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1
    quantile = NormalDist().inv_cdf
    points = [[quantile(float(np.clip(value, 1e-6, 1 - 1e-6))) for value in row] for row in uniform]
    # Rounded, so that the last bit of a power or a logarithm cannot tell two machines apart.
    return np.round(points, 6)


def _fingerprint(frequencies: dict[str, Array]) -> str:
    constants = {
        "version": _VERSION,
        "stride": STRIDE,
        "lab_unit": _LAB_UNIT,
        "texture": [_TEXTURE_LEVELS, _TEXTURE_FLOORS, _COHERENCE_FLOOR],
        "surrounds": _SURROUNDS,
        "kernels": _KERNELS,
    }
    digest = hashlib.sha256(json.dumps(constants, sort_keys=True).encode())
    for name in sorted(frequencies):
        digest.update(frequencies[name].astype("<f4").tobytes())
    return digest.hexdigest()
