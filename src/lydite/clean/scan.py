"""A scan: every picture is looked at once, then all are compared; scores only, decided upon later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lydite.clean.checks import CHECKS, UNDECODABLE, Column, Needs
from lydite.clean.findings import findings_frame
from lydite.clean.parts import PART, empty_part, load_part, look_at_parts, part_file, split_into_parts
from lydite.clean.pile import Pile
from lydite.clean.settings import ScanSettings
from lydite.clean.stack import Stack
from lydite.clean.view import THUMB_SIDE
from lydite.core import InvalidValue, OutputConflict
from lydite.data import printable, write_atomic
from lydite.data.files import atomic_path, os_errors_as_output_errors
from lydite.engines import Engine

COLUMNS = ("item", "label", "group", "split")
SCAN, SCORES, FINDINGS, PAIRS = "scan.json", "scores.parquet", "findings.parquet", "pairs.parquet"

_SETTINGS = ScanSettings()


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan and its folder.

    Args:
        folder: Where it is kept.
        items: ``n`` rows with the columns ``COLUMNS``, each item once.
        paths: ``n`` files.
        settings: How pictures are looked at.
        version: Id of the data version whose items they are; empty if they are of none.

    Raises:
        InvalidValue: If a column is missing, an item stands twice, or paths do not fit.
    """

    folder: Path
    items: pl.DataFrame
    paths: Sequence[Path]
    settings: ScanSettings = _SETTINGS
    version: str = ""

    def __post_init__(self) -> None:
        absent = [name for name in COLUMNS if name not in self.items.columns]
        if absent:
            raise InvalidValue("Scan.items", f"a table with the columns {', '.join(COLUMNS)}", absent)
        if self.items["item"].is_duplicated().any():
            raise InvalidValue("Scan.items", "distinct items", int(self.items["item"].is_duplicated().sum()))
        if len(self.paths) != len(self.items):
            raise InvalidValue("Scan.paths", f"one for each of {len(self.items)} items", len(self.paths))

    @property
    def identity(self) -> str:
        """Digest of what decides the scan: items, version, settings and checks."""
        rows = json.dumps(self.items.select(COLUMNS).rows(), separators=(",", ":"))
        told = [rows, self.version, self.settings.model_dump_json(), list(CHECKS)]
        return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogatepass")).hexdigest()

    def look(self, engine: Engine, cache: Path | None = None) -> Iterator[int]:
        """The first half: each picture once. Gives pictures done; the same call goes on where it stopped.

        Args:
            engine: Where pictures are looked at.
            cache: Folder that keeps vectors between scans.

        Raises:
            OutputConflict: If the folder holds something else.
            OutputError: If it cannot be written.
        """
        self._take_folder()
        parts = split_into_parts(self.items["item"].to_list(), self.paths)
        yield from look_at_parts(self.folder, parts, self.settings, cache, engine)

    def compare(self) -> pl.DataFrame:
        """The second half: checks of the whole pile. Writes scores, pairs, findings; returns the scores."""
        pile, seen = self._gather()
        scores = self.items.select(COLUMNS).hstack(seen.drop("item", "crashed"))
        columns: dict[str, Column] = {}
        crashed: dict[str, str] = {}
        for name, check in CHECKS.items():
            if check.of_pile is None or (check.needs is Needs.VECTORS and pile.vectors is None):
                continue
            try:
                columns[name] = check.of_pile(pile)
            except Exception as error:  # noqa: BLE001 - a crash is a finding
                crashed[name] = f"{type(error).__name__}: {error}"
        scores = scores.with_columns(pl.Series(name, column.scores) for name, column in columns.items())
        _write(self.folder / SCORES, scores)
        if not crashed.keys() & {name for name, check in CHECKS.items() if check.needs is Needs.THUMBS}:
            _write(self.folder / PAIRS, _pairs_frame(pile))
        findings = findings_frame(scores, columns, seen["crashed"].to_list(), crashed)
        _write(self.folder / FINDINGS, findings)
        write_atomic(self.folder / SCAN, json.dumps(self._told(done=True), indent=2))
        return scores

    def _take_folder(self) -> None:
        page = self.folder / SCAN
        if page.is_file():
            if json.loads(page.read_text(encoding="utf-8"))["identity"] != self.identity:
                raise OutputConflict(
                    f"{printable(self.folder)} holds a scan of other items, or by other settings.",
                    "Choose another --out.",
                )
            return
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise OutputConflict(
                f"{printable(self.folder)} is no new or empty folder.", "Choose another --out."
            )
        with os_errors_as_output_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(page, json.dumps(self._told(done=False), indent=2))

    def _told(self, *, done: bool) -> dict[str, Any]:
        settings = self.settings.model_dump(mode="json")
        return {
            "identity": self.identity,
            "version": self.version,
            "items": len(self.items),
            "settings": settings,
            "done": done,
        }

    def _dim(self, number: int) -> int:
        table = pl.read_parquet(part_file(self.folder, number), columns=["vector"])
        return max((len(vector) for vector in table["vector"]), default=0) // 4

    def _gather(self) -> tuple[Pile, pl.DataFrame]:
        """Columns of all parts; thumbnails and vectors are laid out on disk, not held."""
        count = len(self.items)
        small: list[pl.DataFrame] = []
        dim = max((self._dim(number) for number in range(-(-count // PART))), default=0)
        blank = np.full(dim, np.nan, "<f4").tobytes()
        with (
            atomic_path(self.folder / "thumbs.u8") as thumbs,
            atomic_path(self.folder / "vectors.f4") as vectors,
            thumbs.open("wb") as thumb_file,
            vectors.open("wb") as vector_file,
        ):
            for number in range(-(-count // PART)):
                table = load_part(part_file(self.folder, number))
                small.append(table.drop("thumb", "vector", "stamp"))
                for thumb, vector in table.select("thumb", "vector").iter_rows():
                    thumb_file.write(thumb or bytes(THUMB_SIDE**2))
                    vector_file.write(vector or blank)
        seen = pl.concat([empty_part().drop("thumb", "vector", "stamp"), *small])
        undecodable = pl.col("image").is_null().cast(pl.Float64).alias(UNDECODABLE)
        seen = seen.with_columns(undecodable)
        columns = {name: tuple(self.items[name].to_list()) for name in COLUMNS}
        areas = seen["height"].to_numpy().astype(np.int64) * seen["width"].to_numpy()
        pile = Pile(
            columns["item"],
            tuple(seen["image"].to_list()),
            columns["label"],
            columns["group"],
            columns["split"],
            areas,
            Stack(self.folder / "thumbs.u8", np.dtype(np.uint8), (count, THUMB_SIDE, THUMB_SIDE)),
            Stack(self.folder / "vectors.f4", np.dtype("<f4"), (count, dim)) if dim else None,
        )
        return pile, seen


def _pairs_frame(pile: Pile) -> pl.DataFrame:
    pairs, items = pile.pairs, np.array(pile.items, object)
    return pl.DataFrame(
        {
            "left": items[pairs.left].tolist(),
            "right": items[pairs.right].tolist(),
            "similarity": pairs.similarity,
            "equal": pairs.equal,
        },
        schema={"left": pl.String, "right": pl.String, "similarity": pl.Float64, "equal": pl.Boolean},
    )


def _write(path: Path, frame: pl.DataFrame) -> None:
    content = BytesIO()
    frame.write_parquet(content, compression="zstd")
    write_atomic(path, content.getvalue())
