"""Verdicts become a version: what is decided holds in it, and nothing else changed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.core import Act, ImageId, Verdict
from lydite.data.dataset import DatasetVersion, History, Intake, check_tree, check_version, materialise
from lydite.review.apply import apply_state
from lydite.review.fold import fold
from pictures import save
from review.acts import NOW, entries, item, said
from review.serving import plain


@pytest.fixture
def version(tmp_path: Path) -> DatasetVersion:
    rows: list[dict[str, object]] = []
    table = [("1", "a", "train"), ("2", "b", "train"), ("3", "b", "val"), ("4", None, "train")]
    for number, (name, label, split) in enumerate([*table, ("5", "a", "test")]):
        path = save(plain((30, 40), number), tmp_path / "photos" / f"{name}.png")
        image = {"image": str(ImageId.of_bytes(path.read_bytes())), "height": 30, "width": 40}
        place = {**image, "item": f"images:{name}.jpg", "source": "images", "path": f"{name}.png"}
        rows.append({**place, "label": label, "split": split})
    regions = [
        {"region": f"images:1.jpg#{n}", "item": "images:1.jpg", "number": n, "label": "a"}
        | {"x0": 1.0, "y0": 1.0, "x1": 9.0, "y1": 9.0}
        for n in range(3)
    ]
    intake = Intake.of(rows, regions, None, {"images": tmp_path / "photos"}, ())
    return DatasetVersion.begin(intake, "me", "import", NOW)


def applied(version: DatasetVersion, *verdicts: Verdict, **more: bool) -> tuple[DatasetVersion, pl.DataFrame]:
    state = fold(entries(verdicts), version.class_map.names)
    found = apply_state(version, state, "me", "review", **more)
    return found.version, found.report


def labels(version: DatasetVersion) -> dict[str, str | None]:
    names = [name.partition(":")[2][0] for name in version.items["item"]]
    return dict(zip(names, version.items["label"], strict=True))


def region(act: Act, number: int, label: str = "") -> Verdict:
    return Verdict(f"region-{number}-{act}", act, "anna", NOW, item("1"), number, label)


def test_each_decision_holds_and_the_rest_stays(version: DatasetVersion) -> None:
    after, report = applied(
        version,
        said(Act.KEEP, name="1", label="a"),
        said(Act.TRASH, name="2"),
        said(Act.KEEP, "anna", "3", "b"),
        said(Act.RELABEL, "bert", "3", "a"),
        said(Act.RELABEL, name="4", label="new"),
    )
    assert labels(after) == {"1": "a", "3": None, "4": "new", "5": "a"}
    assert after.class_map.names == ("a", "b", "new")
    assert after.parent == version.id
    outcomes = dict(zip(report["item"], report["outcome"], strict=True))
    assert outcomes["images:2.jpg"] == "trash"
    assert outcomes["images:3.jpg"] == "disputed"
    assert outcomes["images:5.jpg"] == "unseen"


def test_regions_are_accepted_refused_and_relabelled(version: DatasetVersion) -> None:
    after, _ = applied(version, region(Act.KEEP, 0, "a"), region(Act.TRASH, 1), region(Act.RELABEL, 2, "b"))
    assert list(zip(after.regions["number"], after.regions["label"], strict=True)) == [(0, "a"), (2, "b")]


def test_the_split_test_stays_unless_it_is_meant(version: DatasetVersion) -> None:
    word = said(Act.RELABEL, name="5", label="b")
    kept, report = applied(version, word, said(Act.TRASH, name="2"))
    assert labels(kept)["5"] == "a"
    assert not report.filter(pl.col("item") == "images:5.jpg")["applied"][0]
    meant, _ = applied(version, word, test_may_change=True)
    assert labels(meant)["5"] == "b"


def test_classes_renamed_and_merged_rename_everything(version: DatasetVersion) -> None:
    acts = said(Act.RENAME, label="a", target="apple"), said(Act.MERGE, label="b", target="apple")
    after, report = applied(version, *acts)
    assert labels(after) == {"1": "apple", "2": "apple", "3": "apple", "4": None, "5": "apple"}
    assert after.class_map.names == ("apple",)
    assert set(report["outcome"]) == {"unseen"}
    assert after.regions["label"].unique().to_list() == ["apple"]


def test_applying_again_changes_nothing(version: DatasetVersion) -> None:
    verdicts = (
        said(Act.RELABEL, name="1", label="b"),
        said(Act.TRASH, name="2"),
        said(Act.RENAME, label="a", target="apple"),
        region(Act.RELABEL, 0, "b"),
    )
    once, _ = applied(version, *verdicts)
    twice, _ = applied(once, *verdicts)
    assert twice is once


def test_the_new_version_is_sound_and_its_tree_agrees(tmp_path: Path, version: DatasetVersion) -> None:
    history = History(tmp_path / "shop")
    history.commit(version)
    after, _ = applied(version, said(Act.RELABEL, name="1", label="b"), said(Act.TRASH, name="2"))
    history.commit(after)
    assert check_version(history.head(), files=False) == []
    assert all(not placed.fault for placed in materialise(after, tmp_path / "tree"))
    assert check_tree(after, tmp_path / "tree") == []
    assert (tmp_path / "tree" / "train" / "b" / "1.jpg").exists()
