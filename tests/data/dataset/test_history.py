"""Versions on disk: whole or not there, one current one, and every earlier one as it was."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from data.dataset.made import WHEN, intake, version
from lydite.core import InputError, OutputConflict, OutputError, UnknownName, UsageError
from lydite.data.dataset import History, load_report, scan_items
from lydite.data.dataset.store import PAGE


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "workspace")
    first = version()
    made.commit(first, intake().report)
    made.commit(first.change("you", "all pears", items=first.items.with_columns(label=pl.lit("pear"))))
    return made


def test_a_version_reads_back_as_it_was(history: History) -> None:
    read = history.load("HEAD~1")
    assert read.id == version().id
    assert read.items.equals(version().items)
    assert read.regions.equals(version().regions)
    assert read.class_map == version().class_map
    assert read.info.created == WHEN
    assert load_report(history.find("HEAD~1")) is not None
    assert load_report(history.find("HEAD")) is None
    assert scan_items(history.find()).select(pl.len()).collect().item() == 3


def test_versions_travel_to_other_processes(history: History) -> None:
    for one in (history.head(), version()):
        other = pickle.loads(pickle.dumps(one))
        assert other.id == one.id
        assert other.items.equals(one.items)


def test_versions_are_found_by_name(history: History) -> None:
    head = history.head()
    assert history.load(head.id[:5]).id == history.load(head.id).id == history.load("@").id == head.id
    assert [info.reason for info in history.log()] == ["all pears", "a start"]
    assert history.log("HEAD~1").__next__().id == version().id
    for name in ("HEAD~9", "nothing", "00", head.id[:20] + "0" * 44):
        with pytest.raises((UsageError, UnknownName)):
            history.load(name)
    with pytest.raises(UsageError, match=r"no dataset in .* yet"):
        History(history.folder).head()


def test_restoring_brings_everything_back_as_a_new_version(history: History) -> None:
    back = history.restore("HEAD~1", "me", "pears were wrong")
    history.commit(back)
    assert history.head().info.content == version().info.content
    assert history.head().id != version().id
    assert [info.reason for info in history.log()] == ["pears were wrong", "all pears", "a start"]


def test_who_comes_second_is_told(history: History) -> None:
    begun = history.head()
    history.commit(begun.change("fast", "first"))
    with pytest.raises(OutputConflict, match="changed in the meantime"):
        history.commit(begun.change("slow", "second"))
    assert history.head().info.actor == "fast"


def test_damage_is_named(history: History) -> None:
    folder = history.find()
    table = folder / "items.parquet"
    good = table.read_bytes()
    table.write_bytes(good[:-20] + bytes([good[-20] ^ 1]) + good[-19:])
    with pytest.raises(InputError, match=r"items\.parquet is damaged"):
        _ = history.head().items
    table.unlink()
    with pytest.raises(InputError, match=r"items\.parquet is damaged"):
        _ = history.head().items
    page = (folder / PAGE).read_text(encoding="utf-8")
    for bad in (page.replace("all pears", "no pears"), page[:40], "{}", ""):
        (folder / PAGE).write_text(bad, encoding="utf-8")
        with pytest.raises(InputError, match=r"version\.json is damaged"):
            history.head()
    (folder / PAGE).unlink()
    with pytest.raises(InputError, match="is no version of a dataset"):
        history.head()
    (history.folder / "HEAD").write_text("elsewhere", encoding="utf-8")
    with pytest.raises(InputError, match="names no version"):
        history.head()


def test_a_lost_head_is_no_new_beginning(history: History) -> None:
    newest = history.head_id()
    (history.folder / "HEAD").unlink()
    with pytest.raises(InputError, match=rf"nothing says which version is current.*the newest: {newest}"):
        history.head()
    with pytest.raises(InputError, match="nothing says which version"):
        history.commit(version(labels=("pear",)))


def test_a_first_version_that_never_became_current_is_no_obstacle(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.commit(version())
    (history.folder / "HEAD").unlink()
    assert history.head_id() is None
    history.commit(version(labels=("pear",)))
    assert history.head().info.items == 1


_KILLED = """
import os, signal, sys
from pathlib import Path
import polars as pl
from lydite.data import files
from lydite.data.dataset import History

left = int(sys.argv[2])
def count(frame, event, argument):
    global left
    if event == "call" and frame.f_code.co_filename.endswith(("files.py", "store.py", "history.py")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return count
history = History(Path(sys.argv[1]))
head = history.head()
after = head.change("me", "next", items=head.items.with_columns(group=pl.lit("g")))
sys.settrace(count)
history.commit(after)
"""


def test_a_kill_at_any_point_leaves_the_old_version_or_the_new_one(history: History, tmp_path: Path) -> None:
    """The process dies at every call (and line of it) of the files that write, in turn."""
    before = history.head_id()
    ended: set[int] = set()
    outcomes: set[bool] = set()
    for step in (*range(1, 40, 3), 10_000):
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, str(history.folder.parent), str(step)], check=False
        )
        ended.add(done.returncode)
        now = history.head()
        assert len(now.items) == 3
        outcomes.add(now.id != before)
        before = now.id
    assert ended == {-9, 0}
    assert outcomes == {True, False}
    assert not list(history.folder.glob(".lydite-*"))  # the last one, which was not killed, has swept


def test_a_full_disk_is_said_and_nothing_is_lost(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    head = history.head()
    after = head.change("me", "next", items=head.items.with_columns(group=pl.lit("g")))
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == "regions.parquet":
            raise OSError(28, "No space left on device", str(path))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"No space left on device\. Free some space"):
        history.commit(after)
    monkeypatch.undo()
    assert history.head().id == head.id
    assert sorted(entry.name for entry in history.folder.iterdir() if entry.is_dir()) == history.ids()
