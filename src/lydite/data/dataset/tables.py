"""The tables of one version, in canonical order, with their digests."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from lydite.core import ClassMap, InvalidValue
from lydite.data.dataset.digest import digest_tables
from lydite.data.dataset.schema import (
    NUMBERS,
    PROVISIONAL,
    check_columns,
    check_items,
    check_regions,
    frame_of,
)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Items, regions and the numbers that were given out; rows in the order of their ids.

    Args:
        items: Columns ``schema.ITEMS``.
        regions: Columns ``schema.REGIONS``.
        numbers: Columns ``schema.NUMBERS``: one row an item that ever had a region, gone ones too.
    """

    items: pl.DataFrame
    regions: pl.DataFrame
    numbers: pl.DataFrame

    @classmethod
    def checked(
        cls,
        items: pl.DataFrame,
        regions: pl.DataFrame,
        class_map: ClassMap,
        before: pl.DataFrame | None = None,
    ) -> Tables:
        """Tables whose laws hold, sorted; numbers continue from those ``before``.

        Regions with provisional numbers get the next ones of their item, in row order.

        Raises:
            InvalidValue: If a law of ``schema`` is broken.
        """
        check_items(items, class_map.names)
        check_regions(regions, items, class_map.names)
        numbers = frame_of(NUMBERS, []) if before is None else before
        fresh = pl.col("number") >= PROVISIONAL
        named, unnamed = regions.filter(~fresh), regions.filter(fresh)
        numbers = _with_numbers(numbers, named)
        if len(unnamed):
            unnamed = number_regions(unnamed, numbers)
            regions, numbers = pl.concat([named, unnamed]), _with_numbers(numbers, unnamed)
        check_columns("numbers", numbers, NUMBERS)
        return cls(items.sort("item"), regions.sort("item", "number"), numbers.sort("item"))

    def content_digest(self, class_map: ClassMap) -> str:
        """Digest (hex) of everything that the dataset says."""
        return digest_tables((self.items, self.regions, self.numbers), class_map.names)

    def labels_digest(self, class_map: ClassMap) -> str:
        """Digest (hex) of what could be learned: pictures, labels, regions, exhaustiveness, classes."""
        supervision = self.items.select("item", "image", "label", "exhaustive")
        return digest_tables((supervision, self.regions), class_map.names)

    def require_new_numbers(self, later: pl.DataFrame) -> None:
        """Pass if regions that are not of these tables bear numbers that were never given out.

        Raises:
            InvalidValue: Naming the first region that takes up an old number.
        """
        new = later.select("region", "item", "number").join(self.regions, on="region", how="anti")
        used = new.join(self.numbers, on="item").filter(pl.col("number") < pl.col("next"))
        if len(used):
            raise InvalidValue(
                "regions.region", f"numbered from {used['next'][0]} on, as a new one", used["region"][0]
            )


def _with_numbers(numbers: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    given = regions.group_by("item").agg(next=pl.col("number").max() + 1)
    return pl.concat([numbers, given]).group_by("item").agg(pl.col("next").max())


def number_regions(regions: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Regions with new numbers, in row order; each item goes on where ``numbers`` (``NUMBERS``) ends."""
    start = regions.join(numbers, on="item", how="left", maintain_order="left")["next"].fill_null(0)
    place = pl.int_range(pl.len(), dtype=pl.Int32).over("item")
    numbered = regions.with_columns(number=start.cast(pl.Int32) + place)
    return numbered.with_columns(region=pl.format("{}#{}", "item", "number"))
