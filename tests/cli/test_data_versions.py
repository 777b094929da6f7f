"""``lydite data import`` and the commands on versions, as a person types them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.support_cli import Outcome, lydite, words
from data.dataset.made import draw_picture
from lydite.data.dataset import History, load_report

NAMES = ("train/Äpfel/1.png", "train/Äpfel/2.png", "train/鳥/1.png", "train/鳥/2.png", "test/Äpfel/3.png")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for seed, name in enumerate(NAMES):
        draw_picture(tmp_path / "fruit" / name, seed)
    return tmp_path / "fruit"


@pytest.fixture
def workspace(pictures: Path, tmp_path: Path) -> Path:
    assert data(tmp_path / "w", "import", pictures, "--actor", "anna", "--reason", "first delivery").code == 0
    return tmp_path / "w"


def data(workspace: Path, command: str, *arguments: object) -> Outcome:
    return lydite("data", command, *arguments, "--workspace", workspace)


def test_an_import_tells_what_it_took_and_twice_changes_nothing(pictures: Path, workspace: Path) -> None:
    again = data(workspace, "import", pictures, "--quiet")
    assert again.code == 0
    assert "nothing changed" in again.out
    draw_picture(pictures / "train" / "鳥" / "9.png", 9)
    (pictures / "train" / "鳥" / "8.png").write_bytes(b"no picture")
    more = data(workspace, "import", pictures)
    assert more.code == 0
    assert "items 2 added" in words(more.out)
    assert "refused: train/鳥/8.png: the picture of fruit:train/鳥/8.png is text" in more.err
    assert "reading" in more.err
    (pictures / NAMES[0]).unlink()
    assert "nothing changed" not in data(workspace, "import", pictures, "--prune", "--quiet").out
    history = History(workspace)
    assert history.head().info.items == 6
    assert [(info.actor, info.items) for info in history.log()][-1] == ("anna", 5)
    report = load_report(history.find())
    assert report is not None
    assert "refused" in report["kind"].to_list()


def test_a_dry_run_keeps_nothing(pictures: Path, workspace: Path, tmp_path: Path) -> None:
    before = History(workspace).head_id()
    draw_picture(pictures / "train" / "new" / "1.png", 9)
    told = data(workspace, "import", pictures, "--dry-run")
    assert "items 1 added" in words(told.out)
    assert "none kept" in told.out
    assert History(workspace).head_id() == before
    assert data(tmp_path / "other", "import", pictures, "--dry-run").code == 0
    assert not (tmp_path / "other").exists()


def test_log_show_and_diff(workspace: Path) -> None:
    assert data(workspace, "rename-class", "鳥", "bird").code == 0
    log = data(workspace, "log")
    assert log.code == 0
    first, second = log.out.splitlines()
    assert "rename '鳥' to 'bird'" in first
    assert second.endswith("5 items, 0 regions, 2 classes  anna: first delivery")
    assert len(data(workspace, "log", "--last", "1").out.splitlines()) == 1
    assert data(workspace, "log", "--version", "HEAD~1").out.strip() == second
    shown = words(data(workspace, "show", "HEAD~1").out)
    assert "class test train items regions" in shown
    assert "鳥 - 2 2 -" in shown
    assert "5 different" in shown
    told = data(workspace, "diff", "--rows", "1").out
    assert "items 2 relabelled" in words(told)
    assert "fruit:train/鳥/1.png: 鳥 -> bird" in told
    assert "and 1 more" in told
    assert "->" not in data(workspace, "diff", "--rows", "0").out
    assert data(workspace, "diff", "HEAD", "HEAD").out.strip() == "nothing differs"


def test_merge_and_restore(workspace: Path) -> None:
    merged = data(workspace, "merge-classes", "鳥", "Äpfel", "--into", "thing", "--reason", "one kind")
    assert merged.code == 0
    assert "items 5 relabelled" in words(merged.out)
    restored = data(workspace, "restore", "HEAD~1", "--actor", "ben")
    assert restored.code == 0
    history = History(workspace)
    assert history.head().info.content == history.load("HEAD~2").info.content
    assert history.head().info.actor == "ben"
    assert "nothing changed" in data(workspace, "restore", "HEAD~2").out


def test_validate_ends_with_1_when_something_differs(pictures: Path, workspace: Path) -> None:
    assert data(workspace, "validate", "--quiet").code == 0
    (pictures / NAMES[0]).unlink()
    draw_picture(pictures / NAMES[1], 50)
    outcome = data(workspace, "validate", "--quiet")
    assert outcome.code == 1
    assert f"vanished: fruit:{NAMES[0]}" in outcome.err
    assert f"changed: fruit:{NAMES[1]}" in outcome.err
    assert "2 faults" in outcome.out
    assert data(workspace, "validate", "--no-files").code == 0


def test_materialise_and_validate_the_tree(pictures: Path, workspace: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    made = data(workspace, "materialise", "--out", tree, "--quiet")
    assert made.code == 0
    assert "5 new" in made.out
    size = sum((pictures / name).stat().st_size for name in NAMES)
    assert f"needs {size / 1000:.1f} kB at most" in words(made.out)
    assert "5 there already" in data(workspace, "materialise", "--out", tree, "--quiet").out
    assert data(workspace, "validate", "--quiet", "--tree", tree).code == 0
    (tree / "train" / "Äpfel" / "1.png").unlink()
    assert data(workspace, "validate", "--quiet", "--tree", tree).code == 1
    linked = data(workspace, "materialise", "--out", tmp_path / "t", "--means", "hardlink", "--split", "test")
    assert linked.code == 0
    assert (tmp_path / "t" / "test" / "Äpfel" / "3.png").samefile(pictures / NAMES[4])
    assert data(workspace, "import", tree, "--source", "tree").code == 0
    (pictures / NAMES[1]).unlink()
    left = data(workspace, "materialise", "--version", "HEAD~1", "--out", tmp_path / "u", "--quiet")
    assert left.code == 1
    assert f"left out: fruit:{NAMES[1]}" in left.err


def test_a_disk_that_is_too_small_is_foretold(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    made = data(workspace, "materialise", "--out", tmp_path / "deep" / "tree", "--quiet")
    assert made.code == 0  # copies may share their blocks, so it is tried
    assert "The disk may be too small" in made.err


def test_folds_of_a_version_stay(workspace: Path, tmp_path: Path) -> None:
    dealt = data(workspace, "folds", "--folds", "2", "--way", "stratified", "--version", "HEAD")
    assert dealt.code == 0
    assert "all 2 2" in words(dealt.out)
    assert data(workspace, "rename-class", "鳥", "bird").code == 0
    later = data(workspace, "folds", "--out", tmp_path / "f.parquet")
    assert later.code == 0
    assert "bird 1 1" in words(later.out)
    assert (tmp_path / "f.parquet").is_file()
    again = data(workspace, "folds", "--folds", "3")
    assert again.code == 2
    assert "has folds named 'folds'" in again.err
    assert data(workspace, "folds", "--folds", "3", "--name", "other").code == 0
    assert data(workspace, "folds", tmp_path / "x.csv").code == 2
    assert data(workspace, "folds", "--label", "label").code == 2


def test_regions_go_out_and_come_back(workspace: Path, pictures: Path, tmp_path: Path) -> None:
    labels = tmp_path / "y" / "labels"
    labels.mkdir(parents=True)
    draw_picture(tmp_path / "y" / "images" / "a.png", 70)
    (labels / "a.txt").write_text("0 0.5 0.5 0.25 0.5\n", encoding="utf-8")
    (labels / "classes.txt").write_text("bird\n", encoding="utf-8")
    came = data(workspace, "import", labels, "--split", "train", "--no-exhaustive")
    assert came.code == 0
    assert "source y new -> " in words(came.out)
    out = tmp_path / "out"
    assert data(workspace, "export", "--format", "coco", "--out", out, "--source", "y", "--quiet").code == 0
    back = data(
        workspace, "import", out, "--images", tmp_path / "y" / "images", "--source", "y", "--no-exhaustive"
    )
    assert "nothing changed" in back.out
    assert data(workspace, "export", "--format", "cocoa", "--out", out).code == 2
    assert data(workspace, "export", "--format", "coco", "--out", out, "--split", "tran").code == 2
    assert data(workspace, "materialise", "--out", tmp_path / "t", "--split", "tran").code == 2
    kept = data(
        workspace, "export", "--format", "voc", "--out", tmp_path / "voc", "--split", "train", "--quiet"
    )
    assert kept.code == 0
    assert len(list((tmp_path / "voc" / "Annotations").rglob("*.xml"))) == 5


def test_pictures_that_moved(workspace: Path, pictures: Path) -> None:
    elsewhere = pictures.rename(pictures.with_name("moved"))
    assert data(workspace, "validate", "--quiet").code == 1
    assert data(workspace, "relocate", "fruit", elsewhere).code == 0
    assert data(workspace, "validate", "--quiet").code == 0
    assert data(workspace, "relocate", "frit", elsewhere).code == 2
    assert data(workspace, "relocate", "fruit", pictures).code == 2
    refused = data(workspace, "import", draw_picture(pictures / "x" / "1.png", 3).parent, "--source", "fruit")
    assert refused.code == 2
    assert "lydite data relocate" in refused.err


@pytest.mark.parametrize("command", ["log", "show", "diff", "validate"])
def test_without_a_dataset_the_first_step_is_named(tmp_path: Path, command: str) -> None:
    outcome = data(tmp_path, command)
    assert outcome.code == 2
    assert "lydite data import" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_killed_import_leaves_a_workspace_that_opens(pictures: Path, workspace: Path) -> None:
    for number in range(40):
        draw_picture(pictures / "train" / "new" / f"{number}.png", 100 + number, (400, 400))
    before = History(workspace).head_id()
    command = [sys.executable, "-m", "lydite.cli.start", "data", "import", pictures, "--workspace", workspace]
    for pause_s in (0.7, 1.0, 1.3, 1.6):
        process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(pause_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert History(workspace).head().info.items in {5, 45}
    assert data(workspace, "import", pictures, "--quiet").code == 0
    history = History(workspace)
    assert history.head().info.items == 45
    assert before in {info.id for info in history.log()}
    assert data(workspace, "validate", "--quiet").code == 0


def test_a_disk_that_takes_no_more_is_said_and_nothing_is_lost(pictures: Path, workspace: Path) -> None:
    """The system itself refuses, as it does when a disk is full: files may not grow beyond 2 KB."""
    before = History(workspace).head_id()
    draw_picture(pictures / "train" / "new.png", 7)
    code = (
        "import resource, signal, sys\nfrom lydite.cli.main import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\nmain()\n"
    )
    command = [sys.executable, "-c", code, "data", "import", str(pictures), "--workspace", str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written: File too large" in done.stderr
    assert History(workspace).head_id() == before
    assert data(workspace, "validate", "--quiet").code == 0
    assert data(workspace, "import", pictures, "--quiet").code == 0
    assert not list((workspace / "data").glob(".lydite-*"))


def test_of_two_changes_at_once_one_is_told(workspace: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom lydite.core import OutputConflict\n"
        "from lydite.data.dataset import History\n"
        "history = History(Path(sys.argv[1]))\nhead = history.head()\nhead.items\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n    history.commit(head.change(sys.argv[2], 'why'))\nexcept OutputConflict:\n    sys.exit(7)\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(workspace), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate()
    assert sorted(process.returncode for process in both) == [0, 7]
    assert len(list(History(workspace).log())) == 2
