"""The state of a review: a fold over its journal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lydite.core import CLASS_ACTS, JUDGEMENTS, Act, ItemId, RegionId, Verdict
from lydite.review.names import Names

Subject = ItemId | RegionId


@dataclass(frozen=True, slots=True)
class Entry:
    """A verdict in its place.

    Args:
        seq: Place in the journal, from 1, without gaps.
        verdict: What was said.
    """

    seq: int
    verdict: Verdict


class Standing(StrEnum):
    """What holds of a subject."""

    LABEL = "label"
    """It is of a class."""
    TRASH = "trash"
    UNSURE = "unsure"
    """Seen, and nobody decided."""
    DISPUTED = "disputed"
    """People said different things and nobody settled it; not to be trained on."""


@dataclass(frozen=True, slots=True)
class Word:
    """One reviewer's own last word on a subject.

    Args:
        reviewer: Whose it is.
        standing: Label, trash or unsure.
        label: The class under its present name; empty unless ``standing`` is label.
        adjudicates: Whether it settled a dispute.
    """

    reviewer: str
    standing: Standing
    label: str
    adjudicates: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds of a subject, and who said what.

    Args:
        standing: What holds.
        label: The class, empty unless ``standing`` is label.
        words: Last words of all reviewers, sorted by name; an adjudication beside its author's own word.
    """

    standing: Standing
    label: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What a journal says up to some place.

    Args:
        classes: Present class names, in order.
        decisions: By subject; a subject of which nothing holds any more is absent.
        renamed: Class names of the data that have another name now.
    """

    classes: tuple[str, ...]
    decisions: Mapping[Subject, Decision]
    renamed: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Canonical JSON lines: equal states, and only those, are equal bytes."""
        lines: list[dict[str, object]] = [
            {"classes": self.classes, "renamed": dict(sorted(self.renamed.items()))}
        ]
        rows = sorted(self.decisions.items(), key=lambda pair: _key(pair[0]))
        lines += [
            {
                "item": str(subject.item if isinstance(subject, RegionId) else subject),
                "region": subject.number if isinstance(subject, RegionId) else None,
                "standing": decision.standing.value,
                "label": decision.label,
                "words": [[w.reviewer, w.standing.value, w.label, w.adjudicates] for w in decision.words],
            }
            for subject, decision in rows
        ]
        return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines).encode()


