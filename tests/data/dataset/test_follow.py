"""A tree follows its dataset: pictures move, what left lies in quarantine, a kill loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from lydite.core import ClassMap, OutputConflict, UsageError
from lydite.data.dataset import (
    DatasetVersion,
    Intake,
    batch_name,
    check_batch,
    check_tree,
    follow,
    materialise,
    plan_moves,
    read_quarantined,
    read_tree,
)
from lydite.data.dataset.clone import digest_file
from pictures import save
from review.acts import NOW
from review.serving import plain
from support import REPOSITORY


@pytest.fixture
def before(tmp_path: Path) -> DatasetVersion:
    return version_of(tmp_path)


def version_of(root: Path) -> DatasetVersion:
    """Six pictures; two of them show the same, two bear one name in two folders."""
    rows: list[dict[str, object]] = []
    for number, (name, label) in enumerate(
        [("x/1", "a"), ("y/1", "b"), ("2", "a"), ("3", "b"), ("4", "b"), ("5", "a")]
    ):
        path = save(plain((20, 30), 3 if name == "4" else number), root / "photos" / f"{name}.png")
        place = {"item": f"images:{name}.png", "source": "images", "path": f"{name}.png", "label": label}
        rows.append({**place, "image": digest_file(path), "height": 20, "width": 30})
    intake = Intake.of(rows, [], ClassMap(("a", "b")), {"images": root / "photos"}, ())
    return DatasetVersion.begin(intake, "me", "import", NOW)


def changed(version: DatasetVersion) -> DatasetVersion:
    """Names change places, one is relabelled, one goes."""
    label = pl.col("item").replace_strict(
        {"images:x/1.png": "b", "images:y/1.png": "a", "images:2.png": "b"}, default=pl.col("label")
    )
    items = version.items.with_columns(label=label).filter(pl.col("item") != "images:3.png")
    return version.change("me", "review", items=items, created=NOW)


def laid_out(version: DatasetVersion, tree: Path) -> Path:
    assert all(not placed.fault for placed in materialise(version, tree))
    return tree


def test_pictures_move_and_what_left_lies_outside(tmp_path: Path, before: DatasetVersion) -> None:
    after, tree = changed(before), laid_out(before, tmp_path / "tree")
    batch = tmp_path / "quarantine" / batch_name(before, after)
    assert all(not placed.fault for placed in follow(before, after, tree, batch))
    assert check_tree(after, tree) == []
    assert check_batch(batch) == []
    assert read_quarantined(batch)["item"].to_list() == ["images:3.png"]
    assert digest_file(batch / "pictures/b/3.png") == digest_file(tmp_path / "photos/3.png")
    assert (tree / f"items-{before.info.short}.csv").is_file()
    assert (tree / "b/2.png").is_file()
    assert not list(batch.glob("moving"))
    assert len(list((tmp_path / "photos").rglob("*.png"))) == 6
    back = tmp_path / "quarantine" / "back"
    assert all(not placed.fault for placed in follow(after, before, tree, back))
    assert check_tree(before, tree) == []
    assert not back.exists()  # nothing is gone, so there is no batch


def test_two_that_change_places_do_not_meet(tmp_path: Path, before: DatasetVersion) -> None:
    after = changed(before)
    moves = {move.file: move.to for move in plan_moves(before, after)}
    assert moves["a/1.png"] == "b/1.png"
    assert moves["b/1.png"] == "a/1.png"


def test_a_changed_picture_stops_everything_before_it_begins(tmp_path: Path, before: DatasetVersion) -> None:
    after, tree = changed(before), laid_out(before, tmp_path / "tree")
    (tree / "a/2.png").write_bytes(b"mine")
    with pytest.raises(OutputConflict, match=r"is not the picture of images:2\.png any more"):
        list(follow(before, after, tree, tmp_path / "batch"))
    assert read_tree(tree) == read_tree(laid_out(before, tmp_path / "other"))
    (tree / "a/2.png").unlink()
    assert all(not placed.fault for placed in follow(before, after, tree, tmp_path / "batch"))
    assert check_tree(after, tree) == []


def test_a_quarantine_lies_outside_the_tree(tmp_path: Path, before: DatasetVersion) -> None:
    tree = laid_out(before, tmp_path / "tree")
    with pytest.raises(UsageError, match="lies outside the tree"):
        list(follow(before, changed(before), tree, tree / "batch"))


def test_a_table_that_was_edited_is_a_fault(tmp_path: Path, before: DatasetVersion) -> None:
    tree = laid_out(before, tmp_path / "tree")
    (tree / "items.csv").write_text("file,item\n")
    assert [str(fault) for fault in check_tree(before, tree)] == [
        "changed: items.csv is not the table of the version"
    ]


STOPPED_AT_EVERY_RENAME = """
import sys
from pathlib import Path
from data.dataset.test_follow import changed, check_batch, check_tree, follow, laid_out, version_of
from lydite.data.dataset import read_batch

class Stop(BaseException): ...

left = [10**9]

def audit(event, arguments):
    if event == "os.rename":
        left[0] -= 1
        if left[0] < 0:
            raise Stop

sys.addaudithook(audit)
for steps in range(100):
    root = Path(sys.argv[1]) / str(steps)
    before = version_of(root)
    after, tree, batch = changed(before), laid_out(before, root / "tree"), root / "batch"
    left[0] = steps
    try:
        list(follow(before, after, tree, batch))
        print(steps)
        break
    except Stop:
        left[0] = 10**9
    assert all(not placed.fault for placed in follow(before, after, tree, batch))
    assert check_tree(after, tree) == check_batch(batch) == [], steps
    assert read_batch(batch).complete
"""


def test_after_a_stop_at_any_rename_the_same_call_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY / 'tests'}"}
    command = [sys.executable, "-c", STOPPED_AT_EVERY_RENAME, str(tmp_path)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert int(done.stdout) > 12
