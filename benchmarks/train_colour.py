"""Does changing colours while learning hurt on groceries? Paired answers, from probes and from fine-tuning.

    python benchmarks/train_colour.py [--studies linear mlp tuned] [--data kinds products] [--seeds 0 1]
                                      [--side 128] [--views 4] [--epochs 6] [--tuned-side 96]
                                      [--folds 3] [--threads 2] [--folder KEPT]

Two recipes that differ in one setting, ``augment.profile`` = ``no_color`` and ``full`` (which also changes
light, saturation and hue), learn from the same folds with the same seeds. Probes learn from several views of
every picture, the first as it is; fine-tuning trains the whole embedded network. ``kinds`` are all 43
classes in random folds, ``products`` the 12 classes that have several products, in folds that keep products
whole. Printed for each study: both accuracies, ``full`` minus ``no_color`` with its interval and exact p, and
the difference for each seed alone. Rows of all seeds are paired; intervals draw products where folds keep
them whole, else pictures, with all their seeds, so seeds narrow an interval only as far as they differ.
``KEPT/index.html`` says it on a page that opens without a network; a run that is there is not made again.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jinja2 import Environment

from detect import SHARED
from lydite.data import write_atomic
from lydite.data.folds import Items, Way, make_folds
from lydite.engines import build_engine
from lydite.metrics import Comparison, Judgements, compare
from lydite.reports import write_comparison
from lydite.train import ImageTask, Plan, Recipe, RunSpec, State, changed, load_recipe, open_run, open_version
from lydite.train.against import Against, set_against
from lydite.train.fine_tuning import run_fine_tune
from lydite.train.finished import FinishedTraining
from lydite.train.lineage import is_run
from lydite.train.probe import run_probe
from lydite.train.weights import parents_of
from train_probe import of_several_products

ARMS = ("no_color", "full")
NAMES = {"linear": "linear probe", "mlp": "MLP probe", "tuned": "fine-tuned"}
DATA = {"kinds": "43 classes, random folds", "products": "12 classes, whole products"}
WORDS = {"hurts": "hurts", "helps": "helps", "cannot be told": "open"}
FEW = 4


@dataclass(frozen=True)
class Study:
    """One pair of recipes on one division of the data.

    Args:
        name: What learns and from what, as a folder is called.
        title: The same for people.
        recipes: Those of ``ARMS``.
        task: The pictures.
        plan: The folds.
    """

    name: str
    title: str
    recipes: tuple[Recipe, Recipe]
    task: ImageTask
    plan: Plan


@dataclass(frozen=True)
class Answer:
    """What a study came to.

    Args:
        study: The study.
        pooled: All seeds together.
        seeds: Each seed alone.
        pages: Of each seed, relative to the page.
        minutes: Of this process; 0 where runs were there already.
    """

    study: Study
    pooled: Comparison
    seeds: tuple[Comparison, ...]
    pages: tuple[str, ...]
    minutes: float


def main() -> int:
    options = _options()
    packages = ("torch", "timm", "numpy", "onnxruntime")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores", flush=True)
    torch.set_num_threads(options.threads)
    task = ImageTask.of_version(open_version(SHARED / "data" / "grocery", layout="split/*/label/group"))
    with tempfile.TemporaryDirectory() as place:
        folder = options.folder or Path(place)
        answers = []
        for study in studies(task, options):
            answers.append(answer(study, options.seeds, folder))
            tell(answers[-1])
            write_page(answers, folder / "index.html", options)
        if options.folder:
            print(f"page: {folder / 'index.html'}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--side", type=int, default=128, help="of pictures for probes")
    parser.add_argument("--views", type=int, default=4, help="of each picture for probes")
    parser.add_argument("--epochs", type=int, default=6, help="of fine-tuning")
    parser.add_argument("--tuned-side", type=int, default=96, help="of pictures for fine-tuning")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keeps runs, pages, vectors and decoded pictures")
    return parser.parse_args()


def studies(task: ImageTask, options: argparse.Namespace) -> list[Study]:
    """Every asked study, the quickest first."""
    made = []
    for kind in options.studies:
        recipes = tuple(recipe_of(kind, profile, options) for profile in ARMS)
        for data in options.data:
            rows = of_several_products(task) if data == "products" else task
            way = Way.GROUPED if data == "products" else Way.STRATIFIED
            labels = tuple(rows.classes[label] for label in rows.labels.tolist())
            dealt = make_folds(Items(tuple(map(str, rows.items)), labels, rows.groups), options.folds, way)
            title = f"{NAMES[kind]}, {DATA[data]}"
            made.append(Study(f"{kind}-{data}", title, recipes, rows, Plan.of_folds(rows, dealt)))  # type: ignore[arg-type]
    return made


def recipe_of(kind: str, profile: str, options: argparse.Namespace) -> Recipe:
    """How an arm learns."""
    if kind != "tuned":
        settings = {"backbone.side": options.side, "augment.views": options.views}
        recipe = load_recipe("probe" if kind == "linear" else "probe-mlp")
        return changed(recipe, settings | {"augment.profile": profile})
    plain = min(options.epochs - 1, 2)
    settings = {"backbone.side": options.tuned_side, "budget.threads": options.threads}
    settings |= {"schedule.epochs": options.epochs, "mix.off_epochs": plain}
    return changed(load_recipe("fine-tune"), settings | {"augment.profile": profile})


def answer(study: Study, seeds: Sequence[int], folder: Path) -> Answer:
    """Make the runs of a study that are not there yet, and set them against each other."""
    began, pairs, pages = time.process_time(), [], []
    # A linear head has nothing random in it.
    for seed in seeds if study.name.split("-")[0] != "linear" else seeds[:1]:
        runs = [
            trained(study, recipe, seed, folder / "runs" / f"{study.name}-{profile}-{seed}", folder / "cache")
            for recipe, profile in zip(study.recipes, ARMS, strict=True)
        ]
        pairs.append(set_against(*runs))
        pages.append(f"pages/{study.name}-{seed}")
        write_comparison(pairs[-1], folder / pages[-1])
    minutes = (time.process_time() - began) / 60
    made = tuple(pair.comparison for pair in pairs)
    return Answer(study, pooled(pairs), made, tuple(f"{page}/index.html" for page in pages), minutes)


def trained(study: Study, recipe: Recipe, seed: int, folder: Path, cache: Path) -> FinishedTraining:
    """The run of an arm; taken over where it is done."""
    spec = RunSpec(recipe, study.task, study.plan, study.plan.folds, seed, parents_of(recipe))
    if is_run(folder):
        found = FinishedTraining.open(folder)
        if found.id == spec.id and found.status.state is State.DONE:
            return found
    with open_run(folder, spec) as run:
        if study.name.startswith("tuned"):
            run_fine_tune(run, cache / "decoded")
        else:
            run_probe(run, build_engine(1), cache)
    return FinishedTraining.open(folder)


def pooled(pairs: Sequence[Against]) -> Comparison:
    """All seeds of a pair of recipes; what one picture says under several seeds is one unit."""

    def together(sides: Sequence[Judgements]) -> Judgements:
        whole = sides[0].draw_groups
        names = tuple(
            row.group if whole and row.group else str(row.item) for pair in pairs for row in pair.rows
        )
        return replace(
            sides[0],
            labels=np.concatenate([side.labels for side in sides]),
            logits=np.concatenate([side.logits for side in sides]),
            groups=names,
            draw_groups=True,
        )

    return compare(together([pair.before for pair in pairs]), together([pair.after for pair in pairs]))


def verdict(made: Comparison) -> str:
    """In words, of changing colours."""
    gap = made.difference
    if gap.high < 0:
        return "hurts"
    return "helps" if gap.low > 0 else "cannot be told"


def points(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "−")


def tell(one: Answer) -> None:
    gap, made = one.pooled.difference, one.pooled
    taken = f"{one.minutes:.1f} minutes of the process, runs that were there not counted"
    print(f"{one.study.title} ({taken})")
    print(
        f"    no_color {made.accuracies[0]:.4f}, full {made.accuracies[1]:.4f}: {points(gap.value)} "
        f"[{points(gap.low)}, {points(gap.high)}] points, p {made.p_value:.3g}, {made.units} drawn: "
        f"{verdict(made)}"
    )
    alone = ", ".join(points(seed.difference.value) for seed in one.seeds)
    print(f"    each seed alone: {alone}; detectable {100 * made.detectable:.2f}", flush=True)


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Does changing colours hurt on groceries?</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --line: #d5d9df; --page: #fff;
  --hurts: #b3261e; --helps: #1f7a4d; --open: #5b6470 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a3abb5; --line: #3b424b;
  --page: #16191d; --hurts: #ff8a80; --helps: #6fd6a3; --open: #a3abb5 } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
p { max-width: 44rem } .soft { color: var(--soft) } a { color: inherit }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
th { font-weight: 600; color: var(--soft) }
th:first-child { min-width: 10rem } .number { white-space: nowrap }
.hurts { --tone: var(--hurts) } .helps { --tone: var(--helps) } .open { --tone: var(--open) }
td.hurts, td.helps { color: var(--tone); font-weight: 600 }
.bar { position: relative; height: 1.5rem; margin-bottom: .75rem }
.bar s { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--line) }
.bar s.zero { width: 2px; background: var(--soft) }
.bar i { position: absolute; top: .625rem; height: .25rem; border-radius: .125rem; background: var(--tone) }
.bar b { position: absolute; top: .375rem; width: .75rem; height: .75rem; margin-left: -.375rem;
  border-radius: 50%; background: var(--tone) }
.ticks { position: relative; height: 1.5rem; color: var(--soft); font-size: .85rem }
.ticks span { position: absolute; transform: translateX(-50%) }
</style></head><body>
<h1>Does changing colours hurt on groceries?</h1>
<p>{{ summary }}</p>
<p class="soft">Accuracy of <code>full</code> (colours change) minus <code>no_color</code> (colours stay), in
percentage points, with intervals of 95 %. Left of 0: changing colours hurts.</p>
{% for row in rows %}<div>{{ row.title }} <span class="soft number">{{ row.gap }} {{ row.ends }}</span></div>
<div class="bar {{ row.word }}">
{% for tick in ticks %}<s style="left:{{ tick.left }}%" class="{{ "zero" if tick.zero }}"></s>{% endfor %}
<i style="left:{{ row.low }}%;width:{{ row.width }}%"></i><b style="left:{{ row.value }}%"></b></div>
{% endfor %}<div class="ticks">
{% for tick in ticks %}<span style="left:{{ tick.left }}%">{{ tick.text }}</span>{% endfor %}</div>
<h2>In numbers</h2>
<div class="wide"><table><thead><tr><th>study</th><th>no_color</th><th>full</th><th>difference</th><th>p</th>
<th>changing colours</th><th>each seed alone</th><th>detectable</th></tr></thead><tbody>
{% for row in rows %}<tr><td>{{ row.title }}<br><span class="soft">{{ row.drawn }}</span></td>
<td class="number">{{ row.first }}</td><td class="number">{{ row.second }}</td>
<td class="number">{{ row.gap }}<br><span class="soft">{{ row.ends }}</span></td>
<td class="number">{{ row.p }}</td><td class="{{ row.word }}">{{ row.verdict }}</td>
<td>{% for seed in row.seeds %}<a href="{{ seed.link }}">{{ seed.text }}</a>
{% endfor %}</td><td class="number">{{ row.detectable }}</td></tr>
{% endfor %}</tbody></table></div>
<h2>Which classes</h2>
<p>Pictures that only one of the two recipes has right, over all seeds: lost and won by changing colours.</p>
<div class="wide"><table><thead><tr><th>study</th><th>lost most</th><th>won most</th></tr></thead><tbody>
{% for row in rows %}<tr><td>{{ row.title }}</td><td>{{ row.lost }}</td><td>{{ row.won }}</td></tr>
{% endfor %}</tbody></table></div>
<h2>How it was asked</h2>
<p>{{ told }}</p>
</body></html>
"""


