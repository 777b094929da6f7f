"""Predictions on disk: a parquet file with one row an item, which names its run and its classes."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from lydite.core import ClassMap, Exposure, InputError, InvalidValue, ItemId, Predictions
from lydite.data.files import write_atomic
from lydite.data.names import printable

_RUN, _CLASSES = "lydite.predictions.run", "lydite.predictions.classes"


def save_predictions(predictions: Predictions, path: Path) -> None:
    """Write predictions; whole or not at all.

    Columns: ``item``, ``fold`` (null if of no fold), ``exposure`` (its name), ``logits`` (one list a row,
    null where there is no prediction).

    Raises:
        OutputError: If the file cannot be written; an old one is untouched.
    """
    known = predictions.known
    logits = [row if there else None for row, there in zip(predictions.logits.tolist(), known, strict=True)]
    table = pl.DataFrame(
        {
            "item": [str(item) for item in predictions.items],
            "fold": [fold if fold >= 0 else None for fold in predictions.fold.tolist()],
            "exposure": [str(Exposure(value)) for value in predictions.exposure],
            "logits": logits,
        },
        schema={
            "item": pl.String,
            "fold": pl.Int16,
            "exposure": pl.String,
            "logits": pl.List(pl.Float32),
        },
    )
    content = BytesIO()
    table.write_parquet(
        content,
        compression="zstd",
        metadata={_RUN: predictions.run, _CLASSES: json.dumps(predictions.classes.names)},
    )
    write_atomic(path, content.getvalue())


def holds_predictions(path: Path) -> bool:
    """Whether a file is one that ``save_predictions`` wrote."""
    try:
        return _CLASSES in pl.read_parquet_metadata(path)
    except (OSError, pl.exceptions.PolarsError):
        return False


def load_predictions(path: Path) -> Predictions:
    """Read what ``save_predictions`` wrote.

    Raises:
        InputError: If the file cannot be read, or is no such file.
    """
    name = printable(path)
    try:
        content = Path(path).read_bytes()
        meta = pl.read_parquet_metadata(BytesIO(content))
        run, classes = meta[_RUN], ClassMap(tuple(json.loads(meta[_CLASSES])))
        table = pl.read_parquet(BytesIO(content))
        logits = np.full((len(table), len(classes)), np.nan, np.float32)
        there = table["logits"].is_not_null().to_numpy()
        given = table["logits"].drop_nulls().to_list()
        logits[there] = np.array(given, np.float32).reshape(len(given), len(classes))
        return Predictions(
            tuple(map(ItemId.parse, table["item"])),
            classes,
            logits,
            run,
            table["fold"].fill_null(-1).to_numpy().astype(np.int16),
            np.array([Exposure.parse(text) for text in table["exposure"]], np.uint8),
        )
    except OSError as error:
        raise InputError(
            f"File {name} cannot be read: {error.strerror or error}.", "Check the name."
        ) from error
    except (pl.exceptions.PolarsError, KeyError, InvalidValue, ValueError, TypeError) as error:
        raise InputError(
            f"File {name} holds no predictions: {error}.", "Name a file from the folder of a run."
        ) from error
