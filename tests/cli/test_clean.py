"""``lydite clean``, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clean.piles import scenery, write
from cli.support_cli import lydite
from lydite.data.dataset import History


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for split in ("train", "test"):
        for number in range(4):
            write(
                tmp_path / "pictures" / split / "pear" / f"{number}.png",
                scenery(number if split == "train" else 9 + number),
            )
        write(tmp_path / "pictures" / split / "pear" / "tiny.png", scenery(77, (20, 30)))
    assert lydite("data", "import", tmp_path / "pictures", "--workspace", tmp_path / "w", "--quiet").code == 0
    return tmp_path / "w"


def scan(workspace: Path, *more: object) -> Path:
    done = lydite(
        "clean",
        "scan",
        "--workspace",
        workspace,
        "--encoder",
        "descriptor",
        "--short-side",
        "64",
        "--quiet",
        *more,
    )
    assert done.code == 0, done.err
    return Path(done.out.split("scan ")[-1].strip())


def test_scan_then_apply_makes_a_version_without_what_is_dropped(workspace: Path) -> None:
    folder = scan(workspace)
    assert (folder / "report" / "index.html").is_file()
    before = History(workspace).head()
    done = lydite("clean", "apply", folder, "--workspace", workspace, "--actor", "anna")
    assert done.code == 0, done.err
    after = History(workspace).head()
    gone = set(before.items["item"]) - set(after.items["item"])
    assert len(gone) == 1
    assert "train/pear/tiny.png" in next(iter(gone))
    assert (after.info.actor, after.info.reason) == ("anna", "clean apply, policy strict")
    assert json.loads((folder / "strict" / "summary.json").read_text())["spared_in_test"] >= 1
    again = lydite("clean", "apply", folder, "--workspace", workspace)
    assert again.code == 2
    assert "another version than the current one" in again.err


def test_without_commit_the_dataset_stays(workspace: Path) -> None:
    folder = scan(workspace, "--no-semantic", "--no-pages")
    before = History(workspace).head_id()
    assert lydite("clean", "apply", folder, "--no-commit", "--policy", "aggressive").code == 0
    assert History(workspace).head_id() == before
    assert not (folder / "report").exists()


def test_mistakes_are_usage_errors(workspace: Path, tmp_path: Path) -> None:
    assert lydite("clean", "scan", "--workspace", tmp_path / "nowhere").code == 2
    folder = scan(workspace, "--no-semantic")
    done = lydite("clean", "apply", folder, "--policy", "stict", "--workspace", workspace)
    assert done.code == 2
    assert "Did you mean 'strict'" in done.err
    assert lydite("clean", "apply", tmp_path, "--workspace", workspace).code == 1
