"""What one model of a run was shown, written down when it was shown it; nothing is ever taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ImageId, InputError, InvalidValue, Role, Seen
from lydite.data import printable, write_atomic
from lydite.train.tasks import Rows, Task

_SCHEMA = {
    "row": pl.Int64,
    "item": pl.String,
    "image": pl.String,
    "role": pl.String,
    "first_step": pl.Int64,
    "times": pl.Int64,
}
_ROLES = tuple(Role)


@dataclass(frozen=True, eq=False)
class Observed:
    """Row-aligned with a task.

    Args:
        first: ``(roles, n)`` int64: the step at which a row was first shown in a role; -1 never.
        times: ``(roles, n)`` int64: how often.
    """

    first: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]

    @classmethod
    def nothing(cls, count: int) -> Observed:
        """Nothing was shown yet."""
        return cls(np.full((len(_ROLES), count), -1, np.int64), np.zeros((len(_ROLES), count), np.int64))

    def saw(self, step: int, rows: Rows | Sequence[int], role: Role) -> None:
        """Rows were shown; a row that stands twice was shown twice.

        Args:
            step: Which step of the training this is, from 0.
            rows: Rows of the task: every row of the batch, partners of mixtures too.
            role: What they were.

        Raises:
            InvalidValue: If a row is none of the task.
        """
        shown = np.asarray(rows, np.int64).reshape(-1)
        count = self.first.shape[1]
        if len(shown) and not (shown.min() >= 0 and shown.max() < count):
            raise InvalidValue("Observed rows", f"in 0..{count - 1}", [int(shown.min()), int(shown.max())])
        place = _ROLES.index(role)
        times = np.bincount(shown, minlength=count)
        new = (times > 0) & (self.first[place] < 0)
        self.first[place, new] = step
        self.times[place] += times

    def rows(self, role: Role) -> Rows:
        """Rows that were shown in a role, in order."""
        return np.flatnonzero(self.first[_ROLES.index(role)] >= 0)

    def seen(self, pictures: Sequence[ImageId], parents: tuple[str, ...], complete: bool) -> Seen:
        """The same by picture."""
        by_role = (frozenset(pictures[row] for row in self.rows(role)) for role in _ROLES)
        trained, selected, pixels = by_role
        return Seen(trained, selected, pixels, parents, complete)

    def save(self, path: Path, task: Task) -> None:
        """Write it down; whole or not at all.

        Raises:
            OutputError: If it cannot be written; the old file is untouched.
        """
        parts = []
        for place, role in enumerate(_ROLES):
            rows = self.rows(role)
            columns = {
                "row": rows,
                "item": [str(task.items[row]) for row in rows],
                "image": [str(task.pictures[row]) for row in rows],
                "role": [role.value] * len(rows),
                "first_step": self.first[place, rows],
                "times": self.times[place, rows],
            }
            parts.append(pl.DataFrame(columns, schema=_SCHEMA))
        content = BytesIO()
        pl.concat(parts).write_parquet(content, compression="zstd")
        write_atomic(path, content.getvalue())

    @classmethod
    def load(cls, path: Path, count: int) -> Observed:
        """What was written down; nothing where there is no file.

        Raises:
            InputError: If the file is damaged.
        """
        found = cls.nothing(count)
        if not path.exists():
            return found
        table = read_seen(path)
        for place, role in enumerate(_ROLES):
            part = table.filter(pl.col("role") == role.value)
            rows = part["row"].to_numpy()
            found.first[place, rows] = part["first_step"].to_numpy()
            found.times[place, rows] = part["times"].to_numpy()
        return found


def read_seen(path: Path) -> pl.DataFrame:
    """The table of a file that ``Observed.save`` wrote: row, item, image, role, first_step, times.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return pl.read_parquet(BytesIO(path.read_bytes())).select(*_SCHEMA).cast(pl.Schema(_SCHEMA))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"File {printable(path)} does not say what was seen: {error}.",
            "Begin the run anew in another folder.",
        ) from error


def seen_of(table: pl.DataFrame, parents: tuple[str, ...], complete: bool) -> Seen:
    """What a table of ``read_seen`` says, by picture."""
    trained, selected, pixels = (
        frozenset(map(ImageId, table.filter(pl.col("role") == role.value)["image"])) for role in _ROLES
    )
    return Seen(trained, selected, pixels, parents, complete)
