"""Pages of evaluations and differences: whole, offline, escaped, paged, with links to the run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from detect.finished_runs import evaluated, own_truth
from lydite.core import OutputConflict
from lydite.detect.diff import diff_runs
from lydite.detect.truth import TruthSource
from lydite.reports import write_diff, write_evaluation
from lydite.reports.pages import changes, errors
from reports.conftest import HOSTILE, HOSTILE_CLASS
from reports.fake_run import FakeRun
from reports.html_check import Page, dead_links, read_pages
from reports.result_pages import Written, write_results

KINDS = ("evaluation", "diff")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_results(tmp_path_factory.mktemp("results"))


def pages_of(written: Written, kind: str) -> dict[str, Page]:
    return read_pages(written.evaluation if kind == "evaluation" else written.diff)


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_leads_somewhere(written: Written, kind: str) -> None:
    folder = written.evaluation if kind == "evaluation" else written.diff
    outside = 0
    for line in dead_links(folder):
        name, _, link = line.partition(": ")
        parts = urlsplit(link)
        target = (folder / name).parent / unquote(parts.path)
        assert target.is_file(), line
        assert "report" in target.resolve().parts, line
        if parts.fragment:
            assert f'id="{parts.fragment}"' in target.read_text(encoding="utf-8"), line
        outside += "pictures/" in parts.path
    assert outside > 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_can_be_reached(written: Written, kind: str) -> None:
    pages = pages_of(written, kind)
    linked = {link.partition("#")[0] for page in pages.values() for link in page.links()}
    assert set(pages) <= linked


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_offline_and_their_scripts_hold_no_data(written: Written, kind: str) -> None:
    for name, page in pages_of(written, kind).items():
        assert "http:" not in page.source.lower(), name
        assert "https:" not in page.source.lower(), name
        assert [set(script) for script in page.find("script")] == [{"src"}]
        assert page.text("script") == ""
        assert str(written.fake.root) not in page.source, name


@pytest.mark.parametrize("kind", KINDS)
def test_texts_from_outside_never_become_markup(written: Written, kind: str) -> None:
    texts = ""
    for page in pages_of(written, kind).values():
        assert "<script>alert" not in page.source
        assert "<img src=x" not in page.source
        assert not [a for _, a, _ in page.elements if any(name.startswith("on") for name in a)]
        texts += page.text()
    assert HOSTILE_CLASS in texts
    assert HOSTILE in texts


def test_the_front_page_of_an_evaluation_says_what_the_record_says(written: Written) -> None:
    record = json.loads((written.evaluation / "evaluation.json").read_text())
    page = pages_of(written, "evaluation")["index.html"]
    text = page.text("main")
    f1 = record["overall"]["f1"]
    assert f"F1{f1['value']:.3f}[{f1['low']:.3f}, {f1['high']:.3f}]" in text
    assert f"{record['true_instances']} true instances, {record['accepted_instances']} accepted" in text
    assert "1 picture failed in the run, left out: pictures:broken <i>.jpg" in text
    counts = record["confusion"]["counts"]
    assert page.text("td", **{"class": "hit"}).split() == [str(counts[0][0]), str(counts[1][1]), "·"]
    assert page.text("td", **{"class": "off"}).split()[:2] == [str(counts[0][1]), str(counts[0][2])]
    assert len(page.find("path", **{"class": "curve"})) == len(record["curves"])


def test_each_error_has_a_window_with_its_outline(written: Written) -> None:
    record = json.loads((written.evaluation / "evaluation.json").read_text())
    pages = pages_of(written, "evaluation")
    for kind, shape in (("misses", "missed"), ("false_alarms", "found")):
        page = pages[f"{kind.replace('_', '-')}-1.html"]
        assert len(page.find("li", **{"class": "error"})) == len(record[kind]) > 2
        assert len(page.find("path", **{"class": f"line {shape}"})) >= len(record[kind])
        assert len(page.find("image")) == len(record[kind])


def test_the_front_page_of_a_difference_says_what_the_record_says(written: Written) -> None:
    record = json.loads((written.diff / "diff.json").read_text())
    pages = pages_of(written, "diff")
    text = pages["index.html"].text("main")
    assert f"{len(record['changes'])} changes between two runs" in text
    assert "min_pos_score0.780.6" in text
    for kind, stem in changes.STEMS.items():
        count = sum(change["kind"] == kind for change in record["changes"])
        assert len(pages[f"{stem}-1.html"].find("li", **{"class": "change"})) == count
    assert {change["kind"] for change in record["changes"]} >= {"vanished", "changed class", "moved"}


def test_what_is_withheld_is_said_with_its_reason(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add(lift=0.2)
    run = fake.finish()
    result = evaluated(run, TruthSource(own_truth(fake), not_exhaustive=("*",)))
    write_evaluation(result, tmp_path / "out")
    pages = read_pages(tmp_path / "out")
    assert "Withheld: F1, precision, oracle F1" in pages["index.html"].text("main")
    assert "declared not exhaustive" in pages["index.html"].text("main")
    assert "Not known: the annotation is declared not exhaustive" in pages["false-alarms-1.html"].text("main")
    assert dead_links(tmp_path / "out") == []


def test_thousands_are_paged(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "ERRORS_PER_PAGE", 2)
    monkeypatch.setattr(changes, "CHANGES_PER_PAGE", 2)
    fake, run = written.fake, written.fake.finish()
    write_evaluation(evaluated(run, TruthSource(own_truth(fake, drop=2))), tmp_path / "one")
    assert len(list((tmp_path / "one").glob("false-alarms-*.html"))) == 3
    assert dead_links(tmp_path / "one") == []
    before = len(list((tmp_path / "one" / "windows").iterdir()))
    write_evaluation(evaluated(run, TruthSource(own_truth(fake))), tmp_path / "one")
    assert len(list((tmp_path / "one").glob("false-alarms-*.html"))) == 1
    assert len(list((tmp_path / "one" / "windows").iterdir())) < before


def test_the_same_result_gives_the_same_pages(written: Written, tmp_path: Path) -> None:
    run = written.fake.finish()
    for name in ("one", "two"):
        write_evaluation(evaluated(run, TruthSource(own_truth(written.fake, drop=1))), tmp_path / name)
        write_diff(diff_runs(run, run), tmp_path / f"diff-{name}")
    for kind in ("", "diff-"):
        for path in (tmp_path / f"{kind}one").rglob("*"):
            if path.is_file():
                twin = tmp_path / f"{kind}two" / path.relative_to(tmp_path / f"{kind}one")
                assert path.read_bytes() == twin.read_bytes(), path.name


def test_pages_without_pictures_still_show_outlines(written: Written, tmp_path: Path) -> None:
    shutil.copytree(written.fake.root / "run", tmp_path / "run")
    fake = FakeRun(tmp_path / "gone")
    fake.add(lift=0.2)
    run, truth = fake.finish(), own_truth(fake, drop=1)
    for picture in (fake.root / "pictures").glob("*.png"):
        picture.unlink()
    write_evaluation(evaluated(run, TruthSource(truth)), tmp_path / "out")
    page = read_pages(tmp_path / "out")["false-alarms-1.html"]
    assert page.find("rect", **{"class": "no-picture"})
    assert not page.find("image")


def test_a_folder_of_something_else_is_left_alone(written: Written, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    run = written.fake.finish()
    result = evaluated(run, TruthSource(own_truth(written.fake)))
    with pytest.raises(OutputConflict, match=r"is not empty and holds no evaluation\.json\. Choose a new"):
        write_evaluation(result, tmp_path)
    with pytest.raises(OutputConflict, match=r"is not empty and holds no diff\.json\. Choose a new"):
        write_diff(diff_runs(run, run), tmp_path)
    with pytest.raises(OutputConflict, match=r"mine\.txt is a file\. Name a folder with --out\."):
        write_diff(diff_runs(run, run), tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
