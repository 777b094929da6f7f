"""All pages of a run: whole, offline, escaped, paged, streamed, the same again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.core import ItemId
from lydite.detect.settings import ReportSettings
from lydite.detect.store import ImageRecord
from lydite.reports import run_pages, write_run_pages
from lydite.reports.picture_art import draw_picture
from reports.conftest import HOSTILE, HOSTILE_CLASS, Report
from reports.fake_run import FakeRun
from reports.html_check import Page, dead_links, read_pages


def test_every_link_leads_somewhere_inside_the_report(report: Report) -> None:
    assert dead_links(report.folder) == []


def test_every_page_can_be_reached_from_the_front_page(report: Report) -> None:
    reached, frontier = set(), {"index.html"}
    while frontier:
        name = frontier.pop()
        reached.add(name)
        page = report.pages[name]
        targets = {(page.path.parent / link.partition("#")[0]).resolve() for link in page.links()}
        frontier |= {n for n, p in report.pages.items() if p.path.resolve() in targets} - reached
    assert reached == set(report.pages)


def test_nothing_comes_from_the_network(report: Report) -> None:
    for path in report.folder.rglob("*"):
        if path.suffix in {".html", ".css", ".js"}:
            text = path.read_text(encoding="utf-8").lower()
            assert "http:" not in text, path.name
            assert "https:" not in text, path.name
            assert "@import" not in text, path.name


def test_scripts_are_classic_and_hold_no_data(report: Report) -> None:
    for page in report.pages.values():
        scripts = page.find("script")
        assert [set(script) for script in scripts] == [{"src"}]
        assert page.text("script") == ""


def test_texts_from_outside_never_become_markup(report: Report) -> None:
    shown = 0
    for page in report.pages.values():
        assert "<script>alert" not in page.source
        assert "<img src=x" not in page.source
        assert not page.find("i", title="") or "broken <i>" not in page.source
        assert not [a for _, a, _ in page.elements if any(name.startswith("on") for name in a)]
        shown += HOSTILE in page.text("h1")
    assert shown == 1
    assert HOSTILE_CLASS in report.pages["index.html"].text()


def test_the_front_page_says_what_happened(report: Report) -> None:
    text = report.pages["index.html"].text("main")
    accepted = sum(record.funnel.get("accepted", 0) for record in report.run.records)
    assert f"{accepted} instances in 6 pictures" in text
    assert "4 positive examples and 2 negatives" in text
    assert "negative/twin.png resembles positive/apple/00.png cos 0.700" in text
    assert "Picture broken <i>.jpg ends before its last row. Seen: 12 bytes" in text
    assert "min_pos_score" in text
    assert "negative/leaf.png" in text


def test_the_funnel_of_the_front_page_adds_up(report: Report) -> None:
    funnel = pl.DataFrame([r.funnel for r in report.run.records if r.funnel]).sum().row(0, named=True)
    text = report.pages["index.html"].text("ol", **{"class": "funnel"})
    for stage in ("proposed", "scored", "accepted"):
        assert f"{stage} {funnel[stage]:,}" in text
    assert f"− {funnel['refused']:,} refused" in text


def test_a_thousand_pictures_make_twenty_one_pages(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, negatives=())
    for _ in range(3):
        run.add(size_hw=(12, 16), candidates=2)
    for number in range(997):
        run.add_failed(f"gone-{number}.jpg", "Picture is gone.")
    index = write_run_pages(run.run, run.records)
    galleries = sorted(path.name for path in index.parent.glob("gallery-*.html"))
    assert len(galleries) == 21
    counts = [len(Page(index.parent / name).find("li", **{"class": "card"})) for name in galleries]
    assert sorted(counts) == [40, *[48] * 20]
    assert dead_links(index.parent) == []
    assert "and 973 more, all in summary.json" in Page(index).text()


def test_a_run_without_pictures_has_pages_all_the_same(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    index = write_run_pages(run.run, [])
    assert "0 instances in 0 pictures" in Page(index).text("h1")
    assert dead_links(index.parent) == []


def test_writing_again_changes_nothing(report: Report) -> None:
    before = {p: p.read_bytes() for p in report.folder.rglob("*") if p.is_file()}
    write_run_pages(report.run.run, report.run.records)
    after = {p: p.read_bytes() for p in report.folder.rglob("*") if p.is_file()}
    assert before == after


def test_the_pages_go_where_they_are_told(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add()
    index = write_run_pages(run.run, run.records, out=tmp_path / "elsewhere")
    assert index == tmp_path / "elsewhere" / "index.html"
    assert not (run.run.path / "report").exists()


def test_only_one_picture_is_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = FakeRun(tmp_path)
    for _ in range(5):
        run.add()
    order: list[str] = []

    def draw(*args: object) -> object:
        order.append("open")
        return draw_picture(*args)  # type: ignore[arg-type]

    def write(*args: object) -> None:
        order.append("page")

    monkeypatch.setattr(run_pages, "draw_picture", draw)
    monkeypatch.setattr(run_pages, "write_picture_page", write)
    write_run_pages(run.run, run.records)
    assert order == ["open", "page"] * 5


def test_a_picture_that_is_gone_still_has_its_page(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    detection = run.add()
    Path(run.records[0].path).unlink()
    index = write_run_pages(run.run, run.records)
    (page,) = [p for n, p in read_pages(index.parent).items() if n.startswith("pictures/")]
    assert "does not exist" in page.text("p", **{"class": "alert"})
    assert len(page.find("g", **{"class": "region accepted"})) == detection.decisions.accepted.sum()
    assert dead_links(index.parent) == []


def test_a_picture_that_changed_says_so(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add(size_hw=(48, 64))
    other = FakeRun(tmp_path / "other")
    other.add()
    other.add(size_hw=(48, 64))
    Path(run.records[0].path).write_bytes(Path(other.records[1].path).read_bytes())
    index = write_run_pages(run.run, run.records)
    (page,) = [p for n, p in read_pages(index.parent).items() if n.startswith("pictures/")]
    assert page.text("p", **{"class": "alert"}) == "The file has changed since it was looked at."


def test_no_page_says_where_the_files_lie(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, negatives=("leaf.png",))
    for _ in range(2):
        run.add()
    Path(run.records[0].path).unlink()
    gone = tmp_path / "pictures" / "gone.png"
    run.records.append(
        ImageRecord("pictures:gone.png", str(gone), "failed", error=f"Picture {gone} is gone.")
    )
    (tmp_path / "exemplars" / "0.png").unlink()
    index = write_run_pages(run.run, run.records)
    for path in index.parent.rglob("*.html"):
        assert str(tmp_path) not in path.read_text(encoding="utf-8"), path.name
    assert "Picture gone.png is gone." in Page(index).text()


def test_what_is_cut_off_is_counted(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add(candidates=80)
    index = write_run_pages(run.run, run.records, ReportSettings(keep_rejected=3, keep_rejected_min=0.1))
    (page,) = [p for n, p in read_pages(index.parent).items() if n.startswith("pictures/")]
    assert f"refused 3 of {run.records[0].funnel['refused']}" in page.text("form")


def test_keep_rejected_changes_what_is_drawn(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add(candidates=80)
    table = run.run.shelf.read_table(ItemId.parse(run.records[0].item))
    worth = table.filter((pl.col("outcome") == "refused") & (pl.col("score") >= 0.55)).height
    assert worth > 3
    for keep, drawn in ((0, 0), (3, 3), (500, worth)):
        settings = ReportSettings(keep_rejected=keep, keep_rejected_min=0.55)
        index = write_run_pages(run.run, run.records, settings)
        (page,) = [p for n, p in read_pages(index.parent).items() if n.startswith("pictures/")]
        assert len(page.find("g", **{"class": "region refused"})) == drawn
