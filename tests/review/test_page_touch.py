"""The page by fingers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lydite.core import Act
from review.pages import Opener, journal_of, settled, shown, until
from review.serving import answering

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_by_touch(folder: Path, people: Opener) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with answering(folder) as server:
        page = people(server, **phone)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        first = shown(page)
        swipe(page, -200)
        until(page, f"document.getElementById('name').textContent !== '{first}'")
        until(page, "document.body.matches('.looking')")
        swipe(page, 200)
        page.wait_for_selector("#doubt:not([hidden])")
        tap(page, "trash")
        until(page, "document.body.matches('.looking')")
        page.locator("#ok").tap()
        until(page, "document.body.matches('.looking')")
        page.locator("#undo").tap()
        until(page, "document.getElementById('asks').matches('.before')")
        settled(page)
        acts = [e.verdict.act for e in journal_of(folder)]
    assert acts == [Act.KEEP, Act.TRASH, Act.KEEP, Act.UNDO]


def tap(page: Page, answer: str) -> None:
    """One finger on an answer until it is taken: the browser may take a tap behind a swipe for its end."""
    box = page.locator(f"#{answer}").bounding_box()
    assert box is not None
    for _ in range(20):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for _ in range(10):
            if page.locator("#doubt").is_hidden():
                return
            page.wait_for_timeout(20)
    raise AssertionError(f"{answer} was never taken")


def swipe(page: Page, distance: int) -> None:
    """One finger over the picture, through the browser's own input."""
    box = page.locator("#stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 6):
        point = {"x": x + distance * step / 5, "y": y}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
