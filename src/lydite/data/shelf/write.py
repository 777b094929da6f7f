"""The demo on disk: exemplars, negatives, scenes and their truth, in the folders that detection reads."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lydite import __version__
from lydite.data.coco_writer import CocoWriter
from lydite.data.files import os_errors_as_output_errors, write_atomic
from lydite.data.shelf.draw import Drawn, Truth, draw_order
from lydite.data.shelf.pictures import ShelfPaths
from lydite.data.shelf.plan import Order, ShelfPlan
from lydite.data.shelf.produce import class_map
from lydite.engines import Failure, build_engine

RECORD = "shelf.json"
DIFFICULT_BELOW = 0.2  # visible share; of what is hidden so far nobody can say what it is


def write_shelf(
    folder: Path | str,
    seed: int = 0,
    *,
    scenes: int = 6,
    exemplars_per_class: int = 5,
    negatives: int = 9,
    empty: int = 2,
    size_hw: tuple[int, int] = (600, 800),
    exemplar_hw: tuple[int, int] = (320, 320),
    workers: int = 1,
) -> ShelfPaths:
    """Render the demo; see :func:`draw_shelf`, which shows each picture as it comes.

    Args:
        folder: Is made if need be.
        seed: 0 or more; decides every byte.
        scenes: Scenes with produce.
        exemplars_per_class: Exemplars of each class, its groups in turn.
        negatives: Pictures of clutter, its kinds in turn.
        empty: Shelves without produce.
        size_hw: Size of scenes.
        exemplar_hw: Size of exemplars and negatives.
        workers: Processes that draw, 1 or more; the files are the same.

    Raises:
        InvalidValue: If a count is negative.
        OutputError: If a file cannot be written.
    """
    plan = ShelfPlan(seed, scenes, exemplars_per_class, negatives, empty, size_hw, exemplar_hw)
    for _ in draw_shelf(folder, plan, workers):
        pass
    return ShelfPaths.below(Path(folder))


def draw_shelf(folder: Path | str, plan: ShelfPlan, workers: int = 1) -> Iterator[Path]:
    """Render a planned shelf, picture by picture.

    ``positive/<class>/<group>-01.jpg`` with ``<group>-01.png`` (white is the piece), ``negative/*.jpg``,
    ``scenes/*.jpg``, ``empty/*.jpg``, ``truth.json`` (COCO, masks as RLE; each annotation carries its
    ``group``, its ``visible`` share, and ``difficult`` if that is below 0.2, as attributes) and
    ``shelf.json``, which says what was drawn and, last of all, that it is complete.

    A complete shelf of the same plan and version is not drawn again. Files of the same names are
    replaced, and those of an earlier shelf that are not in this one are removed. An interruption leaves
    whole pictures only; the next call draws all of them.

    Args:
        folder: Is made if need be.
        plan: What to draw.
        workers: Processes that draw, 1 or more; the files are the same.

    Yields:
        Path of each picture of the plan, as soon as it is there.

    Raises:
        InvalidValue: If a size is too small, or there is no worker.
        OutputError: If a file cannot be written.
    """
    root = Path(folder)
    orders = plan.orders
    before = _read_record(root)
    if before == _record(plan, complete=True) and all((root / name).is_file() for name in before["files"]):
        yield from (root / order.name for order in orders)
        return
    _write_record(root, plan, complete=False)
    _remove_others(root, before, plan)
    truths: list[tuple[str, Truth]] = []
    for outcome in build_engine(workers).map(draw_order, orders):
        if isinstance(outcome, Failure):
            raise outcome.error
        order, drawn = outcome.item, outcome.value
        _write_files(root, order, drawn)
        if drawn.truth is not None:
            truths.append((order.name, drawn.truth))
        yield root / order.name
    _write_truth(ShelfPaths.below(root).truth, truths)
    _write_record(root, plan, complete=True)


def _write_truth(path: Path, truths: list[tuple[str, Truth]]) -> None:
    with CocoWriter(path, class_map()) as writer:
        for name, truth in truths:
            writer.add(
                name,
                truth.masks.size_hw,
                truth.masks.boxes,
                truth.labels,
                masks=truth.masks,
                attributes=[_attributes(truth, row) for row in range(len(truth.masks))],
            )


def _attributes(truth: Truth, row: int) -> dict[str, Any]:
    visible = float(truth.visible[row])
    attributes: dict[str, Any] = {"group": truth.groups[row], "visible": round(visible, 4)}
    return attributes | ({"difficult": True} if visible < DIFFICULT_BELOW else {})


def _record(plan: ShelfPlan, complete: bool) -> dict[str, Any]:
    """What ``shelf.json`` says, in the types that JSON gives back."""
    arguments = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(plan).items()}
    files = [name for order in plan.orders for name in order.files]
    return {
        "lydite": __version__,
        "complete": complete,
        "arguments": arguments,
        "files": [*files, "truth.json"],
    }


def _write_record(root: Path, plan: ShelfPlan, complete: bool) -> None:
    _make_folder(root)
    write_atomic(root / RECORD, json.dumps(_record(plan, complete), indent=1))


def _read_record(root: Path) -> dict[str, Any]:
    """The record of an earlier shelf; nothing if there is none that can be read."""
    try:
        record: Any = json.loads((root / RECORD).read_text(encoding="utf-8"))
        files = record["files"]
    except (OSError, ValueError, TypeError, KeyError):
        return {"files": []}
    whole = isinstance(files, list) and all(isinstance(name, str) for name in files)
    return record if whole else {"files": []}


def _remove_others(root: Path, before: dict[str, Any], plan: ShelfPlan) -> None:
    """Remove what an earlier shelf left: detection would take it for a part of this one."""
    places = {"positive", "negative", "scenes", "empty"}
    for name in set(before["files"]) - set(_record(plan, complete=True)["files"]):
        if ".." not in Path(name).parts and Path(name).parts[:1] and Path(name).parts[0] in places:
            with os_errors_as_output_errors(root / name):
                (root / name).unlink(missing_ok=True)


def _write_files(root: Path, order: Order, drawn: Drawn) -> None:
    for name, data in zip(order.files, drawn.files, strict=True):
        _make_folder((root / name).parent)
        write_atomic(root / name, data)


def _make_folder(folder: Path) -> None:
    # A file in the way is told better by the write that it makes impossible.
    with os_errors_as_output_errors(folder), contextlib.suppress(FileExistsError):
        folder.mkdir(parents=True, exist_ok=True)