def write_page(answers: Sequence[Answer], path: Path, options: argparse.Namespace) -> None:
    """All answers so far on one page that fetches nothing."""
    ends = [end for one in answers for end in (one.pooled.difference.low, one.pooled.difference.high)]
    reach = max(0.01, *map(abs, ends)) * 1.08
    step = next(s for s in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if reach / s <= FEW or s == 0.2)
    count = int(reach / step)

    def place(value: float) -> float:
        return round(50 + value / reach * 48, 2)

    ticks = [
        {
            "left": place(step * n),
            "text": f"{100 * step * n:+g}".replace("-", "−") if n else "0",
            "zero": n == 0,
        }
        for n in range(-count, count + 1)
    ]
    html = Environment(autoescape=True).from_string(PAGE).render(
        rows=[_row(one, place) for one in answers],
        ticks=ticks,
        summary=_summary(answers),
        told=(
            f"Groceries, {options.folds} folds, seeds {', '.join(map(str, options.seeds))}. "
            f"Probes: the embedded network at {options.side} pixels, {options.views} views of each picture. "
            f"Fine-tuning: the embedded network at {options.tuned_side} pixels, {options.epochs} epochs. "
            "Everything but the profile is the same in both recipes of a pair. Intervals draw products where "
            "folds keep products whole, else pictures, each with all its seeds; of the chance in training "
            "beyond these seeds they know nothing."
        ),
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, html)


