"""The pages of a scan: what each check found, with the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from lydite.clean import CHECKS, UNDECODABLE, FinishedScan, Worse
from lydite.core import ImageError, ItemId, MissingExtra
from lydite.data import load_image, printable, safe_stem
from lydite.reports.exemplar_art import ImageRef, write_jpeg
from lydite.reports.overlays import Frame, shrink
from lydite.reports.own_folder import take_folder
from lydite.reports.pages.contact import SHEET, FindingCard, Shot, sheet_name, write_sheet
from lydite.reports.pages.gallery import pages_of
from lydite.reports.site import Site

_SIDE = 240
_MOST = 1200
"""Findings of one check that are drawn; the table holds all."""
_MARKER = "clean.html"


def write_clean_pages(scan: FinishedScan, paths: Mapping[str, Path]) -> Path:
    """Write contact sheets to ``report/`` in the scan's folder; returns the front page.

    One page of pictures is open at a time.

    Args:
        scan: A finished scan.
        paths: File of each item.

    Raises:
        OutputConflict: If that folder belongs to something else.
        OutputError: If it cannot be written.
    """
    folder = scan.folder / "report"
    take_folder(folder, _MARKER, ("*.html", "thumbs/*.jpg"))
    site = Site(folder)
    site.write_bytes(_MARKER, b"")
    site.write_assets()
    names = (UNDECODABLE, *CHECKS)
    counts = dict(scan.findings.group_by("check").len().iter_rows())
    nav = {name: counts[name] for name in (*names, *sorted(counts.keys() - set(names))) if name in counts}
    album = _Album(site, scan.scores, paths)
    for check in nav:
        found = _worst_first(scan.findings, check)
        drawn = found.head(_MOST)
        for page in range(1, pages_of(len(drawn), SHEET) + 1):
            rows = drawn.slice((page - 1) * SHEET, SHEET)
            cards = [album.card(row) for row in rows.iter_rows(named=True)]
            write_sheet(site, check, _about(check), cards, page, len(drawn), nav)
    crashed = int((scan.findings["severity"] == "crashed").sum())
    return site.write_page(
        "index.html",
        "clean.html",
        items=len(scan.scores),
        affected=scan.findings.filter(pl.col("item") != "")["item"].n_unique(),
        crashed=crashed,
        rows=[(name, _about(name), count, min(count, _MOST)) for name, count in nav.items()],
        silent=[(name, _about(name)) for name in names if name not in nav],
        most=_MOST,
        nav=nav,
        name_of=sheet_name,
    )


class _Album:
    """Pictures as sheets show them, each written once."""

    def __init__(self, site: Site, scores: pl.DataFrame, paths: Mapping[str, Path]) -> None:
        self._site, self._paths = site, paths
        rows = scores.select("item", "label", "group", "split").iter_rows()
        self._captions = {item: " · ".join(filter(None, told)) for item, *told in rows}
        self._written: dict[str, ImageRef | None] = {}

    def card(self, row: Mapping[str, object]) -> FindingCard:
        kin = row["kin"] if isinstance(row["kin"], list) else []
        score = row["score"]
        return FindingCard(
            self._shot(str(row["item"])) if row["item"] else None,
            self._shot(str(kin[0])) if kin else None,
            f"{score:.4g}" if isinstance(score, float) else "",
            printable(str(row["evidence"])),
        )

    def _shot(self, item: str) -> Shot:
        if item not in self._written:
            self._written[item] = self._draw(item)
        path = printable(ItemId.parse(item).path) if ":" in item else printable(item)
        return Shot(path, self._captions.get(item, ""), self._written[item])

    def _draw(self, item: str) -> ImageRef | None:
        try:
            pixels = load_image(self._paths[item]).pixels
        except (ImageError, MissingExtra, KeyError):
            return None
        frame = Frame.fit((pixels.shape[0], pixels.shape[1]), _SIDE)
        stem = safe_stem(ItemId.parse(item)) if ":" in item else safe_stem(ItemId("items", item))
        return write_jpeg(self._site, f"thumbs/{stem}.jpg", shrink(pixels, frame))


def _worst_first(findings: pl.DataFrame, check: str) -> pl.DataFrame:
    low = check in CHECKS and CHECKS[check].worse is Worse.LOW
    found = findings.filter(pl.col("check") == check)
    return found.sort("score", "item", descending=[not low, False], nulls_last=False)


def _about(check: str) -> str:
    if check in CHECKS:
        return CHECKS[check].about
    return "pictures that cannot be read" if check == UNDECODABLE else "vectors that could not be made"
