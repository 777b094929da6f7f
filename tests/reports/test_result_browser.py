"""Pages of evaluations and differences in a real browser, opened from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.result_pages import Written, write_results
from reports.test_browser import browser, tab
from support import need_module

need_module("playwright")

from playwright.sync_api import Page  # noqa: E402 - after the check for it

pytestmark = pytest.mark.browser
__all__ = ["browser", "tab"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_results(tmp_path_factory.mktemp("shown"))


def pages(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.html"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_or_leaves_its_window(written: Written, tab: Page, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for width in (360, 1280, 2560):
        tab.set_viewport_size({"width": width, "height": 800})
        for path in (*pages(written.evaluation), *pages(written.diff)):
            tab.goto(path.resolve().as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)


def test_an_error_leads_to_its_instance_on_the_runs_page(written: Written, tab: Page) -> None:
    tab.goto((written.evaluation / "false-alarms-1.html").resolve().as_uri())
    card = tab.locator("li.error").first
    picture = card.locator(".error-where").inner_text()
    card.locator("a.window-link").click()
    assert picture in tab.locator("h1").inner_text()
    tab.locator("tbody:target").wait_for(state="attached")  # the head is there before the rest is read


def test_windows_show_the_picture_and_the_outline_in_it(written: Written, tab: Page) -> None:
    tab.goto((written.diff / "vanished-1.html").resolve().as_uri())
    half = tab.locator(".change").first.locator("svg.window").first
    window, line = half.bounding_box(), half.locator("path.line").bounding_box()
    assert window is not None
    assert line is not None
    assert window["width"] == pytest.approx(window["height"], abs=1)
    assert window["x"] <= line["x"]
    assert line["x"] + line["width"] <= window["x"] + window["width"] + 1
    assert max(line["width"], line["height"]) > window["width"] / 5


def test_all_classes_of_a_wide_confusion_can_be_reached(written: Written, tab: Page) -> None:
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.goto((written.evaluation / "index.html").resolve().as_uri())
    last = tab.locator(".matrix td.off").last
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= 360
