"""The page in a browser, for tests: waiting for it, pressing its keys, reading its journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lydite.review.fold import Entry
from lydite.review.journal import open_journal

if TYPE_CHECKING:
    from playwright.sync_api import Page

Opener = Callable[..., "Page"]
"""Opens the page of a server as somebody, maybe at a queue."""


def journal_of(folder: Path) -> tuple[Entry, ...]:
    book = open_journal(folder.parent / f"{folder.name}-review" / "journal.db")
    entries = book.read()
    book.close()
    return entries


def until(page: Page, expression: str) -> None:
    """Wait for an expression; Playwright's own way needs ``eval``, which the page's policy forbids."""
    for _ in range(1000):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"never true: {expression}")


def settled(page: Page) -> None:
    until(page, "document.getElementById('wire').textContent === 'saved'")


def shown(page: Page) -> str:
    return page.locator("#name").inner_text()


def press(page: Page, *keys: str) -> None:
    """Keys, each after the picture before it is there."""
    for key in keys:
        until(page, "document.body.matches('.looking, .finished')")
        page.keyboard.press(key)
