"""Predictions of files as a CSV file that a spreadsheet opens: every file a row, whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np

from lydite.core import ClassMap
from lydite.data import printable, write_atomic
from lydite.train.predict import Prediction

COLUMNS = ("item", "label", "confidence", "exposure", "reason")


def write_predictions(predictions: Sequence[Prediction], classes: ClassMap, path: Path) -> None:
    """Write a row a file, in their order.

    Columns: ``item`` (its path), ``label`` and ``confidence`` (the most probable class), ``exposure`` (what
    the run had seen of the picture), ``reason`` (why there is no answer), and ``p_<class>`` for each class.

    Raises:
        OutputError: If the file cannot be written; an old one is untouched.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, *(f"p_{name}" for name in classes)])
    for one in predictions:
        name = printable(one.file.item.path)
        if one.reason:
            table.writerow([name, "", "", "", printable(one.reason), *[""] * len(classes)])
            continue
        best = int(np.argmax(one.probabilities))
        numbers = [f"{value:.6f}" for value in one.probabilities.tolist()]
        table.writerow([name, classes[best], numbers[best], str(one.exposure), "", *numbers])
    write_atomic(path, text.getvalue().encode("utf-8", "backslashreplace"))