def _row(one: Answer, place: Any) -> dict[str, Any]:
    made, gap = one.pooled, one.pooled.difference
    told = verdict(made)
    units = "products" if one.study.plan.keeps_groups(one.study.task) else "pictures"
    return {
        "title": one.study.title,
        "drawn": f"{len(one.study.task):,} pictures; {made.units:,} {units} drawn",
        "low": place(gap.low),
        "width": round(place(gap.high) - place(gap.low), 2),
        "value": place(gap.value),
        "word": WORDS[told],
        "first": f"{100 * made.accuracies[0]:.2f} %",
        "second": f"{100 * made.accuracies[1]:.2f} %",
        "gap": points(gap.value),
        "ends": f"[{points(gap.low)}, {points(gap.high)}]",
        "p": f"{made.p_value:.3g}",
        "verdict": told,
        "seeds": [
            {"text": points(seed.difference.value), "link": link}
            for seed, link in zip(one.seeds, one.pages, strict=True)
        ],
        "detectable": f"{100 * made.detectable:.2f}",
        "lost": _most(one, 2),
        "won": _most(one, 1),
    }


def _most(one: Answer, column: int) -> str:
    """The classes with the largest net change in a direction."""
    outcomes = one.pooled.outcomes
    net = outcomes[:, column] - outcomes[:, 3 - column]
    order = [int(place) for place in np.argsort(-net, kind="stable")[:FEW] if net[place] > 0]
    return ", ".join(f"{one.study.task.classes[place]} {net[place]}" for place in order) or "none"


def _summary(answers: Sequence[Answer]) -> str:
    told = [verdict(one.pooled) for one in answers]
    words = {"hurts": "it hurts", "helps": "it helps", "cannot be told": "the two cannot be told apart"}
    parts = [f"in {told.count(word)} {said}" for word, said in words.items() if word in told]
    worst = min(answers, key=lambda one: one.pooled.difference.value)
    gap = worst.pooled.difference
    return (
        f"Light, saturation and hue change while learning, or they stay. Of {len(answers)} studies "
        f"{', '.join(parts)}. The lowest difference is {points(gap.value)} points "
        f"[{points(gap.low)}, {points(gap.high)}] ({worst.study.title})."
    )


if __name__ == "__main__":
    raise SystemExit(main())
