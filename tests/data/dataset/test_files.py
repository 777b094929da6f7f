"""Versions against the disk: what vanished or changed is named; trees are whole and overwrite nothing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.dataset.made import HEX, draw_picture
from lydite.core import InputError, OutputConflict, OutputError, UsageError
from lydite.data.dataset import (
    DatasetVersion,
    History,
    Intake,
    Means,
    check_tree,
    check_version,
    files_on_disk_only,
    materialise,
    plan_tree,
    read_folders,
    read_pictures,
    rename_class,
)
from lydite.data.dataset.clone import TakenError, clone_file, digest_file

NAMES = ("train/Äpfel/1.png", "train/Äpfel/deep/1.png", "train/鳥/1.png", "test/Äpfel/1.png", "val/x.png")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for seed, name in enumerate(NAMES):
        draw_picture(tmp_path / "pictures" / name, seed)
    return tmp_path / "pictures"


@pytest.fixture
def version(pictures: Path) -> DatasetVersion:
    return DatasetVersion.begin(read_pictures(read_folders(pictures, "s")), "me", "why")


def _digests(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _place(version: DatasetVersion, out: Path, **options: object) -> Counter[str]:
    rows = materialise(version, out, **options)  # type: ignore[arg-type]
    return Counter("left out" if row.fault else "new" if row.new else "before" for row in rows)


def test_a_sound_version_has_no_fault(version: DatasetVersion) -> None:
    assert check_version(version) == []
    assert files_on_disk_only(version) == []


def test_what_changed_or_vanished_is_named(version: DatasetVersion, pictures: Path) -> None:
    (pictures / NAMES[0]).unlink()
    draw_picture(pictures / NAMES[2], 77)
    (pictures / NAMES[3]).write_bytes(b"")
    draw_picture(pictures / "train" / "new.png", 5)
    found = {(fault.kind, fault.what) for fault in check_version(version)}
    assert found == {
        ("vanished", f"s:{NAMES[0]}"),
        ("changed", f"s:{NAMES[2]}"),
        ("unreadable", f"s:{NAMES[3]}"),
    }
    assert check_version(version, files=False) == []
    assert [path.name for path in files_on_disk_only(version)] == ["new.png"]
    told = next(str(fault) for fault in check_version(version) if fault.kind == "changed")
    assert str(pictures / NAMES[2]) in told


def test_a_mask_of_another_size_and_damaged_tables_are_faults(
    version: DatasetVersion, tmp_path: Path
) -> None:
    item = version.items["item"][0]
    region = {
        "item": item,
        "number": 0,
        "label": "鳥",
        "x0": 0.0,
        "y0": 0.0,
        "x1": 2.0,
        "y1": 2.0,
        "mask": "0i2",
    }
    regions = Intake.of(version.items, [region], version.class_map, {"s": tmp_path}).regions
    masked = version.change("me", "a mask", regions=regions, test_may_change=True)
    assert [(fault.kind, fault.what) for fault in check_version(masked)] == [("mask", f"{item}#0")]
    history = History(tmp_path / "w")
    table = history.commit(version) / "items.parquet"
    table.write_bytes(table.read_bytes()[:-9])
    assert [fault.kind for fault in check_version(history.head())] == ["tables"]


def test_a_tree_has_every_picture_under_its_label_and_the_originals_are_as_before(
    version: DatasetVersion, pictures: Path, tmp_path: Path
) -> None:
    before = _digests(pictures)
    assert _place(version, tmp_path / "tree") == {"new": 5}
    table = pl.read_csv(tmp_path / "tree" / "items.csv")
    for file, item, label, split in table.select("file", "item", "label", "split").iter_rows():
        parts = file.split("/")
        assert parts[:-1] == [part for part in (split, label) if part]
        assert (tmp_path / "tree" / file).read_bytes() == before[item.partition(":")[2]]
    assert check_tree(version, tmp_path / "tree") == []
    assert _digests(pictures) == before
    again = read_pictures(read_folders(tmp_path / "tree", "t"))
    columns = ["image", "label", "split"]
    assert again.items.select(columns).sort(columns).equals(version.items.select(columns).sort(columns))


def test_a_tree_goes_on_and_overwrites_nothing(version: DatasetVersion, tmp_path: Path) -> None:
    out = tmp_path / "tree"
    rows = materialise(version, out)
    for _ in range(2):
        next(rows)
    del rows
    assert _place(version, out) == {"before": 2, "new": 3}
    victim = next(out.rglob("*.png"))
    victim.write_bytes(b"mine")
    with pytest.raises(OutputConflict, match="is in the way"):
        _place(version, out)
    assert victim.read_bytes() == b"mine"
    faults = check_tree(version, out)
    assert [fault.kind for fault in faults] == ["changed"]
    victim.unlink()
    (out / "stranger.txt").write_text("x", encoding="utf-8")
    assert sorted(fault.kind for fault in check_tree(version, out)) == ["foreign", "missing"]


def test_a_folder_of_something_else_is_refused(version: DatasetVersion, tmp_path: Path) -> None:
    other = rename_class(version, "鳥", "bird", "me")
    _place(version, tmp_path / "tree")
    with pytest.raises(OutputConflict, match="tree of another version"):
        _place(other, tmp_path / "tree")
    with pytest.raises(OutputConflict, match="another version or split"):
        _place(version, tmp_path / "tree", split="test")
    with pytest.raises(OutputConflict, match="holds something else"):
        _place(version, tmp_path)
    with pytest.raises(OutputConflict, match="is a file"):
        _place(version, tmp_path / "tree" / "items.csv")
    with pytest.raises(InputError, match="is no tree of version"):
        check_tree(other, tmp_path / "tree")


def test_changed_and_unreadable_pictures_are_left_out(
    version: DatasetVersion, pictures: Path, tmp_path: Path
) -> None:
    draw_picture(pictures / NAMES[2], 77)
    (pictures / NAMES[0]).unlink()
    rows = {row.item: row.fault for row in materialise(version, tmp_path / "tree") if row.fault}
    assert "whose bytes have changed" in rows[f"s:{NAMES[2]}"]
    assert "No such file" in rows[f"s:{NAMES[0]}"]
    assert len(rows) == 2
    assert len(list((tmp_path / "tree").rglob("*.png"))) == 3


def test_hard_links_only_when_asked(version: DatasetVersion, pictures: Path, tmp_path: Path) -> None:
    _place(version, tmp_path / "copies")
    assert not any(
        p.samefile(q) for p in (tmp_path / "copies").rglob("*.png") for q in pictures.rglob("*.png")
    )
    assert _place(version, tmp_path / "links", means=Means.HARDLINK, split="train") == {"new": 3}
    assert all(path.stat().st_nlink == 2 for path in (tmp_path / "links").rglob("*.png"))
    assert check_tree(version, tmp_path / "links") == []


@pytest.mark.parametrize("means", list(Means))
def test_a_clone_never_takes_the_place_of_another_file(tmp_path: Path, means: Means) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"bytes")
    assert not clone_file(source, target, "0" * 64, means)
    assert not target.exists()
    assert clone_file(source, target, digest_file(source), means)
    assert target.read_bytes() == b"bytes"
    target.unlink()
    target.write_bytes(b"mine")
    with pytest.raises(TakenError):
        clone_file(source, target, digest_file(source), means)
    assert target.read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_two_items_may_show_one_picture(version: DatasetVersion, tmp_path: Path) -> None:
    twin = version.items.head(1).with_columns(item=pl.lit("s:again.png"))
    both = version.change("me", "twice", items=pl.concat([version.items, twin]), test_may_change=True)
    assert _place(both, tmp_path / "tree") == {"new": 6}
    assert check_tree(both, tmp_path / "tree") == []


_LABELS = st.sampled_from(["a", "B"])


@given(
    st.dictionaries(
        st.sampled_from(["x/1.png", "y/1.PNG", "y/1.png", "a", "items.csv", "con.png", ".x.png"]), _LABELS
    )
)
def test_no_two_items_share_a_place_on_any_system(labels: dict[str, str]) -> None:
    rows = [
        {
            "item": f"s:{name}",
            "path": name,
            "image": HEX,
            "height": 1,
            "width": 1,
            "label": label if "/" in name else None,
        }
        for name, label in labels.items()
    ]
    made = DatasetVersion.begin(Intake.of(rows, roots={"s": Path("/p")}), "me", "why")
    files = [file.casefold() for file in plan_tree(made)["file"]]
    folders = {str(parent) for file in files for parent in Path(file).parents}
    assert len(set(files)) == len(rows)
    assert not set(files) & {*folders, "items.csv", "lydite-tree.json"}
    assert not any(Path(file).name.startswith((".", "con.")) for file in files)


@pytest.mark.parametrize("label", ["a/b", "..", "a\\b", "nul", "end.", ".hidden", "a:b", "x" * 201])
def test_a_label_that_is_no_folder_name_is_refused(
    version: DatasetVersion, label: str, tmp_path: Path
) -> None:
    renamed = rename_class(version, "鳥", label, "me")
    with pytest.raises(UsageError, match=r"cannot be the name of a folder.*rename-class"):
        _place(renamed, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    usual = rename_class(version, "鳥", "0 ünïcode & spaces (10%)", "me")
    assert _place(usual, tmp_path / "tree") == {"new": 5}


_KILLED = """
import os, signal, sys
from pathlib import Path
from lydite.data.dataset import History, materialise
left = int(sys.argv[3])
def count(frame, event, argument):
    global left
    if event == "call" and frame.f_code.co_filename.endswith(("clone.py", "materialise.py", "files.py")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return count
version = History(Path(sys.argv[1])).head()
version.items
sys.settrace(count)
for _ in materialise(version, Path(sys.argv[2])):
    pass
"""


def test_a_killed_materialise_goes_on(version: DatasetVersion, pictures: Path, tmp_path: Path) -> None:
    history = History(tmp_path / "w")
    history.commit(version)
    before = _digests(pictures)
    codes = []
    for step in (30, 45, 47, 49, 60, 10_000):
        arguments = [
            sys.executable,
            "-c",
            _KILLED,
            str(history.folder.parent),
            str(tmp_path / "tree"),
            str(step),
        ]
        codes.append(subprocess.run(arguments, check=False).returncode)
        assert _digests(pictures) == before
    assert codes == [-9] * 5 + [0]
    assert check_tree(version, tmp_path / "tree") == []
    assert not list((tmp_path / "tree").rglob(".lydite-*"))


def test_a_full_disk_is_said(
    version: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lydite.data.dataset.clone._copy", full)
    with pytest.raises(OutputError, match=r"No space left on device\. Free some space"):
        _place(version, tmp_path / "tree")
    monkeypatch.undo()
    assert _place(version, tmp_path / "tree") == {"new": 5}
