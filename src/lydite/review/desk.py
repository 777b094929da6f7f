"""What the page asks and is told: the journal, the queues and the state behind one lock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import CLASS_ACTS, Act, ContractError, UnknownName, Verdict, is_name
from lydite.review.agreement import Agreement, agreements
from lydite.review.beliefs import Beliefs
from lydite.review.estimate import Left, errors_left
from lydite.review.findings import Reasons
from lydite.review.fold import Decision, Entry, Fold, Standing
from lydite.review.journal import Journal
from lydite.review.pile import UNLABELLED, Pile
from lydite.review.progress import Progress
from lydite.review.queues import Queue, build_queues, shared, slice_of
from lydite.review.settings import ReviewSettings

DISPUTES = "disputes"
"""Queue of what people said different things about; answers there settle it."""
REFUSED_BY_CLASSES = "There is a class of this name."


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a verdict that was sent.

    Args:
        id: Its id.
        seq: Place in the journal; 0 if it was refused.
        error: Why it was refused; empty if it was written down.
    """

    id: str
    seq: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How far a reviewer came in a queue.

    Args:
        queue: The queue.
        total: Rows that are or were for this reviewer.
        done: Rows among them that the reviewer has seen in this pass.
    """

    queue: Queue
    total: int
    done: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Where a review stands.

    Args:
        total: Rows.
        counts: Rows by what holds of them: keep, relabel, trash, unsure, disputed; the rest was not seen.
        left: Errors left; see ``estimate``.
        stop: Whether the stop rule speaks: surely few errors are left.
        agreements: Pairs of reviewers.
    """

    total: int
    counts: dict[str, int]
    left: Left
    stop: bool
    agreements: tuple[Agreement, ...]


