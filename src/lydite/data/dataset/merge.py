"""An intake joins a version: what is new is added, what is known brought up to date, nothing doubled."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from lydite.core import ClassMap, UsageError
from lydite.data.dataset.intake import Intake
from lydite.data.dataset.schema import ITEMS, PROVISIONAL, REGIONS
from lydite.data.dataset.version import DatasetVersion

_KEPT = ("image", "height", "width", "label", "group", "split")
_SHOWN = ("item", "label", "x0", "y0", "x1", "y1", "mask", "crowd", "difficult", "occluded")


def merge(
    version: DatasetVersion,
    intake: Intake,
    actor: str,
    reason: str,
    created: datetime | None = None,
    *,
    prune: bool = False,
) -> DatasetVersion:
    """The version after an import. Importing the same thing twice gives ``version`` itself.

    Of a known item, what the intake says replaces what was there; where it says nothing (null), the old
    stays. Its regions are replaced if the intake has regions of it, or says that it is exhaustive. A region
    that shows what one of the version shows is that region; of an intake that is ``numbered``, the number
    decides first; the rest are new ones. Classes are added behind those that are there. Items that the intake
    lacks stay, unless ``prune``.

    Args:
        version: What is there.
        intake: What comes in.
        actor: Who imports.
        reason: Why.
        created: When; now if not given.
        prune: Whether items of the intake's sources that it lacks are taken out, with their regions.

    Raises:
        UsageError: If a source has another root than so far.
    """
    roots = _roots(version, intake)
    added = [name for name in intake.class_map if name not in version.class_map]
    class_map = ClassMap((*version.class_map.names, *added))
    items = _items(version.items, intake.items)
    spoken = intake.items.filter(
        pl.col("exhaustive") | pl.col("item").is_in(intake.regions["item"].unique().implode())
    )
    if prune:
        gone = pl.col("source").is_in(list(intake.roots)) & ~pl.col("item").is_in(
            intake.items["item"].implode()
        )
        items = items.filter(~gone)
    old = version.regions.join(items, on="item", how="semi", maintain_order="left")
    kept = old.join(spoken, on="item", how="anti", maintain_order="left")
    there = old.join(spoken, on="item", how="semi", maintain_order="left")
    regions = pl.concat([kept, _recognise(intake.regions, there, intake.numbered)])
    after = version.change(
        actor,
        reason,
        items=items,
        regions=regions,
        class_map=class_map,
        roots=roots,
        test_may_change=True,
        created=created,
    )
    same = after.info.content == version.info.content and after.info.roots == version.info.roots
    return version if same else after


def _roots(version: DatasetVersion, intake: Intake) -> dict[str, str]:
    given = {name: str(root) for name, root in intake.roots.items()}
    for name, root in given.items():
        known = version.info.roots.get(name, root)
        if known != root:
            raise UsageError(
                f"Pictures of the source {name!r} lie in {known}.",
                "Name another source (--source), or say where they moved: lydite data relocate.",
                root,
            )
    return {**version.info.roots, **given}


def _items(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    beside = new.join(old, on="item", how="left", suffix="_old", maintain_order="left")
    joined = beside.with_columns(
        *(pl.coalesce(name, f"{name}_old").alias(name) for name in _KEPT),
        exhaustive=pl.col("exhaustive") | pl.col("exhaustive_old").fill_null(False),
    ).select(*ITEMS)
    return pl.concat([old.join(new, on="item", how="anti"), joined])


def _recognise(new: pl.DataFrame, old: pl.DataFrame, numbered: bool) -> pl.DataFrame:
    """The incoming regions under the numbers that they have in the version, or provisional ones."""
    same: list[pl.DataFrame] = []
    if numbered:
        same.append(new.join(old, on="region", how="semi", maintain_order="left"))
        new = new.join(old, on="region", how="anti", maintain_order="left")
        old = old.join(same[0], on="region", how="anti", maintain_order="left")
    known = _keyed(old).select("key", was="number")
    rows = _keyed(new).join(known, on="key", how="left", maintain_order="left")
    placeholder = PROVISIONAL + pl.int_range(pl.len(), dtype=pl.Int32).over("item")
    rows = rows.with_columns(number=pl.coalesce("was", placeholder).cast(pl.Int32))
    rows = rows.with_columns(region=pl.format("{}#{}", "item", "number"))
    return pl.concat([*same, rows.select(*REGIONS)])


def _keyed(regions: pl.DataFrame) -> pl.DataFrame:
    """Regions with a key of all that they show, and of how many equal ones came before."""
    pair = pl.element().struct.field("name") + "\0" + pl.element().struct.field("value")
    texts = pl.col("attributes").list.eval(pair).list.join("\0\0")
    shown = regions.with_columns(texts=texts, mask_text=pl.col("mask").fill_null(""))
    columns = [*(name for name in _SHOWN if name != "mask"), "mask_text", "texts"]
    order = pl.int_range(pl.len(), dtype=pl.UInt32).over(columns)
    return shown.with_columns(key=pl.struct(*columns, order.alias("order"))).drop("texts", "mask_text")
