"""Where the weights of a run came from, and the ledger of what it and its ancestors saw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from lydite.core import ImageId, InputError, Ledger, Seen
from lydite.data import printable
from lydite.train.observed import read_seen, seen_of
from lydite.train.status import STATUS, State, read_status

DATA, ITEMS, SEEN = "data.json", "items.parquet", "seen"


class Parent(BaseModel):
    """Somebody whose weights or answers go into a run.

    Args:
        name: ``<run>/<fold>``, ``<run>`` for all its folds together, or the name of other weights.
        what: What it gave.
        folder: Folder of its run; empty if it is none.
        saw: What weights that are no run of ours are declared to have seen of the pictures.
        digest: SHA-256 (hex) of the weights; empty if unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    what: Literal["weights", "teacher", "pseudo-labels"] = "weights"
    folder: str = ""
    saw: Literal["nothing", "pixels", "unknown"] = "unknown"
    digest: str = ""


def weights_parent(digest: str, saw: Literal["nothing", "pixels", "unknown"]) -> Parent:
    """Weights that are no run of ours, and what somebody says that they saw of the pictures."""
    return Parent(name=f"weights {digest[:16]}, said to have seen {saw}", saw=saw, digest=digest)


def run_parent(folder: Path, fold: int | None = None) -> Parent:
    """A run, or one model of it, as an ancestor.

    Raises:
        InputError: If the folder holds no run.
    """
    run = read_page(folder)["id"]
    return Parent(name=run if fold is None else member_name(run, fold), folder=str(folder.absolute()))


def member_name(run: str, fold: int) -> str:
    """The name of one model of a run in a ledger."""
    return f"{run}/{fold}"


def ledger_of(folders: Iterable[Path], duplicates: Sequence[Sequence[ImageId]] = ()) -> Ledger:
    """What the models of runs, and all their ancestors, saw.

    ``<run>/<fold>`` is a model, ``<run>`` the mean of all of a run. A run that is tainted, and an ancestor
    whose folder is gone, leave unknown what they saw.

    Args:
        folders: Folders of runs.
        duplicates: Groups of pictures that show the same.

    Raises:
        InputError: If a folder holds no run.
    """
    return Ledger(_all_seen([Path(folder) for folder in folders]), duplicates)


def inherited(folder: Path, parents: Sequence[Parent]) -> dict[str, Seen]:
    """What the parents of a run, and all their ancestors, saw: entries of a ledger.

    Args:
        folder: Folder of the run, whose pictures are those that weights are declared to have seen.
        parents: They.
    """
    return _all_seen(_folders(folder, parents)) | _foreign(folder, parents)


def _all_seen(folders: Sequence[Path]) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    waiting, known = list(folders), set()
    while waiting:
        folder = waiting.pop()
        if folder.resolve() not in known:
            known.add(folder.resolve())
            page = read_page(folder)
            parents = tuple(Parent.model_validate(parent) for parent in page["parents"])
            seen |= _models(folder, page["id"], parents)
            waiting += _folders(folder, parents)
    return seen


def _folders(folder: Path, parents: Sequence[Parent]) -> list[Path]:
    """The folders of parents that are runs: where they were, or beside the run if all were moved."""
    found = []
    for parent in parents:
        run = parent.name.partition("/")[0]
        places = (Path(parent.folder), folder.absolute().parent / run) if parent.folder else ()
        found += [place for place in places if is_run(place)][:1]
    return found


def is_run(folder: Path) -> bool:
    """Whether a folder is one of a run."""
    return (folder / DATA).is_file() and (folder / STATUS).is_file()


def exposure_of(folder: Path, fold: int, pictures: Sequence[ImageId]) -> npt.NDArray[np.uint8]:
    """What one model of a run had seen of pictures, given its twins: ``(n,)`` uint8 of ``Exposure``.

    Raises:
        InputError: If the folder holds no run.
        UnknownName: If the run has no such fold.
    """
    page = read_page(folder)
    return ledger_of([folder], twins_of(page)).exposure_of(member_name(page["id"], fold), pictures)


def twins_of(page: dict[str, Any]) -> tuple[tuple[ImageId, ...], ...]:
    """Groups of pictures that show the same, as the page of a run names them."""
    return tuple(tuple(map(ImageId, group)) for group in page["decides"]["twins"])


def read_page(folder: Path) -> dict[str, Any]:
    """The content of ``data.json`` of a run.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        page: dict[str, Any] = json.loads((folder / DATA).read_text(encoding="utf-8"))
        for parent in page["parents"]:
            Parent.model_validate(parent)
        return page | {"id": str(page["id"])}
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise InputError(
            f"{printable(folder)} holds no run: {DATA}: {error}.", "Name a folder of runs/."
        ) from error


def _models(folder: Path, run: str, parents: tuple[Parent, ...]) -> dict[str, Seen]:
    status = read_status(folder)
    names = tuple(parent.name for parent in parents)
    models = {}
    for fold in status.folds:
        path = folder / SEEN / f"fold-{fold}.parquet"
        if path.is_file():
            complete = status.state is not State.TAINTED
            models[member_name(run, fold)] = seen_of(read_seen(path), names, complete)
        else:
            models[member_name(run, fold)] = Seen(complete=False)
    return _foreign(folder, parents) | models | {run: Seen(parents=tuple(models))}


def _foreign(folder: Path, parents: Sequence[Parent]) -> dict[str, Seen]:
    """Parents that are no runs, by what they are declared to have seen; of others nobody knows."""
    found = {}
    for parent in parents:
        if not parent.folder and parent.saw != "unknown":
            looked = _pictures(folder) if parent.saw == "pixels" else frozenset()
            found[parent.name] = Seen(pixels=looked)
    return found


def _pictures(folder: Path) -> frozenset[ImageId]:
    try:
        return frozenset(map(ImageId, pl.read_parquet(folder / ITEMS, columns=["image"])["image"]))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{printable(folder / ITEMS)} cannot be read: {error}.", "Begin another run."
        ) from error