class Desk:
    """A review as it stands; safe for threads, and for several desks on one journal.

    Args:
        pile: What is reviewed.
        journal: Where verdicts go.
        beliefs: What models think.
        reasons: Findings by row.
        settings: How the review is held.
    """

    def __init__(
        self, pile: Pile, journal: Journal, beliefs: Beliefs, reasons: Reasons, settings: ReviewSettings
    ) -> None:
        self.pile = pile
        self.beliefs = beliefs
        self.reasons = reasons
        self.settings = settings
        self._journal = journal
        self._lock = threading.RLock()
        self._fold = Fold(pile.class_map.names)
        self._slice = slice_of(pile, settings.seed)
        self._queues = {
            queue.name: queue
            for queue in build_queues(
                pile, beliefs, reasons, slice_order=self._slice, audit_every=settings.audit_every
            )
        }
        self._progress = Progress(pile, settings.round, shared(len(pile), settings.overlap, settings.seed))
        self.refresh()

    @property
    def journal_id(self) -> str:
        """Tells this journal from others."""
        return self._journal.identity

    def refresh(self) -> None:
        """Take what others have written into the journal."""
        with self._lock:
            self._take(self._journal.read(self._fold.seq))

    @property
    def classes(self) -> tuple[str, ...]:
        """Present class names."""
        with self._lock:
            return self._fold.names.current

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Everyone who ever did anything."""
        with self._lock:
            return self._fold.reviewers

    def label_of(self, row: int) -> str:
        """The label of the data under its present name."""
        label = self.pile.labels[row]
        return self._fold.names.resolve(label) if label else UNLABELLED

    def decision_of(self, row: int) -> Decision | None:
        """What holds of a row."""
        with self._lock:
            return self._fold.decisions.get(self.pile.subjects[row])

    def counts(self, reviewer: str) -> list[QueueCount]:
        """Every queue, with how far a reviewer came; the queue of disputes where there are any."""
        with self._lock:
            seen = self._progress.seen_by(reviewer)
            mine = seen | self._progress.open_to(reviewer)
            found = [
                QueueCount(queue, int(mine[queue.rows].sum()), int(seen[queue.rows].sum()))
                for queue in self._queues.values()
            ]
            disputed = self._disputed()
            if len(disputed):
                nothing = np.zeros(0, np.int64)
                queue = Queue(
                    DISPUTES, "Disputes", "people disagree: your answer settles it", disputed, nothing
                )
                found.insert(0, QueueCount(queue, len(disputed), 0))
            return found

    def next_rows(self, queue: str, reviewer: str, count: int, have: Collection[int]) -> list[int]:
        """The next rows for a reviewer, without those that the page has already.

        Raises:
            UnknownName: If there is no such queue.
        """
        with self._lock:
            if queue == DISPUTES:
                return [row for row in self._disputed().tolist() if row not in have][:count]
            if queue not in self._queues:
                raise UnknownName("queue", queue, self._queues)
            return self._progress.reserve(self._queues[queue].rows, reviewer, count, have)

    def past(self, reviewer: str, count: int) -> list[Verdict]:
        """The last acts of a reviewer that count, newest first: what undo goes through."""
        with self._lock:
            return self._fold.living(reviewer)[-count:][::-1] if count > 0 else []

    def submit(self, verdicts: Sequence[Verdict]) -> list[Receipt]:
        """Write verdicts down; those that cannot be are refused one by one.

        Raises:
            OutputError: If the journal cannot be written: nothing was acknowledged, send them again.
        """
        with self._lock:
            self.refresh()
            receipts = []
            for verdict in verdicts:
                try:
                    if self._fold.find(verdict.id) is None:
                        self._check(verdict)
                    (entry,) = self._journal.append([verdict])
                except ContractError as error:
                    receipts.append(Receipt(verdict.id, 0, str(error)))
                    continue
                receipts.append(Receipt(verdict.id, entry.seq))
                self.refresh()
            return receipts

    def summary(self) -> Summary:
        """Where the review stands."""
        with self._lock:
            counts: Counter[str] = Counter()
            reviewed = np.zeros(len(self.pile), np.bool_)
            wrong = np.zeros(len(self.pile), np.bool_)
            for subject, decision in self._fold.decisions.items():
                row = self.pile.rows.get(subject)
                if row is not None:
                    counts[self.verdict_on(row, decision)] += 1
                    reviewed[row] = decision.standing is not Standing.UNSURE
                    wrong[row] = reviewed[row] and not self._agrees(row, decision)
            ranked = next((q.rank for q in self._queues.values() if len(q.rank)), np.zeros(0, np.int64))
            left = errors_left(ranked, self._slice, reviewed, wrong, self.settings.level)
            stop = left.high <= self.settings.stop_share * len(self.pile)
            pairs = agreements(self._fold.decisions)
            return Summary(len(self.pile), dict(counts), left, stop, pairs)

    def verdict_on(self, row: int, decision: Decision) -> str:
        """What a decision comes to: keep, relabel, trash, unsure or disputed."""
        if decision.standing is not Standing.LABEL:
            return decision.standing.value
        return Act.KEEP.value if self._agrees(row, decision) else Act.RELABEL.value

    def class_counts(self) -> dict[str, int]:
        """Rows of each present class, decisions applied."""
        with self._lock:
            totals: Counter[str] = Counter()
            for label, count in Counter(self.pile.labels).items():
                totals[self._fold.names.resolve(label) if label else UNLABELLED] += count
            for subject, decision in self._fold.decisions.items():
                row = self.pile.rows.get(subject)
                if row is not None and decision.standing in {Standing.LABEL, Standing.TRASH}:
                    totals[self.label_of(row)] -= 1
                    totals[decision.label] += decision.standing is Standing.LABEL
            return {name: totals[name] for name in self._fold.names.current}

    def resolve(self, name: str) -> str:
        """A class name of the data or of a model, as it is called now."""
        return self._fold.names.resolve(name)

    def _take(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            subject = self._fold.add(entry)
            row = None if subject is None else self.pile.rows.get(subject)
            if row is not None:
                self._progress.tell(self._fold, row)

    def _disputed(self) -> npt.NDArray[np.int64]:
        rows = (
            self.pile.rows.get(subject, -1)
            for subject, decision in self._fold.decisions.items()
            if decision.standing is Standing.DISPUTED
        )
        return np.array(sorted(row for row in rows if row >= 0), np.int64)

    def _agrees(self, row: int, decision: Decision) -> bool:
        return decision.standing is Standing.LABEL and decision.label == self.label_of(row)

    def _check(self, verdict: Verdict) -> None:
        """Refuse what the journal would take but a person cannot mean."""
        if verdict.subject is not None and verdict.subject not in self.pile.rows:
            raise ContractError("This is no picture of the review.", "Reload the page.", str(verdict.subject))
        if verdict.act is Act.UNDO and not self._fold.is_alive(verdict.undoes):
            raise ContractError("This was undone already.", "", verdict.undoes)
        if verdict.act not in CLASS_ACTS:
            return
        new = verdict.target if verdict.act is Act.RENAME else verdict.label
        if verdict.act is not Act.MERGE and not is_name(new):
            raise ContractError("A class needs a name of one line.", "Type another.", new)
        if verdict.act is not Act.MERGE and new in self._fold.names.current:
            raise ContractError(REFUSED_BY_CLASSES, "Type another, or merge the two.", new)
        for name in {Act.ADD: [], Act.RENAME: [verdict.label], Act.MERGE: [verdict.label, verdict.target]}[
            verdict.act
        ]:
            if name not in self._fold.names.current:
                raise ContractError("There is no such class any more.", "Reload the page.", name)
        if verdict.act is Act.MERGE and verdict.label == verdict.target:
            raise ContractError("A class is not merged into itself.", "Choose another.", verdict.label)
