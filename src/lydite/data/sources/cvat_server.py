"""A task on a CVAT server: annotations and frames, kept in the workspace, resumed when cut."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from lydite.core import AnnotationError, ArchiveError, ServerError, UsageError
from lydite.data.archive import unpack
from lydite.data.dataset import REPORT, Intake, Wanted, frame_of, from_annotations, report_rows
from lydite.data.files import TEMPORARY, os_errors_as_output_errors, write_atomic
from lydite.data.formats import read_cvat, read_cvat_video
from lydite.data.locking import lock_file
from lydite.data.rows import Place, parse_picture_path
from lydite.data.sniff import SUFFIXES, sniff_format
from lydite.data.sources.cvat_client import CvatClient, CvatTask
from lydite.data.watch import Watch

TITLE = "a task on a CVAT server"

_ADDRESS = re.compile(r"^(https?://[^/?#\s]+(?:/[^?#\s]*?)?)/tasks/(\d{1,12})(?:[/?#].*)?$")
_STATE = "task.json"
_XML = "annotations.xml"


def is_address(given: str) -> bool:
    """Whether a text is an address and not a path."""
    return given.lower().startswith(("http://", "https://"))


def read_cvat_server(given: str, wanted: Wanted) -> Intake:
    """Read a task: its boxes, polygons and masks, tracks too, and its frames in original quality.

    Everything lies in ``<workspace>/servers/<host>-task-<number>/``. Each frame is fetched once; the same
    call after an interruption fetches what is missing. Annotations are fetched again when the task has
    changed.
    A frame that the server refuses is a row of the report.

    Args:
        given: ``https://server/tasks/12``.
        wanted: ``token``, ``timeout_s``, ``workspace``; groups and splits as for annotations.

    Raises:
        UsageError: If the address is no task's.
        MissingExtra: If cvat-sdk is not installed.
        ServerError: If the server cannot be reached, is silent for too long, refuses the token, or does not
            answer as documented. What was fetched stays.
        OutputError: If the workspace cannot be written.
    """
    match = _ADDRESS.match(given)
    if match is None or urlsplit(given).username is not None:
        raise UsageError(
            "This is no address of a task.",
            "Write it like https://server/tasks/12, without a password.",
            given,
        )
    host, number = match[1], int(match[2])
    named = re.sub(r"[^A-Za-z0-9.]+", "-", host.partition("//")[2])
    folder = wanted.workspace / "servers" / f"{named}-task-{number}"
    frames = folder / "frames"
    with os_errors_as_output_errors(folder):
        frames.mkdir(parents=True, exist_ok=True)
    with lock_file(folder / ".lock"):
        _remove_leftovers(folder)
        with CvatClient(host, wanted.token, wanted.timeout_s) as client:
            task = client.get_task(number)
            _fetch_annotations(client, task, folder)
            refused = _fetch_frames(client, task, frames, wanted.watch)
    read = read_cvat_video if task.is_video else read_cvat
    found = read(folder / _XML, frames)
    found = replace(
        found, images=tuple(replace(image, group=image.group or f"task {number}") for image in found.images)
    )
    intake = from_annotations(
        found,
        wanted.source,
        frames.absolute(),
        split_of=(lambda _: wanted.split) if wanted.split is not None else None,
        exhaustive=wanted.exhaustive,
        accept_scored=wanted.accept_scored,
        file=given,
    )
    return replace(intake, report=pl.concat([intake.report, frame_of(REPORT, report_rows(refused))]))


def _remove_leftovers(folder: Path) -> None:
    """What a killed process was writing."""
    for left in folder.rglob(f"{TEMPORARY}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _fetch_annotations(client: CvatClient, task: CvatTask, folder: Path) -> None:
    state = folder / _STATE
    if (folder / _XML).is_file() and state.is_file() and _changed(state) == task.updated:
        return
    packed, inside = folder / f"{TEMPORARY}export.zip", folder / f"{TEMPORARY}export"
    client.export(task, packed)
    try:
        unpack(packed, inside)
        data = (inside / _XML).read_bytes()
    except (ArchiveError, FileNotFoundError) as error:
        raise ServerError(
            client.host, f"sent no usable export of task {task.number}: {error}", "Export it by hand."
        ) from error
    state.unlink(missing_ok=True)  # a kill between the two writes must not pair old and new
    write_atomic(folder / _XML, data)
    write_atomic(state, json.dumps({"updated": task.updated, "task": task.number}))
    _remove_leftovers(folder)


def _changed(state: Path) -> str | None:
    try:
        told = json.loads(state.read_text(encoding="utf-8"))
    except ValueError:
        return None
    updated = told.get("updated") if isinstance(told, dict) else None
    return updated if isinstance(updated, str) else None


def _fetch_frames(client: CvatClient, task: CvatTask, frames: Path, watch: Watch) -> list[AnnotationError]:
    refused: list[AnnotationError] = []
    kept = {
        path.relative_to(frames).with_suffix("").as_posix() for path in frames.rglob("*") if path.is_file()
    }
    place = Place(f"{client.host}/tasks/{task.number}")
    named: set[str] = set()
    for index, name in watch(task.frames, len(task.frames), "fetching"):
        inner = place.at(f"frame {index}")
        try:
            path = parse_picture_path(name, inner)
            if path.lower() in named:
                raise inner.error("has the name of another frame", name)
            named.add(path.lower())
            if (frames / path).is_file() or (task.is_video and path in kept):
                continue
            data = client.get_frame(task, index, len(named) - 1)
            if data is None:
                raise inner.error("was refused by the server", name)
        except AnnotationError as error:
            refused.append(error)
            continue
        target = frames / (f"{path}{_suffix(data)}" if task.is_video else path)
        with os_errors_as_output_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, data)
    return refused


def _suffix(data: bytes) -> str:
    """The suffix of a frame by its first bytes; what is no picture is kept to be refused when it is read."""
    return next(iter(SUFFIXES.get(sniff_format(data) or "", (".png",))))
