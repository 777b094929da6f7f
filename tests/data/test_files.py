from __future__ import annotations

import errno
import os
import resource
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ImageError, ItemId, OutputConflict, OutputError
from lydite.data.files import (
    atomic_folder,
    atomic_path,
    new_folder,
    os_errors_as_output_errors,
    safe_stem,
    write_atomic,
    write_once,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_new_content_replaces_old(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "ñ")
    assert path.read_bytes() == "ñ".encode()
    write_atomic(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    assert names(tmp_path) == ["a.txt"]


def test_the_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_the_temporary_path_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.parquet") as temporary:
        assert temporary.suffix == ".parquet"
        assert temporary.parent == tmp_path
        temporary.touch()


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), ImageError("p", "is bad")])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, r"No space left on device\. Free some space, or write elsewhere\."),
        (errno.EROFS, r"Read-only file system\. Write to a place that is not read-only\."),
        (errno.EACCES, r"Permission denied\. Give yourself permission"),
        (errno.EIO, r"Input/output error\. Check the disk\."),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_the_system_says_gets_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a"
    path.write_text("old")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OutputError, match=rf"File .*/a cannot be written: {remedy}"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "made"

    def stop(error: Exception) -> None:
        with atomic_folder(target) as made:
            (made / "a").write_text("1")
            raise error

    with pytest.raises(RuntimeError):
        stop(RuntimeError())
    assert names(tmp_path) == []
    with pytest.raises(OutputError, match="No space left"):
        stop(OSError(errno.ENOSPC, "No space left on device"))
    assert names(tmp_path) == []
    with atomic_folder(target) as made:
        (made / "inner").mkdir()
        (made / "inner" / "a").write_text("1")
        assert not target.exists()
    assert (target / "inner" / "a").read_text() == "1"
    assert names(tmp_path) == ["made"]
    with pytest.raises(OutputConflict, match="made exists"), atomic_folder(target):
        pass
    assert (target / "inner" / "a").read_text() == "1"


def test_a_file_that_outgrows_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(
            OutputError, match=r"File too large\. Write to a file system that takes larger files\."
        ):
            write_atomic(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("x" * 300, r"File name too long\. Use a shorter name\."),
        ("none/a", r"No such file or directory\. Create the folder first\."),
        ("file/a", r"Not a directory\. Part of the path is a file"),
        ("folder", r"Is a directory\. A folder has this name"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=remedy):
        write_atomic(tmp_path / name, "new")
    assert names(tmp_path) == ["file", "folder"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / ("x" * 255), "new")
    write_atomic(tmp_path / ("x." + "y" * 253), "new")
    assert len(names(tmp_path)) == 2


def test_an_error_about_another_file_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        (tmp_path / "source").read_bytes()


def test_os_errors_of_a_block(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), os_errors_as_output_errors(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@given(
    st.text(st.characters(codec=None, exclude_categories=()), min_size=1).filter(
        lambda text: text.strip("./")
    )
)
def test_stems_are_safe(path: str) -> None:
    stem = safe_stem(ItemId("images", path))
    assert 8 <= len(stem) <= 80
    assert set(stem) <= set(string.ascii_letters + string.digits + "_-")
    assert not stem.startswith(("-", "_"))


def test_stems_are_readable_and_distinct() -> None:
    stem = safe_stem(ItemId("images", "shelf 3/Äpfel (rot).jpg"))
    assert stem.startswith("shelf_3_Apfel_rot-")
    assert safe_stem(ItemId("images", "a/b.jpg")) != safe_stem(ItemId("images", "a_b.jpg"))
    assert safe_stem(ItemId("images", "b.jpg")) != safe_stem(ItemId("images", "b.png"))
    assert safe_stem(ItemId("images", "x" * 400 + "tail.png")).split("-")[0].endswith("tail")
    assert len(safe_stem(ItemId("images", "鳥.jpg"))) == 8


def test_a_new_folder_is_new_or_empty(tmp_path: Path) -> None:
    assert new_folder(tmp_path / "a" / "b").is_dir()
    assert new_folder(tmp_path / "a" / "b").is_dir()
    with pytest.raises(OutputConflict, match=r"a is no new or empty folder\. Name another\."):
        new_folder(tmp_path / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputConflict, match="file is no new or empty folder"):
        new_folder(tmp_path / "file")


def test_a_file_is_written_once(tmp_path: Path) -> None:
    write_once(tmp_path / "deep" / "a.txt", "ñ", "a.jpg")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "ñ".encode()
    with pytest.raises(OutputError, match=r"Two pictures would share the file a\.txt: .* Seen: a\.png"):
        write_once(tmp_path / "deep" / "a.txt", b"", "a.png")
    with pytest.raises(OutputError, match=r"b cannot be written: "):
        write_once(tmp_path / "deep" / "a.txt" / "b", b"", "b.png")
