from __future__ import annotations

import json
from pathlib import Path

import pytest

from lydite.core import OutputConflict
from lydite.data.deposit import MANIFEST, deposit


def put(folder: Path, kind: str = "voc", **files: str) -> None:
    with deposit(folder, kind) as stage:
        for name, text in files.items():
            path = stage / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def test_own_files_are_replaced_and_stale_ones_removed(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    put(out, a="1", sub__b="2")
    (out / "sub" / "mine.txt").write_text("a person's")
    put(out, a="3", c="4")
    assert content(out) == {"a": "3", "c": "4", "sub/mine.txt": "a person's"}
    (out / "sub" / "mine.txt").unlink()
    put(out, sub__b="5")
    put(out, c="6")
    assert content(out) == {"c": "6"}
    assert not (out / "sub").exists()


@pytest.mark.parametrize("change", ["edited", "foreign", "link", "folder", "stale and edited"])
def test_what_is_not_as_we_left_it_is_kept_and_nothing_is_written(tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    put(out, a="1", b="2")
    name = {"foreign": "c", "stale and edited": "b"}.get(change, "a")
    if change == "link":
        (out / "a").unlink()
        (tmp_path / "elsewhere").write_text("1")
        (out / "a").symlink_to(tmp_path / "elsewhere")
    elif change == "folder":
        (out / "a").unlink()
        (out / "a").mkdir()
    else:
        (out / name).write_text("a person's")
    before = content(out)
    message = rf"{out}/{name} was not written by this program, or was changed since\. It is kept and nothing"
    with pytest.raises(OutputConflict, match=message):
        put(out, a="9", c="9")
    assert content(out) == before
    assert sorted(entry.name for entry in out.iterdir() if entry.name.startswith(".")) == [MANIFEST]


def test_a_foreign_file_of_equal_content_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    put(tmp_path, a="1", b="2")
    assert content(tmp_path) == {"a": "1", "b": "2"}
    with pytest.raises(OutputConflict, match="a was not written by this program"):
        put(tmp_path, a="3")


def test_a_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path, a="1")

    def fail() -> None:
        with deposit(tmp_path, "voc") as stage:
            (stage / "a").write_text("2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert content(tmp_path) == {"a": "1"}


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_after_a_kill_in_the_middle_all_files_are_still_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    put(tmp_path, a="1", b="2")
    count = 0
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        nonlocal count
        if self.parent.name.startswith(".lydite-stage-") and self.name != MANIFEST:
            if count == moved:
                raise SystemExit
            count += 1
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(SystemExit):
        put(tmp_path, a="3", b="4", c="5")
    monkeypatch.undo()
    put(tmp_path, a="6", b="7")
    assert content(tmp_path) == {"a": "6", "b": "7"}


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".lydite-stage-x").mkdir()
    (tmp_path / ".lydite-stage-x" / "big").write_text("half")
    put(tmp_path, a="1")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [MANIFEST, "a"]


def test_kinds_do_not_share_a_folder(tmp_path: Path) -> None:
    put(tmp_path, a="1")
    with pytest.raises(OutputConflict, match=r"holds an export of another kind\. Choose .* yolo\. Seen: voc"):
        put(tmp_path, "yolo", a="2")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputConflict, match=r"file is a file\. Name a folder"):
        put(tmp_path / "file", a="1")


@pytest.mark.parametrize(
    "manifest",
    ["", "no json", "[1]", '{"kind": "voc"}\n{"path": "../x", "sha256": []}', '{"kind": "voc"}\n{}'],
)
def test_a_damaged_manifest_trusts_nothing(tmp_path: Path, manifest: str) -> None:
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(OutputConflict, match=r"is damaged, so nothing tells whose files these are"):
        put(tmp_path, a="1")


def test_the_manifest_can_be_read_by_people(tmp_path: Path) -> None:
    put(tmp_path, a="1")
    head, entry = map(json.loads, (tmp_path / MANIFEST).read_text().splitlines())
    assert head == {"kind": "voc"}
    assert entry["path"] == "a"
    assert len(entry["sha256"][0]) == 64
