"""One browser for all tests of the page that a process runs; a fresh context for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browsing import open_browser
from review.pages import Opener
from review.serving import Place, write_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def people(browser: Browser) -> Iterator[Opener]:
    """Opens the page as somebody; any error of a script, or of the policy of content, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(server: Place, who: str = "anna", queue: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{error} {error.stack}"))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(f"{server.url}?reviewer={who}" + (f"&queue={queue}" if queue else ""))
        page.wait_for_selector("body.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "photos", 3, 6)
