"""Look at the files of an intake once: hash and size of each picture, or why there is none."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import polars as pl

from lydite.core import ImageError, MissingExtra
from lydite.data.dataset.intake import Intake
from lydite.data.dataset.schema import REPORT, frame_of
from lydite.data.image import ImageLimits, identify_image

T = TypeVar("T")

Watch = Callable[[Iterable[T], int], Iterable[T]]
"""Shows progress: passes items through, given their number."""

_THREADS = min(8, os.cpu_count() or 1)
_AHEAD = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one file.

    Args:
        path: Where it was found; ``None`` where it was asked for.
        image: Hash of its bytes in hex, ``None`` if it cannot be used.
        size_hw: Height and width as shown, ``None`` if it cannot be used.
        reason: Why it cannot be used; empty if it can.
        remedy: What to do about that.
    """

    path: str | None
    image: str | None
    size_hw: tuple[int, int] | None
    reason: str = ""
    remedy: str = ""


def look_at(paths: Iterable[Path], limits: ImageLimits | None = None) -> Iterator[Seen]:
    """Hash and measure files, several at a time, in their order; a few are held in memory."""
    waiting = iter(paths)
    with ThreadPoolExecutor(_THREADS) as pool:
        while block := list(islice(waiting, _AHEAD)):
            yield from pool.map(lambda path: _look(path, limits), block)


def read_pictures(
    intake: Intake, limits: ImageLimits | None = None, watch: Watch[Seen] | None = None
) -> Intake:
    """An intake whose items know their pictures.

    A picture that cannot be used leaves ``image`` null and a row in the report. Where the annotations speak
    of another size than the file has, the file's is taken and the regions of the item are refused: nobody
    can say where they belong.

    Args:
        intake: What an importer handed over.
        limits: What a picture may cost.
        watch: Shows progress over the files.
    """
    items = intake.items
    places = list(items.select("source", "path").iter_rows())
    files = dict.fromkeys(places)  # many rows of a table may show one file
    looks = look_at((intake.roots.get(source, Path()) / path for source, path in files), limits)
    found = dict(zip(files, looks if watch is None else watch(looks, len(files)), strict=True))
    seen = [found[place] for place in places]
    annotated = list(items.select("height", "width").iter_rows())
    rows, mismatched = [], []
    for (item, path), size, look in zip(
        items.select("item", "path").iter_rows(), annotated, seen, strict=True
    ):
        if look.image is None:
            rows.append(_row(path, "refused", f"the picture of {item} {look.reason}", look.remedy))
        elif size not in {(None, None), look.size_hw}:
            mismatched.append(item)
            rows.append(_row(path, "refused", _mismatch(item, size, look.size_hw), "Annotate it again."))
    sizes = [look.size_hw or size for look, size in zip(seen, annotated, strict=True)]
    known = items.with_columns(
        path=pl.Series(
            [look.path or path for look, (_, path) in zip(seen, places, strict=True)], dtype=pl.String
        ),
        image=pl.Series([look.image for look in seen], dtype=pl.String),
        height=pl.Series([size[0] for size in sizes], dtype=pl.Int32),
        width=pl.Series([size[1] for size in sizes], dtype=pl.Int32),
    )
    regions = intake.regions.filter(~pl.col("item").is_in(mismatched))
    report = pl.concat([intake.report, frame_of(REPORT, rows)])
    return replace(intake, items=known, regions=regions, report=report)


def _look(path: Path, limits: ImageLimits | None) -> Seen:
    try:
        image, size_hw = identify_image(path, limits)
    except (ImageError, MissingExtra) as error:
        for form in ("NFC", "NFD"):  # one name, typed on two systems
            other = Path(unicodedata.normalize(form, str(path)))
            if other != path and other.is_file():
                return replace(_look(other, limits), path=str(other))
        reason = error.reason if isinstance(error, ImageError) else "is in a format that needs an extra"
        remedy = str(error) if isinstance(error, MissingExtra) else error.args[0].partition(". ")[2]
        return Seen(None, None, None, reason, remedy)
    return Seen(None, str(image), size_hw)


def _mismatch(item: str, size: tuple[int, int], found: tuple[int, int] | None) -> str:
    height, width = found or (0, 0)
    drawn = f"{size[1]}x{size[0]}"
    return f"the regions of {item}: they were drawn on {drawn} pixels, the picture has {width}x{height}"


def _row(path: str, kind: str, what: str, remedy: str) -> dict[str, object]:
    return {"file": path, "line": None, "kind": kind, "what": what, "remedy": remedy}
