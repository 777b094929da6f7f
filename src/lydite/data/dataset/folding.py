"""Folds of a version: dealt out once, kept beside it, carried over to the versions after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from lydite.core import InputError, OutputConflict, UsageError
from lydite.data.dataset.history import History
from lydite.data.dataset.store import load_info, load_version
from lydite.data.dataset.version import TEST_SPLIT, DatasetVersion
from lydite.data.files import os_errors_as_output_errors
from lydite.data.folds import Folds, Items, Way, align, load_folds, make_folds, save_folds


def items_to_fold(version: DatasetVersion, *, join_twins: bool = True) -> Items:
    """The items that folds are made of: those with a label that are not of the split ``test``.

    Where some items have a group, those without are their own.

    Args:
        version: The version.
        join_twins: Whether items that show the same picture, and so their groups, count as one group.

    Raises:
        InputError: If there is none.
    """
    trained = pl.col("label").is_not_null() & (pl.col("split").fill_null("") != TEST_SPLIT)
    items = version.items.filter(trained)
    if not len(items):
        raise InputError(
            "No item outside the split 'test' has a label.", "Folds need labels.", len(version.items)
        )
    groups = items["group"].fill_null(items["item"])
    joined = _join_twins(groups, items["image"]) if join_twins else groups
    grouped = items["group"].null_count() < len(items) or joined.n_unique() < len(items)
    return Items(tuple(items["item"]), tuple(items["label"]), tuple(joined) if grouped else None)


def _join_twins(groups: pl.Series, images: pl.Series) -> pl.Series:
    """Groups of which those that share a picture are one, under the first of their names."""
    shown = images.is_not_null().to_numpy()
    nodes = [column.rank("dense").fill_null(1).to_numpy().astype(np.int64) - 1 for column in (groups, images)]
    count = groups.n_unique()
    edges = (nodes[0][shown], count + nodes[1][shown])
    size = count + len(images)
    from scipy.sparse import coo_array  # only folds need it, and it costs as much as all the rest
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(edges[0]), np.int8), edges), shape=(size, size))
    parts = connected_components(graph, directed=False)[1][nodes[0]]
    frame = pl.DataFrame({"group": groups, "part": parts})
    return frame.select(pl.col("group").min().over("part")).to_series()


def deal_folds(history: History, version: str, name: str, count: int, way: Way | None = None) -> Folds:
    """Deal a version's items out to folds and keep them beside it.

    Args:
        history: The workspace's versions.
        version: A version's name, see ``History.load``.
        name: Name of the folds.
        count: How many.
        way: How; grouped where there are groups if not given.

    Raises:
        OutputConflict: If this version, or one before it, has folds of that name: they are never dealt again.
    """
    folder = history.find(version)
    known = _nearest(history, folder, name)
    if known is not None:
        raise OutputConflict(
            f"Version {known.parent.parent.name} has folds named {name!r}, which later versions share.",
            "Choose another --name, or use these.",
        )
    return _keep(make_folds(items_to_fold(load_version(folder)), count, way), folder, name)


def folds_of(history: History, version: str = "HEAD", name: str = "folds") -> Folds:
    """The folds of a version: its own, or those of the nearest version before it, aligned and kept.

    Every item keeps the fold that it had in any version on the way. Where twins that came later would join
    groups of different folds, they are left apart.

    Raises:
        UsageError: If no version on the way has folds of that name.
        InputError: If groups were joined that stand in different folds.
    """
    folder = history.find(version)
    known = _nearest(history, folder, name)
    if known is None:
        raise UsageError(
            f"Version {folder.name} has no folds named {name!r}, nor has any before it.",
            "Deal them out: lydite data folds --workspace .",
        )
    folds = load_folds(known)
    if known.parent.parent == folder:
        return folds
    chosen = load_version(folder)
    try:
        aligned = align(folds, items_to_fold(chosen))
    except InputError:
        aligned = align(folds, items_to_fold(chosen, join_twins=False))
    return _keep(aligned, folder, name)


def has_folds(history: History, version: str = "HEAD", name: str = "folds") -> bool:
    """Whether a version, or one before it, has folds of that name."""
    return _nearest(history, history.find(version), name) is not None


def _nearest(history: History, folder: Path, name: str) -> Path | None:
    if not name or set(name) & set("/\\\0.:"):
        raise UsageError("Folds need a plain name.", "Use letters, digits, '-' and '_'.", name)
    for info in history.log(load_info(folder).id):
        path = history.folder / info.short / "folds" / f"{name}.parquet"
        if path.is_file():
            return path
    return None


def _keep(folds: Folds, folder: Path, name: str) -> Folds:
    path = folder / "folds" / f"{name}.parquet"
    with os_errors_as_output_errors(path):
        path.parent.mkdir(exist_ok=True)
    save_folds(folds, path)
    return folds
