"""``lydite detect export``: a finished run in the formats that other tools read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from lydite.cli.screen import err, out, progress
from lydite.core import EXIT_FAILED, ImageError, MissingExtra, UnknownName, UsageError
from lydite.data import TARGETS, AnnotatedImage, AnnotationStream, ImageLimits
from lydite.data.deposit import deposit
from lydite.data.files import write_once
from lydite.detect.accepted import Found, read_accepted
from lydite.detect.finished import FinishedRun
from lydite.detect.provenance import PROVENANCE, Counts, tell_provenance
from lydite.reports.drawings import DRAWINGS

FORMATS = (*TARGETS, *DRAWINGS)


def export(
    run: Annotated[Path, typer.Argument(help="folder of a finished lydite detect run")],
    export_format: Annotated[
        str, typer.Option("--format", help=f"what to write: {', '.join(FORMATS)}", metavar="NAME")
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", help="folder to write into; your own files in it stay")
    ],
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Write what a finished run accepted in a format that other tools read.

    A file in --out that this program did not write, or that was changed since, is never overwritten:
    the command then names it and writes nothing. provenance.json tells the run and the licence of each model.

    Example: lydite detect export result/ --format cvat --out for-cvat/
    """
    if export_format not in FORMATS:
        raise UnknownName("export format", export_format, FORMATS)
    if out_folder.resolve() == run.resolve():
        raise UsageError("An export needs a folder of its own, not the run's.", "Choose another --out.")
    finished = FinishedRun.open(run)
    done, failed = finished.count()
    work = _Work(finished, progress(read_accepted(finished), done, "exporting", quiet))
    with deposit(out_folder, export_format) as stage:
        if export_format in TARGETS:
            target = TARGETS[export_format]
            target.write(stage / target.file, AnnotationStream(finished.class_map, work.images()))
        else:
            work.draw(stage, export_format)
        counts = Counts(work.pictures, work.instances, failed + len(work.problems))
        told = tell_provenance(finished, export_format, counts)
        write_once(stage / PROVENANCE, json.dumps(told, indent=1) + "\n", "")
    for problem in work.problems[:10]:
        err.print(f"left out: {problem}", markup=False)
    if failed:
        err.print(f"left out: {failed} pictures that the run could not use (see its summary.json)")
    out.print(f"exported     {work.pictures:,} pictures, {work.instances:,} instances")
    out.print(f"results      {out_folder}")
    if work.problems:
        sys.exit(EXIT_FAILED)


@dataclass(slots=True)
class _Work:
    """Pictures on their way out, counted."""

    run: FinishedRun
    found: Iterator[Found]
    pictures: int = 0
    instances: int = 0
    problems: list[str] = field(default_factory=list)

    def images(self) -> Iterator[AnnotatedImage]:
        """Annotations, one picture at a time."""
        for found in self.found:
            self._count(found)
            yield found.image

    def draw(self, folder: Path, name: str) -> None:
        """Draw each picture; one that is gone or changed is a problem, not the end."""
        settings = self.run.description["settings"]
        limits = ImageLimits(settings["max_bytes"], settings["max_pixels"])
        for found in self.found:
            try:
                DRAWINGS[name](folder, found, self.run.class_map, limits)
            except (ImageError, MissingExtra) as error:
                self.problems.append(str(error))
            else:
                self._count(found)

    def _count(self, found: Found) -> None:
        self.pictures += 1
        self.instances += len(found.image)
