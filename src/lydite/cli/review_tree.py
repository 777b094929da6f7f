"""A tree beside a workspace: brought to the version that a review made, and checked."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lydite.cli.screen import err, out, progress
from lydite.core import EXIT_FAILED
from lydite.data.dataset import (
    Batch,
    DatasetVersion,
    Fault,
    History,
    Placed,
    batch_name,
    check_batch,
    check_tree,
    follow,
    materialise,
    plan_moves,
    read_batch,
    read_tree,
)
from lydite.data.dataset.quarantine import PAGE as BATCH_PAGE

_SHOWN = 20


def update_tree(
    history: History,
    reviewed: DatasetVersion,
    version: DatasetVersion,
    tree: Path,
    quarantine: Path | None,
    quiet: bool,
) -> None:
    """Bring a tree to a version, then compare the two; ends the program with 1 if they differ.

    Args:
        history: The versions of the workspace.
        reviewed: The version before the review; a new tree begins as its.
        version: The version after it.
        tree: The tree, or the folder of a new one.
        quarantine: Where batches go; beside the tree if not given.
        quiet: No progress.
    """
    page = read_tree(tree)
    if page is None or not page.complete:
        begun = reviewed if page is None else history.load(page.version)
        _place(materialise(begun, tree, split=page.split if page else None), len(begun.items), quiet)
    root = quarantine or tree.absolute().parent / f"{tree.absolute().name}-quarantine"
    for unfinished in _unfinished(root, tree):
        _follow(history, history.load(unfinished.after), tree, root, quiet)
    finish(_follow(history, version, tree, root, quiet) + check_tree(version, tree))


def _follow(history: History, version: DatasetVersion, tree: Path, root: Path, quiet: bool) -> list[Fault]:
    """One step from the tree's own version to another."""
    page = read_tree(tree)
    before = version if page is None else history.load(page.version)
    batch = root / batch_name(before, version)
    moves = plan_moves(before, version, page.split if page else None)
    faults = _place(follow(before, version, tree, batch), len(version.items), quiet)
    gone = sum(not move.to for move in moves)
    out.print(f"tree         {tree}: {len(moves) - gone:,} moved, {gone:,} to quarantine", markup=False)
    if gone:
        out.print(f"quarantine   {batch}", markup=False)
        faults += check_batch(batch)
    return faults


def _unfinished(root: Path, tree: Path) -> list[Batch]:
    """A batch of this tree that a kill has left half done."""
    page = read_tree(tree)
    found = [read_batch(path.parent) for path in root.glob(f"*/{BATCH_PAGE}")]
    return [
        batch for batch in found if page is not None and not batch.complete and batch.before == page.version
    ]


def finish(faults: list[Fault]) -> None:
    """Say whether table and disk agree; end with 1 if they do not."""
    for fault in dict.fromkeys(faults[:_SHOWN]):
        err.print(str(fault), markup=False)
    for kind, count in Counter(fault.kind for fault in faults[_SHOWN:]).items():
        err.print(f"{kind}: {count:,} more")
    out.print(f"validated    {f'{len(faults):,} faults' if faults else 'table and disk agree, one to one'}")
    if faults:
        sys.exit(EXIT_FAILED)


def _place(work: Iterable[Placed], total: int, quiet: bool) -> list[Fault]:
    return [
        Fault("left out", placed.item, placed.fault)
        for placed in progress(work, total, "placing", quiet)
        if placed.fault
    ]
