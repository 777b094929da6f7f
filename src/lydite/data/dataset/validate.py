"""Is what a version says still so? Its own tables, and the files that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import polars as pl

from lydite.core import InputError, InvalidValue, UsageError
from lydite.data.dataset.pictures import Seen, Watch, look_at
from lydite.data.dataset.schema import check_items, check_regions
from lydite.data.dataset.version import DatasetVersion
from lydite.data.find import find_images
from lydite.data.names import printable
from lydite.data.rle import from_coco_rle


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as the version says.

    Args:
        kind: ``vanished``, ``changed``, ``unreadable``, ``mask``, ``tables``, or of a tree ``missing``,
            ``foreign``.
        what: The item, region or file.
        says: What is the matter, as a clause.
    """

    kind: str
    what: str
    says: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} {self.says}"


def check_version(
    version: DatasetVersion, *, files: bool = True, watch: Watch[Seen] | None = None
) -> list[Fault]:
    """Everything about a version that no longer holds.

    Args:
        version: What is checked; reading its tables compares their digests.
        files: Whether to read every picture and compare its hash; else only tables and masks are checked.
        watch: Shows progress over the items.
    """
    try:
        tables = version.tables
        check_items(tables.items, version.class_map.names)
        check_regions(tables.regions, tables.items, version.class_map.names)
        if tables.content_digest(version.class_map) != version.info.content:
            return [Fault("tables", version.info.short, "do not have the digest that they were kept under")]
    except (InputError, InvalidValue) as error:
        return [Fault("tables", version.info.short, f"cannot be used: {error}")]
    found = list(_check_masks(version))
    return [*found, *_check_files(version, watch)] if files else found


def files_on_disk_only(version: DatasetVersion) -> list[Path]:
    """Pictures below the folders of the sources that no item speaks of: left out, or taken out since."""
    known = set(version.picture_paths())
    found: list[Path] = []
    for root in dict.fromkeys(version.info.roots.values()):
        try:
            found += (file.path for file in find_images([root]) if file.path not in known)
        except UsageError:
            continue  # no picture, or no folder: the items say so themselves
    return found


def _check_masks(version: DatasetVersion) -> Iterator[Fault]:
    sizes = version.items.select("item", "height", "width")
    masked = version.regions.filter(pl.col("mask").is_not_null()).join(
        sizes, on="item", how="left", maintain_order="left"
    )
    rows = masked.select("region", "mask", "height", "width").iter_rows()
    for size_hw, group in groupby(rows, key=lambda row: (row[2], row[3])):
        for region, counts, *_ in group:
            try:
                from_coco_rle([{"size": list(size_hw), "counts": counts}], size_hw)
            except (InvalidValue, OverflowError) as error:
                yield Fault("mask", region, f"is none of its picture's size: {error}")


def _check_files(version: DatasetVersion, watch: Watch[Seen] | None) -> Iterator[Fault]:
    paths = version.picture_paths()
    looks = look_at(paths)
    seen = looks if watch is None else watch(looks, len(paths))
    for (item, image), path, look in zip(
        version.items.select("item", "image").iter_rows(), paths, seen, strict=True
    ):
        if look.image is None and not path.exists():
            yield Fault("vanished", item, f"showed {printable(path)}, which is not there any more")
        elif look.image is None and image is not None:
            yield Fault("unreadable", item, f"showed {printable(path)}, which {look.reason}")
        elif look.image != image:
            was = "could not be read" if image is None else f"was {image[:16]}"
            now = "nothing" if look.image is None else look.image[:16]
            yield Fault("changed", item, f"shows {printable(path)}, which {was} and is {now}")
