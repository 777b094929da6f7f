"""The first half of a scan on disk: what single looks came to, a few pictures a file, so that it resumes.

A part is taken over from an earlier run of the same scan if its items and their files are as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import polars as pl

from lydite.clean.checks import CHECKS, UNDECODABLE, Needs
from lydite.clean.encode import build_encoding_looker
from lydite.clean.look import Looker, Part, Sighting, look_at_part, stamp_of
from lydite.clean.settings import ScanSettings
from lydite.data.files import write_atomic
from lydite.engines import Engine, Failure, Work

PART = 128
"""Pictures in a part."""
PICTURE_CHECKS = tuple(name for name, check in CHECKS.items() if check.needs is Needs.PICTURE)
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item": pl.String,
    "stamp": pl.String,
    "image": pl.String,
    "error": pl.String,
    "height": pl.Int32,
    "width": pl.Int32,
    **dict.fromkeys(PICTURE_CHECKS, pl.Float64),
    "crashed": pl.String,
    "thumb": pl.Binary,
    "vector": pl.Binary,
}


def split_into_parts(items: Sequence[str], paths: Sequence[Path]) -> tuple[Part, ...]:
    """The parts of a scan, in order."""
    starts = range(0, len(items), PART)
    return tuple(
        Part(number, tuple(items[start : start + PART]), tuple(paths[start : start + PART]))
        for number, start in enumerate(starts)
    )


def part_file(folder: Path, number: int) -> Path:
    """Where a part is kept."""
    return folder / "parts" / f"{number:06}.parquet"


def look_at_parts(
    folder: Path, parts: Sequence[Part], settings: ScanSettings, cache: Path | None, engine: Engine
) -> Iterator[int]:
    """Look at every picture of every part that is not there yet; gives the number of pictures done each time.

    A worker that dies over a part looks at its pictures one by one again, so that one picture pays for it.

    Raises:
        OutputError: If a part cannot be written.
    """
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    missing = [part for part in parts if not _is_done(part_file(folder, part.number), part)]
    setup = partial(build_encoding_looker, settings, cache) if settings.semantic else Looker
    yield sum(len(part.items) for part in parts) - sum(len(part.items) for part in missing)
    for result in engine.do(_work(setup), missing):
        part = result.item
        sightings = (
            [_alone(part, place, setup, engine) for place in range(len(part.items))]
            if isinstance(result, Failure)
            else result.value
        )
        write_atomic(part_file(folder, part.number), _pack(part, sightings))
        yield len(part.items)


def empty_part() -> pl.DataFrame:
    """A part of no items."""
    return pl.DataFrame(schema=_SCHEMA)


def load_part(path: Path) -> pl.DataFrame:
    """A part as a table, one row an item."""
    return pl.read_parquet(path)


def _work(setup: Callable[[], Looker]) -> Work[list[tuple[str, Sighting]]]:
    return Work(look_at_part, setup, needs_script=False)


def _alone(part: Part, place: int, setup: Callable[[], Looker], engine: Engine) -> tuple[str, Sighting]:
    single = Part(part.number, part.items[place : place + 1], part.paths[place : place + 1])
    result = next(engine.do(_work(setup), [single]))
    if isinstance(result, Failure):
        return stamp_of(single.paths[0]), Sighting(crashed={UNDECODABLE: str(result.error)})
    return result.value[0]


def _pack(part: Part, sightings: Sequence[tuple[str, Sighting]]) -> bytes:
    rows = [
        {
            "item": item,
            "stamp": stamp,
            "image": seen.image,
            "error": seen.error,
            "height": seen.size_hw[0],
            "width": seen.size_hw[1],
            **{name: seen.scores.get(name, float("nan")) for name in PICTURE_CHECKS},
            "crashed": json.dumps(seen.crashed),
            "thumb": seen.thumb,
            "vector": seen.vector,
        }
        for item, (stamp, seen) in zip(part.items, sightings, strict=True)
    ]
    content = BytesIO()
    pl.DataFrame(rows, schema=_SCHEMA).write_parquet(content, compression="zstd", compression_level=1)
    return content.getvalue()


def _is_done(path: Path, part: Part) -> bool:
    try:
        table = pl.read_parquet(path, columns=["item", "stamp"])
    except (OSError, pl.exceptions.PolarsError):
        return False
    stamps = [stamp_of(file) for file in part.paths]
    return table["item"].to_list() == list(part.items) and table["stamp"].to_list() == stamps
