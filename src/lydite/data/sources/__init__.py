"""Where data come from: one row for each source, one way to read any of them into an intake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import polars as pl

from lydite.core import UnknownName
from lydite.data.archive import is_archive
from lydite.data.dataset import FOLDERS, REPORT, Intake, Wanted, frame_of, report_rows
from lydite.data.formats import FORMATS
from lydite.data.sources import cvat_server, kaggle
from lydite.data.sources.annotated import read_annotated
from lydite.data.sources.archives import unpack_once


class Reader(Protocol):
    """Reads one source; a bad row is a row of the report, not the end."""

    def __call__(self, given: str, wanted: Wanted) -> Intake:
        """Read ``given``, a path or an address, as ``wanted`` says."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of source.

    Args:
        title: Its name as people write it.
        read: Its reader.
    """

    title: str
    read: Reader


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        FOLDERS: Source("folders of pictures", read_annotated),
        "kaggle": Source(kaggle.TITLE, kaggle.read_kaggle),
        "cvat-server": Source(cvat_server.TITLE, cvat_server.read_cvat_server),
        **{name: Source(found.title, read_annotated) for name, found in FORMATS.items()},
    }
)


def read_any(given: str, wanted: Wanted) -> Intake:
    """Read a path, an archive or the address of a task on a server, as whatever it is.

    Args:
        given: Path, or ``https://server/tasks/12``.
        wanted: How; its ``format`` is a name in ``SOURCES``, or found out. An archive is unpacked into its
            ``workspace``.

    Raises:
        UsageError: If there is no such thing, or nothing says what it is.
        InputError: If it cannot be used at all.
    """
    if wanted.format is not None and wanted.format not in SOURCES:
        raise UnknownName("format", wanted.format, SOURCES)
    if cvat_server.is_address(given) or wanted.format == "cvat-server":
        return cvat_server.read_cvat_server(given, wanted)
    path = Path(given).expanduser()
    if is_archive(path):
        folder, refused = unpack_once(path, wanted.workspace, wanted.watch)
        intake = read_any(str(folder), wanted)
        return replace(intake, report=pl.concat([intake.report, frame_of(REPORT, report_rows(refused))]))
    if wanted.format is None and wanted.layout is None and kaggle.looks_like_kaggle(path):
        return kaggle.read_kaggle(str(path), wanted)
    return SOURCES[wanted.format or FOLDERS].read(str(path), wanted)


__all__ = ["SOURCES", "Reader", "Source", "read_any"]
