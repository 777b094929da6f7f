from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.support_cli import detect, lydite, words
from lydite.cli.commands.detect_export import FORMATS
from lydite.data import read_coco, read_cvat
from pictures import GREEN, RED, write_examples, write_scene


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    examples = write_examples(folder / "positive", {"red": RED, "green": GREEN}, count=2)
    write_scene(folder / "scenes" / "äpfel 鳥" / "a.png")
    write_scene(folder / "scenes" / "nothing.png", things=False)
    (folder / "scenes" / "broken.png").write_text("no picture")
    assert detect(folder / "scenes", examples, folder / "run", "--no-pages").code == 1
    return folder / "run"


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_with_provenance_and_again_over_own_files(tmp_path: Path, run: Path, name: str) -> None:
    before = files(run)
    outcome = lydite("detect", "export", run, "--format", name, "--out", tmp_path / "out", "--quiet")
    assert outcome.code == 0
    accepted = len(json.loads((run / "instances.json").read_text())["annotations"])
    assert f"exported 2 pictures, {accepted} instances" in words(outcome.out)
    assert "left out: 1 pictures that the run could not use" in words(outcome.err)
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (told["format"], told["instances"], told["pictures_left_out"]) == (name, accepted, 1)
    assert told["run"]["fingerprint"] == json.loads((run / "run.json").read_text())["fingerprint"]
    assert all(model["licence"] for model in told["models"])
    first = files(tmp_path / "out")
    assert len(first) > 2
    assert lydite("detect", "export", run, "--format", name, "--out", tmp_path / "out", "--quiet").code == 0
    assert files(tmp_path / "out") == first
    assert files(run) == before


def test_a_persons_labels_are_never_overwritten(tmp_path: Path, run: Path) -> None:
    out = tmp_path / "out"
    lydite("detect", "export", run, "--format", "yolo", "--out", out, "--quiet")
    label = out / "labels" / "äpfel 鳥" / "a.txt"
    label.write_text("0 0.5 0.5 1 1\n")
    before = files(out)
    outcome = lydite("detect", "export", run, "--format", "yolo", "--out", out, "--quiet")
    assert outcome.code == 2
    assert f"{label} was not written by this program, or was changed since." in words(outcome.err)
    assert files(out) == before
    mine = tmp_path / "mine"
    (mine / "labels").mkdir(parents=True)
    (mine / "labels" / "nothing.txt").write_text("1 0.5 0.5 1 1\n")
    outcome = lydite("detect", "export", run, "--format", "yolo", "--out", mine, "--quiet")
    assert outcome.code == 2
    assert "nothing.txt was not written by this program" in words(outcome.err)
    assert list(files(mine)) == ["labels/nothing.txt"]


def test_the_content_is_that_of_the_run(tmp_path: Path, run: Path) -> None:
    for name in ("coco", "cvat"):
        lydite("detect", "export", run, "--format", name, "--out", tmp_path / name, "--quiet")
    truth = read_coco(run / "instances.json")
    for found in (
        read_coco(tmp_path / "coco" / "instances.json"),
        read_cvat(tmp_path / "cvat" / "annotations.xml"),
    ):
        assert found.class_map == truth.class_map
        for image, again in zip(truth.images, found.images, strict=True):
            assert (again.path, again.ids or ()) == (image.path, image.ids or ())
            assert again.labels.tolist() == image.labels.tolist()
            assert again.boxes.xyxy.tolist() == image.boxes.xyxy.tolist()


def test_an_overlay_of_a_picture_that_is_gone_is_left_out_and_the_rest_written(
    tmp_path: Path, run: Path
) -> None:
    picture = run.parent / "scenes" / "nothing.png"
    content = picture.read_bytes()
    picture.unlink()
    try:
        outcome = lydite("detect", "export", run, "--format", "overlays", "--out", tmp_path, "--quiet")
    finally:
        picture.write_bytes(content)
    assert outcome.code == 1
    assert "left out: Picture" in words(outcome.err)
    assert (tmp_path / "äpfel 鳥" / "a.png").exists()
    assert not (tmp_path / "nothing.png").exists()
    assert json.loads((tmp_path / "provenance.json").read_text())["pictures_left_out"] == 2


def test_what_cannot_be_asked(tmp_path: Path, run: Path) -> None:
    for arguments, message in (
        (
            (run, "--format", "coko", "--out", tmp_path / "o"),
            "no export format named 'coko'. Did you mean 'coco'",
        ),
        ((tmp_path, "--format", "coco", "--out", tmp_path / "o"), "holds no run"),
        ((run, "--format", "coco", "--out", run), "An export needs a folder of its own, not the run's."),
        ((run, "--format", "coco"), "--out"),
    ):
        outcome = lydite("detect", "export", *arguments)
        assert outcome.code == 2
        assert message in words(outcome.err)
    assert not (tmp_path / "o").exists()
    lydite("detect", "export", run, "--format", "coco", "--out", tmp_path / "o", "--quiet")
    outcome = lydite("detect", "export", run, "--format", "cvat", "--out", tmp_path / "o", "--quiet")
    assert outcome.code == 2
    assert "holds an export of another kind. Choose another --out for cvat. Seen: coco" in words(outcome.err)


def test_quiet_says_only_results(tmp_path: Path, run: Path) -> None:
    loud = lydite("detect", "export", run, "--format", "coco", "--out", tmp_path / "a")
    quiet = lydite("detect", "export", run, "--format", "coco", "--out", tmp_path / "b", "--quiet")
    assert "exporting" in loud.err
    assert "exporting" not in quiet.err
