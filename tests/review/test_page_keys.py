"""The page by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import Act
from lydite.review.fold import fold
from review.pages import Opener, journal_of, press, settled, shown, until
from review.serving import answering, serving, write_folder, write_predictions

pytestmark = pytest.mark.browser


def test_the_whole_flow_by_keyboard(tmp_path: Path, folder: Path, people: Opener) -> None:
    predictions = write_predictions(folder, tmp_path / "oof.parquet")
    with serving(folder, "--predictions", predictions, "--audit-every", 0) as server:
        page = people(server)
        assert page.locator("#queue").input_value() == "suspicion"
        assert page.locator(".belief .who").first.inner_text() == page.locator("#label").inner_text()
        first = shown(page)
        press(page, "ArrowRight", "Enter")  # suggested
        press(page, "ArrowRight", "t")
        press(page, "ArrowRight", "u")
        press(page, "3")  # by digit
        press(page, "/")
        page.keyboard.type("ss-01")
        page.keyboard.press("Enter")
        press(page, "ArrowLeft")
        settled(page)
        acts = [e.verdict.act for e in journal_of(folder)]
        assert acts[:3] == [Act.RELABEL, Act.TRASH, Act.UNSURE]
        assert acts[5] is Act.KEEP
        assert [e.verdict.label for e in journal_of(folder)][3:5] == ["class-02", "class-01"]
        press(page, *("z",) * 3, *("Backspace",) * 3)
        assert shown(page) == first
        press(page, "z")
        until(page, "document.getElementById('toast').textContent.includes('nothing left')")
        settled(page)
        assert not fold(journal_of(folder)).decisions
        press(page, "y")
        settled(page)
        assert len(fold(journal_of(folder)).decisions) == 1
        for _ in range(17):
            press(page, "ArrowLeft")
        page.wait_for_selector("body.finished")
        settled(page)
        assert len(fold(journal_of(folder)).decisions) == 18
        press(page, "?")
        assert page.locator("#help").is_visible()


def test_undo_reaches_into_earlier_sessions(folder: Path, people: Opener) -> None:
    with answering(folder) as server:
        page = people(server)
        press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft")
        settled(page)
        page.reload()
        page.wait_for_selector("body.ready")
        press(page, "z", "z", "z")
        until(page, "document.getElementById('count').textContent === '0 of 18'")
        settled(page)
    assert not fold(journal_of(folder)).decisions


def test_eighty_classes_by_typing(tmp_path: Path, people: Opener) -> None:
    folder = write_folder(tmp_path / "many", 80, 1, (20, 20))
    with answering(folder) as server:
        page = people(server)
        press(page, "/")
        page.keyboard.type("-77")
        until(page, "document.querySelectorAll('#found li').length === 1")
        page.keyboard.press("Enter")
        press(page, "/")
        page.keyboard.type("class-1")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        settled(page)
    assert [e.verdict.label for e in journal_of(folder)] == ["class-77", "class-11"]


def test_fifteen_classes_by_digits_and_the_rest_by_typing(tmp_path: Path, people: Opener) -> None:
    folder = write_folder(tmp_path / "several", 15, 1, (20, 20))
    with answering(folder) as server:
        page = people(server, queue="all")
        chips = page.locator(".chip").all_inner_texts()
        assert len(chips) == 11
        assert chips[-1].split() == ["/", "any", "of", "15", "classes"]
        press(page, "2", "0")  # the second and the tenth class
        press(page, "/")
        assert page.locator("#found li").count() == 15
        assert page.locator("#found kbd").count() == 10
        page.keyboard.type("14")
        until(page, "document.querySelectorAll('#found li').length === 1")
        page.keyboard.press("Enter")
        press(page, "ArrowRight", "4")  # digits answer a doubt as well
        settled(page)
    assert [e.verdict.label for e in journal_of(folder)] == ["class-01", "class-09", "class-14", "class-03"]


def test_nothing_needs_a_mouse_and_nothing_traps_the_keyboard(folder: Path, people: Opener) -> None:
    with answering(folder) as server:
        page = people(server)
        spill = "[...document.querySelectorAll('#answers button')].filter(e => e.scrollWidth > e.clientWidth)"
        for width in (1280, 800):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(f"{spill}.map(e => e.id)") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("ArrowRight")
            answers = "[...document.querySelectorAll('#odd, #doubt button, #find')]"
            ends = page.evaluate(f"{answers}.map(e => e.getBoundingClientRect().right)")
            assert max(ends) <= width - 8
            page.keyboard.press("Escape")
        reached = set()
        for _ in range(14):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id"))
        assert {"queue", "open-summary", "open-classes", "open-help", "theme", "ok", "odd", "undo"} <= reached
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button:not([hidden]), input, select')].filter(e => e.offsetParent"
            " && !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"
        )
        assert unnamed == []
