from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from lydite.core import ClassMap, InputError, ItemId, Predictions
from lydite.data import holds_predictions, load_predictions, save_predictions
from strategies import predictions


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(predictions())
def test_what_is_saved_reads_back_bit_for_bit(tmp_path: Path, some: Predictions) -> None:
    path = tmp_path / "oof.parquet"
    save_predictions(some, path)
    read = load_predictions(path)
    assert holds_predictions(path)
    assert (read.items, read.classes, read.run) == (some.items, some.classes, some.run)
    for name in ("logits", "fold", "exposure"):
        one, other = getattr(read, name), getattr(some, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


def test_other_files_hold_no_predictions(tmp_path: Path) -> None:
    table, text = tmp_path / "table.parquet", tmp_path / "text.parquet"
    pl.DataFrame({"item": ["a"]}).write_parquet(table)
    text.write_text("no")
    for path in (table, text):
        assert not holds_predictions(path)
        with pytest.raises(
            InputError, match=r"holds no predictions: .* Name a file from the folder of a run"
        ):
            load_predictions(path)
    with pytest.raises(InputError, match=r"missing.parquet cannot be read: No such file or directory\."):
        load_predictions(tmp_path / "missing.parquet")


def test_half_a_file_holds_no_predictions(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.parquet", tmp_path / "half.parquet"
    save_predictions(some_rows(), whole)
    half.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(InputError):
        load_predictions(half)


def some_rows() -> Predictions:
    items = tuple(ItemId("s", str(number)) for number in range(3))
    logits = np.zeros((3, 2), np.float32)
    return Predictions(
        items, ClassMap(("a", "b")), logits, "run", np.zeros(3, np.int16), np.zeros(3, np.uint8)
    )
