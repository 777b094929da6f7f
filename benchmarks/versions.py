"""How long a dataset of a million items and regions takes to open, beside pandas and pyarrow, in one run.

    make peers                                       builds benchmarks/.peers
    python benchmarks/versions.py [--rows 1000000] [--repeats 5] [--peers PYTHON]

Every measurement is a process of its own with a warm file cache, timed from the call to tables in memory,
imports left out. Ours includes the comparison of every file's SHA-256. The claim: about a second, and no
slower than pandas reading the same items as CSV; parquet read by pandas and by pyarrow, which compare no
digests, is printed beside it.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
CLAIM_S = 1.0
CLASSES = 100

OURS = """
import json, sys, time
from pathlib import Path
import polars as pl
from lydite.data.dataset import History, scan_items
history = History(Path(sys.argv[1]))
start = time.perf_counter()
head = history.head()
page = time.perf_counter() - start
rows = len(head.items), len(head.regions)
whole = time.perf_counter() - start
start = time.perf_counter()
labels = scan_items(history.find()).group_by("label").len().collect()
lazy = time.perf_counter() - start
print(json.dumps({"page": page, "whole": whole, "lazy": lazy, "rows": rows, "polars": pl.__version__}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=HERE / ".peers" / "bin" / "python")
    options = parser.parse_args()
    if not options.peers.exists():
        sys.exit(f"{options.peers} is not there; make peers builds it")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        build(work, options.rows)
        ours = [measure([sys.executable, "-c", OURS, work]) for _ in range(options.repeats)]
        peer = HERE / "peers" / "open_tables.py"
        theirs = [measure([options.peers, peer, work]) for _ in range(options.repeats)]
    return report(ours, theirs)


def build(work: Path, rows: int) -> None:
    """A dataset with hashed pictures, groups of ten and one box an item, and its items as CSV."""
    from lydite.core import ClassMap
    from lydite.data.dataset import DatasetVersion, History, Intake

    rng = np.random.default_rng(0)
    number = np.arange(rows)
    label = rng.integers(0, CLASSES, rows)
    names = [f"class {at:03d}" for at in range(CLASSES)]
    path = [f"class_{at:03d}/picture_{row:07d}.jpg" for row, at in zip(number, label, strict=True)]
    texts = pl.Series([names[at] for at in label])
    items = pl.DataFrame(
        {
            "item": [f"photos:{at}" for at in path],
            "path": path,
            "image": [rng.bytes(32).hex() for _ in range(rows)],
            "height": rng.integers(200, 4000, rows),
            "width": rng.integers(200, 4000, rows),
            "label": texts,
            "group": [f"g{row // 10:06d}" for row in number],
            "split": pl.Series(np.where(number % 5, "train", "val")),
            "exhaustive": [True] * rows,
        }
    )
    corners = np.sort(rng.uniform(0, 200, (rows, 2, 2)).astype(np.float32), axis=1)
    regions = pl.DataFrame(
        {"item": items["item"], "number": np.zeros(rows, np.int32), "label": texts}
    ).with_columns(x0=corners[:, 0, 0], y0=corners[:, 0, 1], x1=corners[:, 1, 0], y1=corners[:, 1, 1])
    start = time.perf_counter()
    intake = Intake.of(items, regions, ClassMap(tuple(names)), {"photos": Path("/photos")})
    version = DatasetVersion.begin(intake, "benchmark", "a million", datetime(2026, 1, 1, tzinfo=UTC))
    made = time.perf_counter() - start
    folder = History(work).commit(version)
    kept = time.perf_counter() - start - made
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(
        f"{rows:,} items, {rows:,} regions: checked and hashed in {made:.2f} s, "
        f"kept in {kept:.2f} s, {size:.0f} MB"
    )
    start = time.perf_counter()
    version.change("benchmark", "one label", items=items_with_one_label(version.items))
    print(f"a change of one label, checked and hashed: {time.perf_counter() - start:.2f} s")
    version.items.write_csv(work / "items.csv")


def items_with_one_label(items: pl.DataFrame) -> pl.DataFrame:
    first = pl.int_range(pl.len()) == 0
    return items.with_columns(label=pl.when(first).then(pl.lit("class 000")).otherwise("label"))


def measure(command: Sequence[object]) -> dict[str, object]:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def report(ours: Sequence[dict[str, object]], theirs: Sequence[dict[str, object]]) -> int:
    def best(rows: Sequence[dict[str, object]], name: str) -> float:
        return min(float(str(row[name])) for row in rows)

    print(
        f"python {platform.python_version()}, polars {ours[0]['polars']}; peers: "
        f"pandas {theirs[0]['pandas']}, pyarrow {theirs[0]['pyarrow']}; best of {len(ours)}"
    )
    whole, csv = best(ours, "whole"), best(theirs, "csv")
    print(f"page of the version only:                {best(ours, 'page') * 1000:.1f} ms")
    print(f"labels counted without reading the rest: {best(ours, 'lazy') * 1000:.0f} ms")
    print(f"items and regions, digests compared:     {whole:.2f} s (claimed about {CLAIM_S:g} s)")
    print(f"pandas, the items alone as CSV:          {csv:.2f} s, {csv / whole:.1f} times ours")
    for name, title in (
        ("pandas_parquet", "pandas, both as parquet, unchecked:     "),
        ("pyarrow_parquet", "pyarrow, both as parquet, unchecked:    "),
    ):
        print(f"{title} {best(theirs, name):.2f} s, {best(theirs, name) / whole:.1f} times ours")
    held = whole <= CLAIM_S * 1.5 and csv >= whole
    print("holds" if held else "FAILS")
    return int(not held)


if __name__ == "__main__":
    raise SystemExit(main())