class Fold:
    """A journal as far as it was read; takes entries one by one.

    Args:
        classes: Class names of the data, in order.
    """

    def __init__(self, classes: Sequence[str] = ()) -> None:
        self._given = tuple(classes)
        self._entries: list[Entry] = []
        self._at: dict[str, int] = {}
        self._alive: list[bool] = []
        self._undone_by: defaultdict[str, list[int]] = defaultdict(list)
        self._handles: list[int] = []
        self._by_subject: defaultdict[Subject, list[int]] = defaultdict(list)
        self._stacks: defaultdict[str, list[int]] = defaultdict(list)
        self.names = Names(self._given)
        self.decisions: dict[Subject, Decision] = {}

    @property
    def seq(self) -> int:
        """Place of the last entry that was taken; 0 before the first."""
        return self._entries[-1].seq if self._entries else 0

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take entries in the order of the journal."""
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> Subject | None:
        """Take the next entry; returns what it is about, through undos, ``None`` for an act on classes."""
        verdict = entry.verdict
        place = len(self._entries)
        self._entries.append(entry)
        self._at[verdict.id] = place
        self._alive.append(True)
        self._handles.append(self.names.apply(verdict, alive=True))
        self._stacks[verdict.reviewer].append(place)
        if verdict.act is Act.UNDO:
            return self._undo(place)
        if verdict.subject is not None:
            self._by_subject[verdict.subject].append(place)
            self._decide(verdict.subject)
        if verdict.act in CLASS_ACTS:
            self._retell()
        return verdict.subject

    def find(self, verdict_id: str) -> Verdict | None:
        """A verdict by its id."""
        place = self._at.get(verdict_id)
        return None if place is None else self._entries[place].verdict

    def is_alive(self, verdict_id: str) -> bool:
        """Whether an act still counts; False for unknown ids."""
        place = self._at.get(verdict_id)
        return place is not None and self._alive[place]

    def living(self, reviewer: str) -> list[Verdict]:
        """Acts of a reviewer that count, undos left out, oldest first."""
        stack = ((place, self._entries[place].verdict) for place in self._stacks.get(reviewer, ()))
        return [verdict for place, verdict in stack if self._alive[place] and verdict.act is not Act.UNDO]

    def living_of(self, subject: Subject) -> list[Verdict]:
        """Judgements of a subject that count, oldest first."""
        places = self._by_subject.get(subject, ())
        return [self._entries[place].verdict for place in places if self._alive[place]]

    def verdicts(self) -> Iterable[Verdict]:
        """Judgements that count, in order."""
        for place, entry in enumerate(self._entries):
            if self._alive[place] and entry.verdict.act in JUDGEMENTS:
                yield entry.verdict

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Everyone who ever did anything, sorted."""
        return tuple(sorted(self._stacks))

    def state(self) -> State:
        """What holds now."""
        renamed = {name: self.names.resolve(name) for name in self._given}
        changed = {old: new for old, new in renamed.items() if old != new}
        return State(self.names.current, dict(self.decisions), changed)

    def _undo(self, place: int) -> Subject | None:
        undo = self._entries[place].verdict
        target = self._at.get(undo.undoes)
        if target is None or self._entries[target].verdict.reviewer != undo.reviewer:
            return None  # the journal refuses such entries; a foreign table may hold them
        self._undone_by[undo.undoes].append(place)
        root = self._revive(target)
        verdict = self._entries[root].verdict
        if verdict.act in CLASS_ACTS:
            self._retell()
        elif verdict.subject is not None:
            self._decide(verdict.subject)
        return verdict.subject

    def _revive(self, place: int) -> int:
        """Settle whether an act counts, and those that hang on it; returns the act that is no undo."""
        while True:
            verdict = self._entries[place].verdict
            self._alive[place] = not any(self._alive[undo] for undo in self._undone_by[verdict.id])
            if verdict.act is not Act.UNDO:
                return place
            place = self._at[verdict.undoes]

    def _retell(self) -> None:
        """Names and labels from the beginning: what a class is called decides which words are equal."""
        self.names = Names(self._given)
        for place, entry in enumerate(self._entries):
            self._handles[place] = self.names.apply(entry.verdict, alive=self._alive[place])
        for subject in self._by_subject:
            self._decide(subject)

    def _decide(self, subject: Subject) -> None:
        places = [place for place in self._by_subject[subject] if self._alive[place]]
        if not places:
            self.decisions.pop(subject, None)
            return
        ruling = max((p for p in places if self._entries[p].verdict.adjudicates), default=None)
        own = {
            self._entries[p].verdict.reviewer: p for p in places if not self._entries[p].verdict.adjudicates
        }
        counted = [p for p in own.values() if ruling is None or p > ruling]
        counted += [] if ruling is None else [ruling]
        said = {self._said(p) for p in counted} - {(Standing.UNSURE, "")}
        standing, label = next(iter(said), (Standing.UNSURE, ""))
        if len(said) > 1:
            standing, label = Standing.DISPUTED, ""
        shown = sorted([*own.values(), *([] if ruling is None else [ruling])])
        words = sorted(
            (
                Word(v.reviewer, *self._said(p), v.adjudicates)
                for p, v in ((p, self._entries[p].verdict) for p in shown)
            ),
            key=lambda word: (word.reviewer, word.adjudicates),
        )
        self.decisions[subject] = Decision(standing, label, tuple(words))

    def _said(self, place: int) -> tuple[Standing, str]:
        act = self._entries[place].verdict.act
        if act is Act.TRASH:
            return Standing.TRASH, ""
        if act is Act.UNSURE:
            return Standing.UNSURE, ""
        return Standing.LABEL, self.names.name_of(self._handles[place])


def fold(entries: Iterable[Entry], classes: Sequence[str] = ()) -> State:
    """The state after entries; see ``Fold``."""
    whole = Fold(classes)
    whole.extend(entries)
    return whole.state()


def _key(subject: Subject) -> tuple[str, int]:
    return (str(subject.item), subject.number) if isinstance(subject, RegionId) else (str(subject), -1)
