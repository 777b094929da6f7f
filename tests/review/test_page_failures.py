"""Servers that die, connections that break, answers that come late."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lydite.core import Act
from review.pages import Opener, journal_of, press, settled, shown, until
from review.serving import answering, serving, start

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.browser


def test_a_server_killed_in_the_middle_and_started_again(folder: Path, people: Opener) -> None:
    server = start(folder)
    page = people(server)
    press(page, "ArrowLeft", "ArrowLeft")
    settled(page)
    server.kill()
    press(page, "ArrowLeft", "t", "ArrowLeft")
    assert page.locator("#wire.lost").inner_text() == "no connection · 3 waiting"
    with serving(folder, port=server.port) as again:
        page.goto(f"{again.url}?reviewer=anna")  # a new page: what waits is kept by the browser
        page.wait_for_selector("body.ready")
        settled(page)
        verdicts = [e.verdict for e in journal_of(folder)]
    assert [v.act for v in verdicts] == [Act.KEEP, Act.KEEP, Act.KEEP, Act.TRASH, Act.KEEP]
    assert len({v.item for v in verdicts}) == 5


def test_a_connection_lost_and_back_loses_and_doubles_nothing(folder: Path, people: Opener) -> None:
    with answering(folder) as server:
        page = people(server)
        press(page, "ArrowLeft")
        settled(page)
        page.context.set_offline(True)
        press(page, "ArrowLeft", "t", "z", "2")
        page.wait_for_selector("#wire.lost")
        page.context.set_offline(False)
        settled(page)
        # An answer that is lost on its way back: the browser sends the act again.
        page.route("**/api/acts", lambda route: (route.fetch(), route.abort())[1], times=1)
        press(page, "ArrowLeft")
        page.wait_for_selector("#wire.lost")
        settled(page)
        verdicts = [e.verdict for e in journal_of(folder)]
    assert [v.act for v in verdicts][:4] == [Act.KEEP, Act.KEEP, Act.TRASH, Act.UNDO]
    assert len(verdicts) == 6
    assert len({v.id for v in verdicts}) == 6


def test_an_answer_that_comes_late_shows_nothing_twice(folder: Path, people: Opener) -> None:
    """More cards are asked for while one is looked at; the answer must not bring that one again."""
    with answering(folder) as server:
        page = people(server, queue="all")

        def late(route: Route) -> None:
            page.wait_for_timeout(60)
            route.continue_()

        page.route("**/api/cards*", late)
        seen = []
        while not page.evaluate("document.body.matches('.finished')"):
            until(page, "document.body.matches('.looking, .finished')")
            seen.append(shown(page))
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(45)
            until(page, "document.body.matches('.looking, .finished')")
        settled(page)
    assert len(seen) == len(set(seen)) == 18
