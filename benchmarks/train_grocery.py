"""Whole networks on grocery pictures within a budget of minutes, beside a probe of the same network.

    python benchmarks/train_grocery.py [--networks embedded mobilenetv2_100] [--minutes 60] [--side 224]
                                       [--threads 2] [--most-epochs 15] [--cache FOLDER]

The 81 products (fine classes) are learned from the official training pictures, 2,640 of them; the 296 of
``val.txt`` are held out and choose nothing. A few steps are timed first and the epochs follow from the
budget, which is for each network. Printed: accuracy on the held-out pictures by product and, with the same
answers, by coarse class, each with its interval; then the same of a linear probe on the frozen network.
The claim: fine-tuning is above the probe.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from detect import SHARED
from lydite.core import ClassMap
from lydite.data import load_predictions
from lydite.engines import build_engine
from lydite.metrics import score_classes
from lydite.train import ImageTask, Plan, Recipe, RunSpec, changed, load_recipe, open_run, open_version
from lydite.train.assembly import network_of
from lydite.train.fine_tuning import run_fine_tune
from lydite.train.loop import Job, fit
from lydite.train.probe import judgements, run_probe
from lydite.train.records import Step
from lydite.train.weights import parents_of

MOBILENET = {
    "backbone.checkpoint": str(SHARED / "weights/mobilenetv2_100.imagenet.safetensors"),
    "backbone.mean": [127 / 255] * 3,
    "backbone.std": [0.5] * 3,
}


def main() -> int:
    options = _options()
    packages = ("torch", "timm", "numpy")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    torch.set_num_threads(options.threads)
    coarse = ImageTask.of_version(open_version(SHARED / "data" / "grocery", layout="split/*/label/group"))
    fine = by_product(coarse)
    print(f"{len(fine)} pictures, {len(fine.classes)} products; load {os.getloadavg()[0]:.1f}", flush=True)
    above = []
    with tempfile.TemporaryDirectory() as place:
        cache = options.cache or Path(place) / "cache"
        for name in options.networks:
            tuned = fine_tuned(name, fine, coarse, Path(place) / f"{name}-tuned", cache, options)
            above.append(tuned > probed(name, fine, coarse, Path(place) / f"{name}-probe", cache))
    print("claim holds" if all(above) else "claim FAILS")
    return 0 if all(above) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["embedded", "mobilenetv2_100"])
    parser.add_argument("--minutes", type=float, default=60, help="for each network")
    parser.add_argument("--most-epochs", type=int, default=15)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors and decoded pictures")
    return parser.parse_args()


def by_product(task: ImageTask) -> ImageTask:
    """The same pictures, labelled by product."""
    classes = ClassMap(tuple(sorted(set(task.groups))))
    labels = np.array([classes.get_label(group) for group in task.groups], np.int64)
    return ImageTask(task.items, task.pictures, labels, classes, task.groups, task.splits, task.paths)


def fine_tuned(
    name: str, task: ImageTask, coarse: ImageTask, folder: Path, cache: Path, options: argparse.Namespace
) -> float:
    recipe = changed(
        load_recipe("fine-tune"),
        {
            "backbone.name": name,
            "backbone.side": options.side,
            "budget.threads": options.threads,
            "optimiser.layer_decay": 0.9,
            **(MOBILENET | {"backbone.options": {"pad_type": "same"}} if name != "embedded" else {}),
        },
    )
    seconds = _seconds_a_step(recipe, task, folder.parent / f"{name}-timing", cache)
    steps = -(-int(sum(split == "train" for split in task.splits)) // recipe.sampling.batch)
    epochs = int(np.clip(options.minutes * 60 / (steps * seconds), 1, options.most_epochs))
    short = min(epochs - 1, recipe.mix.off_epochs)
    recipe = changed(
        recipe, {"schedule.epochs": epochs, "schedule.warmup": min(1.0, epochs / 4), "mix.off_epochs": short}
    )
    print(f"{name}: {seconds:.2f} s a step of {recipe.sampling.batch}, {epochs} epochs", flush=True)
    plan = Plan.of_split(task)
    began = time.monotonic()
    with open_run(folder, RunSpec(recipe, task, plan, plan.folds, 0, parents_of(recipe))) as run:
        run_fine_tune(run, cache / "decoded")
    minutes = (time.monotonic() - began) / 60
    return _tell(f"    fine-tuned, {epochs} epochs, {minutes:.1f} minutes", task, coarse, folder)


def probed(name: str, task: ImageTask, coarse: ImageTask, folder: Path, cache: Path) -> float:
    settings: dict[str, object] = {"backbone.name": name}
    if name != "embedded":
        settings["backbone.checkpoint"] = MOBILENET["backbone.checkpoint"]
    recipe = changed(load_recipe("probe"), settings)
    plan = Plan.of_split(task)
    with open_run(folder, RunSpec(recipe, task, plan, plan.folds, 0, parents_of(recipe))) as run:
        run_probe(run, build_engine(1), cache)
    return _tell("    linear probe", task, coarse, folder)


def _seconds_a_step(recipe: Recipe, task: ImageTask, folder: Path, cache: Path) -> float:
    """Of the third to fifth step."""
    member = Plan.of_split(task).member(0)
    network = network_of(recipe.backbone, task.classes)
    none = np.zeros(0, np.int64)
    job = Job(recipe, network, task, task.labels, member.known, none, 0, folder, "timing", cache / "decoded")
    steps = (record for record in fit(job) if isinstance(record, Step))
    list(islice(steps, 2))
    began = time.monotonic()
    list(islice(steps, 3))
    return (time.monotonic() - began) / 3


def _tell(title: str, task: ImageTask, coarse: ImageTask, folder: Path) -> float:
    said = load_predictions(folder / "predictions" / "oof.parquet")
    fine = score_classes(judgements(task, said)).overall["accuracy"]
    home = dict(zip(task.groups, coarse.labels.tolist(), strict=True))
    of_class = np.array([home[name] for name in task.classes], np.int64)
    place = {item: row for row, item in enumerate(task.items)}
    truth = coarse.labels[[place[item] for item in said.items]]
    right = float(np.mean(of_class[said.logits.argmax(axis=1)] == truth))
    print(
        f"{title}: product {fine.value:.4f} [{fine.low:.4f}, {fine.high:.4f}], coarse class {right:.4f}",
        flush=True,
    )
    return fine.value


if __name__ == "__main__":
    raise SystemExit(main())
