"""The pages in a real browser, opened from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browsing import open_browser
from lydite.reports import write_run_pages
from reports.conftest import Report
from reports.fake_run import FakeRun
from support import need_module

pytestmark = pytest.mark.browser
need_module("playwright")

from playwright.sync_api import Browser, Page, Request  # noqa: E402 - after the check for it


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that fails the test for any message, error or request to the network."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.extend(failure(request)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    assert complaints == []


def failure(request: Request) -> list[str]:
    """A request that failed for another reason than that the page was left before it was answered."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url}: {request.failure}"]


def address(report: Report, name: str) -> str:
    return (report.folder / name).resolve().as_uri()


def first_picture(report: Report) -> str:
    return f"pictures/{report.page_of(0).path.name}"


def test_no_page_complains_or_leaves_its_window(report: Report, tab: Page) -> None:
    for width in (360, 1280, 2560):
        tab.set_viewport_size({"width": width, "height": 800})
        for name in report.pages:
            tab.goto(address(report, name))
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (name, width)


def test_class_names_break_only_between_words(tmp_path: Path, tab: Page) -> None:
    run = FakeRun(tmp_path, classes=("aubergine", "cauliflower"))
    run.add()
    index = write_run_pages(run.run, run.records)
    for width in (360, 390):
        tab.set_viewport_size({"width": width, "height": 800})
        for path in (index, index.parent / "exemplars.html", *index.parent.glob("pictures/*.html")):
            tab.goto(path.resolve().as_uri())
            for name in tab.locator(".class-name > span").all():
                assert name.evaluate("e => e.getClientRects().length") == 1, (path.name, width)
                assert name.bounding_box()["height"] < 40, (path.name, width)  # type: ignore[index]


def test_all_pages_are_equally_wide(report: Report, tab: Page) -> None:
    tab.set_viewport_size({"width": 2560, "height": 800})
    places = set()
    for name in report.pages:
        tab.goto(address(report, name))
        places.add(
            tab.evaluate(
                "(b => `${b.left} ${b.right}`)(document.querySelector('main').getBoundingClientRect())"
            )
        )
    assert len(places) == 1


def test_toggles_show_and_hide_and_are_kept_for_the_next_picture(report: Report, tab: Page) -> None:
    tab.goto(address(report, first_picture(report)))
    accepted, refused = tab.locator(".region.accepted").first, tab.locator(".region.refused").first
    assert accepted.is_visible()
    assert not refused.is_visible()
    tab.locator("[name=accepted]").uncheck()
    tab.locator("[name=refused]").check()
    assert not accepted.is_visible()
    assert refused.is_visible()
    tab.keyboard.press("ArrowRight")
    tab.locator("h1", has_text="picture-0001").wait_for()
    tab.wait_for_load_state()
    assert not tab.locator("[name=accepted]").is_checked()


def test_rows_and_regions_highlight_each_other(report: Report, tab: Page) -> None:
    tab.goto(address(report, first_picture(report)))
    row = tab.locator("tbody.accepted").first
    number = row.get_attribute("data-region")
    row.click(position={"x": 120, "y": 10})
    assert "on" in (tab.locator(f"g[data-region='{number}']").get_attribute("class") or "").split()
    tab.keyboard.press("Escape")
    tab.locator("h1").hover()
    assert tab.locator(".on").count() == 0
    smallest = tab.locator("g.region.accepted").last
    other = smallest.get_attribute("data-region")
    smallest.locator(".line").dispatch_event("click")
    assert "on" in (tab.locator(f"tbody[data-region='{other}']").get_attribute("class") or "").split()


def test_arrow_keys_turn_the_pages(report: Report, tab: Page) -> None:
    tab.goto(address(report, first_picture(report)))
    tab.keyboard.press("ArrowRight")
    tab.locator("h1", has_text="picture-0001").wait_for()
    tab.wait_for_load_state()
    tab.keyboard.press("ArrowLeft")
    tab.locator("h1", has_text="picture-0000").wait_for()
    tab.wait_for_load_state()
    tab.keyboard.press("ArrowLeft")
    assert "picture-0000" in tab.locator("h1").inner_text()


def test_the_theme_follows_the_system_until_a_person_chooses(report: Report, tab: Page) -> None:
    def ground() -> str:
        return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))

    tab.emulate_media(color_scheme="light")
    tab.goto(address(report, "index.html"))
    light = ground()
    tab.emulate_media(color_scheme="dark")
    dark = ground()
    assert light != dark
    tab.locator(".theme").click()
    assert ground() == light
    tab.goto(address(report, "gallery-1.html"))
    assert ground() == light


def test_the_gallery_filters_what_it_shows(report: Report, tab: Page) -> None:
    tab.goto(address(report, "gallery-1.html"))
    cards = tab.locator(".card:visible")
    assert cards.count() == 6
    tab.locator("[name=show]").select_option("without")
    assert cards.count() == 2
    tab.locator("[name=show]").select_option("failed")
    assert cards.count() == 1
    tab.reload()
    assert cards.count() == 1
    assert tab.locator("output").inner_text() == "1 of 6 on this page"


def test_pages_say_everything_without_their_script(report: Report, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(report, first_picture(report)))
    assert page.locator(".region.accepted").first.is_visible()
    page.locator("[name=accepted]").uncheck()
    assert not page.locator(".region.accepted").first.is_visible()
    context.close()


def test_pictures_do_not_move_the_page_when_they_arrive(report: Report) -> None:
    for page in report.pages.values():
        for image in page.find("img"):
            assert int(image["width"]) > 0, page.path
            assert int(image["height"]) > 0, page.path


def test_pictures_are_loaded_from_the_disk(report: Report, tab: Page) -> None:
    tab.goto(address(report, first_picture(report)))
    assert tab.evaluate("document.querySelector('.canvas img').naturalWidth") == 64
    assert Path(report.folder).is_dir()
