"""Does fine-tuning beat a probe out of fold? Whole networks and linear heads on the same folds of groceries.

    python benchmarks/train_folds.py [--networks embedded mobilenetv2_100] [--data kinds products]
                                     [--folds 3] [--epochs 6] [--lr 2e-4] [--side 224] [--threads 2]
                                     [--folder KEPT]

Every picture is answered by a model that learned from other folds, for a fixed number of epochs, so nothing
is chosen on it. ``kinds`` are all 43 classes in random folds, ``products`` the 12 classes that have several
products, in folds that keep products whole. Printed: both accuracies out of fold, the paired difference with
its interval, and the minutes that fine-tuning all folds took. The claim: fine-tuning is above the probe.
``KEPT`` keeps runs and pages; a run that is there is taken over, one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import torch

from detect import SHARED
from lydite.data.folds import Items, Way, make_folds
from lydite.reports import write_comparison
from lydite.train import ImageTask, Plan, Recipe, changed, load_recipe, open_version
from lydite.train.against import set_against
from train_colour import DATA, Study, trained
from train_grocery import MOBILENET
from train_probe import of_several_products, recipe_of


def main() -> int:
    options = _options()
    packages = ("torch", "timm", "numpy", "onnxruntime")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    print(f"{options.folds} folds, {options.epochs} epochs, side {options.side}, {options.threads} threads")
    torch.set_num_threads(options.threads)
    task = ImageTask.of_version(open_version(SHARED / "data" / "grocery", layout="split/*/label/group"))
    with tempfile.TemporaryDirectory() as place:
        folder = options.folder or Path(place)
        above = [
            compared(network, data, task, folder, options)
            for data in options.data
            for network in options.networks
        ]
    print("claim holds" if all(above) else "claim FAILS")
    return 0 if all(above) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["embedded", "mobilenetv2_100"])
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--lr", type=float, default=2e-4, help="the largest rate of fine-tuning")
    parser.add_argument("--side", type=int, default=224, help="of pictures, for both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keeps runs, pages, vectors and decoded pictures")
    return parser.parse_args()


def compared(network: str, data: str, task: ImageTask, folder: Path, options: argparse.Namespace) -> bool:
    """Whether the fine-tuned network is above its probe; prints both."""
    rows = of_several_products(task) if data == "products" else task
    way = Way.GROUPED if data == "products" else Way.STRATIFIED
    labels = tuple(rows.classes[label] for label in rows.labels.tolist())
    dealt = make_folds(Items(tuple(map(str, rows.items)), labels, rows.groups), options.folds, way)
    title = f"{network}, {DATA[data]}"
    recipes = (
        changed(recipe_of(network, "linear"), {"backbone.side": options.side}),
        tuned(network, options),
    )
    study = Study("tuned", title, recipes, rows, Plan.of_folds(rows, dealt))
    probe = trained(
        Study("linear", title, recipes, rows, study.plan),
        recipes[0],
        0,
        folder / "runs" / f"{network}-{data}-probe",
        folder / "cache",
    )
    began, load = time.monotonic(), os.getloadavg()[0]
    whole = trained(study, recipes[1], 0, folder / "runs" / f"{network}-{data}-tuned", folder / "cache")
    minutes = (time.monotonic() - began) / 60
    against = set_against(probe, whole)
    write_comparison(against, folder / "pages" / f"{network}-{data}")
    found = against.comparison
    gain = found.difference
    print(
        f"{title}: linear probe {found.accuracies[0]:.4f}, fine-tuned {found.accuracies[1]:.4f}, "
        f"{100 * gain.value:+.2f} points [{100 * gain.low:+.2f}, {100 * gain.high:+.2f}]; "
        f"{minutes:.1f} minutes, load {load:.1f} when it began",
        flush=True,
    )
    return bool(gain.value > 0)


def tuned(network: str, options: argparse.Namespace) -> Recipe:
    """The whole network, its layers slower the further they are from the head."""
    settings: dict[str, object] = {
        "backbone.name": network,
        "backbone.side": options.side,
        "budget.threads": options.threads,
        "optimiser.lr": options.lr,
        "optimiser.layer_decay": 0.9,
        "schedule.epochs": options.epochs,
        "schedule.warmup": min(1.0, options.epochs / 4),
        "mix.off_epochs": min(options.epochs - 1, 3),
    }
    if network != "embedded":
        settings |= MOBILENET | {"backbone.options": {"pad_type": "same"}}
    return changed(load_recipe("fine-tune"), settings)


if __name__ == "__main__":
    raise SystemExit(main())
