"""What a review came to, in numbers and pictures: one page that opens offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lydite.core import LyditeError
from lydite.data.dataset import DatasetVersion
from lydite.data.preview import render_preview
from lydite.reports.site import Site
from lydite.review.apply import OUTCOMES, Applied

SHOWN = 60
"""Pictures an outcome; the table beside the page has all."""
THUMBNAIL = 320
_TITLES = {"relabel": "Relabelled", "trash": "Trash", "disputed": "Disputed", "unsure": "Unsure"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the page.

    Args:
        name: Its path in the dataset, and the region where it is one.
        was: Label before.
        now: Label after; empty if none.
        by: Who said so.
        source: Name of the thumbnail; empty if the picture cannot be read.
        applied: Whether the version holds it.
    """

    name: str
    was: str
    now: str
    by: str
    source: str
    applied: bool


def write_review_page(folder: Path, before: DatasetVersion, applied: Applied) -> Path:
    """Write the page and its thumbnails; returns the page.

    Args:
        folder: The page's own folder.
        before: The version that was reviewed, which knows where pictures of trashed items lie.
        applied: What came out.

    Raises:
        OutputError: If something cannot be written.
    """
    site = Site(folder)
    site.write_assets()
    paths = dict(zip(before.items["item"], before.picture_paths(), strict=True))
    groups = []
    for outcome, title in _TITLES.items():
        rows = applied.report.filter(pl.col("outcome") == outcome)
        shots = [
            _shot(site, paths, row, f"{outcome}-{k}") for k, row in enumerate(rows.head(SHOWN).iter_rows())
        ]
        if shots:
            groups.append({"title": title, "total": len(rows), "shots": shots})
    counts = applied.counts
    totals = counts.select(OUTCOMES).sum().row(0)
    return site.write_page(
        "index.html",
        "review.html",
        outcomes=OUTCOMES,
        rows=counts.rows(),
        totals=totals,
        groups=groups,
        before=before.info.short,
        after=applied.version.info.short,
        reason=applied.version.info.reason,
        actor=applied.version.info.actor,
    )


def _shot(site: Site, paths: dict[str, Path], row: tuple[object, ...], stem: str) -> Shot:
    item, region, was, now, _, by, applied = row
    name = str(item).partition(":")[2] + ("" if region is None else f", region {region}")
    try:
        made = render_preview(paths[str(item)], THUMBNAIL)
    except LyditeError:
        source = ""
    else:
        source = f"thumbs/{stem}.{'png' if made.media_type == 'image/png' else 'jpg'}"
        site.write_bytes(source, made.data)
    return Shot(name, str(was or ""), str(now or ""), str(by), source, bool(applied))
