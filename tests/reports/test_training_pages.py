"""Pages of a run and of a comparison: whole, offline, escaped, paged, true to the record, in a browser."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lydite.core import OutputConflict
from lydite.reports import write_comparison, write_training
from lydite.reports.pages import answers, training
from lydite.train.against import set_against
from lydite.train.finished import FinishedTraining
from lydite.train.plan import Plan
from lydite.train.recipe import Recipe, changed
from lydite.train.tasks import ImageTask
from reports.conftest import HOSTILE_CLASS
from reports.html_check import dead_links, read_pages
from train.fruit import draw, task_of
from train.made_runs import folded, make_run, renamed

HOSTILE_GROUP = "<b>'&\"group</b>"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    folder = draw(tmp_path_factory.mktemp("fruit"), each=10)
    plain = task_of(folder)
    return renamed(plain, {"apple": HOSTILE_CLASS}, {"apple-a": HOSTILE_GROUP})


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, task: ImageTask
) -> tuple[FinishedTraining, FinishedTraining]:
    folder = tmp_path_factory.mktemp("runs")
    other = changed(Recipe(), {"head.c": 3.0, "augment.profile": "full"})
    return (
        make_run(folder / "one", task, sure=1, epochs=3),
        make_run(folder / "two", task, sure=2, seed=1, recipe=other, plan=folded(task, 2)),
    )


@pytest.fixture(scope="module")
def report(runs: tuple[FinishedTraining, FinishedTraining]) -> Path:
    return write_training(runs[0]).parent


@pytest.fixture(scope="module")
def comparison(runs: tuple[FinishedTraining, FinishedTraining], report: Path) -> Path:
    return write_comparison(set_against(*runs, draws=50), report.parent.parent / "comparison").parent


def test_every_link_leads_somewhere_and_every_page_can_be_reached(report: Path, comparison: Path) -> None:
    assert dead_links(report) == []
    assert dead_links(comparison) == ["index.html: ../one/report/index.html"]
    for folder in (report, comparison):
        pages = read_pages(folder)
        linked = {link.partition("#")[0] for page in pages.values() for link in page.links()}
        assert set(pages) <= linked


def test_pages_are_offline_hold_no_data_in_scripts_and_tell_no_folder(
    report: Path, comparison: Path, task: ImageTask
) -> None:
    for folder in (report, comparison):
        for name, page in read_pages(folder).items():
            assert "http:" not in page.source.lower(), name
            assert "https:" not in page.source.lower(), name
            assert [set(script) for script in page.find("script")] == [{"src"}]
            assert page.text("script") == ""
            assert str(Path(task.paths[0]).parent.parent.parent) not in page.source, name
            assert str(report.parent.parent) not in page.source, name


def test_names_from_outside_never_become_markup(report: Path, comparison: Path) -> None:
    for folder in (report, comparison):
        texts = ""
        for page in read_pages(folder).values():
            assert "<img src=x" not in page.source
            assert "<b>'&" not in page.source
            assert not [a for _, a, _ in page.elements if any(name.startswith("on") for name in a)]
            texts += page.text()
        assert HOSTILE_CLASS in texts
        assert HOSTILE_GROUP in texts


def test_the_front_page_says_what_the_record_says(report: Path, task: ImageTask) -> None:
    record = json.loads((report / "training.json").read_text())
    page = read_pages(report)["index.html"]
    text = page.text("main")
    errors = len(record["errors"])
    assert f"{len(task) - errors} of {len(task)} pictures right" in text
    for name, label in (("accuracy", "accuracy"), ("log_loss", "log-loss"), ("brier", "Brier score")):
        figure = record["overall"][name]
        assert f"{label}{figure['value']:.3f}[{figure['low']:.3f}, {figure['high']:.3f}]" in text.replace(
            " [", "["
        )
    counts = np.array(record["confusion"]["counts"])
    assert page.text("td", **{"class": "hit"}).split() == [str(n) for n in np.diag(counts)]
    assert errors == counts.sum() - np.trace(counts)
    assert len(page.find("circle", **{"class": "reliable"})) == sum(
        one["accuracy"]["images"] > 0 for one in record["reliability"]
    )
    assert len(page.find("path", **{"class": "curve held"})) == 6
    assert len(page.find("path", **{"class": "curve learned"})) == 6
    assert len(page.find("span", **{"class": "key held"})) == 1
    assert f"{len(task)} pictures that the model never saw" in text


def test_errors_come_surest_first_and_each_has_its_picture(report: Path) -> None:
    record = json.loads((report / "training.json").read_text())
    page = read_pages(report)["errors-1.html"]
    assert len(page.find("li", **{"class": "answer"})) == len(page.find("img")) == len(record["errors"])
    surest = sorted(record["errors"], key=lambda error: -error["confidence"])
    shown = page.text("ul", **{"class": "answer-bars"}).split("\n")
    for error, text in zip(surest, shown, strict=True):
        assert text.startswith(f"{error['said']}{error['confidence']:.3f}")


def test_epochs_are_listed_by_fold(report: Path) -> None:
    page = read_pages(report)["epochs-1.html"]
    assert page.text("h1") == "Epochs 1–9 of 9"
    rows = page.text("tr").split("\n")[1:]
    assert len(rows) == 9
    assert rows[0].startswith("011.00000.50000.5000")


def test_where_no_epoch_is_chosen_nothing_speaks_of_held_out_rows(task: ImageTask, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", task, epochs=2)
    log = tuple({**line, "held_out": None} for line in run.log if line["kind"] != "selected")
    pages = read_pages(write_training(replace(run, log=log)).parent)
    assert pages["epochs-1.html"].text("thead") == "foldepochlosslearning ratepixelsseconds"
    assert pages["epochs-1.html"].text("tr").split("\n")[1] == "011.00000.001640.5"
    assert not pages["index.html"].find("span", **{"class": "key held"})
    assert not pages["index.html"].find("path", **{"class": "curve held"})
    assert "while learning, on varied pictures and smoothed labels. One line a fold." in pages[
        "index.html"
    ].text("main")


def test_a_comparison_says_what_its_record_says(comparison: Path, task: ImageTask) -> None:
    record = json.loads((comparison / "comparison.json").read_text())
    pages = read_pages(comparison)
    text = pages["index.html"].text("main")
    assert record["verdict"] in text
    assert record["images"] == len(task)
    assert f"p = {record['p_value']:.4f}" in text
    for kind in ("improved", "worsened"):
        page = pages[f"{kind}-1.html"]
        assert len(page.find("li", **{"class": "answer"})) == len(record[kind])
        assert len(page.find("ul", **{"class": "answer-bars wrong"})) == len(record[kind])
    assert "head.c303" in text.replace(".0", "")
    assert "augment.profile" in text


def test_a_run_against_itself_cannot_be_told_apart(
    runs: tuple[FinishedTraining, FinishedTraining], tmp_path: Path
) -> None:
    write_comparison(set_against(runs[0], runs[0], draws=20), tmp_path / "same")
    text = read_pages(tmp_path / "same")["index.html"].text("main")
    assert "The runs cannot be told apart" in text
    assert "Nothing: same recipe, data, folds, seed and version." in text


def test_thousands_are_paged(
    runs: tuple[FinishedTraining, FinishedTraining], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ANSWERS_PER_PAGE", 4)
    monkeypatch.setattr(training, "EPOCHS_PER_PAGE", 4)
    write_training(runs[0], tmp_path / "paged")
    assert len(list((tmp_path / "paged").glob("samples-*.html"))) == 8
    assert len(list((tmp_path / "paged").glob("epochs-*.html"))) == 3
    assert dead_links(tmp_path / "paged") == []
    monkeypatch.undo()
    write_training(runs[0], tmp_path / "paged")
    assert len(list((tmp_path / "paged").glob("samples-*.html"))) == 1


def test_the_same_run_gives_the_same_pages(
    runs: tuple[FinishedTraining, FinishedTraining], report: Path, tmp_path: Path
) -> None:
    write_training(runs[0], tmp_path / "again")
    for path in report.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(report)).read_bytes(), (
                path.name
            )


def test_a_run_that_is_not_ready_says_so(tmp_path: Path, task: ImageTask) -> None:
    run = make_run(tmp_path / "run", task, ready=1)
    text = read_pages(write_training(run).parent)["index.html"].text("main")
    assert "This run was interrupted; the same command goes on with it. 1 of 3 folds are ready." in text
    assert "Nothing may be scored yet." in text
    assert "fold 1not ready" in text.replace(" not ready", "not ready")
    assert dead_links(run.folder / "report") == []


def test_a_run_without_held_out_rows_shows_its_test_split(tmp_path: Path, task: ImageTask) -> None:
    tested = replace(task, splits=tuple("test" if row % 5 == 0 else "" for row in range(len(task))))
    run = make_run(tmp_path / "run", tested, plan=Plan.of_everything(tested))
    text = read_pages(write_training(run).parent)["index.html"].text("main")
    assert "of 6 pictures right" in text
    assert "Scored on the split test." in text


def test_many_classes_show_the_most_confused(
    tmp_path: Path, task: ImageTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "WIDEST", 2)
    page = read_pages(write_training(make_run(tmp_path / "run", task, sure=0)).parent)["index.html"]
    assert "The 2 classes with the most confusions" in page.text("main")
    assert len(page.find("td", **{"class": "hit"})) == 2


def test_pictures_that_are_gone_or_changed_leave_their_place(tmp_path: Path) -> None:
    folder = draw(tmp_path / "fruit", each=4)
    run = make_run(tmp_path / "run", task_of(folder))
    files = sorted(folder.rglob("*.png"))
    files[0].unlink()
    shutil.copy(files[2], files[1])
    page = read_pages(write_training(run).parent)["samples-1.html"]
    assert len(page.find("span", **{"class": "missing"})) == 2
    assert len(page.find("img")) == 10


def test_a_folder_of_something_else_is_left_alone(
    runs: tuple[FinishedTraining, FinishedTraining], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(OutputConflict, match=r"is not empty and holds no training\.json\."):
        write_training(runs[0], tmp_path)
    with pytest.raises(OutputConflict, match=r"is not empty and holds no comparison\.json\."):
        write_comparison(set_against(*runs, draws=10), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
