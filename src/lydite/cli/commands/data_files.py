"""``lydite data validate`` and ``materialise``: versions and the files that they speak of."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from lydite.cli.dataset import HERE, Quiet, Version, Workspace
from lydite.cli.screen import err, out, progress
from lydite.core import EXIT_FAILED
from lydite.data.dataset import (
    Fault,
    History,
    Means,
    check_tree,
    check_version,
    count_bytes,
    files_on_disk_only,
)
from lydite.data.dataset import materialise as lay_out

_SHOWN = 20


def validate(
    version: Version = "HEAD",
    files: Annotated[bool, typer.Option(help="read every picture and compare its hash")] = True,
    tree: Annotated[
        Path | None, typer.Option("--tree", help="a materialised tree that must agree with the version")
    ] = None,
    workspace: Workspace = HERE,
    quiet: Quiet = False,
) -> None:
    """Compare a version with its own digests and with the pictures on the disk.

    Ends with 1 if anything differs.

    Example: lydite data validate --tree tree/
    """
    chosen = History(workspace).load(version)
    faults = check_version(
        chosen, files=files, watch=lambda looks, total: progress(looks, total, "checking", quiet)
    )
    sound = not any(fault.kind == "tables" for fault in faults)
    if tree is not None and sound:
        faults += check_tree(chosen, tree)
    _show_faults(faults)
    if files and sound:
        extra = files_on_disk_only(chosen)
        out.print(f"on disk only {len(extra):,} pictures")
    out.print(f"version      {chosen.info.short}: {f'{len(faults):,} faults' if faults else 'sound'}")
    if faults:
        sys.exit(EXIT_FAILED)


def materialise(
    out_folder: Annotated[Path, typer.Option("--out", help="folder that is new, or an unfinished tree")],
    means: Annotated[
        Means, typer.Option(help="copy (shares blocks where the file system can), or hardlink")
    ] = Means.COPY,
    split: Annotated[str | None, typer.Option(help="only items of this split")] = None,
    version: Version = "HEAD",
    workspace: Workspace = HERE,
    quiet: Quiet = False,
) -> None:
    """Lay a version out as a tree: split, then label, then the pictures, and a table of them.

    Originals are only read and nothing is overwritten. After an interruption, the same command goes on.
    An edit of a hard-linked file is one of the original: --means hardlink is for trees that are only read.

    Example: lydite data materialise --out tree/
    """
    chosen = History(workspace).load(version)
    total = len(chosen.items_of(split=split))
    if means is Means.COPY:
        _tell_disk(count_bytes(chosen, split), out_folder)
    counts: Counter[str] = Counter()
    faults = []
    for placed in progress(lay_out(chosen, out_folder, means=means, split=split), total, "placing", quiet):
        counts["left out" if placed.fault else "new" if placed.new else "there already"] += 1
        if placed.fault:
            faults.append(Fault("left out", placed.item, placed.fault))
    _show_faults(faults)
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "no item"
    out.print(f"pictures     {told}")
    out.print(f"tree         {out_folder}", markup=False)
    if faults:
        sys.exit(EXIT_FAILED)


def _tell_disk(needed: int, out_folder: Path) -> None:
    """What copies need, and a warning where the disk has less: blocks may be shared, so it is no refusal."""
    place = next(
        folder for folder in (out_folder.absolute(), *out_folder.absolute().parents) if folder.is_dir()
    )
    free = shutil.disk_usage(place).free
    out.print(f"needs        {decimal(needed)} at most, {decimal(free)} are free")
    if needed > free:
        err.print("The disk may be too small: what fits is placed, and the same command goes on later.")


def _show_faults(faults: list[Fault]) -> None:
    for fault in faults[:_SHOWN]:
        err.print(str(fault), markup=False)
    kinds = Counter(fault.kind for fault in faults[_SHOWN:])
    for kind, count in kinds.items():
        err.print(f"{kind}: {count:,} more")
