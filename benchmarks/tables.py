"""A table of a million rows with one bad line: how long, how much memory, and whether the line is named.

    python benchmarks/tables.py [--rows 1000000]

Each reader runs in a process of its own. Peers: polars' own ``read_csv`` and the standard library's ``csv``,
which both name no bad line: one fills it up, the other hands it out. ``quoted`` is the same table with quotes
around each field. The last row is the whole import of a competition, up to items with labels and a report.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one, options.file)
        return
    print(
        f"polars {pl.__version__}, Python {sys.version.split()[0]}, {options.rows:,} rows, line 500,001 bad"
    )
    with tempfile.TemporaryDirectory() as temporary:
        file = write(Path(temporary), options.rows)
        for name in READERS:
            command = [sys.executable, __file__, "--one", name, "--file", str(file)]
            subprocess.run(command, check=True)


def write(folder: Path, rows: int) -> Path:
    (folder / "train").mkdir()
    (folder / "train" / "a.png").write_bytes(b"")
    for name, mark in (("train", ""), ("quoted", '"')):
        with (folder / f"{name}.csv").open("w", encoding="utf-8") as file:
            file.write("id,file,label\n")
            for number in range(rows):
                fields = [f"item {number}", "a.png", f"class {number % 15}"][: 2 + (number != rows // 2 - 1)]
                file.write(",".join(f"{mark}{field}{mark}" for field in fields) + "\n")
    return folder / "train.csv"


def measure(name: str, file: Path) -> None:
    read = READERS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    told = read(file)
    took = time.perf_counter() - started
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name:22} {took:6.2f} s  {more:7.0f} MiB more  {told}")


def by_us(file: Path) -> str:
    from lydite.data.csvtable import read_csv

    found = read_csv(file)
    return f"{len(found.frame):,} rows; {str(found.problems[0]).rpartition('/')[2]}"


def by_us_whole(file: Path) -> str:
    from lydite.data.dataset import Wanted
    from lydite.data.sources import read_any

    intake = read_any(str(file), Wanted("c"))
    refused = intake.report.filter(kind="refused").row(0, named=True)
    return f"{len(intake.items):,} items; line {refused['line']}: {refused['what']}"


def by_polars(file: Path) -> str:
    try:
        frame = pl.read_csv(file, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        return f"error: {str(error).splitlines()[0]}"
    return f"{len(frame):,} rows, {frame.null_count().sum_horizontal()[0]} empty field, no line named"


def by_csv(file: Path) -> str:
    import csv

    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    return f"{len(rows) - 1:,} rows, no line named"


READERS = {
    "lydite read_csv": by_us,
    "lydite, quoted": lambda file: by_us(file.with_name("quoted.csv")),
    "polars read_csv": by_polars,
    "csv.reader": by_csv,
    "csv.reader, quoted": lambda file: by_csv(file.with_name("quoted.csv")),
    "lydite import, whole": by_us_whole,
}


if __name__ == "__main__":
    main()
