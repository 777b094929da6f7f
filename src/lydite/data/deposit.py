"""A folder that others edit too: what this program did not write there, or what was edited since, stays.

Files are made in a hidden folder inside, compared with what is there, and only then moved.
``.lydite-export.jsonl`` remembers the SHA-256 of each file that was put there. The digests of new files are
added before the first is moved, so that after a kill at any point every file is still known as ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lydite.core import OutputConflict
from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.data.names import printable

MANIFEST = ".lydite-export.jsonl"
_STAGE = f"{TEMPORARY}stage-"
_CHUNK = 1 << 20


@contextmanager
def deposit(folder: Path, kind: str) -> Iterator[Path]:
    """An empty folder to write into; its files move to ``folder`` when the block ends well.

    A file of an earlier deposit is replaced, or removed if there is no new one, as long as nobody has
    changed it. If anything else stands in the way, or the block raises, nothing in ``folder`` changes.
    The names and digests of its files are held in memory, nothing of their content.

    Args:
        folder: New, empty, or one that other files live in too.
        kind: What is deposited; two kinds do not share a folder.

    Raises:
        OutputConflict: If a file that would be replaced or removed is not as this program left it, or the
            folder belongs to another kind.
        OutputError: If something cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputConflict(f"Output {printable(folder)} is a file.", "Name a folder with --out.")
    known = _read_manifest(folder, kind)
    with os_errors_as_output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))
    try:
        yield stage
        _move(stage, folder, kind, known)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move(stage: Path, folder: Path, kind: str, known: Mapping[str, set[str]]) -> None:
    made = {path.relative_to(stage).as_posix(): _digest(path) for path in _files(stage)}
    stale = sorted(set(known) - set(made))
    for name in _require_ours(folder, {**dict.fromkeys(stale, ""), **made}, known):
        del made[name]
    both = {name: known.get(name, set()) | {digest} for name, digest in made.items()}
    _write_manifest(stage, folder, kind, {**both, **{name: known[name] for name in stale}})
    for name in made:
        target = folder / name
        with os_errors_as_output_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(stage / name, target)
    for name in stale:
        with os_errors_as_output_errors(folder / name):
            (folder / name).unlink(missing_ok=True)
            _remove_empty_parents(folder / name, folder)
    _write_manifest(stage, folder, kind, {name: {digest} for name, digest in made.items()})


def _require_ours(folder: Path, wanted: Mapping[str, str], known: Mapping[str, set[str]]) -> list[str]:
    """Refuse to touch what is not ours; returns foreign files that hold already what is wanted."""
    foreign, equal = [], []
    for name, digest in wanted.items():
        target = folder / name
        if not os.path.lexists(target):
            continue
        found = _digest(target) if target.is_file() and not target.is_symlink() else None
        if found is None or found not in known.get(name, {digest}):
            foreign.append(printable(name))
        elif name not in known:
            equal.append(name)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise OutputConflict(
            f"{printable(folder / foreign[0])}{more} was not written by this program, or was changed since.",
            "It is kept and nothing was written. Choose another --out, or move it away.",
        )
    return equal


def _read_manifest(folder: Path, kind: str) -> dict[str, set[str]]:
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputConflict(
            f"{printable(folder / MANIFEST)} cannot be read.", "Choose another --out.", str(error)
        ) from None
    try:
        head, *entries = (json.loads(line) for line in lines)
        known = {entry["path"]: set(entry["sha256"]) for entry in entries}
        their_kind = head["kind"]
        inside = all(_is_inside(name) for name in known)
    except (ValueError, TypeError, KeyError, RecursionError):
        inside = False
    if not inside:
        raise OutputConflict(
            f"{printable(folder / MANIFEST)} is damaged, so nothing tells whose files these are.",
            "Choose another --out.",
        )
    if their_kind != kind:
        raise OutputConflict(
            f"Output folder {printable(folder)} holds an export of another kind.",
            f"Choose another --out for {kind}.",
            their_kind,
        )
    return known


def _write_manifest(stage: Path, folder: Path, kind: str, digests: Mapping[str, set[str]]) -> None:
    with os_errors_as_output_errors(folder / MANIFEST):
        with (stage / MANIFEST).open("w", encoding="ascii") as file:
            file.write(json.dumps({"kind": kind}) + "\n")
            for name in sorted(digests):
                entry: dict[str, Any] = {"path": name, "sha256": sorted(digests[name])}
                file.write(json.dumps(entry) + "\n")
        _put(stage / MANIFEST, folder / MANIFEST)


def _put(made: Path, target: Path) -> None:
    """Flush a file to the disk, then move it."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(target)


def _is_inside(name: str) -> bool:
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _files(folder: Path) -> Iterator[Path]:
    for inner, subfolders, names in os.walk(folder):
        subfolders.sort()
        yield from (Path(inner, name) for name in sorted(names))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what a killed process left."""
    for entry in folder.glob(f"{_STAGE}*"):
        shutil.rmtree(entry, ignore_errors=True)


def _remove_empty_parents(path: Path, folder: Path) -> None:
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            return
        parent.rmdir()
