"""Bad input is normal life: what was wrong, where, the remedy, and nothing lost."""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cli.support_cli import SMALL, detect, lydite, words
from lydite.data.files import TEMPORARY
from pictures import BLUE, GREEN, RED, example, ground, save, square, write_examples, write_scene
from support import need_module


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "scenes" / "a.png")


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    return write_examples(tmp_path / "positive", {"red": RED, "green": GREEN})


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that claims a size, whatever it holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_no_positives(tmp_path: Path, scene: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = detect(scene, tmp_path / "empty", tmp_path / "out")
    assert outcome.code == 1
    assert f"No positives in {tmp_path / 'empty'}. Put pictures into it" in words(outcome.err)
    assert not (tmp_path / "out").exists()


def test_a_class_with_no_readable_picture(tmp_path: Path, scene: Path, examples: Path) -> None:
    (examples / "blue").mkdir()
    (examples / "blue" / "a.jpg").write_text("no picture")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 1
    assert "Class 'blue' has no readable exemplar: Picture" in words(outcome.err)
    assert "Add a readable picture, or remove the class folder." in words(outcome.err)


def test_one_unreadable_exemplar_is_named_and_the_rest_goes_on(
    tmp_path: Path, scene: Path, examples: Path
) -> None:
    (examples / "red" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 0
    assert "exemplar left out: Picture" in words(outcome.err)
    assert "broken.jpg" in words(outcome.err)


def test_the_same_picture_as_positive_and_negative(tmp_path: Path, scene: Path, examples: Path) -> None:
    pixels, _ = example(RED, 50)
    save(pixels, examples / "red" / "twin.png")
    save(pixels, tmp_path / "negative" / "other-name.png")
    outcome = detect(scene, examples, tmp_path / "out", "--negative", tmp_path / "negative")
    assert outcome.code == 1
    assert "The same picture is an example of 'red'" in words(outcome.err)
    assert "and a negative" in words(outcome.err)


def test_the_same_picture_in_two_classes(tmp_path: Path, scene: Path, examples: Path) -> None:
    pixels, _ = example(RED, 50)
    save(pixels, examples / "red" / "twin.png")
    save(pixels, examples / "green" / "twin.png")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 1
    assert "is an example of 'green'" in words(outcome.err)


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 400), (400, 1), (2, 2)])
def test_a_tiny_picture_is_an_answer(tmp_path: Path, examples: Path, size_hw: tuple[int, int]) -> None:
    tiny = save(np.full((*size_hw, 3), 90, np.uint8), tmp_path / "tiny.png")
    outcome = detect(tiny, examples, tmp_path / "out")
    assert outcome.code == 0
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["empty"] == 1


def test_a_picture_of_one_colour_yields_nothing(tmp_path: Path, examples: Path) -> None:
    flat = save(np.full((120, 160, 3), 128, np.uint8), tmp_path / "flat.png")
    assert detect(flat, examples, tmp_path / "out").code == 0
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["funnel"]["accepted"] == 0


def test_a_picture_without_the_object_yields_nothing_and_says_why(tmp_path: Path, examples: Path) -> None:
    nothing = write_scene(tmp_path / "nothing.png", things=False)
    assert detect(nothing, examples, tmp_path / "out").code == 0
    table = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert not (table["outcome"] == "accepted").any()
    assert (table["blocks"].list.len() > 0).all()
    assert len(json.loads((tmp_path / "out" / "instances.json").read_text())["images"]) == 1


@pytest.mark.parametrize("claimed", [(20_000, 20_000), (100_000, 100_000)], ids=["20,000x20,000", "bomb"])
def test_huge_pixels_in_a_small_file_are_refused_and_the_batch_goes_on(
    tmp_path: Path, scene: Path, examples: Path, claimed: tuple[int, int]
) -> None:
    bomb = scene.parent / "bomb.png"
    bomb.write_bytes(png_header(*claimed, zlib.compress(bytes(10_000))))
    outcome = detect(scene.parent, examples, tmp_path / "out")
    assert outcome.code == 1
    assert "bomb.png" in words(outcome.err)
    assert "max_pixels" in words(outcome.err)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["done"], len(summary["failed"])) == (1, 1)


