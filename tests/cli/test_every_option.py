"""No dead flags: for every option of ``lydite detect run`` the output changes on some fixture.

The table below must name every option; a new one without a case fails here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import typer.main

from cli.support_cli import Outcome, detect
from detect.proposers.given import annotate
from lydite.cli.lazy import load_all
from lydite.cli.main import app
from lydite.detect.config import GROUP_OF
from pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    disc,
    example,
    ground,
    save,
    square,
    write_examples,
    write_placed_examples,
)
from support import need_module


@dataclass(frozen=True)
class Case:
    """Arguments that must make a difference.

    Args:
        option: What is tried.
        base: Given to both runs: the circumstances in which the option matters.
        pages: Compare the pages as well as the results.
    """

    option: tuple[str, ...]
    base: tuple[str, ...] = ()
    pages: bool = False


@dataclass
class Fixture:
    """Folders of one fixture."""

    scenes: Path
    positive: Path
    negative: Path
    root: Path
    seen: dict[tuple[object, ...], str] = field(default_factory=dict)

    def fill(self, arguments: tuple[str, ...]) -> list[str]:
        """Arguments with their placeholders filled in."""
        filled: list[str] = []
        for argument in arguments:
            if argument == "{mobilenet}":
                weights = str(self.weights("weights", 0))
                filled += ["--encoder", "mobilenetv2_050", "--checkpoint", weights, "--short-side", "96"]
            elif argument == "{sam}":
                filled += ["--proposer", "sam", "--sam-checkpoint", str(self.segmenter("sam", 0)), *QUICK_SAM]
            elif argument == "{hub}":
                models = {"main": self.segmenter("sam", 0), "v2": self.segmenter("sam2", 1)}
                self.fill_hub({"nobody/sam-a": models, "nobody/sam-b": {"main": models["v2"]}})
                filled += ["--proposer", "sam", "--sam-model", "nobody/sam-a", *QUICK_SAM]
            else:
                filled.append(
                    argument.replace("{weights2}", str(self.root / "weights2.safetensors"))
                    .replace("{weights}", str(self.root / "weights.safetensors"))
                    .replace("{config}", str(self.root / "config.toml"))
                    .replace("{cache}", str(self.root / "cache"))
                    .replace("{negative}", str(self.negative))
                    .replace("{whole}", str(self.root / "whole"))
                    .replace("{against}", str(self.root / "against"))
                    .replace("{twin}", str(self.root / "twin"))
                    .replace("{boxes2}", str(self.root / "boxes2.json"))
                    .replace("{boxes}", str(self.root / "boxes.json"))
                    .replace("{labels}", str(self.root / "labels"))
                    .replace("{scenes}", str(self.scenes))
                    .replace("{finder}", str(self.root / "finder.py"))
                    .replace("{sam2}", str(self.root / "sam2"))
                    .replace("{placed}", str(self.root / "placed"))
                )
            if argument == "{sam2}":
                self.segmenter("sam2", 1)
            if "{weights" in argument:
                self.weights(argument.strip("{}"), 1 if "2" in argument else 0)
        return filled

    def weights(self, name: str, seed: int) -> Path:
        """Random weights of a real architecture, once."""
        path = self.root / f"{name}.safetensors"
        if not path.exists():
            need_module("timm")
            import timm
            import torch
            from safetensors.torch import save_file

            torch.manual_seed(seed)
            save_file(timm.create_model("mobilenetv2_050", num_classes=0).state_dict(), str(path))
        return path

    def segmenter(self, name: str, seed: int) -> Path:
        """A small SAM with random weights, once."""
        path = self.root / name
        if not path.exists():
            need_module("transformers")
            need_module("torchvision")
            from detect.segment.tiny import save_segmenter

            save_segmenter("sam", path, seed)
        return path

    def fill_hub(self, models: dict[str, dict[str, Path]]) -> None:
        """What two downloads from the hub would leave in its cache, once."""
        if not (self.root / "hub").exists():
            from detect.segment.tiny import fill_hub_cache

            for repository, revisions in models.items():
                fill_hub_cache(self.root / "hub", repository, revisions)

    def result(self, arguments: tuple[str, ...], pages: bool) -> str:
        """Everything that a run with these arguments left behind, as one text."""
        key = (arguments, pages)
        if key not in self.seen:
            out = self.root / "out" / hashlib.sha256(repr(key).encode()).hexdigest()[:12]
            filled = self.fill(arguments)
            before = sorted(self.root.glob("cache/**/*"))
            preset = () if "--preset" in filled else ("--preset", "strict")
            outcome = detect(self.scenes, self.positive, out, *preset, *filled, *(() if pages else NO_PAGES))
            made = len(sorted(self.root.glob("cache/**/*"))) - len(before)
            self.seen[key] = result_text(outcome, out, pages) + f"cache files: {made}"
        return self.seen[key]


NO_PAGES = ("--no-pages",)
OPEN = ("--min-pos-score", "0", "--decision-threshold", "-1", "--score-ratio", "0", "--consensus-thr", "0")
"""Rules out of the way, so that the rule under test decides."""
CALIBRATED = ("--preset", "calibrated", "--positive", "{placed}")
QUICK_SAM = ("--points-per-side", "4", "--pred-iou", "0", "--stability", "0", "--crop-layers", "0")
SIMILAR = ("--proposer", "similarity")
BOXES = ("--proposer", "boxes", "--boxes-file", "{boxes}")
CASES: dict[str, Case] = {
    "--preset": Case(("--preset", "soft"), pages=False),
    "--config": Case(("--config", "{config}")),
    "--negative": Case(("--negative", "{negative}")),
    "--example": Case(("--example", "blue={scenes}/a.png@120,8,146,34")),
    "--counter-example": Case(("--counter-example", "{scenes}/a.png@120,8,146,34")),
    "--encoder": Case(("--encoder", "mobilenetv2_050", "--checkpoint", "{weights}")),
    "--layer": Case(("--layer", "blocks.3"), ("{mobilenet}",)),
    "--checkpoint": Case(("--checkpoint", "{weights2}"), ("{mobilenet}",)),
    "--short-side": Case(("--short-side", "96")),
    "--pooling": Case(("--pooling", "nearest")),
    "--pool-topk": Case(("--pool-topk", "1"), ("--pooling", "topk")),
    "--zoom-cells": Case(("--zoom-cells", "20")),
    "--zoom-factor": Case(("--zoom-factor", "4"), ("--zoom-cells", "20")),
    "--device": Case(("--device", "cuda:99"), ("{mobilenet}",)),
    "--half": Case(("--half",), ("{mobilenet}",)),
    "--mean": Case(("--mean", "0.1,0.2,0.3"), ("{mobilenet}",)),
    "--std": Case(("--std", "0.3,0.3,0.3"), ("{mobilenet}",)),
    "--model-options": Case(("--model-options", "act_layer=relu"), ("{mobilenet}",)),
    "--proposer": Case(SIMILAR),
    "--callback": Case(
        ("--callback", "{finder}:find_less"), ("--proposer", "callback", "--callback", "{finder}:find")
    ),
    "--boxes-file": Case(("--boxes-file", "{boxes2}"), BOXES),
    "--boxes-format": Case(("--boxes-format", "voc"), BOXES),
    "--boxes-images": Case(
        ("--boxes-images", "{scenes}"),
        ("--proposer", "boxes", "--boxes-format", "yolo", "--boxes-file", "{labels}"),
    ),
    "--boxes-masks": Case(("--boxes-masks", "region"), BOXES),
    "--boxes-snap-iou": Case(("--boxes-snap-iou", "1"), (*BOXES, "--boxes-masks", "region")),
    "--similarity-scales": Case(("--similarity-scales", "0.5"), SIMILAR),
    "--similarity-levels": Case(("--similarity-levels", "0.95"), SIMILAR),
    "--similarity-peaks": Case(("--similarity-peaks", "1"), SIMILAR),
    "--similarity-regions": Case(("--similarity-regions", "0"), SIMILAR),
    "--similarity-snap-iou": Case(("--similarity-snap-iou", "1"), SIMILAR),
    "--similarity-fill": Case(("--similarity-fill", "0"), SIMILAR),
    "--sam-checkpoint": Case(("--sam-checkpoint", "{sam2}"), ("{sam}",)),
    "--sam-model": Case(("--sam-model", "nobody/sam-b"), ("{hub}",)),
    "--sam-revision": Case(("--sam-revision", "v2"), ("{hub}",)),
    "--sam-device": Case(("--sam-device", "cuda:99"), ("{sam}",)),
    "--sam-half": Case(("--sam-half",), ("{sam}",)),
    "--sam-prompts": Case(("--sam-prompts", "boxes"), ("{sam}",)),
    "--sam-long-side": Case(("--sam-long-side", "40"), ("{sam}",)),
    "--points-per-side": Case(("--points-per-side", "3"), ("{sam}",)),
    "--pred-iou": Case(("--pred-iou", "1"), ("{sam}",)),
    "--stability": Case(("--stability", "0.3"), ("{sam}",)),
    "--crop-layers": Case(("--crop-layers", "1"), ("{sam}", "--box-nms", "1", "--crop-nms", "1")),
    "--crop-downscale": Case(("--crop-downscale", "4"), ("{sam}", "--crop-layers", "1", "--crop-nms", "1")),
    "--crop-overlap": Case(("--crop-overlap", "0.9"), ("{sam}", "--crop-layers", "1", "--crop-nms", "1")),
    "--box-nms": Case(("--box-nms", "1"), ("{sam}",)),
    "--crop-nms": Case(("--crop-nms", "0.05"), ("{sam}", "--crop-layers", "1", "--box-nms", "1")),
    "--sam-min-region-px": Case(("--sam-min-region-px", "0"), ("{sam}", "--box-nms", "1")),
    "--long-side": Case(("--long-side", "96")),
    "--superpixels": Case(("--superpixels", "60")),
    "--sources": Case(("--sources", "blob")),
    "--max-candidates": Case(("--max-candidates", "5")),
    "--min-region-px": Case(("--min-region-px", "300")),
    "--region-duplicate-iou": Case(("--region-duplicate-iou", "0.5")),
    "--min-area-frac": Case(("--min-area-frac", "0.04")),
    "--max-area-frac": Case(("--max-area-frac", "0.04")),
    "--border-width": Case(("--border-width", "16"), OPEN),
    "--duplicate-iou": Case(("--duplicate-iou", "0.3")),
    "--min-quality": Case(("--min-quality", "0.5")),
    "--max-surround": Case(("--max-surround", "-1")),
    "--max-rectangle": Case(("--max-rectangle", "0.9"), OPEN),
    "--max-square": Case(("--max-square", "0.9"), OPEN),
    "--max-holes": Case(("--max-holes", "0"), OPEN),
    "--clean-masks": Case(("--clean-masks",), OPEN),
    "--opening": Case(("--opening", "4"), (*OPEN, "--clean-masks")),
    "--closing": Case(("--closing", "8"), (*OPEN, "--clean-masks")),
    "--cleanup-kernel": Case(("--cleanup-kernel", "9"), (*OPEN, "--clean-masks")),
    "--fill-holes": Case(("--fill-holes", "1"), OPEN),
    "--merge-gap": Case(("--merge-gap", "6"), OPEN),
    "--merge-solidity": Case(("--merge-solidity", "0"), (*OPEN, "--merge-gap", "6")),
    "--max-region-frac": Case(("--max-region-frac", "0.05")),
    "--prototypes": Case(("--prototypes", "1"), ("--positive-aggregation", "max")),
    "--prototype-kind": Case(
        ("--prototype-kind", "medoid"), ("--prototypes", "1", "--positive-aggregation", "max")
    ),
    "--focus": Case(("--focus",), ("--positive", "{whole}")),
    "--class-negatives": Case(("--no-class-negatives",), ("--negative", "{against}")),
    "--adjust-examples": Case(("--adjust-examples",)),
    "--attention-positive": Case(("--attention-positive", "0"), ("--adjust-examples",)),
    "--attention-negative": Case(("--attention-negative", "0"), ("--adjust-examples",)),
    "--background-share": Case(("--background-share", "0.4")),
    "--positive-aggregation": Case(("--positive-aggregation", "max")),
    "--exemplar-sizes": Case(("--exemplar-sizes", "1")),
    "--topk": Case(("--topk", "1")),
    "--trim": Case(("--trim", "0.4")),
    "--negative-aggregation": Case(("--negative-aggregation", "max"), ("--negative", "{negative}")),
    "--negative-quantile": Case(("--negative-quantile", "0.1"), ("--negative", "{negative}")),
    "--negative-topk": Case(
        ("--negative-topk", "1"), ("--negative", "{negative}", "--negative-aggregation", "topk")
    ),
    "--pseudo-negative-cos": Case(
        ("--pseudo-negative-cos", "-0.9"), ("--negative", "{negative}", "--pseudo-negative-share", "0")
    ),
    "--pseudo-negative-share": Case(
        ("--pseudo-negative-share", "0"), ("--negative", "{negative}", "--pseudo-negative-cos", "-0.9")
    ),
    "--min-pos-score": Case(("--min-pos-score", "0.99")),
    "--decision-threshold": Case(("--decision-threshold", "0.9")),
    "--score-ratio": Case(("--score-ratio", "9")),
    "--neg-cap": Case(("--neg-cap", "0.01"), OPEN),
    "--require-pos-gt-neg": Case(("--no-require-pos-gt-neg",), (*OPEN, "--negative", "{twin}")),
    "--margin": Case(("--margin", "0.9"), OPEN),
    "--class-separation": Case(("--class-separation", "0.9"), OPEN),
    "--consensus-k": Case(("--consensus-k", "3"), ("--consensus-thr", "0.97")),
    "--consensus-thr": Case(("--consensus-thr", "1.0")),
    "--max-shape-distance": Case(("--max-shape-distance", "0")),
    "--adaptive": Case(("--adaptive",), OPEN),
    "--adaptive-ratio": Case(("--adaptive-ratio", "0.1"), (*OPEN, "--adaptive")),
    "--adaptive-diff-floor": Case(("--adaptive-diff-floor", "0.9"), (*OPEN, "--adaptive")),
    "--allow-unknown": Case(("--no-allow-unknown",)),
    "--class-thresholds": Case(("--class-thresholds", "red=9"), OPEN),
    "--class-slack": Case(("--class-slack", "9"), (*OPEN, "--class-thresholds", "red=-9")),
    "--calibrate": Case(("--no-calibrate",), CALIBRATED),
    "--calibration-target": Case(("--calibration-target", "recall"), (*CALIBRATED, "--survey", "0")),
    "--calibration-level": Case(
        ("--calibration-level", "0.2"), (*CALIBRATED, "--calibration-target", "recall")
    ),
    "--exhaustive": Case(("--exhaustive",), CALIBRATED),
    "--rehearsals": Case(("--rehearsals", "4"), CALIBRATED),
    "--survey": Case(("--survey", "0"), CALIBRATED),
    "--nms-iou": Case(("--nms-iou", "0.05"), (*OPEN, "--nested-ios", "1")),
    "--one-class-per-thing": Case(("--no-one-class-per-thing",), (*OPEN, "--nms-iou", "0.05")),
    "--nested-ios": Case(("--nested-ios", "0.1"), (*OPEN, "--nms-iou", "0.9")),
    "--max-bytes": Case(("--max-bytes", "20000")),
    "--max-pixels": Case(("--max-pixels", "5000")),
    "--keep-rejected": Case(("--keep-rejected", "1"), ("--keep-rejected-min", "0"), pages=True),
    "--keep-rejected-min": Case(("--keep-rejected-min", "0.999"), pages=True),
    "--pages": Case(("--no-pages",), pages=True),
    "--cache": Case(("--cache", "{cache}")),
    "--workers": Case(("--workers", "2")),
    "--quiet": Case(("--quiet",)),
}
OF_A_CLUSTER = {"--engine", "--ray-address", "--ray-gpus"}
OF_A_REVIEW = {"--reviewed", "--journal"}
COVERED_ELSEWHERE = {
    "--positive",
    "--bank",
    "--out",
    "--help",
    "--points-per-batch",
    *OF_A_CLUSTER,
    *OF_A_REVIEW,
}
"""Required, or instead of it (test_detect_bank), of a cluster (engines/test_ray_detect), of a review
(test_reviewed), or nothing to compare with: a batch of points changes memory and speed,
and by law no mask."""


@pytest.fixture(scope="module")
def fixture(tmp_path_factory: pytest.TempPathFactory) -> Fixture:
    root = tmp_path_factory.mktemp("options")
    positive = write_examples(root / "positive", {"red": RED, "green": GREEN})
    save(disc(ground((64, 64), 9), (32, 32), 20, (170, 70, 60)), positive / "red" / "3.jpg")
    write_placed_examples(root / "placed", {"red": RED, "green": GREEN})
    write_placed_examples(root / "whole", {"red": RED, "green": GREEN})
    for mask in (root / "whole").rglob("*.png"):
        mask.unlink()
    negative = root / "negative"
    for k, colour in enumerate((BLUE, YELLOW, (120, 120, 120), (150, 60, 140))):
        save(square(ground((64, 64), k), (16, 16), 32, colour), negative / f"{k}.jpg")
    save(square(ground((64, 64), 3), (16, 16), 32, (220, 120, 60)), root / "against" / "red" / "0.jpg")
    annotate(root / "boxes.json", [[16, 16, 45, 45], [90, 60, 131, 101]], picture="a.png")
    annotate(root / "boxes2.json", [[16, 16, 45, 45]], picture="a.png")
    (root / "labels").mkdir()
    (root / "labels" / "a.txt").write_text("0 0.2 0.25 0.2 0.25\n")
    (root / "labels" / "classes.txt").write_text("thing\n")
    finder = "def find(pixels):\n    return [[16, 16, 45, 45], [90, 60, 131, 101]]\n"
    (root / "finder.py").write_text(f"{finder}def find_less(pixels):\n    return find(pixels)[:1]\n")
    twin = root / "twin"
    save(example((200, 45, 45), 7)[0], twin / "0.jpg")
    scene = ground((120, 160), 4)
    scene = disc(disc(scene, (30, 30), 14, RED), (12, 100), 11, RED)
    scene = disc(disc(scene, (110, 80), 20, (190, 60, 60)), (110, 80), 11, (205, 30, 35))
    scene = square(disc(scene, (60, 90), 14, GREEN), (120, 8), 26, BLUE)
    save(scene, root / "scenes" / "a.png")
    return Fixture(root / "scenes", positive, negative, root)


@pytest.fixture(autouse=True)
def offline(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """No download: the hub's cache is all there is."""
    if importlib.util.find_spec("huggingface_hub") is not None:
        import huggingface_hub.constants

        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(fixture.root / "hub"))


