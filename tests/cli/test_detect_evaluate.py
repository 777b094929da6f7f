"""``lydite detect evaluate`` and ``lydite detect diff`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.support_cli import lydite, words
from detect.finished_runs import own_truth
from reports.fake_run import FakeRun

FEW = ("--draws", 3)


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> FakeRun:
    made = FakeRun(tmp_path_factory.mktemp("cli"))
    for _ in range(2):
        made.add(candidates=40, lift=0.1)
    made.finish()
    return made


def evaluate(fake: FakeRun, truth: Path, out: Path, *more: object) -> dict[str, Any]:
    outcome = lydite("detect", "evaluate", fake.run.path, "--truth", truth, "--out", out, *FEW, *more)
    assert outcome.code == 0, outcome.err
    assert f"pages {out / 'index.html'}" in words(outcome.out)
    record: dict[str, Any] = json.loads((out / "evaluation.json").read_text())
    return {**record, "out": words(outcome.out), "err": words(outcome.err)}


def test_the_table_and_the_file_say_the_same(fake: FakeRun, tmp_path: Path) -> None:
    said = evaluate(fake, own_truth(fake, drop=1), tmp_path)
    f1 = said["overall"]["f1"]
    assert f"F1 {f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}] 2 pictures" in said["out"]
    assert "AR@100 1.000" in said["out"]
    assert "masks, IoU 0.5, 95% intervals over pictures" in said["out"]
    assert not said["err"]


def test_the_default_folder_is_inside_the_run(fake: FakeRun) -> None:
    outcome = lydite("detect", "evaluate", fake.run.path, "--truth", own_truth(fake), *FEW)
    assert outcome.code == 0, outcome.err
    assert (fake.run.path / "evaluation" / "index.html").exists()


@pytest.mark.parametrize(
    ("option", "changed"),
    [
        (("--iou-type", "box"), lambda r: r["terms"]["compared"]),
        (("--iou", 0.9), lambda r: r["terms"]["iou_threshold"]),
        (("--max-dets", 2), lambda r: sorted(r["overall"])),
        (("--draws", 9), lambda r: r["overall"]["f1"]["low"]),
        (("--not-exhaustive", "*-0000.*"), lambda r: r["overall"]["precision"]["pictures"]),
        (("--map", "pear=apple"), lambda r: r["overall"]["recall"]["value"]),
    ],
)
def test_every_option_makes_a_difference(
    fake: FakeRun, tmp_path: Path, option: tuple[object, ...], changed: Any
) -> None:
    truth = own_truth(fake, drop=1)
    usual, other = evaluate(fake, truth, tmp_path / "a"), evaluate(fake, truth, tmp_path / "b", *option)
    assert changed(usual) != changed(other)


def test_format_and_images_make_a_difference(fake: FakeRun, tmp_path: Path) -> None:
    truth = own_truth(fake)
    arguments = ("detect", "evaluate", fake.run.path, "--truth", truth, "--out", tmp_path / "out", *FEW)
    outcome = lydite(*arguments, "--format", "voc")
    assert outcome.code == 1
    assert "truth.json" in words(outcome.err)
    moved = tmp_path / "truth.json"
    content = json.loads(truth.read_text())
    for image in content["images"]:
        del image["width"], image["height"]  # only the pictures can tell
    moved.write_text(json.dumps(content))
    arguments = ("detect", "evaluate", fake.run.path, "--truth", moved, "--out", tmp_path / "out", *FEW)
    assert lydite(*arguments).code == 1
    assert lydite(*arguments, "--images", fake.root / "pictures").code == 0


def test_what_is_left_out_is_said(fake: FakeRun, tmp_path: Path) -> None:
    path = own_truth(fake, classes=("apple", "plum"), only=1)
    said = evaluate(fake, path, tmp_path)
    assert "1 picture in the run without truth, left out: pictures:picture-0001.png" in said["err"]
    assert "class 'plum' of the truth is unknown to the run" in said["err"]
    assert "class 'pear' of the run is unknown to the truth; all of it counts as false alarms" in said["err"]


def test_boxes_are_announced_and_withheld_figures_explained(fake: FakeRun, tmp_path: Path) -> None:
    said = evaluate(fake, own_truth(fake, masks=False), tmp_path, "--not-exhaustive", "*")
    assert "note: boxes are compared, since masks are missing" in said["err"]
    assert "withheld: F1, precision, oracle F1, F1 / oracle F1, AP" in said["out"]
    assert "(the annotation is declared not exhaustive" in said["out"]
    assert "boxes are compared: no pixels are known" in said["out"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--iou-type", "msk"), "There is no IoU type named 'msk'. Did you mean 'mask'?"),
        (("--map", "apple"), "Option --map takes theirs=ours. Seen: apple"),
        (("--map", "a=b", "--map", "a=c"), "Option --map renames a class twice."),
        (("--format", "cooc"), "There is no annotation format named 'cooc'. Did you mean 'coco'"),
        (("--iou", "5"), "Invalid value for '--iou'"),
        (("--not-exhaustive", "zzz"), "No picture of the truth fits --not-exhaustive 'zzz'."),
    ],
)
def test_what_cannot_be_asked(fake: FakeRun, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    outcome = lydite(
        "detect", "evaluate", fake.run.path, "--truth", own_truth(fake), "--out", tmp_path / "o", *options
    )
    assert outcome.code == 2
    assert message in words(outcome.err)
    assert not (tmp_path / "o").exists()


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    outcome = lydite("detect", "evaluate", tmp_path, "--truth", tmp_path)
    assert outcome.code == 2
    assert "holds no run. Name the folder that was the --out of lydite detect run." in words(outcome.err)


def test_two_runs(fake: FakeRun, tmp_path: Path) -> None:
    other = FakeRun(tmp_path / "b", classes=("apple", "pear", "plum"))
    for _ in range(3):
        other.add(candidates=40, lift=0.1)
    other.finish()
    arguments = ("detect", "diff", fake.run.path, other.run.path)
    outcome = lydite(*arguments)
    assert outcome.code == 0, outcome.err
    out, err = words(outcome.out), words(outcome.err)
    assert "differs class plum: only after" in out
    assert "2 pictures compared" in out
    assert "1 picture only in the second run, left out: pictures:picture-0002.png" in err
    record = json.loads((other.run.path / "diff" / "diff.json").read_text())
    loose = lydite(*arguments, "--iou", 0.95, "--min-move", 0.2, "--out", tmp_path / "loose")
    assert loose.code == 0, loose.err
    again = json.loads((tmp_path / "loose" / "diff.json").read_text())
    assert again["changes"] != record["changes"]
    assert [again[name] for name in ("iou_threshold", "min_move")] == [0.95, 0.2]


def test_the_same_run_twice(fake: FakeRun, tmp_path: Path) -> None:
    outcome = lydite("detect", "diff", fake.run.path, fake.run.path, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert "2 pictures compared, 0 changes" in words(outcome.out)
    assert "differs" not in outcome.out
