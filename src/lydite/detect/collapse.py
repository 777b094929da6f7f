"""Different regions of a textured picture must not get the same vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lydite.core import CollapsedFeatures, FeatureMap, Features

_SPREAD = 1e-4
"""Root mean square distance of unit vectors from their mean below which they are one vector."""
_TEXTURE = 2.0
"""Standard deviation of pixel values (0..255) below which a picture shows nothing to tell apart."""
_FEWEST = 3


def spread(vectors: npt.NDArray[np.float32]) -> float:
    """Root mean square distance of rows from their mean."""
    return float(np.sqrt(np.mean(np.sum((vectors - vectors.mean(axis=0)) ** 2, axis=1))))


def require_spread(
    features: Features, feature_map: FeatureMap, pixels: npt.NDArray[np.uint8], name: str
) -> None:
    """Pass if the vectors of at least three regions differ, or the picture shows nothing anyway.

    Args:
        features: Vectors of all candidates of the picture.
        feature_map: The map that they were pooled from.
        pixels: ``(height, width, 3)`` uint8 RGB.
        name: How to call the picture in the message.

    Raises:
        CollapsedFeatures: If all vectors are one; the message names the cause: the encoder's map does
            not vary over the picture, or the pooling ignored the masks.
    """
    if len(features) < _FEWEST or spread(features.vectors) > _SPREAD or float(pixels.std()) < _TEXTURE:
        return
    cells = feature_map.cells.reshape(-1, feature_map.space.dim)
    norms = np.linalg.norm(cells, axis=1, keepdims=True)
    flat = spread(cells / np.maximum(norms, np.finfo(np.float32).tiny)) <= _SPREAD
    if len(cells) == 1:
        return
    raise CollapsedFeatures(
        f"All {len(features)} candidates of {name} got the same vector.",
        "The encoder's map does not vary over the picture: check its weights and layer."
        if flat
        else "The map varies, so the pooling did not look at the masks: check the candidates' masks.",
        f"spread {spread(features.vectors):.2g}",
    )
