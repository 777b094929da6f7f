"""A detection as ``Detections`` of the package supervision, which is asked for only here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydite.core import UsageError
from lydite.detect.detector import Detection

if TYPE_CHECKING:
    from supervision import Detections


def to_supervision(detection: Detection) -> Detections:
    """The accepted instances of one picture, best first.

    Args:
        detection: What ``Detector.detect`` gave.

    Returns:
        ``xyxy`` on pixel edges, ``mask`` ``(n, height, width)`` bool, ``confidence`` in [0, 1], ``class_id``
        as the class map numbers them, and in ``data`` ``class_name`` and ``region``. Masks are dense here: a
        hundred instances in a picture of 12 megapixels are 1.2 gigabytes.

    Raises:
        UsageError: If the package supervision is not installed.
    """
    try:
        from supervision import Detections
    except ImportError as error:
        raise UsageError(
            "to_supervision needs the package supervision, which Lydite does not install.",
            "Install it: pip install supervision",
        ) from error

    decisions, candidates = detection.decisions, detection.candidates
    rows = np.flatnonzero(decisions.accepted)
    rows = rows[np.argsort(-decisions.scores[rows], kind="stable")]
    labels = decisions.labels[rows]
    return Detections(
        xyxy=candidates.boxes.xyxy[rows],
        mask=candidates.masks[rows].to_dense(),
        confidence=decisions.scores[rows].astype(np.float32),
        class_id=labels.astype(int),
        data={
            "class_name": np.array([decisions.class_map[int(label)] for label in labels], dtype=str),
            "region": np.array([str(candidates.ids[row]) for row in rows], dtype=str),
        },
    )
