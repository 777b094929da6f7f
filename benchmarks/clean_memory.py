"""Memory of a scan against the number of pictures.

    python benchmarks/clean_memory.py [--pictures 2000 20000] [--semantic] [--labels 20]

Small pictures (64 x 64, JPEG, each another one) are drawn, then scanned in a process of its own for each
number, looking and comparing; printed is the most memory that the process had (``ru_maxrss``), and what each
picture beyond the least number added. ``--semantic`` adds the checks of vectors: pictures have labels,
and the vectors are drawn too, in the place where the encoder would have left them (it is a cost in time, not
in memory).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import polars as pl

from lydite.clean import Scan, ScanSettings
from lydite.clean.look import WHOLE
from lydite.core import Features, ImageId
from lydite.engines import build_engine
from lydite.features import CacheKey, EncoderSettings, VectorCache, build_encoder

FLAT = 10_000
"""Bytes a picture that may be added: what tables of ids, paths, hashes and labels cost as Python objects."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--semantic", action="store_true")
    parser.add_argument("--labels", type=int, default=20)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        print(json.dumps(inside(options.inside, options.pictures[0], options)))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        draw(work, max(options.pictures), semantic=options.semantic)
        seen = {}
        for count in sorted(options.pictures):
            command = [sys.executable, __file__, "--inside", temporary, "--pictures", str(count)]
            command += ["--labels", str(options.labels), *(["--semantic"] if options.semantic else [])]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            seen[count] = told["peak"]
            print(
                f"{count:7,} pictures: {told['peak'] / 1e6:7.1f} MB at most, {told['seconds']:.1f} s",
                flush=True,
            )
    least, most = min(seen), max(seen)
    added = (seen[most] - seen[least]) / max(most - least, 1)
    print(f"    each picture more added {added:,.0f} bytes (claimed at most {FLAT:,})")
    print("holds" if added <= FLAT else "FAILS")
    return int(added > FLAT)


def draw(work: Path, count: int, *, semantic: bool) -> None:
    random = np.random.default_rng(0)
    (work / "pictures").mkdir()
    settings = ScanSettings().encoder
    encoder = build_encoder(settings) if semantic else None
    cache = VectorCache(work / "cache")
    for number in range(count):
        grey = cv2.resize(random.integers(0, 256, (9, 9), np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
        data = cv2.imencode(".jpg", cv2.add(grey, random.integers(0, 9, (64, 64), np.uint8)))[1].tobytes()
        (work / "pictures" / f"{number:07}.jpg").write_bytes(data)
        if encoder is not None:
            vector = random.standard_normal((1, encoder.space.dim)).astype(np.float32)
            vector /= np.linalg.norm(vector)
            image = ImageId.of_bytes(data)
            key = CacheKey(encoder.space, image, WHOLE, settings.short_side)
            cache.put(key, Features(vector, (str(image),), encoder.space))


def inside(work: Path, count: int, options: argparse.Namespace) -> dict[str, float]:
    files = [work / "pictures" / f"{number:07}.jpg" for number in range(count)]
    splits = ["train", "val"]
    items = pl.DataFrame(
        {
            "item": [f"g:{path.name}" for path in files],
            "label": [f"label {number % options.labels}" for number in range(count)],
            "group": [None] * count,
            "split": [splits[number % 10 == 0] for number in range(count)],
        },
        schema_overrides={"group": pl.String},
    )
    settings = ScanSettings(
        semantic=options.semantic, encoder=EncoderSettings(encoder="embedded", short_side=224)
    )
    start = time.perf_counter()
    scan = Scan(work / f"scan-{count}", items, files, settings)
    for _ in scan.look(build_engine(1), work / "cache"):
        pass
    scan.compare()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"peak": peak, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    raise SystemExit(main())
