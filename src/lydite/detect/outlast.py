"""What a run would have kept without its score rules: the order that one threshold could cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ClassMap, Masks, Outcome
from lydite.detect.suppress import find_rivals, keep_strongest
from lydite.metrics import pairwise_overlaps

_LEAST = 1e-6


def outlast(
    table: pl.DataFrame, masks: Masks, class_map: ClassMap, settings: Mapping[str, Any]
) -> npt.NDArray[np.bool_]:
    """Which stored candidates remain when every unfiltered one takes part in the run's own suppression.

    Filters and duplicates stay decided. Suppression lets the better rank win, so whether a row remains
    depends on better rows only: among those that reach any threshold on the rank, the same rows remain.

    Args:
        table: All candidates of a picture.
        masks: Their masks.
        class_map: The run's classes.
        settings: The run's settings, flat.
    """
    alive = (table["outcome"] != Outcome.FILTERED.value).to_numpy()
    rows = np.flatnonzero(alive)
    labels = np.array([class_map.get_label(name) for name in table["class"]], np.int64)[rows]
    max_iou, max_ios = float(settings["nms_iou"]), float(settings["nested_ios"])
    overlaps = pairwise_overlaps(masks[rows], max(max_iou, _LEAST), max(max_ios, _LEAST))
    rank = table["rank"].to_numpy()[rows]
    rivals = find_rivals(overlaps, rank, labels, bool(settings["one_class_per_thing"]))
    lost_to = keep_strongest(rivals, np.ones(len(rows), np.bool_), max_iou, max_ios)
    stays = np.zeros(len(table), np.bool_)
    stays[rows[lost_to < 0]] = True
    return stays
