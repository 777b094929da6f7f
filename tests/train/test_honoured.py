"""Every setting of a recipe changes what comes out wherever it can be set, and is refused elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lydite.core import UsageError
from lydite.data import load_predictions
from lydite.engines import build_engine
from lydite.train import ImageTask, Recipe, RunSpec, changed, load_recipe, open_run, shipped_recipes
from lydite.train.honoured import honoured, require_honoured
from lydite.train.log import read_lines
from lydite.train.probe import run_probe
from lydite.train.run import Run
from support import need_module
from train.fruit import draw, task_of
from train.test_plan import folded

Settings = dict[str, Any]
STEPPED: dict[str, Settings] = {
    "loss.label_smoothing": {"loss.label_smoothing": 0.3},
    "loss.class_weights": {"loss.class_weights": "balanced"},
    "optimiser.lr": {"optimiser.lr": 0.02},
    "optimiser.weight_decay": {"optimiser.weight_decay": 0.5},
    "optimiser.clip": {"optimiser.clip": 1e-3},
    "schedule.epochs": {"schedule.epochs": 4},
    "schedule.warmup": {"schedule.warmup": 0.0},
    "schedule.final_lr": {"schedule.final_lr": 0.9},
    "sampling.batch": {"sampling.batch": 4},
    "head.dropout": {"head.dropout": 0.5},
}
PROBES: dict[str, dict[str, Settings]] = {
    "linear": {"head.c": {"head.c": 0.1}},
    "mlp": STEPPED | {"head.hidden": {"head.hidden": 3}},
    "attention": STEPPED | {"head.queries": {"head.queries": 1}, "head.grid": {"head.grid": 3}},
    "neighbours": {
        "head.neighbours": {"head.neighbours": 2},
        "head.temperature": {"head.temperature": 9.0},
    },
}
LOOKS: dict[str, Settings] = {
    "backbone.side": {"backbone.side": 48},
    "augment.views": {"augment.views": 3},
    "augment.profile": {"augment.profile": "full"},
    "augment.strength": {"augment.strength": 2.0},
    "head.kind": {"head.kind": "neighbours"},
    "backbone.name": {"backbone.name": "embedded", "backbone.side": 32},
}
"""Of a linear probe on two views."""
TUNED: dict[str, tuple[Settings, Settings]] = {
    **{name: ({}, change) for name, change in STEPPED.items() if not name.startswith("head.")},
    "backbone.name": ({}, {"backbone.name": "test_convnext"}),
    "backbone.side": ({}, {"backbone.side": 64}),
    "backbone.options": ({}, {"backbone.options": {"drop_path_rate": 0.9}}),
    "backbone.drop_path": ({}, {"backbone.drop_path": 0.9}),
    "backbone.mean": ({}, {"backbone.mean": [0.1, 0.2, 0.3]}),
    "backbone.std": ({}, {"backbone.std": [0.4, 0.5, 0.6]}),
    "head.start": ({"head.start": "zeros"}, {"head.start": "probe"}),
    "head.c": ({"head.start": "probe"}, {"head.c": 0.1}),
    "optimiser.name": ({}, {"optimiser.name": "sgd"}),
    "optimiser.layer_decay": ({}, {"optimiser.layer_decay": 0.5}),
    "augment.profile": ({}, {"augment.profile": "full"}),
    "augment.strength": ({}, {"augment.strength": 2.0}),
    "mix.mixup": ({}, {"mix.mixup": 1.0}),
    "mix.cutmix": ({}, {"mix.cutmix": 1.0}),
    "mix.probability": ({}, {"mix.probability": 0.3}),
    "mix.switch": ({"mix.cutmix": 1.0}, {"mix.switch": 1.0}),
    "mix.off_epochs": ({}, {"mix.off_epochs": 1}),
    "sharpness.rho": ({}, {"sharpness.rho": 0.5}),
    "sharpness.adaptive": ({"sharpness.rho": 0.5}, {"sharpness.adaptive": True}),
    "averaging.ema": ({}, {"averaging.ema": 0.9}),
    "averaging.swa_from": ({}, {"averaging.swa_from": 1}),
    "sampling.order": ({}, {"sampling.order": "balanced"}),
    "sampling.power": ({"sampling.order": "weighted"}, {"sampling.power": 1.0}),
    "stages.balanced_epochs": ({}, {"stages.balanced_epochs": 1}),
    "stages.second_epochs": ({}, {"stages.second_epochs": 1}),
    "stages.second_lr": ({"stages.second_epochs": 1}, {"stages.second_lr": 0.9}),
    "stages.second_side": ({"stages.second_epochs": 1}, {"stages.second_side": 64}),
    "stages.hard_epochs": ({}, {"stages.hard_epochs": 1}),
    "stages.confidence_epochs": ({}, {"stages.confidence_epochs": 1}),
    "tta.views": ({}, {"tta.views": "geo8"}),
    "tta.first": ({"tta.views": "geo8"}, {"tta.first": 2}),
    "budget.select": ({}, {"budget.select": "loss"}),
    "budget.precision": ({}, {"budget.precision": "bf16"}),
}
ELSEWHERE = {
    "about",
    "speed",
    "backbone.checkpoint",
    "backbone.layer",
    "backbone.options",
    "backbone.mean",
    "backbone.std",
    "backbone.start",
    "budget.device",
    "budget.workers",
    "budget.threads",
    "budget.channels_last",
    "budget.save_steps",
    "budget.cache_mb",
    "sampling.parts",
}
"""Decides nothing, or what a file or a hub must be there for (test_network, features), or where and how fast
the same is computed (test_loop)."""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    """Uneven classes, or balance would change nothing."""
    folder = draw(tmp_path_factory.mktemp("fruit"), 4)
    draw(folder, 6, ("apple",))
    return task_of(folder)


Result = Callable[[Recipe], bytes]
Train = Callable[[Run], object]


def remembered(root: Path, task: ImageTask, train: Train) -> Result:
    """What a run of one fold says and logs, each recipe trained once."""
    known: dict[str, bytes] = {}
    plan = folded(task, 2)

    def result(recipe: Recipe) -> bytes:
        if recipe.id not in known:
            folder = root / recipe.id
            with open_run(folder, RunSpec(recipe, task, plan, (0,))) as run:
                train(run)
            said = load_predictions(folder / "predictions" / "oof.parquet")
            told = [line for line in read_lines(folder / "log.jsonl") if line["kind"] == "epoch"]
            steps = [{name: line[name] for name in ("loss", "rate", "side")} for line in told]
            known[recipe.id] = said.logits.tobytes() + said.exposure.tobytes() + repr(steps).encode()
        return known[recipe.id]

    return result


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory, task: ImageTask) -> Result:
    root = tmp_path_factory.mktemp("probes")
    return remembered(root, task, lambda run: run_probe(run, build_engine(1), root / "cache"))


def probe_of(head: str, settings: Mapping[str, object] | None = None) -> Recipe:
    small: Settings = {"backbone.name": "descriptor", "backbone.side": 64}
    if head in {"mlp", "attention"}:
        small |= {"schedule.epochs": 3, "sampling.batch": 6}
    recipe = load_recipe("probe" if head == "linear" else f"probe-{head}")
    return changed(recipe, small | dict(settings or {}))


@pytest.mark.parametrize(
    ("head", "name"), [(head, name) for head, changes in PROBES.items() for name in changes]
)
def test_a_setting_of_a_head_changes_what_it_says(head: str, name: str, probed: Result) -> None:
    assert probed(probe_of(head, PROBES[head][name])) != probed(probe_of(head))


@pytest.mark.parametrize("name", LOOKS)
def test_a_setting_of_the_look_changes_what_a_probe_says(name: str, probed: Result) -> None:
    two = {"augment.views": 2}
    assert probed(probe_of("linear", two | LOOKS[name])) != probed(probe_of("linear", two))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, task: ImageTask) -> Result:
    need_module("torch")
    need_module("timm")
    from lydite.train.fine_tuning import run_fine_tune

    return remembered(tmp_path_factory.mktemp("tuned"), task, lambda run: run_fine_tune(run, None))


@pytest.mark.torch
@pytest.mark.parametrize("name", TUNED)
def test_a_setting_of_fine_tuning_changes_what_comes_out(name: str, tuned: Result) -> None:
    base, change = TUNED[name]
    assert tuned(tune_of(base | change)) != tuned(tune_of(base))


def tune_of(settings: Mapping[str, object]) -> Recipe:
    small: Settings = {
        "backbone.name": "test_resnet",
        "backbone.start": "random",
        "backbone.side": 32,
        "schedule.epochs": 3,
        "sampling.batch": 5,
        "optimiser.lr": 5e-3,
        "mix.off_epochs": 0,
        "budget.threads": 1,
    }
    return changed(load_recipe("fine-tune"), small | dict(settings))


def test_every_setting_has_a_case_or_is_refused() -> None:
    for head, changes in PROBES.items():
        known = honoured(changed(probe_of(head), {"backbone.name": "resnet18", "augment.views": 2}))
        assert known - ELSEWHERE == {*changes, *LOOKS}, head
    assert honoured(tune_of({"head.start": "probe"})) - ELSEWHERE == TUNED.keys() - ELSEWHERE


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_what_ships_is_honoured(name: str) -> None:
    require_honoured(load_recipe(name))


def test_what_would_change_nothing_is_refused_by_name() -> None:
    cases: list[tuple[Recipe, Settings, str]] = [
        (
            probe_of("linear"),
            {"mix.mixup": 0.5, "head.hidden": 3},
            r"on 1 view by 'descriptor' cannot honour head\.hidden, mix\.mixup\. Leave them out, or begin",
        ),
        (probe_of("linear"), {"backbone.name": "embedded", "backbone.checkpoint": "w.pth"}, "backbone.check"),
        (probe_of("linear"), {"augment.profile": "full"}, r"cannot honour augment\.profile"),
        (probe_of("mlp"), {"tta.views": "flip"}, r"cannot honour tta\.views"),
        (probe_of("neighbours"), {"budget.device": "cuda"}, r"cannot honour budget\.device"),
        (tune_of({}), {"head.kind": "mlp"}, r"Fine-tuning of 'test_resnet' cannot honour head\.kind"),
        (tune_of({}), {"backbone.name": "embedded"}, r"'embedded' cannot honour backbone\.start"),
    ]
    for recipe, settings, message in cases:
        with pytest.raises(UsageError, match=message):
            require_honoured(changed(recipe, settings))
