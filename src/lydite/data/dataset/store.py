"""A version on disk: a folder of parquet files and the page that describes them."""

from __future__ import annotations

import hashlib
from functools import partial
from io import BytesIO
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from lydite.core import InputError
from lydite.data.dataset.schema import ITEMS, NUMBERS, REGIONS
from lydite.data.dataset.tables import Tables
from lydite.data.dataset.version import DatasetVersion, VersionInfo
from lydite.data.files import atomic_folder, write_atomic
from lydite.data.names import printable

PAGE = "version.json"
_FILES = {"items.parquet": ITEMS, "regions.parquet": REGIONS, "numbers.parquet": NUMBERS}


class _Page(BaseModel):
    """What ``version.json`` holds.

    Args:
        id: The version's id, to be compared with that of ``info``.
        info: The description.
        files: SHA-256 (hex) of each file beside it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    info: VersionInfo
    files: dict[str, str]


def save_version(version: DatasetVersion, folder: Path, report: pl.DataFrame | None = None) -> None:
    """Write a version as a new folder; whole or not at all.

    Args:
        version: What is written.
        folder: A path where there is nothing.
        report: What an importer did, kept beside it as ``report.parquet``.

    Raises:
        OutputConflict: If the folder exists.
        OutputError: If it cannot be written.
    """
    tables = version.tables
    frames = dict(zip(_FILES, (tables.items, tables.regions, tables.numbers), strict=True))
    if report is not None:
        frames["report.parquet"] = report
    with atomic_folder(folder) as made:
        digests = {}
        for name, frame in frames.items():
            content = BytesIO()
            frame.write_parquet(content, compression="zstd")
            (made / name).write_bytes(content.getbuffer())
            digests[name] = hashlib.sha256(content.getbuffer()).hexdigest()
        page = _Page(id=version.id, info=version.info, files=digests)
        (made / PAGE).write_text(page.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_version(folder: Path) -> DatasetVersion:
    """Open a version; its tables are read, and their digests checked, when they are first asked for.

    Raises:
        InputError: If the folder is no version, or its page was damaged.
    """
    page = _read_page(folder)
    return DatasetVersion(page.info, partial(_read_tables, folder, page))


def load_info(folder: Path) -> VersionInfo:
    """What is known of a version without its tables.

    Raises:
        InputError: If the folder is no version, or its page was damaged.
    """
    return _read_page(folder).info


def load_report(folder: Path) -> pl.DataFrame | None:
    """The report that was kept beside a version, if there is one.

    Raises:
        InputError: If it cannot be read, or was damaged.
    """
    page = _read_page(folder)
    return _read_table(folder / "report.parquet", page) if "report.parquet" in page.files else None


def scan_items(folder: Path) -> pl.LazyFrame:
    """The items of a version without reading them; digests are not checked."""
    return pl.scan_parquet(folder / "items.parquet", glob=False)


def scan_regions(folder: Path) -> pl.LazyFrame:
    """The regions of a version without reading them; digests are not checked."""
    return pl.scan_parquet(folder / "regions.parquet", glob=False)


def _read_page(folder: Path) -> _Page:
    path = folder / PAGE
    try:
        page = _Page.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{printable(folder)} is no version of a dataset: {PAGE}: {error.strerror or error}.",
            "Name one that 'lydite data log' lists.",
        ) from error
    except ValidationError as error:
        raise _damaged(path, str(error.errors()[0]["msg"])) from error
    if page.info.id != page.id or set(_FILES) - set(page.files):
        raise _damaged(path, "its id is not that of its content")
    return page


def _read_tables(folder: Path, page: _Page) -> Tables:
    return Tables(*(_read_table(folder / name, page) for name in _FILES))


def _read_table(path: Path, page: _Page) -> pl.DataFrame:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if hashlib.sha256(content).hexdigest() != page.files[path.name]:
        raise _damaged(path, "its bytes are not those that were written")
    return pl.read_parquet(BytesIO(content))


def _damaged(path: Path, how: str) -> InputError:
    return InputError(
        f"File {printable(path)} is damaged: {how}.",
        "Bring it back from a backup, or go on from another version ('lydite data log').",
    )


def write_head(folder: Path, version_id: str) -> None:
    """Name the current version of a workspace's folder ``data``."""
    write_atomic(folder / "HEAD", version_id + "\n")
