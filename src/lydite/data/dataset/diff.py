"""What differs between two versions, as rows: it can be counted, shown, applied and turned round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from lydite.core import ClassMap, ContractError
from lydite.data.dataset.tables import Tables
from lydite.data.dataset.version import DatasetVersion

_ITEM_KINDS: Mapping[str, tuple[str, ...]] = {
    "relabelled": ("label",),
    "regrouped": ("group",),
    "re-split": ("split",),
    "other pictures": ("image", "height", "width"),
    "moved files": ("path",),
    "exhaustiveness": ("exhaustive",),
}
_REGION_KINDS: Mapping[str, tuple[str, ...]] = {
    "relabelled": ("label",),
    "redrawn": ("x0", "y0", "x1", "y1", "mask"),
    "other attributes": ("attributes",),
    "other flags": ("crowd", "difficult", "occluded"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Rows of one table that two versions do not share.

    Args:
        before: Rows of the first version that the second lacks or has otherwise.
        after: Rows of the second version that the first lacks or has otherwise.
        key: The column that names a row.
    """

    before: pl.DataFrame
    after: pl.DataFrame
    key: str

    @property
    def added(self) -> pl.DataFrame:
        """Rows that only the second version has."""
        return self.after.join(self.before, on=self.key, how="anti", maintain_order="left")

    @property
    def removed(self) -> pl.DataFrame:
        """Rows that only the first version has."""
        return self.before.join(self.after, on=self.key, how="anti", maintain_order="left")

    def changed(self, kind: str) -> pl.DataFrame:
        """Rows that both have and that differ in a kind: ``key``, then each column ``from`` and ``to``."""
        columns = self.kinds[kind]
        both = self.before.join(self.after, on=self.key, suffix=" to", maintain_order="left")
        differs = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c} to")) for c in columns)
        pairs = [pl.col(c).alias(f"{c} from") for c in columns], [pl.col(f"{c} to") for c in columns]
        return both.filter(differs).select(
            self.key, *(one for pair in zip(*pairs, strict=True) for one in pair)
        )

    @property
    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        """What can differ, and in which columns."""
        return _ITEM_KINDS if self.key == "item" else _REGION_KINDS

    @property
    def counts(self) -> dict[str, int]:
        """Rows added, removed, and changed in each kind; zeros are left out."""
        found = {"added": len(self.added), "removed": len(self.removed)}
        found |= {kind: len(self.changed(kind)) for kind in self.kinds}
        return {kind: count for kind, count in found.items() if count}

    def inverse(self) -> Changes:
        """The way back."""
        return Changes(self.after, self.before, self.key)

    def apply(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A table with ``before`` taken out and ``after`` put in.

        Raises:
            ContractError: If it does not hold ``before`` as it is here.
        """
        found = frame.join(self.before, on=self.key, how="semi").sort(self.key)
        if not found.equals(self.before.sort(self.key)):
            raise ContractError(
                "The difference was made from another version.", "Apply it to the first of its two."
            )
        return pl.concat([frame.join(self.before, on=self.key, how="anti"), self.after])


@dataclass(frozen=True, slots=True, eq=False)
class VersionDiff:
    """Everything that differs between two versions.

    Args:
        items: Changes of items.
        regions: Changes of regions.
        classes: Class maps of the two.
        roots: Folders of the sources of the two.
    """

    items: Changes
    regions: Changes
    classes: tuple[ClassMap, ClassMap]
    roots: tuple[Mapping[str, str], Mapping[str, str]]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        one, other = self.classes
        same_tables = not (self.items.counts or self.regions.counts)
        return same_tables and one == other and self.roots[0] == self.roots[1]

    def inverse(self) -> VersionDiff:
        """The way back: ``diff(a, b).inverse()`` is ``diff(b, a)``."""
        (one, other), (here, there) = self.classes, self.roots
        return VersionDiff(self.items.inverse(), self.regions.inverse(), (other, one), (there, here))

    def apply(
        self, version: DatasetVersion, actor: str, reason: str, created: datetime | None = None
    ) -> DatasetVersion:
        """The version after ``version`` in which this difference has been made.

        Raises:
            ContractError: If it was made from a version with other content.
        """
        old = version.tables
        tables = Tables.checked(
            self.items.apply(old.items), self.regions.apply(old.regions), self.classes[1], old.numbers
        )
        return DatasetVersion.build(
            tables, self.classes[1], self.roots[1], version.id, actor, reason, created
        )


def diff(first: DatasetVersion, second: DatasetVersion) -> VersionDiff:
    """What was added, removed and changed from one version to another."""
    return VersionDiff(
        _changes(first.items, second.items, "item"),
        _changes(first.regions, second.regions, "region"),
        (first.class_map, second.class_map),
        (first.info.roots, second.info.roots),
    )


def _changes(first: pl.DataFrame, second: pl.DataFrame, key: str) -> Changes:
    columns = [name for name in first.columns if name != key]
    both = first.join(second, on=key, how="inner", suffix=" to")
    same = both.filter(pl.all_horizontal(pl.col(c).eq_missing(pl.col(f"{c} to")) for c in columns))
    return Changes(
        first.join(same, on=key, how="anti", maintain_order="left"),
        second.join(same, on=key, how="anti", maintain_order="left"),
        key,
    )
