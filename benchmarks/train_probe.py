"""The first number of a training: probes on grocery pictures, random folds beside folds of whole products.

    python benchmarks/train_probe.py [--cache FOLDER] [--encoders embedded] [--heads linear mlp]

2,936 pictures, coarse classes as labels, products as groups, short side 224, five folds. Stratified folds of
all 43 classes; then, for the 12 classes that have several products, stratified folds beside folds that keep a
product whole. Each line is a run as ``lydite train run`` makes it: seconds from vectors to the finished run,
on the wall and of the process (a busy machine stretches the former; pictures are looked at before), accuracy
of the held-out rows with its interval (products are drawn), and the worst product of at least 10 pictures.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from detect import SHARED
from lydite.core import ClassMap
from lydite.data import load_predictions
from lydite.data.folds import Items, Way, make_folds
from lydite.engines import build_engine
from lydite.metrics import Figure, score_classes
from lydite.train import ImageTask, Plan, Recipe, RunSpec, changed, load_recipe, open_run, open_version
from lydite.train.probe import Gaze, judgements, look_at, run_probe
from lydite.train.weights import parents_of

FOLDS, LEAST = 5, 10
RECIPES = {
    "linear": "probe",
    "mlp": "probe-mlp",
    "attention": "probe-attention",
    "neighbours": "probe-neighbours",
}
CHECKPOINTS = {"mobilenetv2_100": "weights/mobilenetv2_100.imagenet.safetensors"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, help="folder that keeps the vectors")
    parser.add_argument("--encoders", nargs="+", default=["embedded", "mobilenetv2_100"])
    parser.add_argument("--heads", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    options = parser.parse_args()
    packages = ("numpy", "scipy", "onnxruntime")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    task = ImageTask.of_version(open_version(SHARED / "data" / "grocery", layout="split/*/label/group"))
    several = of_several_products(task)
    print(
        f"{len(task)} pictures, {len(task.classes)} classes; {len(several)} pictures of the "
        f"{len(several.classes)} classes with several products ({len(set(several.groups))})",
        flush=True,
    )
    for encoder in options.encoders:
        for head in options.heads:
            recipe = recipe_of(encoder, head)
            began = time.monotonic()
            look_at(task, np.arange(len(task)), Gaze.of(recipe), options.cache, build_engine(1))
            print(f"{encoder}, {head}: looked at in {time.monotonic() - began:.1f} s", flush=True)
            for title, data, way in (
                ("43 classes, stratified", task, Way.STRATIFIED),
                ("12 classes, stratified", several, Way.STRATIFIED),
                ("12 classes, whole products", several, Way.GROUPED),
            ):
                print(f"    {title:28}{one_run(data, recipe, way, options.cache)}", flush=True)
    return 0


def recipe_of(encoder: str, head: str) -> Recipe:
    settings: dict[str, object] = {"backbone.name": encoder}
    if encoder in CHECKPOINTS:
        settings["backbone.checkpoint"] = str(SHARED / CHECKPOINTS[encoder])
    return changed(load_recipe(RECIPES[head]), settings)


def one_run(task: ImageTask, recipe: Recipe, way: Way, cache: Path | None) -> str:
    ids = tuple(str(item) for item in task.items)
    labels = tuple(task.classes[label] for label in task.labels.tolist())
    plan = Plan.of_folds(task, make_folds(Items(ids, labels, task.groups), FOLDS, way))
    spec = RunSpec(recipe, task, plan, plan.folds, 0, parents_of(recipe))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        began = time.monotonic(), time.process_time()
        with open_run(folder, spec) as run:
            run_probe(run, build_engine(1), cache)
        wall, cpu = time.monotonic() - began[0], time.process_time() - began[1]
        oof = load_predictions(folder / "predictions" / "oof.parquet")
        counted = ", ".join(f"{count} {exposure}" for exposure, count in oof.counts().items())
        scores = score_classes(judgements(task, oof))
    worst = scores.worst_group(LEAST)
    lowest = "" if worst is None else f", worst product {figure(worst.accuracy)} {worst.name}"
    taken = f"{wall:5.1f} s ({cpu:.1f} of the process)"
    return f"{taken}, accuracy {figure(scores.overall['accuracy'])}{lowest} ({counted})"


def figure(one: Figure) -> str:
    return f"{one.value:.4f} [{one.low:.4f}, {one.high:.4f}]"


def of_several_products(task: ImageTask) -> ImageTask:
    """The pictures of classes that have more than one product."""
    products: dict[int, set[str]] = {}
    for label, group in zip(task.labels.tolist(), task.groups, strict=True):
        products.setdefault(label, set()).add(group)
    labels = sorted(label for label, names in products.items() if len(names) > 1)
    rows = np.flatnonzero(np.isin(task.labels, labels))
    columns = (task.items, task.pictures, task.groups, task.splits, task.paths)
    items, pictures, groups, splits, paths = (tuple(column[row] for row in rows) for column in columns)
    classes = ClassMap(tuple(task.classes[label] for label in labels))
    return ImageTask(
        items,
        pictures,
        np.searchsorted(labels, task.labels[rows]),
        classes,
        groups,
        splits,
        paths,  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    raise SystemExit(main())