def test_a_truncated_picture_is_refused_and_the_batch_goes_on(
    tmp_path: Path, scene: Path, examples: Path
) -> None:
    whole = save(ground((200, 200)), tmp_path / "whole.jpg").read_bytes()
    (scene.parent / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    outcome = detect(scene.parent, examples, tmp_path / "out")
    assert outcome.code == 1
    assert "cut.jpg" in words(outcome.err)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["done"] == 1


def test_a_directory_given_as_a_file(tmp_path: Path, examples: Path) -> None:
    folder = tmp_path / "picture.jpg"
    folder.mkdir()
    outcome = detect(folder, examples, tmp_path / "out")
    assert outcome.code == 2
    assert "picture.jpg" in words(outcome.err)


def test_a_missing_picture_suggests_its_neighbour(tmp_path: Path, scene: Path, examples: Path) -> None:
    outcome = detect(scene.with_name("b.png"), examples, tmp_path / "out")
    assert outcome.code == 2
    assert "a.png" in words(outcome.err)


def test_the_output_of_another_run(tmp_path: Path, scene: Path, examples: Path) -> None:
    assert detect(scene, examples, tmp_path / "out").code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    outcome = detect(scene, examples, tmp_path / "out", "--min-pos-score", "0.7")
    assert outcome.code == 2
    assert "belongs to another run; it differs in min_pos_score (0.78 there, 0.7 here)" in words(outcome.err)
    save(example(RED, 99)[0], examples / "red" / "new.png")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 2
    assert "it differs in exemplars" in words(outcome.err)
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_an_output_folder_with_other_things(tmp_path: Path, scene: Path, examples: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("precious")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 2
    assert "is not empty and holds no run" in words(outcome.err)
    outcome = detect(scene, examples, scene)
    assert outcome.code == 2
    assert "is a file. Name a folder with --out." in words(outcome.err)


def test_a_mask_of_another_size_is_named(tmp_path: Path, scene: Path, examples: Path) -> None:
    save(np.full((10, 10), 255, np.uint8), examples / "red" / "0.png")
    outcome = detect(scene, examples, tmp_path / "out")
    assert outcome.code == 0
    assert "0.png is a mask of 10x10 pixels for a picture of 64x64." in words(outcome.err)


def test_names_of_all_kinds(tmp_path: Path, examples: Path) -> None:
    names = ["äpfel und birnen.png", "照片.png", "x" * 240 + ".png", "a'\"<b>&.png", "#?%20.png"]
    for name in names:
        write_scene(tmp_path / "scenes" / name)
    assert detect(tmp_path / "scenes", examples, tmp_path / "out").code == 0
    images = json.loads((tmp_path / "out" / "instances.json").read_text())["images"]
    assert {image["file_name"] for image in images} == set(names)


def test_unknown_names_are_usage_errors_with_a_suggestion(
    tmp_path: Path, scene: Path, examples: Path
) -> None:
    outcome = detect(scene, examples, tmp_path / "out", "--min-pos-scor", "0.5")
    assert outcome.code == 2
    assert "--min-pos-score" in words(outcome.err)
    config = tmp_path / "c.toml"
    config.write_text("min_pos_scor = 0.5\n")
    outcome = detect(scene, examples, tmp_path / "out", "--config", config)
    assert outcome.code == 2
    assert "There is no setting named 'min_pos_scor'. Did you mean 'min_pos_score'" in words(outcome.err)
    outcome = detect(scene, examples, tmp_path / "out", "--preset", "strickt")
    assert outcome.code == 2
    assert "Did you mean 'strict'?" in words(outcome.err)
    outcome = detect(scene, examples, tmp_path / "out", "--min-pos-score", "1.5")
    assert outcome.code == 2
    assert "min_pos_score" in words(outcome.err)


def test_a_config_that_is_no_toml_or_a_folder(tmp_path: Path, scene: Path, examples: Path) -> None:
    (tmp_path / "c.toml").write_text("min_pos_score: 0.5")
    outcome = detect(scene, examples, tmp_path / "out", "--config", tmp_path / "c.toml")
    assert outcome.code == 2
    assert "is not TOML" in words(outcome.err)
    outcome = detect(scene, examples, tmp_path / "out", "--config", tmp_path)
    assert outcome.code == 2
    assert "cannot be read" in words(outcome.err)


def test_no_command_teaches() -> None:
    outcome = lydite("--help")
    assert outcome.code == 0
    assert "detect" in outcome.out
    assert "demo" in outcome.out


def _command(scene: Path, examples: Path, out: Path) -> list[str]:
    run = [sys.executable, "-m", "lydite.cli.main", "detect", "run", str(scene), "--positive", str(examples)]
    return [*run, "--out", str(out), "--no-pages", *map(str, SMALL)]


def _environment() -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[2] / "src")
    return {**os.environ, "PYTHONPATH": source}


def _results(out: Path) -> tuple[str, str]:
    table = pl.read_parquet(out / "decisions.parquet").write_json()
    return table, (out / "instances.json").read_text()


def _finished(out: Path) -> int:
    """Pictures that are done; half-written files do not count."""
    left = (file.name for file in (out / "pictures").glob("*.json"))
    return sum(not name.startswith(TEMPORARY) for name in left)


BATCH = 16


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes, examples, and what a run of them leaves that nothing stops."""
    root = tmp_path_factory.mktemp("batch")
    write_examples(root / "positive", {"red": RED, "green": GREEN})
    for k in range(BATCH):
        write_scene(root / "scenes" / f"{k}.png", seed=k)
    subprocess.run(_batch_command(root, root / "fresh"), env=_environment(), check=True)
    return root


def _batch_command(batch: Path, out: Path) -> list[str]:
    return _command(batch / "scenes", batch / "positive", out)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_an_interrupted_batch_goes_on_where_it_stopped(tmp_path: Path, batch: Path, how: int) -> None:
    command = _batch_command(batch, tmp_path / "out")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment())
    deadline = time.monotonic() + 120
    while _finished(tmp_path / "out") < 3 and time.monotonic() < deadline:
        assert process.poll() is None, "finished before it could be interrupted"
        time.sleep(0.02)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    done = _finished(tmp_path / "out")
    assert 3 <= done < BATCH
    if how == signal.SIGINT:
        assert process.returncode == 1
        assert "the same command goes on from there" in words(said)
        assert "Traceback" not in said
    assert not (tmp_path / "out" / "instances.json").exists()
    again = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    assert again.returncode == 0, again.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["done"], summary["resumed"]) == (BATCH, done)
    assert _results(tmp_path / "out") == _results(batch / "fresh")


def test_a_disk_that_fills_up(tmp_path: Path, examples: Path) -> None:
    """A cap on file sizes makes real writes fail half way, as a full disk does."""
    for k in range(4):
        write_scene(tmp_path / "scenes" / f"{k}.png", seed=k)
    out = tmp_path / "out"
    command = _command(tmp_path / "scenes", examples, out)

    def cap() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))

    full = subprocess.run(
        command, capture_output=True, text=True, env=_environment(), preexec_fn=cap, check=False
    )
    assert full.returncode == 1, full.stderr
    assert "cannot be written" in words(full.stderr)
    assert "Traceback" not in full.stderr
    assert not list(out.rglob("*.tmp")), "half-written files must not stay"
    again = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads((out / "summary.json").read_text())["done"] == 4


def test_clutter_is_no_instance(tmp_path: Path, scene: Path, examples: Path) -> None:
    """The blue square of the scene is refused with its reason, the discs are found."""
    save(square(ground((64, 64), 3), (16, 16), 32, BLUE), tmp_path / "negative" / "blue.png")
    assert detect(scene, examples, tmp_path / "out", "--negative", tmp_path / "negative").code == 0
    found = json.loads((tmp_path / "out" / "instances.json").read_text())
    names = {category["id"]: category["name"] for category in found["categories"]}
    assert sorted(names[a["category_id"]] for a in found["annotations"]) == ["green", "red", "red"]


class _Trap:
    """A pickle that would create a file when it is loaded without care."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.marker),))


def _checkpoint(kind: str, folder: Path) -> Path:
    """A weights file that must not be loaded."""
    import timm
    import torch

    path = folder / "weights.pth"
    if kind == "another architecture":
        torch.save(timm.create_model("resnet18", num_classes=0).state_dict(), path)
    elif kind == "partial":
        state = timm.create_model("mobilenetv2_050", num_classes=0).state_dict()
        torch.save(dict(list(state.items())[: len(state) // 2]), path)
    elif kind == "pickle with code":
        path.write_bytes(pickle.dumps(_Trap(folder / "ran")))
    elif kind == "text":
        path.write_text("these are no weights")
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("another architecture", "mobilenetv2_050"),
        ("partial", "more. Name the encoder that the file was made for"),
        ("pickle with code", "code"),
        ("text", "weights.pth"),
        ("folder", "weights.pth"),
        ("absent", "weights.pth"),
    ],
)
def test_a_checkpoint_that_must_not_be_loaded(
    tmp_path: Path, scene: Path, examples: Path, kind: str, message: str
) -> None:
    need_module("timm")
    path = _checkpoint(kind, tmp_path)
    outcome = detect(scene, examples, tmp_path / "out", "--encoder", "mobilenetv2_050", "--checkpoint", path)
    assert outcome.code in {1, 2}
    assert message in words(outcome.err)
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_an_encoder_that_does_not_exist(tmp_path: Path, scene: Path, examples: Path) -> None:
    need_module("timm")
    outcome = detect(scene, examples, tmp_path / "out", "--encoder", "resnet101x")
    assert outcome.code == 2
    assert "resnet101" in words(outcome.err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--boxes-file", "marks.json"),
            "Option --boxes-file says nothing to the proposer 'regions'.",
        ),
        (("--callback", "a.py:f", "--proposer", "similarity"), "Add --proposer callback, or leave it out."),
        (("--sam-prompts", "points"), "Add --proposer edgetam or sam or sam2 or sam3_tracker or sam_hq, or"),
        (("--ray-gpus", "1"), "Options --ray-address and --ray-gpus are for --engine ray."),
    ],
)
def test_options_that_nobody_hears_are_refused(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    write_examples(tmp_path / "positive", {"red": RED})
    write_scene(tmp_path / "scenes" / "0.png")
    outcome = detect(tmp_path / "scenes", tmp_path / "positive", tmp_path / "run", *options)
    assert outcome.code == 2
    assert message in words(outcome.err)
    assert not (tmp_path / "run").exists()
