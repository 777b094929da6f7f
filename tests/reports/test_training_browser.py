"""Pages of a run and of a comparison in a real browser, opened from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.reports import write_comparison, write_training
from lydite.train.against import set_against
from reports.conftest import HOSTILE_CLASS
from reports.test_browser import browser, tab
from support import need_module
from train.fruit import draw, task_of
from train.made_runs import folded, make_run, renamed

need_module("playwright")

from playwright.sync_api import Page  # noqa: E402 - after the check for it

pytestmark = pytest.mark.browser
__all__ = ["browser", "tab"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("shown")
    task = renamed(task_of(draw(folder / "fruit", each=8)), {"apple": HOSTILE_CLASS, "lime": "lime" * 30})
    first = make_run(folder / "one", task, sure=0.5, epochs=4)
    second = make_run(folder / "two", task, sure=1.5, plan=folded(task, 2))
    report = write_training(first).parent
    return report, write_comparison(set_against(first, second, draws=20), folder / "against").parent


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_or_leaves_its_window(written: tuple[Path, Path], tab: Page, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for width in (360, 1280, 2560):
        tab.set_viewport_size({"width": width, "height": 800})
        for path in (path for folder in written for path in sorted(folder.glob("*.html"))):
            tab.goto(path.resolve().as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)


def test_curves_and_dots_lie_in_their_plots(written: tuple[Path, Path], tab: Page) -> None:
    tab.goto((written[0] / "index.html").resolve().as_uri())
    for plot, marks in ((".lines", "path.curve"), ("figure:has(.reliable)", "circle.reliable")):
        figure = tab.locator(plot).first
        ground = figure.locator("rect.ground").bounding_box()
        assert ground is not None
        for mark in figure.locator(marks).all():
            box = mark.bounding_box()
            assert box is not None
            assert ground["x"] - 8 <= box["x"]
            assert box["x"] + box["width"] <= ground["x"] + ground["width"] + 8
            assert ground["y"] - 8 <= box["y"]
            assert box["y"] + box["height"] <= ground["y"] + ground["height"] + 8
