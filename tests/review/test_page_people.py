"""Several people on one page, and classes that change under their hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.review.fold import Standing, fold
from review.pages import Opener, journal_of, press, settled, until
from review.serving import answering

pytestmark = pytest.mark.browser


def test_two_reviewers_share_the_work_and_disagree(folder: Path, people: Opener) -> None:
    with answering(folder, overlap=0.25) as server:
        anna, bert = people(server, "anna", "all"), people(server, "bert", "all")
        for _ in range(18):
            for page, keys in ((anna, ("ArrowLeft",)), (bert, ("t",))):
                if not page.evaluate("document.body.matches('.finished')"):
                    press(page, *keys)
        settled(anna)
        settled(bert)
        state = fold(journal_of(folder))
        seen = [(w.reviewer, s) for s, d in state.decisions.items() for w in d.words]
        assert len(state.decisions) == 18
        assert len(seen) == 18 + 4  # a quarter is seen by both, nothing else twice
        disputed = [s for s, d in state.decisions.items() if d.standing is Standing.DISPUTED]
        assert len(disputed) == 4
        judge = people(server, "cleo", "disputes")
        assert "anna said" in judge.locator("#words").inner_text()
        press(judge, *("ArrowLeft",) * 4)
        settled(judge)
        state = fold(journal_of(folder))
        assert not [d for d in state.decisions.values() if d.standing is Standing.DISPUTED]
        anna.locator("#open-summary").click()
        anna.locator("#summary[open]").wait_for()
        assert "anna and bert: 0 of 4 alike" in anna.locator("#figures").inner_text()


def test_classes_are_added_renamed_and_merged_in_the_middle(folder: Path, people: Opener) -> None:
    with answering(folder) as server:
        page = people(server, queue="class:class-00")
        press(page, "ArrowLeft", "c")
        page.locator("#add input").fill("brand new")
        page.locator("#add button").click()
        page.get_by_label("Rename brand new").wait_for()
        page.get_by_label("Rename class-00").click()
        page.locator("#new-name").fill("class-01")
        page.locator("#change [type=submit]").click()
        until(page, "document.getElementById('refused').textContent.includes('There is a class')")
        page.get_by_label("Rename class-00").click()
        page.locator("#new-name").fill("first")
        page.locator("#change [type=submit]").click()
        page.get_by_label("Rename first").wait_for()
        page.get_by_role("button", name="Merge class-01", exact=True).click()
        page.locator("#into").select_option("class-02")
        page.locator("#change [type=submit]").click()
        page.get_by_role("button", name="Merge class-01", exact=True).wait_for(state="detached")
        page.keyboard.press("Escape")
        assert page.locator("#label").inner_text() == "first"
        press(page, "/")
        page.keyboard.type("brand")
        page.keyboard.press("Enter")
        settled(page)
        state = fold(journal_of(folder), ["class-00", "class-01", "class-02"])
    assert state.classes == ("first", "class-02", "brand new")
    assert sorted(d.label for d in state.decisions.values()) == ["brand new", "first"]
