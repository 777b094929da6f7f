"""The peers' side of benchmarks/versions.py: the same tables, opened by pandas and by pyarrow."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def main() -> None:
    work = Path(sys.argv[1])
    folder = next(path.parent for path in (work / "data").glob("*/version.json"))
    files = [folder / "items.parquet", folder / "regions.parquet"]
    found: dict[str, object] = {"pandas": pd.__version__, "pyarrow": pa.__version__}
    calls = {
        "csv": lambda: pd.read_csv(work / "items.csv"),
        "pandas_parquet": lambda: [pd.read_parquet(file) for file in files],
        "pyarrow_parquet": lambda: [pq.read_table(file) for file in files],
    }
    for name, call in calls.items():
        start = time.perf_counter()
        call()
        found[name] = time.perf_counter() - start
    print(json.dumps(found))


if __name__ == "__main__":
    main()
