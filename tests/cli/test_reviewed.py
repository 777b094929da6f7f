"""What people accepted and refused teaches the next run."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.support_cli import lydite, words
from lydite.cli.review_source import open_source
from lydite.cli.reviewed import read_reviewed
from lydite.core import Act, RegionId, Verdict
from lydite.data.shelf import ShelfPaths, write_shelf
from lydite.detect import FinishedRun, evaluate_run, load_bank, summarise_matching
from lydite.review import open_journal
from reports.fake_run import FakeRun
from review.by_truth import judge_regions

FIRST, SECOND = slice(0, 2), slice(2, 4)
OPEN = ("--min-pos-score", 0.55, "--consensus-thr", 0.55)
"""So much passes that there is something to accept and much to refuse."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ShelfPaths:
    """Four shelves, and two examples of an aubergine: nothing says what is none."""
    root = tmp_path_factory.mktemp("shelf")
    made = write_shelf(root, 10, scenes=4, exemplars_per_class=2, negatives=0, empty=0, size_hw=(300, 400))
    for folder in made.positive.iterdir():
        if folder.name != "aubergine":
            shutil.rmtree(folder)
    return made


def detect(shelf: ShelfPaths, part: slice, out: Path, *more: object) -> FinishedRun:
    pictures = sorted(shelf.scenes.iterdir())[part]
    command = ("detect", "run", *pictures, "--positive", shelf.positive, "--out", out)
    done = lydite(*command, "--preset", "soft", *OPEN, "--no-pages", "--quiet", *more)
    assert done.code == 0, done.err
    return FinishedRun.open(out)


def f1(run: FinishedRun, shelf: ShelfPaths) -> float:
    return float(summarise_matching(evaluate_run(run.folder, run.records, shelf.truth), 0.5)["f1"])


def test_what_was_judged_raises_f1_on_other_pictures(tmp_path: Path, shelf: ShelfPaths) -> None:
    first = detect(shelf, FIRST, tmp_path / "first")
    command = ("detect", "run", shelf.scenes, "--out", tmp_path / "out", "--reviewed")
    assert "Nobody has accepted or refused a region" in words(lydite(*command, first.path).err)
    assert "Only a workspace or a run has regions" in words(lydite(*command, shelf.scenes).err)
    with_bank = lydite(*command, first.path, "--bank", tmp_path / "a.bank")
    assert "Option --bank holds its own examples." in words(with_bank.err)
    elsewhere = ("--journal", tmp_path / "elsewhere.db")
    alone = lydite(*command[:-1], "--positive", shelf.positive, *elsewhere)
    assert "there is no --reviewed" in words(alone.err)
    source = open_source(first.path, str(elsewhere[1]))
    book = open_journal(source.journal)
    verdicts = judge_regions(source.pile, shelf.truth)
    assert {each.act for each in verdicts} == {Act.KEEP, Act.TRASH}
    book.append(verdicts)
    book.close()
    reviewed = ("--reviewed", first.path, *elsewhere)
    before = f1(detect(shelf, SECOND, tmp_path / "before"), shelf)
    after = f1(detect(shelf, SECOND, tmp_path / "after", *reviewed), shelf)
    assert after > before
    done = lydite("detect", "bank", shelf.positive, *reviewed, "--out", tmp_path / "kept.bank")
    assert done.code == 0, done.err
    assert load_bank(tmp_path / "kept.bank").bank.negatives is not None


def test_each_region_speaks_as_people_agreed(tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "work", classes=("apple", "pear"))
    for _ in range(3):
        run.add(lift=0.4)
    run.finish()
    source = open_source(run.run.path, None)
    acts = [(Act.KEEP, "apple"), (Act.RELABEL, "pear"), (Act.TRASH, ""), (Act.UNSURE, "")]
    book = open_journal(source.journal)
    for number, (subject, (act, label)) in enumerate(zip(source.pile.subjects, acts, strict=False)):
        assert isinstance(subject, RegionId)
        now = datetime.now(UTC)
        book.append([Verdict(f"verdict-{number}", act, "anna", now, subject.item, subject.number, label)])
        if number == 0:  # of which somebody else says something else
            book.append([Verdict("verdict-x", Act.TRASH, "bert", now, subject.item, subject.number)])
    book.close()
    found = {each.name.rpartition("/")[2]: each for each in read_reviewed(run.run.path)}
    subjects = [str(subject) for subject in source.pile.subjects[:4]]
    names = {name.rpartition("/")[2]: name for name in subjects}
    assert set(found) <= set(names)
    said = [found[name.rpartition("/")[2]].class_name for name in subjects[1:3]]
    assert said == ["pear", None]
    assert len(found) == 2  # nothing of what is disputed or unsure
    assert all(each.rle or each.box for each in found.values())
    unclear = {str(source.pile.subjects[row]).partition("#")[0] for row in (0, 3)}
    assert not [n for n, each in found.items() if each.judged and names[n].partition("#")[0] in unclear]
    book = open_journal(source.journal)
    for number, subject in enumerate(source.pile.subjects):  # somebody settles all
        assert isinstance(subject, RegionId)
        place = (datetime.now(UTC), subject.item, subject.number, "apple")
        book.append([Verdict(f"settled-{number}", Act.KEEP, "cleo", *place, adjudicates=True)])
    book.close()
    settled = read_reviewed(run.run.path)
    assert len(settled) == len(source.pile)
    assert all(each.judged for each in settled)
