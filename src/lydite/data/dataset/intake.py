"""What an importer hands over: items and regions, and a report of what it took, defaulted and refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import polars as pl

from lydite.core import AnnotationError, ClassMap, InvalidValue
from lydite.data.annotations import Note
from lydite.data.dataset.schema import (
    ITEMS,
    KINDS,
    PROVISIONAL,
    REGIONS,
    REPORT,
    check_columns,
    check_items,
    check_regions,
    frame_of,
)


@dataclass(frozen=True, eq=False)
class Intake:
    """Two tables and a report: the one way by which foreign data become a dataset.

    Args:
        items: Table with the columns ``schema.ITEMS``; an importer may leave ``image``, ``height`` and
            ``width`` null and have ``read_pictures`` fill them in.
        regions: Table with the columns ``schema.REGIONS``, of these items.
        class_map: Every label of items and regions, in the order that the source has.
        roots: Folder of each source; relative paths of its items start there.
        report: Table with the columns ``schema.REPORT``.
        numbered: Whether region numbers below ``PROVISIONAL`` are those of an earlier version, as in an
            export that comes back. If not, a region is recognised by what it shows.

    Raises:
        InvalidValue: If a table breaks a law of ``schema``, or a root is missing.
    """

    items: pl.DataFrame
    regions: pl.DataFrame
    class_map: ClassMap
    roots: Mapping[str, Path]
    report: pl.DataFrame = field(default_factory=lambda: frame_of(REPORT, []))
    numbered: bool = False

    def __post_init__(self) -> None:
        check_items(self.items, self.class_map.names)
        check_regions(self.regions, self.items, self.class_map.names)
        check_columns("report", self.report, REPORT)
        other = set(self.report["kind"]) - set(KINDS)
        if other:
            raise InvalidValue("report.kind", f"one of {KINDS}", sorted(other)[0])
        roots = {name: Path(root) for name, root in self.roots.items()}
        object.__setattr__(self, "roots", MappingProxyType(roots))
        check_roots(self.items, roots)

    @classmethod
    def of(
        cls,
        items: pl.DataFrame | Iterable[Mapping[str, object]],
        regions: pl.DataFrame | Iterable[Mapping[str, object]] = (),
        class_map: ClassMap | None = None,
        roots: Mapping[str, Path] | None = None,
        report: pl.DataFrame | Iterable[Mapping[str, object]] = (),
        *,
        numbered: bool = False,
    ) -> Intake:
        """From tables or rows that may leave out columns: what is absent is null, False or empty.

        An item's ``source`` follows from ``item``, a region's ``region`` from ``item`` and ``number``;
        a number that is left out is provisional. Without a class map the sorted labels are one.
        """
        things, parts = _table(items, ITEMS), _table(regions, REGIONS)
        if things["source"].null_count():
            named = pl.col("source").fill_null(pl.col("item").str.split(":").list.first())
            things = things.with_columns(named)
        if parts["number"].null_count():
            placeholders = PROVISIONAL + pl.int_range(pl.len(), dtype=pl.Int32).over("item")
            parts = parts.with_columns(pl.col("number").fill_null(placeholders))
        if parts["region"].null_count():
            parts = parts.with_columns(pl.col("region").fill_null(pl.format("{}#{}", "item", "number")))
        if class_map is None:
            labels = set(things["label"].drop_nulls()) | set(parts["label"].drop_nulls())
            class_map = ClassMap(tuple(sorted(labels)))
        return cls(things, parts, class_map, roots or {}, _table(report, REPORT), numbered)


def report_rows(errors: Iterable[AnnotationError], notes: Iterable[str] = ()) -> list[dict[str, object]]:
    """Rows of a report from the problems and notes that an annotation reader returns."""
    refused: list[dict[str, object]] = [
        {
            "file": error.path,
            "line": error.line or None,
            "kind": "refused",
            "what": f"{error.field} {error.reason}" + ("" if error.seen is None else f" ({error.seen})"),
            "remedy": error.remedy,
        }
        for error in errors
    ]
    mended: list[dict[str, object]] = [
        {
            "file": note.path if isinstance(note, Note) else "",
            "line": (note.line or None) if isinstance(note, Note) else None,
            "kind": "defaulted",
            "what": note.what if isinstance(note, Note) else note,
            "remedy": "",
        }
        for note in notes
    ]
    return [*refused, *mended]


def check_roots(items: pl.DataFrame, roots: Mapping[str, object]) -> None:
    """Pass if every source with a relative path has a root.

    Raises:
        InvalidValue: Naming the first source without.
    """
    relative = items.filter(~pl.col("path").str.starts_with("/") & ~pl.col("path").str.contains(r"^\w:[\\/]"))
    missing = sorted(set(relative["source"].unique()) - set(roots))
    if missing:
        raise InvalidValue("roots", "a folder for each source with relative paths", missing[0])


def _table(
    given: pl.DataFrame | Iterable[Mapping[str, object]], columns: Mapping[str, object]
) -> pl.DataFrame:
    return frame_of(columns, given if isinstance(given, pl.DataFrame) else list(given))
