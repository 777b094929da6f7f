"""What the page shows: pictures of every shape, copies, boxes and masks, hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import Act
from lydite.review.journal import open_journal
from pictures import save
from reports.fake_run import FakeRun
from review.pages import Opener, press, settled, shown, until
from review.serving import answering, plain

pytestmark = pytest.mark.browser


def test_copies_lie_side_by_side(tmp_path: Path, folder: Path, people: Opener) -> None:
    table = tmp_path / "findings.csv"
    lines = ["check,item,score,other,evidence"]
    lines += [f"near_duplicate,images:class-00/{k}.png,0.9,images:class-01/{k}.png,hash" for k in range(2)]
    table.write_text("\n".join(lines))
    with answering(folder, findings=[table]) as server:
        page = people(server, queue="finding:near_duplicate")
        page.wait_for_selector("#frames.several img")
        assert page.locator("#frames figure").count() == 2
        assert page.locator("#reasons").inner_text().lower() == "near duplicate hash"
        pair = {page.locator("#name").inner_text()}
        press(page, "t")
        pair.add(page.locator("#name").inner_text())
        assert pair == {"class-00/0.png", "class-01/0.png"}  # a family is seen together
        press(page, *("ArrowLeft",) * 3)
        until(page, "document.getElementById('note').textContent.includes('This queue is done')")
        until(page, "document.getElementById('note').textContent.includes('Random slice (14)')")
        page.keyboard.press("Enter")
        until(page, "document.body.matches('.looking')")
        assert page.locator("#queue").input_value() == "random"


def test_pictures_of_every_shape_fit(tmp_path: Path, people: Opener) -> None:
    sizes = {
        "huge": (3000, 4000),
        "tiny": (3, 4),
        "dot": (1, 1),
        "portrait": (1600, 90),
        "panorama": (60, 3000),
    }
    for number, (name, size) in enumerate(sizes.items()):
        save(plain(size, number), tmp_path / "odd" / "a" / f"{name}.png")
    (tmp_path / "odd" / "a" / "zz-broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    with answering(tmp_path / "odd") as server:
        page = people(server, queue="all")
        for _ in sizes:
            page.wait_for_selector("#frames img")
            until(page, "document.body.matches('.looking')")
            name = Path(shown(page)).stem
            box, stage = (page.locator(s).bounding_box() for s in (".sheet", "#stage"))
            assert box is not None
            assert stage is not None
            assert box["width"] <= stage["width"]
            assert box["height"] <= stage["height"]
            ratio = sizes[name][1] / sizes[name][0]
            assert box["width"] == pytest.approx(max(1, box["height"] * ratio), rel=0.05, abs=1.5)
            page.keyboard.press("+")
            before = shown(page)
            page.keyboard.press("ArrowLeft")
            until(page, f"document.getElementById('name').textContent !== '{before}'")
        page.wait_for_selector("#note:not([hidden])")
        assert "cannot be shown" in page.locator("#note").inner_text()


def test_hostile_names_are_text(tmp_path: Path, people: Opener) -> None:
    bad = '<img src=x onerror="alert(1)">&quot;\u202e'
    save(plain((40, 40), 1), tmp_path / "bad" / bad.replace("/", "") / "<script>alert(2)<!--.png")
    save(plain((40, 40), 2), tmp_path / "bad" / "' onload='alert(3)" / "a.png")
    with answering(tmp_path / "bad") as server:
        page = people(server, "<b>anna</b>", "all")
        texts = page.locator("#label").inner_text() + page.locator("#name").inner_text()
        assert "onload='" in texts or "onerror=" in texts
        press(page, "c")
        page.locator("#class-rows tr").first.wait_for()
        made = "main script, #side b, #queue b, #class-rows img"
        assert page.locator(made).count() == 0


def test_boxes_and_masks_are_accepted_refused_and_relabelled(tmp_path: Path, people: Opener) -> None:
    """The regions of a run of detection, in the same page."""
    run = FakeRun(tmp_path / "work", classes=("apple", "pear"))
    for _ in range(2):
        run.add(lift=0.4)
    run.finish()
    with answering(run.run.path) as server:
        page = people(server, queue="all")
        assert page.locator("#ok").inner_text().strip().endswith("Accept")
        assert page.locator("#frames svg path.line").count() == 1
        drawn = page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('.line')).strokeWidth)"
            " * document.querySelector('.sheet').style.getPropertyValue('--zoom')"
        )
        assert drawn == pytest.approx(2.2, abs=0.05)  # as thin on the screen however much is enlarged
        press(page, " ", "ArrowLeft", "ArrowRight", "t", "2")
        settled(page)
    book = open_journal(run.run.path / "review" / "journal.db")
    verdicts = [entry.verdict for entry in book.read()]
    book.close()
    assert [v.act for v in verdicts][:2] == [Act.KEEP, Act.TRASH]
    assert all(v.region is not None for v in verdicts)
