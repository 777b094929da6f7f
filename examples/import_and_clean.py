"""From folders of pictures to data that can be trusted: imported, scanned, cleaned, dealt out to folds.

    python examples/import_and_clean.py
    python examples/import_and_clean.py photos/ --layout 'split/*/label/group' --out photos-clean
    python examples/import_and_clean.py photos/ --regions boxes-yolo/ --regions boxes-voc/ --workers 2

``photos/`` holds pictures in folders whose names are splits, labels and groups; each ``--regions`` is a
folder or file of annotated pictures (COCO, YOLO, VOC, CVAT...). Without any of them, shelves of produce are
drawn and spoiled in ways that are known, so that what the scan finds can be compared with what was done.
Pictures are only read; everything is written below ``--out``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
from PIL import Image, ImageOps

from lydite.clean import FinishedScan, Scan, cleaned_version, load_policy, summarise, write_decisions
from lydite.data.dataset import (
    DatasetVersion,
    History,
    Wanted,
    deal_folds,
    diff,
    folds_of,
    has_folds,
    read_pictures,
)
from lydite.data.shelf import write_shelf
from lydite.data.sources import read_any
from lydite.engines import build_engine
from lydite.reports import write_clean_pages

ACTOR = "example"
ACROSS = ("split_leak", "scene_leak")
SHOWN = 5


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", type=Path, help="folder of labelled pictures; drawn if absent")
    parser.add_argument("--layout", default="split/*/label/group", help="what each level of folders names")
    parser.add_argument(
        "--regions", type=Path, action="append", default=[], help="annotated pictures; may be repeated"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("import-and-clean"), help="folder of all that is written"
    )
    parser.add_argument(
        "--folds", type=int, default=5, help="how many folds the labelled pictures are dealt to"
    )
    parser.add_argument("--policy", default="strict", help="strict, aggressive, or a TOML file")
    parser.add_argument("--workers", type=int, default=1, help="processes that look at pictures")
    options = parser.parse_args()
    told = [(Wanted(place.absolute().name), place) for place in options.regions]
    if options.photos is not None:
        name = options.photos.absolute().name
        told.insert(0, (Wanted(name, "folders", layout=options.layout), options.photos))
    if not told:
        photos, shelves, truth = draw(options.out / "drawn")
        told = [(Wanted("produce", "folders", layout="split/label/group"), photos), (shelves, truth)]
    for wanted, place in told:
        tell(wanted, place, options)
    return 0


def tell(wanted: Wanted, place: Path, options: argparse.Namespace) -> None:
    """One source: import, scan, clean, folds; each step says what it found."""
    print(f"\n== {wanted.source}")
    history = History(options.out / wanted.source)
    version = bring_in(history, wanted, place)
    finished = scan(options.out / wanted.source, version, options.workers)
    paths = dict(zip(version.items["item"], version.picture_paths(), strict=True))
    show_findings(finished)
    print("pages    ", write_clean_pages(finished, paths))
    clean(history, version, finished, options.policy)
    if wanted.format == "folders":
        deal(history, options.folds)


def bring_in(history: History, wanted: Wanted, place: Path) -> DatasetVersion:
    """The first version of a workspace; one that is there already is not imported again."""
    if history.head_id() is not None:
        return history.load(list(history.log())[-1].short)
    intake = read_pictures(read_any(str(place), wanted))
    version = DatasetVersion.begin(intake, ACTOR, f"import {place.name}")
    history.commit(version, intake.report)
    for kind, count in intake.report.group_by("kind").len().sort("kind").iter_rows():
        print(f"{kind:9} {count} rows of the report")
    for what, line in (
        intake.report.filter(pl.col("kind") == "refused").select("what", "line").head(SHOWN).iter_rows()
    ):
        print(f"  refused {what} (line {line})")
    info = version.info
    print(f"version   {info.short}: {info.items} items, {info.regions} regions, {len(info.classes)} classes")
    return version


def scan(workspace: Path, version: DatasetVersion, workers: int) -> FinishedScan:
    folder = workspace / "clean" / version.info.short
    work = Scan(folder, version.items, version.picture_paths(), version=version.id)
    for _ in work.look(build_engine(workers), workspace / "cache"):
        pass
    work.compare()
    return FinishedScan.open(folder)


def show_findings(finished: FinishedScan) -> None:
    """How many of each check; of what crosses the splits, the worst by name."""
    found = finished.findings
    for check, count in found.group_by("check").len().sort("check").iter_rows():
        print(f"found     {count:5} {check}")
    for check in ACROSS:
        worst = found.filter(pl.col("check") == check).sort("score", descending=True)
        for item, evidence, score in worst.select("item", "evidence", "score").head(SHOWN).iter_rows():
            print(f"  {check} {score:.2f} {item}: {evidence}")


def clean(history: History, version: DatasetVersion, finished: FinishedScan, policy: str) -> None:
    """The next version, by a policy; the first one stays as it is."""
    chosen = load_policy(policy)
    decided = write_decisions(finished, chosen, finished.folder / chosen.name)
    print(f"policy    {chosen.name}: {summarise(decided)['decisions']}")
    if history.head_id() == version.id:
        after = cleaned_version(version, decided, ACTOR, f"clean by policy {chosen.name}")
        if after is not version:
            history.commit(after)
            print(f"version   {after.info.short}: {diff(version, after).items.counts or 'all stay'}")


def deal(history: History, count: int) -> None:
    folds = folds_of(history) if has_folds(history) else deal_folds(history, "HEAD", "folds", count)
    print(f"folds     {folds.way.value}, {folds.sizes.tolist()} items, imbalance {folds.imbalance:.4f}")


def draw(folder: Path) -> tuple[Path, Wanted, Path]:
    """Produce in ``photos/<split>/<label>/<group>/``, four pictures spoiled, and the truth of a shelf."""
    shelf = write_shelf(folder / "shelf", 7, scenes=1, exemplars_per_class=4, negatives=0, empty=0)
    photos, last = folder / "photos", {}
    for number, path in enumerate(sorted(shelf.positive.glob("*/*.jpg"))):
        split, group = "val" if number % 4 == 3 else "train", path.stem.rpartition("-")[0]
        place = photos / split / path.parent.name / group
        save(Image.open(path), place / path.name)
        if split == "train":
            last[path.parent.name] = place / path.name
    (one, *_, other), place = last.values(), photos / "train"
    spoiled = {
        "split_leak": (ImageOps.mirror(Image.open(one)), photos / "val" / one.parent.relative_to(place)),
        "label_conflict": (Image.open(one).crop((12, 12, 308, 308)), other.parent),
        "small": (Image.open(other).resize((40, 40)), other.parent),
        "dark": (Image.open(other).point([value // 8 for value in range(256)] * 3), other.parent),
    }
    for name, (picture, where) in spoiled.items():
        save(picture, where / f"spoiled-{name}.jpg")
    print(f"drawn     {len(list(photos.rglob('*.jpg')))} pictures; spoiled: {', '.join(spoiled)}")
    return photos, Wanted("shelves"), shelf.truth


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=92)


if __name__ == "__main__":
    raise SystemExit(main())
