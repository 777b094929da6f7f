"""``lydite data import`` of archives, tables and servers: exit codes, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.support_cli import lydite
from data.archive.packing import zip_of
from data.samples import samples
from data.sources.cvat_stand_in import TOKEN, StandIn, serving
from data.sources.test_sources import BOX, GOOD, XML, lay_out
from support import need_module

PICTURE = samples()["rgb.bmp"]


def test_an_archive_of_a_table_joins_and_its_bad_line_is_told(tmp_path: Path) -> None:
    files = {"c/train.csv": b"id,label\na,cat\nb,cat\n", "c/train/a.bmp": PICTURE}
    archive = zip_of(tmp_path / "delivery 1.zip", files)
    found = lydite("data", "import", str(archive), "--workspace", str(tmp_path / "w"))
    assert found.code == 0
    assert "train.csv, line 3: there is no picture b." in found.err
    assert "taken        1 rows of split train" in found.out
    again = lydite("data", "import", str(archive), "--workspace", str(tmp_path / "w"))
    assert "nothing changed" in again.out
    shown = lydite("data", "show", "--workspace", str(tmp_path / "w"))
    assert "delivery 1" in shown.out


@pytest.mark.parametrize(
    ("name", "files", "code", "words"),
    [
        ("evil.zip", {"../a.bmp": PICTURE}, 1, "leaves the folder"),
        ("empty.zip", {}, 2, "holds no picture"),
        ("table.zip", {"train.csv": b""}, 1, "has no first line"),
        ("two.zip", {"a.json": b"{}", "b.json": b"{}"}, 2, "several files of annotations"),
    ],
)
def test_what_cannot_be_taken_leaves_no_version(
    tmp_path: Path, name: str, files: dict[str, bytes], code: int, words: str
) -> None:
    archive = zip_of(tmp_path / name, files)
    found = lydite("data", "import", str(archive), "--workspace", str(tmp_path / "w"))
    assert found.code == code
    assert words in " ".join(found.err.split())
    assert not (tmp_path / "w" / "data" / "HEAD").exists()


def test_a_task_on_a_server_joins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_module("cvat_sdk")
    monkeypatch.setenv("LYDITE_CVAT_TOKEN", TOKEN)
    with serving(StandIn(XML.format(BOX), {"in/a.bmp": PICTURE})) as server:
        address = f"{server.url}/tasks/12"
        server.faults["/api/tasks/12"] = [500]
        failed = lydite("data", "import", address, "--workspace", str(tmp_path), "--timeout", "5")
        assert failed.code == 1
        assert "answers 500" in failed.err
        found = lydite("data", "import", address, "--workspace", str(tmp_path), "--timeout", "5")
    assert found.code == 0
    assert "1 items, 1 regions, 1 classes" in found.out
    assert TOKEN not in found.out + found.err
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("seconds", [0.8, 1.4, 2.0, 2.8])
def test_a_kill_at_any_moment_leaves_a_workspace_in_which_the_same_command_goes_on(
    tmp_path: Path, seconds: float
) -> None:
    folder = lay_out(tmp_path / "given", {f"cat/{number}.bmp": PICTURE for number in range(300)})
    archive = zip_of(
        tmp_path / "a.zip", {path.relative_to(folder).as_posix(): PICTURE for path in folder.rglob("*.bmp")}
    )
    words = ["data", "import", str(archive), "--workspace", str(tmp_path / "w")]
    process = subprocess.Popen(
        [sys.executable, "-c", "from lydite.cli.start import start; start()", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert lydite(*words).code == 0
    assert "300 items" in lydite("data", "show", "--workspace", str(tmp_path / "w")).out


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"folders", "kaggle"}))
def test_a_version_holds_what_the_file_said(tmp_path: Path, name: str) -> None:
    folder = lay_out(tmp_path / "given", GOOD[name])
    found = lydite("data", "import", str(folder), "--workspace", str(tmp_path / "w"))
    assert (found.code, "1 items, 1 regions, 1 classes" in found.out) == (0, True)
    out = tmp_path / "out"
    assert (
        lydite(
            "data", "export", "--format", "coco", "--out", str(out), "--workspace", str(tmp_path / "w")
        ).code
        == 0
    )
    assert len(json.loads((out / "instances.json").read_text())["annotations"]) == 1
