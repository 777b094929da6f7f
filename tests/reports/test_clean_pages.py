"""Contact sheets of a scan: complete, linked, safe, and within their window."""

from __future__ import annotations

from pathlib import Path

import cv2
import polars as pl
import pytest

from clean.piles import scenery, version_of, write
from lydite.clean import FinishedScan, Scan, ScanSettings
from lydite.core import OutputConflict
from lydite.engines import Serial
from lydite.reports import write_clean_pages
from reports.test_browser import browser, tab
from support import need_module

need_module("playwright")

from playwright.sync_api import Page  # noqa: E402 - after the check for it

__all__ = ["browser", "tab"]
HOSTILE = "<b>&amp;'\"$(rm).png"


def scanned(folder: Path, count: int) -> tuple[FinishedScan, dict[str, Path]]:
    """A scan of small pictures, some of them torn or copies, one with a hostile name."""
    rows = []
    for number in range(count):
        name = HOSTILE if number == 0 else f"{number:04}.png"
        write(folder / "p" / name, cv2.resize(scenery(number // 2), (50, 40), interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
        rows.append({"path": name, "label": f"kind {number % 3}", "split": "train"})
    if count:
        (folder / "p" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        rows.append({"path": "torn.png"})
    version = version_of(folder / "p", rows)
    work = Scan(folder / "scan", version.items, version.picture_paths(), ScanSettings(semantic=False))
    for _ in work.look(Serial()):
        pass
    work.compare()
    return FinishedScan.open(work.folder), dict(
        zip(version.items["item"], version.picture_paths(), strict=True)
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    finished, paths = scanned(tmp_path_factory.mktemp("sheets"), 130)
    return write_clean_pages(finished, paths).parent


def test_sheets_are_paged_and_every_finding_is_on_one(report: Path) -> None:
    sheets = sorted(path.name for path in report.glob("small-*.html"))
    assert sheets == ["small-1.html", "small-2.html", "small-3.html"]
    text = "".join((report / name).read_text() for name in sheets)
    assert text.count('<li class="error">') == 130


def test_hostile_names_are_text(report: Path) -> None:
    text = "".join(path.read_text() for path in report.glob("*.html"))
    assert "<b>&amp;'" not in text
    assert "&lt;b&gt;&amp;amp;" in text
    assert "/p/" not in text


def test_a_second_report_replaces_the_first_and_a_foreign_folder_stays(tmp_path: Path) -> None:
    finished, paths = scanned(tmp_path, 4)
    report = write_clean_pages(finished, paths).parent
    assert (report / "small-1.html").exists()
    fewer = FinishedScan(
        finished.folder,
        "",
        "",
        finished.scores,
        finished.findings.filter(pl.col("check") != "small"),
        finished.pairs,
    )
    write_clean_pages(fewer, paths)
    assert not (report / "small-1.html").exists()
    (report / "clean.html").unlink()
    with pytest.raises(OutputConflict, match=r"holds no clean\.html"):
        write_clean_pages(fewer, paths)


def test_an_empty_scan_says_so(tmp_path: Path) -> None:
    finished, paths = scanned(tmp_path, 0)
    assert "No check found anything." in write_clean_pages(finished, paths).read_text()


def test_a_picture_that_is_gone_leaves_its_place(tmp_path: Path) -> None:
    finished, paths = scanned(tmp_path, 3)
    for path in paths.values():
        path.unlink()
    page = write_clean_pages(finished, paths).parent / "small-1.html"
    assert page.read_text().count('class="missing"') >= 3


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_or_leaves_its_window(report: Path, tab: Page, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for width in (360, 1280, 2560):
        tab.set_viewport_size({"width": width, "height": 800})
        for path in sorted(report.glob("*.html")):
            if path.name == "clean.html":
                continue
            tab.goto(path.resolve().as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)
    shown = tab.evaluate("[...document.querySelectorAll('.contact img')].every((i) => i.complete)")
    assert shown
