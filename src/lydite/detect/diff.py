"""Two finished runs over the same pictures: what appeared, vanished, changed class or moved in score."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import InputError, InvalidValue, ItemId, Masks, Outcome, RegionId
from lydite.data import printable
from lydite.detect.causes import Cause, find_causes
from lydite.detect.fate import Fate, trace
from lydite.detect.finished import FinishedRun
from lydite.detect.store import ImageRecord, masks_of
from lydite.metrics import mask_iou

APPEARED, VANISHED, RECLASSED, MOVED = "appeared", "vanished", "changed class", "moved"
KINDS = (VANISHED, APPEARED, RECLASSED, MOVED)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An accepted instance of one of the runs.

    Args:
        record: Its picture in that run.
        region: Its identity in that run.
        class_name: What it was taken for.
        score: Its positive score.
        mask: One mask.
        nearest: The positive exemplar that it resembles most.
    """

    record: ImageRecord
    region: RegionId
    class_name: str
    score: float
    mask: Masks
    nearest: str


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One instance on which the runs disagree.

    Args:
        kind: One of ``KINDS``.
        before: In the first run; ``None`` if it appeared.
        after: In the second run; ``None`` if it vanished.
        iou: Overlap of the two; 0 where there is only one.
        fate: What became of it in the run that does not have it.
        causes: Settings that differ between the runs and whose rules blocked it there.
    """

    kind: str
    before: Seen | None
    after: Seen | None
    iou: float = 0.0
    fate: Fate | None = None
    causes: tuple[Cause, ...] = ()

    @property
    def shown(self) -> Seen:
        """The instance itself, as the later run that has it saw it."""
        seen = self.after or self.before
        if seen is None:
            raise InvalidValue("Change", "of an instance of at least one run", None)
        return seen

    @property
    def score_change(self) -> float:
        """Score after minus score before; 0 where there is only one."""
        return self.after.score - self.before.score if self.before and self.after else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RunDiff:
    """Everything in which two runs differ.

    Args:
        before: The first run.
        after: The second run.
        causes: What their descriptions do not have in common.
        pairs: Records of the pictures that were compared.
        only_before: Items that only the first run looked at.
        only_after: Items that only the second run looked at.
        resized: Items whose picture has another size by now; not compared.
        altered: Items compared although the picture's content differs.
        same: Instances of both runs, by class, unchanged.
        changes: By kind, then by class, the largest score (or move) first.
        threshold: Smallest intersection over union of one instance in both runs.
        min_move: Smallest change of the score that counts as moved.
    """

    before: FinishedRun
    after: FinishedRun
    causes: tuple[Cause, ...]
    pairs: tuple[tuple[ImageRecord, ImageRecord], ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    resized: tuple[str, ...]
    altered: tuple[str, ...]
    same: Counter[str]
    changes: tuple[Change, ...]
    threshold: float
    min_move: float

    @property
    def one_space(self) -> bool:
        """Whether scores of the runs may be compared at all."""
        return not any(cause.kind == "space" for cause in self.causes)

    def of_kind(self, kind: str) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def diff_runs(
    before: FinishedRun, after: FinishedRun, *, threshold: float = 0.5, min_move: float = 0.02
) -> RunDiff:
    """Compare the accepted instances of two runs.

    Pictures belong together by item and content, else by content, else by item. Instances of a picture are
    paired greedily by the overlap of their masks, the largest first: within a class, then what is left
    across classes. That is symmetric: the other way round, the same pairs come out. Scores of two feature
    spaces are not compared.

    Args:
        before: The first run.
        after: The second run.
        threshold: Smallest intersection over union of one instance in both runs, in (0, 1].
        min_move: Smallest change of the score that counts as moved, above 0.

    Raises:
        InvalidValue: If a number is out of range.
        InputError: If the runs have no picture in common.
    """
    if not 0 < threshold <= 1:
        raise InvalidValue("threshold", "in (0, 1]", threshold)
    if not min_move > 0:
        raise InvalidValue("min_move", "above 0", min_move)
    records = (list(before.records), list(after.records))
    joined = _join(*records)
    pairs = tuple((one, other) for one, other in joined if one.size_hw == other.size_hw)
    if not joined:
        raise InputError(
            f"Runs {printable(before.path)} and {printable(after.path)} have no picture in common.",
            "Compare runs over the same pictures.",
            [[record.item for record in each[:3]] for each in records],
        )
    work = _Work(before, after, find_causes(before.description, after.description), threshold, min_move)
    changes = [change for one, other in pairs for change in work.changes(one, other)]
    taken = ({one.item for one, _ in joined}, {other.item for _, other in joined})
    order = {
        name: place for place, name in enumerate(sorted({change.shown.class_name for change in changes}))
    }
    changes.sort(
        key=lambda change: (
            KINDS.index(change.kind),
            order[change.shown.class_name],
            -abs(change.score_change) if change.kind == MOVED else -change.shown.score,
            change.shown.region,
        )
    )
    return RunDiff(
        before,
        after,
        work.causes,
        pairs,
        tuple(record.item for record in records[0] if record.item not in taken[0]),
        tuple(record.item for record in records[1] if record.item not in taken[1]),
        tuple(one.item for one, other in joined if one.size_hw != other.size_hw),
        tuple(one.item for one, other in pairs if one.image_id != other.image_id),
        work.same,
        tuple(changes),
        threshold,
        min_move,
    )


class _Work:
    """Compares picture by picture and counts what did not change."""

    def __init__(
        self,
        before: FinishedRun,
        after: FinishedRun,
        causes: tuple[Cause, ...],
        threshold: float,
        min_move: float,
    ) -> None:
        self._runs = (before, after)
        self.causes = causes
        self.same: Counter[str] = Counter()
        self._settings = {cause.name: cause for cause in causes if cause.kind == "setting"}
        self._one_space = not any(cause.kind == "space" for cause in causes)
        self._threshold = threshold
        self._min_move = min_move

    def changes(self, one: ImageRecord, other: ImageRecord) -> Iterator[Change]:
        """What is different in one picture."""
        tables = (self._runs[0].read_table(one), self._runs[1].read_table(other))
        left, right = _accepted(tables[0], one), _accepted(tables[1], other)
        iou = mask_iou(_masks(left, one), _masks(right, other))
        pairs = pair_instances(
            iou, [s.class_name for s in left], [s.class_name for s in right], self._threshold
        )
        for row, column in pairs:
            yield from self._paired(left[row], right[column], float(iou[row, column]))
        for row in sorted(set(range(len(left))) - {row for row, _ in pairs}):
            fate = self._fate(tables[1], left[row])
            yield Change(VANISHED, left[row], None, fate=fate, causes=self._known_causes(fate))
        for column in sorted(set(range(len(right))) - {column for _, column in pairs}):
            fate = self._fate(tables[0], right[column])
            yield Change(APPEARED, None, right[column], fate=fate, causes=self._known_causes(fate))

    def _paired(self, before: Seen, after: Seen, iou: float) -> Iterator[Change]:
        if before.class_name != after.class_name:
            yield Change(RECLASSED, before, after, iou)
        elif self._one_space and abs(after.score - before.score) >= self._min_move:
            yield Change(MOVED, before, after, iou)
        else:
            self.same[after.class_name] += 1

    def _fate(self, table: pl.DataFrame, seen: Seen) -> Fate:
        return trace(table, seen.mask, seen.class_name, self._threshold)

    def _known_causes(self, fate: Fate) -> tuple[Cause, ...]:
        names = dict.fromkeys(block.rule for block in fate.blocks)
        return tuple(self._settings[name] for name in names if name in self._settings)


def pair_instances(
    iou: npt.NDArray[np.float32], before: Sequence[str], after: Sequence[str], threshold: float
) -> list[tuple[int, int]]:
    """Pairs of rows and columns, each taken once: within a class first, the largest overlap first.

    Ties go to the smaller numbers. Two pairs exclude each other only if they share a row or a column, and
    then the other number decides, on whichever side it is: the transposed overlaps give the transposed
    pairs.

    Args:
        iou: ``(before, after)`` overlaps.
        before: Class of each row.
        after: Class of each column.
        threshold: Smallest overlap of a pair.
    """
    rows, columns = np.nonzero(iou >= np.float32(threshold))
    ranked = sorted(
        zip(rows.tolist(), columns.tolist(), strict=True),
        key=lambda p: (before[p[0]] != after[p[1]], -iou[p], p),
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for row, column in ranked:
        if row not in taken[0] and column not in taken[1]:
            pairs.append((row, column))
            taken[0].add(row)
            taken[1].add(column)
    return sorted(pairs)


def _join(
    before: Sequence[ImageRecord], after: Sequence[ImageRecord]
) -> list[tuple[ImageRecord, ImageRecord]]:
    """Records of the same picture: by item and content, then by content, then by item."""
    partner: dict[int, int] = {}
    free = list(range(len(after)))
    for key in (lambda r: (r.item, r.image_id), lambda r: r.image_id, lambda r: r.item):
        keyed: dict[object, deque[int]] = {}
        for there in free:
            keyed.setdefault(key(after[there]), deque()).append(there)
        for here, record in enumerate(before):
            if here not in partner and (same := keyed.get(key(record))):
                partner[here] = same.popleft()
        taken = set(partner.values())
        free = [there for there in free if there not in taken]
    return [(before[here], after[there]) for here, there in sorted(partner.items())]


def _accepted(table: pl.DataFrame, record: ImageRecord) -> list[Seen]:
    rows = table.filter(pl.col("outcome") == Outcome.ACCEPTED.value)
    masks, item = masks_of(rows, record.size_hw), ItemId.parse(record.item)
    return [
        Seen(
            record,
            RegionId(item, row["region"]),
            row["class"],
            row["score"],
            masks[[number]],
            row["nearest_positive"],
        )
        for number, row in enumerate(rows.iter_rows(named=True))
    ]


def _masks(seen: Sequence[Seen], record: ImageRecord) -> Masks:
    return Masks.concatenate([one.mask for one in seen], record.size_hw)
