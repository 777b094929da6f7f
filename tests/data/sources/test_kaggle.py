"""Competitions: every row of a table is an item; what cannot be is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.samples import samples
from lydite.core import UnknownName, UsageError
from lydite.data.dataset import Intake, Wanted, read_pictures
from lydite.data.sources import read_any
from lydite.data.sources.kaggle import read_kaggle

PICTURE = samples()["rgb.png"]


def pictures(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PICTURE)


def competition(tmp_path: Path, train: str, sample: str = "", **more: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
    for name, text in {"train": train, "sample_submission": sample, **more}.items():
        if text:
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def rows(intake: Intake) -> list[tuple[object, ...]]:
    return intake.items.select("item", "path", "label", "split").rows()


def said(intake: Intake, kind: str) -> list[tuple[int | None, str]]:
    return intake.report.filter(kind=kind).select("line", "what").rows()


def test_rows_become_items_and_duplicate_pictures_keep_their_rows(tmp_path: Path) -> None:
    pictures(tmp_path, "train/äpfel 1.jpg", "train/b.jpg", "test/x.jpg", "test/y.jpg")
    folder = competition(
        tmp_path,
        "image_id,image,label,plu\n1,äpfel 1.jpg,apple,4011\n2,äpfel 1.jpg,apple,4011\n3,b.jpg,pear,\n",
        "image_id,label\nx,apple\ny,apple\n",
    )
    intake = read_pictures(read_any(str(folder), Wanted("c", group_column="plu")))
    assert rows(intake) == [
        ("c:train/1", "train/äpfel 1.jpg", "apple", "train"),
        ("c:train/2", "train/äpfel 1.jpg", "apple", "train"),
        ("c:train/3", "train/b.jpg", "pear", "train"),
        ("c:test/x", "test/x.jpg", None, "test"),
        ("c:test/y", "test/y.jpg", None, "test"),
    ]
    assert intake.items["group"].to_list() == ["4011", "4011", None, None, None]
    assert intake.items["image"].n_unique() == 1
    assert intake.items["image"].null_count() == 0
    assert intake.class_map.names == ("apple", "pear")
    assert said(intake, "refused") == []
    assert said(intake, "taken") == [(None, "3 rows of split train"), (None, "2 rows of split test")]
    assert said(intake, "defaulted")[0][1] == (
        "id by column image_id, picture by column image, label by column label, group by column plu"
    )


def test_what_cannot_be_a_row_is_refused_by_its_line(tmp_path: Path) -> None:
    pictures(tmp_path, "train/a.jpg", "train/x/b.jpg", "train/y/b.png", "train/c.jpg", "train/left.jpg")
    (tmp_path / "secret.jpg").write_bytes(PICTURE)
    folder = competition(
        tmp_path,
        "id,label\na,cat\na,dog\nb,cat\nnone,cat\n../secret,cat\n/etc/passwd,cat\n,cat\nc.jpg,\nx,y,z\nc,cat\n",
    )
    intake = read_kaggle(str(folder), Wanted("c"))
    assert rows(intake) == [
        ("c:train/a", "train/a.jpg", "cat", "train"),
        ("c:train/c.jpg", "train/c.jpg", None, "train"),
        ("c:train/c", "train/c.jpg", "cat", "train"),
    ]
    assert said(intake, "refused") == [
        (3, "id a stands twice"),
        (4, "b is the name of several pictures"),
        (5, "there is no picture none"),
        (6, "there is no picture ../secret"),
        (7, "there is no picture /etc/passwd"),
        (8, "has no id"),
        (10, "the line has 3 fields instead of 2 (x,y,z)"),
        (None, "3 pictures of split train have no row"),
    ]
    assert said(intake, "defaulted")[0] == (9, "c:train/c.jpg has no label")


def test_a_sample_with_a_column_a_class_fixes_the_classes(tmp_path: Path) -> None:
    pictures(tmp_path, "train_images/a.jpg", "train_images/b.jpg", "test_images/x.jpg")
    folder = competition(tmp_path, "id,breed\na,pug\nb,wolf\n", "id,boxer,pug,husky\nx,0.3,0.3,0.3\n")
    intake = read_kaggle(str(folder), Wanted("c"))
    assert intake.class_map.names == ("boxer", "pug", "husky")
    assert said(intake, "refused") == [
        (3, "label wolf is no column of the sample submission"),
        (None, "1 pictures of split train have no row"),
    ]


def test_ids_with_their_folder_are_not_doubled_and_odd_ids_are_refused(tmp_path: Path) -> None:
    pictures(tmp_path, "train/a.jpg", "train/b.jpg")
    folder = competition(tmp_path, "id,file,label\ntrain/a.jpg,train/a.jpg,x\na/../b,b.jpg,x\n")
    intake = read_kaggle(str(folder), Wanted("c"))
    assert rows(intake) == [("c:train/a.jpg", "train/a.jpg", "x", "train")]
    assert said(intake, "refused")[0] == (3, "its id must be a path that stays below its root")


@pytest.mark.parametrize(
    ("train", "wanted", "message"),
    [
        ("id,a,b\n", Wanted("c"), r"Nothing says which column of .*train\.csv is the label\. Name it with"),
        (
            "id,label\n",
            Wanted("c", label_column="lable"),
            r"no label column in .* named 'lable'\. Did you mean",
        ),
        ("id,label\n", Wanted("c", id_column="uid"), r"There is no id column in .* named 'uid'"),
    ],
)
def test_columns_that_nobody_can_tell(tmp_path: Path, train: str, wanted: Wanted, message: str) -> None:
    pictures(tmp_path, "train/a.jpg")
    with pytest.raises((UsageError, UnknownName), match=message):
        read_kaggle(str(competition(tmp_path, train)), wanted)


def test_no_table_and_several_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Nothing says which table .* Seen: no table"):
        read_kaggle(str(tmp_path), Wanted("c"))
    competition(tmp_path, "", one="id,label\n", two="id,label\n")
    with pytest.raises(
        UsageError, match=r"Name that table instead of the folder\. Seen: \['one\.csv', 'two\.csv'\]"
    ):
        read_kaggle(str(tmp_path), Wanted("c"))
    with pytest.raises(UsageError, match="There is no file or folder"):
        read_kaggle(str(tmp_path / "none"), Wanted("c"))


def test_a_million_rows_with_one_bad_line(tmp_path: Path) -> None:
    pictures(tmp_path, "train/a.jpg")
    lines = [f"{number},a.jpg,cat" for number in range(1_000_000)]
    lines[777_776] = "777776,a.jpg"
    folder = competition(tmp_path, "\n".join(["id,file,label", *lines, ""]))
    intake = read_kaggle(str(folder), Wanted("c"))
    assert len(intake.items) == 999_999
    assert said(intake, "refused") == [(777_778, "the line has 2 fields instead of 3 (777776,a.jpg)")]
