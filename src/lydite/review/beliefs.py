"""What models think of each row: read from tables, out-of-fold where there is such an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ClassMap, InputError
from lydite.data import holds_predictions, load_predictions, printable
from lydite.review.pile import Pile

HONEST = frozenset(("clean", "pixels", "selected"))
"""Exposures under which a model did not see the label."""
_OWN = frozenset(("item", "region", "fold", "exposure", "run", "model"))
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """Row-aligned with a pile.

    Args:
        class_map: The order of the columns.
        probabilities: ``(n, classes)`` float32: mean over the models that count, NaN where there is none.
        honest: ``(n,)`` bool: from models that had not seen the row's label.
        spread: ``(n,)`` float64: disagreement of models, Jensen-Shannon divergence in bits; NaN below two.
    """

    class_map: ClassMap
    probabilities: Floats
    honest: npt.NDArray[np.bool_]
    spread: npt.NDArray[np.float64]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """``(n,)`` bool: rows with probabilities."""
        if not self.probabilities.shape[1]:
            return np.zeros(len(self.probabilities), np.bool_)
        known: npt.NDArray[np.bool_] = np.isfinite(self.probabilities.sum(axis=1))
        return known

    @property
    def coverage(self) -> tuple[int, int, int]:
        """Rows with out-of-fold probabilities, with others only, and with none."""
        known = self.known
        honest = int((known & self.honest).sum())
        return honest, int(known.sum()) - honest, int((~known).sum())

    def suspicion(self, pile: Pile) -> npt.NDArray[np.float64]:
        """``(n,)``: the best other class minus the label, in -1..1; NaN where there is no answer or label."""
        columns = {name: number for number, name in enumerate(self.class_map)}
        numbers = np.array([columns.get(label, -1) for label in pile.labels], np.int64)
        found = np.full(len(pile), np.nan)
        rows = np.flatnonzero(self.known & (numbers >= 0))
        table = self.probabilities[rows].astype(np.float64)
        own = table[np.arange(len(rows)), numbers[rows]]
        table[np.arange(len(rows)), numbers[rows]] = -np.inf
        found[rows] = table.max(axis=1, initial=0.0) - own
        return found


def no_beliefs(pile: Pile) -> Beliefs:
    """Nothing is known of any row."""
    rows = len(pile)
    return Beliefs(
        ClassMap(()), np.zeros((rows, 0), np.float32), np.zeros(rows, np.bool_), np.full(rows, np.nan)
    )


def read_beliefs(paths: Sequence[Path], pile: Pile) -> Beliefs:
    """Probabilities of several models.

    A table has a column ``item`` (and ``region``) and a column a class. ``exposure`` says what the model had
    seen of the row (``clean``, ``pixels``, ``selected``, ``trained``, ``unknown``); without it a row with a
    ``fold`` is out of fold, and any other unknown. Where any model is honest, only honest ones count.

    Args:
        paths: CSV or parquet files, one a model; predictions of a run among them.
        pile: What they speak of; rows of other items are passed over.

    Raises:
        InputError: If a table cannot be read, or a row is no distribution; names file and row.
    """
    if not paths:
        return no_beliefs(pile)
    tables = [_read(path, pile) for path in paths]
    names = list(dict.fromkeys(name for table in tables for name in table.names))
    sums = np.zeros((2, len(pile), len(names)))
    counts = np.zeros((2, len(pile)), np.int64)
    entropies = np.zeros((2, len(pile)))
    for table in tables:
        columns = [names.index(name) for name in table.names]
        for honest in (0, 1):
            rows = table.rows[table.honest == bool(honest)]
            values = table.values[table.honest == bool(honest)]
            sums[honest, rows[:, None], columns] += values
            counts[honest, rows] += 1
            entropies[honest, rows] += _entropy(values)
    kind = (counts[1] > 0).astype(np.int64)
    every = np.arange(len(pile))
    votes = counts[kind, every]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(votes[:, None] > 0, sums[kind, every] / votes[:, None], np.nan)
        spread = np.where(votes > 1, _entropy(mean) - entropies[kind, every] / votes, np.nan)
    return Beliefs(ClassMap(tuple(names)), mean.astype(np.float32), kind == 1, spread)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    honest: npt.NDArray[np.bool_]


def _read(path: Path, pile: Pile) -> _Table:
    if holds_predictions(path):
        return _from_run(path, pile)
    shown = printable(path)
    try:
        content = BytesIO(path.read_bytes())
        is_csv = path.suffix.lower() == ".csv"
        table = pl.read_csv(content, infer_schema=False) if is_csv else pl.read_parquet(content)
        names = tuple(name for name in table.columns if name not in _OWN)
        values = table.select(pl.col(name).cast(pl.Float64) for name in names).to_numpy()
    except OSError as error:
        raise InputError(f"Table {shown} cannot be read: {error.strerror}.", "Check the name.") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"Table {shown} holds no probabilities.", "Check its content.", str(error)
        ) from error
    if "item" not in table.columns or not names:
        raise InputError(f"Table {shown} needs a column 'item' and a column a class.", "", table.columns)
    subject = pl.col("item").cast(pl.String)
    if pile.shapes is not None and "region" in table.columns:
        subject = pl.format("{}#{}", "item", pl.col("region").cast(pl.String))
    places = {str(subject): row for row, subject in enumerate(pile.subjects)}
    rows = np.array([places.get(text, -1) for text in table.select(subject).to_series()], np.int64)
    values = values.reshape(len(table), len(names))
    bad = (rows >= 0) & ~((values >= -1e-6).all(axis=1) & (np.abs(values.sum(axis=1) - 1) < 1e-2))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{shown}, row {first + 1}: probabilities must be 0 or more and sum to 1.",
            "Give probabilities, not logits.",
            values[first].round(4).tolist()[:8],
        )
    kept = rows >= 0
    return _Table(names, rows[kept], values[kept], _honest(table)[kept])


def _from_run(path: Path, pile: Pile) -> _Table:
    """A run is one voice: the mean of its models where several speak of one row, honest ones apart."""
    said = load_predictions(path)
    places = {str(subject): row for row, subject in enumerate(pile.subjects)}
    rows = np.array([places.get(str(item), -1) for item in said.items], np.int64)
    kept = (rows >= 0) & said.known
    voices = np.stack([rows[kept], said.scorable()[kept]], axis=1)
    distinct, voice, models = np.unique(voices, axis=0, return_inverse=True, return_counts=True)
    values = np.zeros((len(distinct), len(said.classes)))
    np.add.at(values, voice.reshape(-1), said.probabilities()[kept])
    return _Table(
        said.classes.names, distinct[:, 0], values / models[:, None], distinct[:, 1].astype(np.bool_)
    )


def _honest(table: pl.DataFrame) -> npt.NDArray[np.bool_]:
    if "exposure" in table.columns:
        return table["exposure"].cast(pl.String).is_in(list(HONEST)).fill_null(False).to_numpy()
    if "fold" in table.columns:
        fold = table["fold"].cast(pl.String)
        return (fold.is_not_null() & (fold != "")).to_numpy()
    return np.zeros(len(table), np.bool_)


def _entropy(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    positive = np.where(table > 0, table, 1.0)
    bits: npt.NDArray[np.float64] = -(positive * np.log2(positive)).sum(axis=-1)
    return bits
