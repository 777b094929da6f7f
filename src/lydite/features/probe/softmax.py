"""Scores to probabilities, in place."""

from __future__ import annotations

import numpy as np

from lydite.features.probe.problem import Probabilities


def softmax(scores: Probabilities) -> Probabilities:
    """The softmax of each row, written over the scores."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
