"""What a review is of: a folder, a workspace or a detection run, and where its journal lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from pydantic import ValidationError

from lydite.core import RegionId, UsageError
from lydite.data import printable
from lydite.data.dataset import History
from lydite.review import Pile, ReviewSettings, Shapes, pile_of_folder, pile_of_version

if TYPE_CHECKING:
    from lydite.detect.finished import FinishedRun

SourceArgument = Annotated[
    Path, typer.Argument(help="folder of pictures by label, a workspace, or the folder of a detection run")
]
Database = Annotated[
    str | None,
    typer.Option(
        help="file, or the URL of a PostgreSQL database",
        show_default="review/journal.db of the workspace or run",
    ),
]
JOURNAL = Path("review") / "journal.db"
RUN = "run.json"
"""Every folder of a detection run holds it; so a folder of pictures opens without that room."""


@dataclass(frozen=True)
class Source:
    """What is reviewed and where the journal is.

    Args:
        pile: The rows.
        journal: A file or a URL.
    """

    pile: Pile
    journal: Path | str

    @property
    def shown_journal(self) -> str:
        """The journal without passwords."""
        if isinstance(self.journal, str) and "://" in self.journal:
            return self.journal.split("://")[0]
        return printable(self.journal)


def open_source(path: Path, journal: str | None, *, regions: bool = False) -> Source:
    """Find out what a path is.

    Raises:
        UsageError: If there is nothing to review.
    """
    if (path / RUN).is_file():
        from lydite.detect.finished import FinishedRun

        return Source(pile_of_run(FinishedRun.open(path)), journal or path / JOURNAL)
    history = History(path)
    if history.head_id() is not None:
        return Source(pile_of_version(history.head(), regions=regions), journal or path / JOURNAL)
    if regions:
        raise UsageError("Only a workspace or a run has regions.", "Name one.", printable(path))
    # Beside the folder, never in it: the pictures' folder stays as it is.
    return Source(
        pile_of_folder(path),
        journal or path.absolute().parent / f"{path.absolute().name}-review" / "journal.db",
    )


def pile_of_run(run: FinishedRun) -> Pile:
    """What a run accepted, the least certain first, to be accepted or refused by people."""
    subjects, paths, labels, boxes, sizes, masks, scores = [], [], [], [], [], [], []
    for record in run.records:
        table = run.read_table(record)
        for row in table.filter(table["outcome"] == "accepted").iter_rows(named=True):
            subjects.append(RegionId.parse(f"{record.item}#{row['region']}"))
            paths.append(Path(record.path))
            labels.append(row["class"])
            boxes.append([row["x0"], row["y0"], row["x1"], row["y1"]])
            sizes.append(record.size_hw)
            masks.append(row["mask"])
            scores.append(row["score"])
    if not subjects:
        raise UsageError("The run accepted nothing, so there is nothing to review.")
    shapes = Shapes(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(sizes, np.int64).reshape(-1, 2),
        tuple(masks),
        np.array(scores, np.float64),
    )
    return Pile(tuple(subjects), tuple(paths), tuple(labels), run.class_map, shapes)


def settings_of(given: dict[str, Any]) -> ReviewSettings:
    """Settings from options.

    Raises:
        UsageError: Naming each option that is out of range.
    """
    try:
        return ReviewSettings(**given)
    except ValidationError as error:
        faults = [
            f"--{str(e['loc'][0]).replace('_', '-')}: {e['msg']} (seen: {e['input']})" for e in error.errors()
        ]
        raise UsageError("Options are out of range. " + "; ".join(faults)) from None