def result_text(outcome: Outcome, out: Path, pages: bool) -> str:
    """Results of a run without what changes by itself (seconds, folder names)."""
    if outcome.code == 2:
        return f"usage {outcome.err}"
    if not (out / "decisions.parquet").exists():
        return f"refused {outcome.err}"
    parts = [f"exit {outcome.code}", re.sub(r"\S*/out/\w+", "OUT", outcome.err)]
    table = pl.read_parquet(out / "decisions.parquet")
    parts.append(table.write_json())
    calibration = out / "calibration.json"
    parts.append(calibration.read_text() if calibration.exists() else "no calibration")
    parts.append((out / "instances.json").read_text())
    summary = json.loads((out / "summary.json").read_text())
    parts.append(str(summary["workers"]))
    if pages:
        parts += [page.read_text() for page in sorted((out / "report").rglob("*.html"))]
    return "\n".join(parts)


def options() -> set[str]:
    """Every option of the command, by its first name."""
    run = load_all(typer.main.get_command(app)).commands["detect"].commands["run"]
    return {p.opts[0] for p in run.params if p.param_type_name == "option"}


def test_every_option_has_a_case() -> None:
    assert options() - COVERED_ELSEWHERE == set(CASES)


def test_every_setting_is_an_option() -> None:
    assert {"--" + name.replace("_", "-") for name in GROUP_OF} <= options()


@pytest.mark.parametrize("name", CASES)
def test_the_option_changes_the_output(fixture: Fixture, name: str) -> None:
    case = CASES[name]
    without = fixture.result(case.base, case.pages)
    assert fixture.result((*case.base, *case.option), case.pages) != without


def test_the_same_arguments_give_the_same_output(fixture: Fixture) -> None:
    again = Fixture(fixture.scenes, fixture.positive, fixture.negative, fixture.root)
    assert again.result(("--quiet",), pages=False) == fixture.result(("--quiet",), pages=False)
