"""A tree follows its dataset to another version: pictures move, what left goes to a quarantine batch.

All files that leave their place are first moved out of the tree, then to where they belong, so that two
that change places do not meet. Each move is a rename; after a kill at any point the same call goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lydite.core import InputError, OutputConflict, UsageError
from lydite.data.dataset.clone import Means, digest_file
from lydite.data.dataset.materialise import (
    TABLE,
    Placed,
    Tree,
    backup_name,
    materialise,
    plan_tree,
    read_tree,
    write_tree,
)
from lydite.data.dataset.quarantine import (
    MOVING,
    PICTURES,
    Batch,
    drop,
    move_file,
    read_batch,
    write_batch,
)
from lydite.data.dataset.quarantine import PAGE as BATCH_PAGE
from lydite.data.dataset.quarantine import TABLE as BATCH_TABLE
from lydite.data.dataset.version import DatasetVersion
from lydite.data.files import write_atomic
from lydite.data.names import printable


@dataclass(frozen=True, slots=True)
class Move:
    """A file that does not stay where it is.

    Args:
        item: The item that it shows.
        file: Where it lies in the tree.
        to: Where it goes in the tree; empty: into quarantine.
        image: SHA-256 (hex) of its bytes.
    """

    item: str
    file: str
    to: str
    image: str


def plan_moves(before: DatasetVersion, after: DatasetVersion, split: str | None = None) -> list[Move]:
    """Files of the tree of one version that lie elsewhere, or nowhere, in that of another."""
    new = {item: (file, image) for file, item, image in _rows(after, split)}
    moves = []
    for file, item, image in _rows(before, split):
        to, now = new.get(item, ("", image))
        if image is not None and (file, image) != (to, now):
            moves.append(Move(item, file, to if image == now else "", image))
    return moves


def batch_name(before: DatasetVersion, after: DatasetVersion) -> str:
    """Name of the batch of what one version has and the other has not."""
    return f"{before.info.short}-to-{after.info.short}"


def follow(
    before: DatasetVersion,
    after: DatasetVersion,
    tree: Path,
    batch: Path,
    *,
    means: Means = Means.COPY,
) -> Iterator[Placed]:
    """Bring the tree of one version to another.

    Files move to their new places; those of items that are gone move to ``batch/pictures``, with
    ``batch/items.csv``. The tree's table is written anew, and the old one stays beside it under the name of
    its version. Every file is compared with its hash at the end.

    Args:
        before: The version whose tree it is.
        after: The version whose tree it becomes.
        tree: A tree that ``materialise`` has laid out.
        batch: Folder outside the tree, new or of the same two versions; none is left if nothing is gone.
        means: How pictures of new items are placed.

    Yields:
        One row an item of ``after``, as its file is in place.

    Raises:
        UsageError: If the batch lies in the tree.
        InputError: If it is no tree of ``before``.
        OutputConflict: If a file that must move was changed, or something is in the way.
        OutputError: If something cannot be written.
    """
    page = read_tree(tree)
    if page is None or page.version not in {before.id, after.id}:
        raise InputError(f"{printable(tree)} is no tree of version {before.info.short}.", "Name another.")
    if batch.resolve().is_relative_to(tree.resolve()):
        raise UsageError("A quarantine lies outside the tree.", "Name another folder.", printable(batch))
    if page.version == before.id:
        _move_all(before, after, tree, batch, page.split)
        table = tree / TABLE
        if table.is_file():
            write_atomic(tree / backup_name(before), table.read_bytes())
        write_tree(tree, Tree(version=after.id, split=page.split, complete=False))
    yield from materialise(after, tree, means=means, split=page.split)
    _remove_empty_folders(tree)


def _move_all(
    before: DatasetVersion, after: DatasetVersion, tree: Path, batch: Path, split: str | None
) -> None:
    moves = plan_moves(before, after, split)
    wanted = Batch(tree=str(tree.absolute()), before=before.id, after=after.id)
    page = read_batch(batch) if (batch / BATCH_PAGE).is_file() else wanted
    if (page.before, page.after) != (before.id, after.id):
        raise OutputConflict(f"{printable(batch)} is a batch of other versions.", "Name another folder.")
    if not moves:
        return
    gone = {move.item for move in moves if not move.to}
    if not page.staged:
        _require_unchanged(tree, batch, moves)
        write_batch(batch, page)
        plan = plan_tree(before, split)
        write_atomic(batch / BATCH_TABLE, plan.filter(plan["item"].is_in(gone)).write_csv())
        for move in moves:
            if (tree / move.file).is_file() and not _stage(batch, move).exists():
                move_file(tree / move.file, _stage(batch, move), move.image)
        page = page.model_copy(update={"staged": True})
        write_batch(batch, page)
    for move in moves:
        if _stage(batch, move).exists():
            place = tree / move.to if move.to else batch / PICTURES / move.file
            move_file(_stage(batch, move), place, move.image)
    with suppress(OSError):
        (batch / MOVING).rmdir()
    write_batch(batch, page.model_copy(update={"complete": True}))
    if not gone:
        drop(batch)


def _require_unchanged(tree: Path, batch: Path, moves: list[Move]) -> None:
    """Nothing moves if any file that would is not the picture of its item."""
    for move in moves:
        path = tree / move.file
        if path.is_file() and not _stage(batch, move).exists() and digest_file(path) != move.image:
            raise OutputConflict(
                f"{printable(path)} is not the picture of {move.item} any more.",
                "Move it away: the original is placed anew. Nothing has been moved.",
            )


def _stage(batch: Path, move: Move) -> Path:
    return batch / MOVING / hashlib.sha256(move.item.encode()).hexdigest()[:32]


def _rows(version: DatasetVersion, split: str | None) -> Iterator[tuple[str, str, str | None]]:
    return plan_tree(version, split).select("file", "item", "image").iter_rows()


def _remove_empty_folders(tree: Path) -> None:
    folders = sorted((path for path in tree.rglob("*") if path.is_dir()), reverse=True)
    for folder in folders:
        with suppress(OSError):  # not empty
            folder.rmdir()
