"""Does a review pay? Errors that are known, found by going through the real page, and what it changes.

    python examples/review.py
    python examples/review.py --photos grocery/ --layout 'split/*/label/group'
    python examples/review.py --boxes bccd/

``labels``: some labels are changed to the class that each is most easily taken for; neither the workspace's
labels nor the page tell which. A script goes along the suspicion queue in Chromium, by keys, as a person who
knows every class would, until the page says that few errors are left. The review is applied, laid out as
a tree, and validated. Told: errors found, errors left against the estimate, pictures a minute, and how often
a cross-fitted probe is right before and after.

``boxes``: a detection run is reviewed in the same page, region by region, by the true boxes. What was
accepted and refused teaches a second run, on other pictures; F1 before and after.

``--photos`` is a folder of pictures by label, ``--boxes`` one in Pascal VOC's layout. What is not named
is drawn. Pictures are only read; everything is written below ``--out``. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from playwright.sync_api import Page, sync_playwright

from lydite.core import Boxes, Features
from lydite.data import AnnotationSet, load_image, read_coco, read_split, read_voc
from lydite.data.dataset import DatasetVersion, History
from lydite.data.folds import Items, Way, make_folds
from lydite.data.shelf import write_shelf
from lydite.detect import FinishedRun
from lydite.features import EncoderSettings, build_encoder, pool_image
from lydite.features.probe import OutOfFold, Ridge, cross_fit
from lydite.metrics.overlap import box_iou

IOU = 0.5
PER_CLASS = 5
Answer = Callable[[str, str, str], str | None]
"""From name, region and label to the true class; ``None`` if it is of no class."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="folder of pictures by label; drawn if absent")
    parser.add_argument("--layout", help="what each level of its folders names")
    parser.add_argument("--boxes", type=Path, help="folder of annotated pictures (VOC); drawn if absent")
    parser.add_argument(
        "--parts", nargs="+", choices=["labels", "boxes"], help="default: labels; with --boxes alone, boxes"
    )
    parser.add_argument("--noise", type=float, default=0.05, help="share of labels that are changed")
    parser.add_argument("--stop-share", type=float, default=0.01, help="errors that may be left, of all")
    parser.add_argument("--pictures", type=int, default=12, help="of --boxes, to review and again to test on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("review-example"), help="folder of all results")
    options = parser.parse_args()
    if options.out.exists():
        sys.exit(f"{options.out} exists; name another --out")
    options.out.mkdir(parents=True)
    for part in options.parts or ["boxes" if options.boxes and not options.photos else "labels"]:
        {"labels": review_labels, "boxes": review_boxes}[part](options)
    return 0


# Labels


def review_labels(options: argparse.Namespace) -> None:
    photos = options.photos or draw_photos(options.out)
    shop = options.out / "shop"
    layout = ("--layout", options.layout) if options.layout else ()
    lydite("data", "import", photos, "--workspace", shop, *layout, "--quiet")
    history = History(shop)
    head = history.head()
    items = head.items.filter(pl.col("label").is_not_null() & pl.col("image").is_not_null())
    truth: dict[str, str] = dict(items.select("item", "label").iter_rows())
    features = look_at(head, list(truth))
    folds = make_folds(Items(tuple(truth), tuple(truth.values())), 5, Way.STRATIFIED)
    clean = cross_fit(features, list(truth.values()), folds, Ridge())
    noisy = confuse(clean, truth, options.noise, options.seed)
    changed = {item for item, label in noisy.items() if label != truth[item]}
    history.commit(relabelled(head, noisy, "labels of another origin"))
    thought = cross_fit(features, list(noisy.values()), folds, Ridge())
    write_predictions(thought, options.out / "predictions.parquet")
    print(f"labels       {len(truth):,} pictures of {len(clean.class_map)} classes, {len(changed)} changed")
    name_of = {item.partition(":")[2]: label for item, label in truth.items()}
    more = ("--predictions", options.out / "predictions.parquet", "--stop-share", options.stop_share)
    with serving(shop, *more) as address:
        seen, spent = go_through(address, "suspicion", lambda name, _region, _label: name_of[name])
        told = json.loads(urllib.request.urlopen(f"{address}api/summary").read())  # noqa: S310 - our own
    applied = lydite("review", "apply", shop, "--tree", options.out / "tree", "--quiet")
    after = dict(history.head().items.select("item", "label").iter_rows())
    left = sum(after[item] != label for item, label in truth.items())
    found = sum(after[item] == truth[item] for item in changed)
    taught = cross_fit(features, [after[item] or truth[item] for item in truth], folds, Ridge())
    share = f"{100 * seen / len(truth):.0f} % of all"
    print(f"reviewed     {seen:,} pictures ({share}), {60 * seen / spent:.0f} a minute by the script")
    print(f"errors       {found} of {len(changed)} found, {left} left")
    about, low, high = (told["left"][key] for key in ("estimate", "low", "high"))
    print(f"estimate     about {about or 0:.0f} left, {low} to {high} at 95 %; stop rule: {told['stop']}")
    print(f"applied      {applied.splitlines()[-1]}")
    rights = (right(each, truth) for each in (thought, taught, clean))
    print("probe        right {:.4f} before, {:.4f} after, {:.4f} if no label were wrong".format(*rights))


def draw_photos(out: Path) -> Path:
    """Single pieces of produce, a folder a class."""
    shelf = write_shelf(out / "drawn", 3, scenes=0, exemplars_per_class=10, negatives=0, empty=0)
    for path in shelf.positive.glob("*/*.png"):
        path.unlink()  # masks
    return shelf.positive


def look_at(version: DatasetVersion, items: list[str]) -> Features:
    encoder = build_encoder(EncoderSettings())
    paths = dict(zip(version.items["item"], version.picture_paths(), strict=True))
    rows = [pool_image(encoder.encode(load_image(paths[item]).pixels), item) for item in items]
    return Features.concatenate(rows)


def confuse(clean: OutOfFold, truth: dict[str, str], share: float, seed: int) -> dict[str, str]:
    """Labels of which a share is that of the class that theirs is most easily taken for."""
    names = list(clean.class_map)
    labels = np.array([names.index(truth[item]) for item in clean.ids])
    taken_for = {}
    for number, name in enumerate(names):
        mean = clean.probabilities[labels == number].mean(axis=0)
        mean[number] = -1
        taken_for[name] = names[int(mean.argmax())]
    rng = np.random.default_rng(seed)
    chosen = set(rng.permutation(len(truth))[: round(share * len(truth))].tolist())
    return {
        item: taken_for[label] if row in chosen else label for row, (item, label) in enumerate(truth.items())
    }


def relabelled(head: DatasetVersion, labels: dict[str, str], reason: str) -> DatasetVersion:
    new = pl.col("item").replace_strict(labels, default=pl.col("label"))
    return head.change("example", reason, items=head.items.with_columns(label=new), test_may_change=True)


def write_predictions(thought: OutOfFold, path: Path) -> None:
    table = pl.DataFrame({"item": list(thought.ids), "fold": thought.folds})
    columns = {name: thought.probabilities[:, k] for k, name in enumerate(thought.class_map)}
    table.with_columns(pl.Series(name, values) for name, values in columns.items()).write_parquet(path)


def right(thought: OutOfFold, truth: dict[str, str]) -> float:
    names = list(thought.class_map)
    best = thought.probabilities.argmax(axis=1)
    return float(np.mean([names[k] == truth[item] for k, item in zip(best, thought.ids, strict=True)]))


# Boxes


@dataclass(frozen=True)
class Detections:
    """A task of detection: what shows the classes, what is reviewed, what is tested on."""

    examples: tuple[object, ...]
    known: AnnotationSet
    truth: tuple[object, ...]
    first: list[Path]
    second: list[Path]


def review_boxes(options: argparse.Namespace) -> None:
    task = cells(options.boxes, options.pictures) if options.boxes else draw_shelves(options.out)
    first = detect(task, task.first, options.out / "first")
    with serving(first.path) as address:
        seen, spent = go_through(address, "suspicion", by_boxes(first, task.known))
    acts = options.out / "acts.csv"
    lydite("review", "export", "--journal", first.path / "review" / "journal.db", "--out", acts)
    counts = dict(pl.read_csv(acts)["act"].value_counts().iter_rows())
    said = ", ".join(f"{counts.get(act, 0)} {name}" for act, name in SAID.items())
    print(f"regions      {seen} in {len(task.first)} pictures: {said}; {60 * seen / spent:.0f} a minute")
    before = evaluate(task, detect(task, task.second, options.out / "before"))
    after = evaluate(task, detect(task, task.second, options.out / "after", "--reviewed", first.path))
    for name, figures in (("before", before), ("after", after)):
        shown = ", ".join(f"{key} {figures[key]['value'] or 0:.3f}" for key in ("precision", "recall", "f1"))
        print(f"{name:12} {shown} on {len(task.second)} other pictures")


SAID = {"keep": "accepted", "relabel": "relabelled", "trash": "refused"}


def cells(root: Path, count: int) -> Detections:
    """Five boxes a class from the first training pictures; others of them reviewed; test pictures tested."""
    annotations = read_voc(root / "Annotations")
    by_stem = {Path(image.path).stem: image for image in annotations.images}
    train, test = (read_split(root / "ImageSets" / "Main" / f"{name}.txt") for name in ("train", "test"))
    examples: list[object] = []
    told: set[str] = set()
    for number, name in enumerate(annotations.class_map):
        of_class = ((stem, np.flatnonzero(by_stem[stem].labels == number)) for stem in train)
        for stem, rows in [pair for pair in of_class if len(pair[1])][:PER_CLASS]:
            box = ",".join(f"{v:g}" for v in by_stem[stem].boxes.xyxy[rows[0]].tolist())
            examples += ["--example", f"{name}={root / 'JPEGImages' / stem}.jpg@{box}"]
            told.add(stem)
    pictures = [[root / "JPEGImages" / f"{s}.jpg" for s in part if s not in told] for part in (train, test)]
    truth = ("--truth", root / "Annotations", "--images", root / "JPEGImages")
    return Detections(tuple(examples), annotations, truth, *(part[:count] for part in pictures))


def draw_shelves(out: Path) -> Detections:
    shelf = write_shelf(out / "shelves", 7, scenes=7, exemplars_per_class=2, negatives=4, empty=0,
                        size_hw=(480, 640))  # fmt: skip
    for folder in shelf.positive.iterdir():
        if folder.name not in {"apple", "banana", "lemon", "tomato"}:
            shutil.rmtree(folder)
    scenes = sorted(shelf.scenes.iterdir())
    examples = ("--positive", shelf.positive, "--negative", shelf.negative, "--preset", "strict")
    return Detections(examples, read_coco(shelf.truth), ("--truth", shelf.truth), scenes[:4], scenes[4:])


def detect(task: Detections, pictures: list[Path], out: Path, *more: object) -> FinishedRun:
    cache = out.parent / "vectors"
    lydite("detect", "run", *pictures, *task.examples, "--out", out, "--cache", cache, "--quiet", *more)
    return FinishedRun.open(out)


def evaluate(task: Detections, run: FinishedRun) -> dict[str, Any]:
    lydite("detect", "evaluate", run.path, *task.truth)
    record = json.loads((run.path / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    figures: dict[str, Any] = record["overall"]
    return figures


def by_boxes(run: FinishedRun, known: AnnotationSet) -> Answer:
    """The class of the true box that overlaps a region by half or more."""
    images = {Path(image.path).stem: image for image in known.images}
    boxes: dict[tuple[str, str], npt.NDArray[np.float64]] = {}
    for record in run.records:
        table = run.read_table(record)
        for number, *box in table.select("region", "x0", "y0", "x1", "y1").iter_rows():
            boxes[Path(record.path).stem, str(number)] = np.array(box)

    def answer(name: str, region: str, _label: str) -> str | None:
        image = images[Path(name).stem]
        own = Boxes(boxes[Path(name).stem, region][None].astype(np.float32))
        overlaps = box_iou(own, image.boxes)[0] if len(image.boxes) else np.zeros(1)
        best = int(overlaps.argmax())
        label = known.class_map[int(image.labels[best])] if overlaps[best] >= IOU else None
        return label if label in run.class_map else None

    return answer


# The page


def go_through(address: str, queue: str, answer: Answer) -> tuple[int, float]:
    """Answer what the page shows, by keys, until it says stop or has no more: answers, and seconds."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}?reviewer=script&queue={queue}")
        page.wait_for_selector("body.ready")
        began, seen = time.perf_counter(), 0
        while (shown := look(page)) is not None:
            name, region, label = shown
            press(page, label, answer(name, region, label))
            seen += 1
        spent = time.perf_counter() - began
        while page.inner_text("#wire") != "saved":
            page.wait_for_timeout(20)
        browser.close()
    return seen, spent


def look(page: Page) -> tuple[str, str, str] | None:
    """Name, region and label of the picture that is shown; ``None`` when the review is over."""
    while True:
        classes, stop, name, label = page.evaluate(LOOK)
        if "finished" in classes or stop:
            return None
        if "looking" in classes:
            bare, _, region = name.partition(" · region ")
            return bare, region.partition(" ")[0], label
        page.wait_for_timeout(5)


LOOK = """(() => {
  const get = (id) => document.getElementById(id);
  const stop = get('left').classList.contains('stop');
  return [[...document.body.classList], stop, get('name').textContent, get('label').textContent];
})()"""


def press(page: Page, label: str, truth: str | None) -> None:
    """OK, or suspicious and then: trash, the suggested class, or a class by its name."""
    if truth == label:
        page.keyboard.press("ArrowLeft")
        return
    page.keyboard.press("ArrowRight")
    if truth is None:
        page.keyboard.press("t")
    elif page.evaluate("document.querySelector('#suggest:not([hidden]) b')?.textContent") == truth:
        page.keyboard.press("Enter")
    else:
        page.keyboard.press("/")
        page.keyboard.type(truth)
        page.get_by_role("option", name=truth, exact=True).click()


@contextmanager
def serving(source: Path, *more: object) -> Iterator[str]:
    """The address of ``lydite review serve``."""
    command = [*map(str, ("review", "serve", source, "--port", 0, *more))]
    process = subprocess.Popen(
        [sys.executable, "-m", "lydite.cli.start", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found[0]
                break
        else:
            sys.exit("the server did not start")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def lydite(*arguments: object) -> str:
    """What the command prints; ends with its message if it fails."""
    command = [sys.executable, "-m", "lydite.cli.start", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"lydite {' '.join(map(str, arguments[:2]))}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
