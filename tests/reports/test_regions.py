"""What the page of a picture says about each candidate."""

from __future__ import annotations

import polars as pl

from lydite.core import ItemId
from lydite.detect.settings import ReportSettings
from lydite.reports.overlays import Frame
from lydite.reports.regions import choose
from reports.conftest import Report
from reports.html_check import Page

SETTINGS = ReportSettings()


def table_of(report: Report, number: int) -> pl.DataFrame:
    return report.run.run.shelf.read_table(ItemId.parse(report.run.records[number].item))


def rows_of(page: Page) -> dict[int, str]:
    return {
        int(attributes["data-region"]): " ".join("".join(pieces).split())
        for tag, attributes, pieces in page.elements
        if tag == "tbody" and "data-region" in attributes
    }


def test_every_accepted_instance_is_drawn_and_listed(report: Report) -> None:
    for number in range(5):
        accepted = table_of(report, number).filter(pl.col("outcome") == "accepted")
        page = report.page_of(number)
        drawn = {int(g["data-region"]) for g in page.find("g", **{"class": "region accepted"})}
        assert drawn == set(accepted["region"].to_list())
        assert drawn <= set(rows_of(page))


def test_every_listed_refusal_names_its_rules_its_neighbours_and_its_flip(report: Report) -> None:
    seen = 0
    for number in range(5):
        listed = rows_of(report.page_of(number))
        commands = {
            button["data-copy"] for button in report.page_of(number).find("button", **{"class": "copy"})
        }
        refused = table_of(report, number).filter(pl.col("outcome").is_in(["refused", "suppressed"]))
        for row in refused.filter(pl.col("region").is_in(list(listed))).iter_rows(named=True):
            text = listed[row["region"]]
            assert row["blocks"]
            assert all(block["rule"] in text for block in row["blocks"])
            assert row["nearest_positive"].partition("/")[2] in text
            assert row["nearest_negative"].partition("/")[2] in text
            for change in row["flip"]:
                if change["setting"] != "require_pos_gt_neg":
                    assert f"--{change['setting'].replace('_', '-')} {change['value']!r}" in text
            assert any(
                all(repr(c["value"]) in command or not c["value"] for c in row["flip"])
                for command in commands
            )
            seen += 1
    assert seen > 10


def test_a_picture_without_instance_says_why(report: Report) -> None:
    table, page = table_of(report, 2), report.page_of(2)
    assert not table.filter(pl.col("outcome") == "accepted").height
    text = page.text("section", **{"class": "empty-why"})
    assert "Nothing here was accepted 24 candidates looked at" in text
    counts = table.explode("blocks").unnest("blocks").group_by("rule", "outcome").len()
    for rule, outcome, count in counts.filter(pl.col("outcome") == "refused").iter_rows():
        assert f"{rule} {outcome}" in text.replace(f"{rule}{outcome}", f"{rule} {outcome}")
        assert str(count) in text


def test_a_picture_without_candidate_says_so(report: Report) -> None:
    assert "No candidate was proposed" in report.page_of(3).text()


def test_refused_rows_must_reach_the_least_score_and_come_best_first(report: Report) -> None:
    table = table_of(report, 1)
    shown = choose(table, ReportSettings(keep_rejected=5, keep_rejected_min=0.55))
    assert shown.refused["rank"].is_sorted(descending=True)
    assert (shown.refused["score"] >= 0.55).all()
    assert len(shown.refused) == min(5, shown.refused_worth)


def test_an_empty_picture_shows_its_closest_candidates_below_the_least_score(report: Report) -> None:
    shown = choose(table_of(report, 2), ReportSettings(keep_rejected_min=1.0))
    assert len(shown.refused) == 3
    assert shown.refused_worth == 0
    assert not len(choose(table_of(report, 2), ReportSettings(keep_rejected=0)).refused)


def test_labels_slide_with_their_region_and_stay_inside(report: Report) -> None:
    page = report.page_of(1)
    places = [
        float(label["style"].partition("--at:")[2].partition("%")[0])
        for label in page.find("span", **{"class": "label "})
    ]
    assert places
    assert all(0 <= place <= 100 for place in places)
    assert Frame.fit((48, 64), 1600).width == 64
