"""The tables of a run as one: every row, in order, in memory that does not grow with the pictures."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from lydite.detect.join_tables import join_tables
from lydite.detect.store import SCHEMA
from support import REPOSITORY

CANDIDATES = 4
PEAK = """
import resource, sys
from itertools import cycle, islice
from pathlib import Path
from lydite.detect.join_tables import join_tables
tables = sorted(Path(sys.argv[1]).iterdir())
join_tables(Path(sys.argv[2]), islice(cycle(tables), int(sys.argv[3])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write(path: Path, first: int) -> Path:
    """A table of some candidates whose numbers begin with ``first``; no two texts of any alike."""
    rows = range(first, first + CANDIDATES)
    digests = [hashlib.sha512(str(row).encode()).hexdigest() for row in rows]
    texts = {name: [name + each for each in digests] for name, kind in SCHEMA.items() if kind == pl.String}
    frame = pl.DataFrame({**texts, "region": list(rows)}, schema_overrides={"region": pl.Int64})
    others = [pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items() if name not in frame.columns]
    frame.with_columns(others).select(*SCHEMA).write_parquet(path)
    return path


def test_all_rows_of_all_tables_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lydite.detect.join_tables.BATCH", 3)
    monkeypatch.setattr("lydite.detect.join_tables.GROUP", 5)
    tables = [write(tmp_path / f"{number}.parquet", number * CANDIDATES) for number in range(8)]
    (tmp_path / "out").mkdir()
    join_tables(tmp_path / "out" / "all.parquet", tables)
    joined = pl.read_parquet(tmp_path / "out" / "all.parquet")
    assert dict(joined.schema) == SCHEMA
    assert joined["region"].to_list() == list(range(8 * CANDIDATES))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["all.parquet"]


def test_memory_does_not_grow_with_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    for number in range(50):
        write(tmp_path / "tables" / f"{number}.parquet", number * CANDIDATES)
    few, many = (peak(tmp_path / "tables", tmp_path / "all.parquet", count) for count in (1000, 4000))
    assert many < 1.02 * few


def peak(tables: Path, out: Path, count: int) -> int:
    """Peak memory of a process that joins so many tables, those of a folder again and again."""
    two = {"POLARS_MAX_THREADS": "2", "PYTHONPATH": str(REPOSITORY / "src")}
    command = [sys.executable, "-c", PEAK, str(tables), str(out), str(count)]
    child = subprocess.run(command, env=os.environ | two, check=True, capture_output=True, text=True)
    return int(child.stdout)
