"""The pages of exemplars."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lydite.core import ItemId
from lydite.reports import write_run_pages
from reports.conftest import Report
from reports.fake_run import FakeRun
from reports.html_check import Page, dead_links


def test_every_exemplar_has_its_card_with_its_counts(report: Report) -> None:
    page = report.pages["exemplars.html"]
    tables = [
        report.run.run.shelf.read_table(ItemId.parse(r.item))
        for r in report.run.records
        if r.status == "done"
    ]
    accepted = pl.concat(tables).filter(pl.col("outcome") == "accepted")
    cards = page.text("li", **{"class": "exemplar panel"}).splitlines()
    names = [*report.run.positive_names, *report.run.negative_names, "negative/twin.png"]
    assert len(cards) == len(names)
    for name in report.run.positive_names:
        (card,) = [text for text in cards if text.startswith(name)]
        assert f"{accepted.filter(pl.col('nearest_positive') == name).height} accepted as nearest" in card
    assert "resembles positive/apple/00.pngcosine 0.700" in page.text()
    assert "Picture positive/apple/<b>.jpg ends" in page.text()
    assert page.text("h1") == "Exemplars 4 positives, 2 negatives in use, 1 set aside"
    assert "(cosine + 1) / 2" in page.text()


def test_an_object_in_a_larger_picture_is_outlined(report: Report) -> None:
    page = report.pages["exemplars.html"]
    boxed = len(range(1, 7, 2))
    assert len(page.find("path", **{"class": "line"})) == boxed


def test_many_exemplars_are_paged_and_links_to_them_follow(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, exemplars_each=110, negatives=())
    run.add()
    index = write_run_pages(run.run, run.records)
    pages = [Page(index.parent / name) for name in ("exemplars.html", "exemplars-2.html")]
    assert [len(page.find("li", **{"class": "exemplar panel"})) for page in pages] == [200, 20]
    assert dead_links(index.parent) == []


def test_an_exemplar_that_is_gone_still_has_its_card(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    run.add()
    (tmp_path / "exemplars" / "0.png").unlink()
    index = write_run_pages(run.run, run.records)
    assert "does not exist" in Page(index.parent / "exemplars.html").text()
    assert dead_links(index.parent) == []
