"""What a person said about an item or a region, or did to the list of classes; said once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lydite.core.errors import InvalidValue
from lydite.core.ids import ItemId, RegionId

MAX_TEXT = 200
"""Longest name that a person gives to a class, a reviewer or a pass, in characters."""
_LONGEST = 4096


class Act(StrEnum):
    """What a person did."""

    KEEP = "keep"
    """The label is right; of a region: it is one."""
    RELABEL = "relabel"
    """It shows another class."""
    TRASH = "trash"
    """It belongs to no class; of a region: it is none."""
    UNSURE = "unsure"
    """Seen, and left to others."""
    UNDO = "undo"
    """An earlier act of the same person is as if it had not been; an undo can be undone."""
    ADD = "add"
    """A class that was not there."""
    RENAME = "rename"
    """A class under another name."""
    MERGE = "merge"
    """All of one class is of another."""


JUDGEMENTS = frozenset((Act.KEEP, Act.RELABEL, Act.TRASH, Act.UNSURE))
CLASS_ACTS = frozenset((Act.ADD, Act.RENAME, Act.MERGE))
_LABELLED = frozenset((Act.KEEP, Act.RELABEL))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One act of one person.

    Args:
        id: Made by whoever first wrote it down, so that a retry is known as one: 8 to 64 of ``a-z0-9-``.
        act: What was done.
        reviewer: Who did it.
        when: When, with a time zone; kept in UTC. Order is the journal's, not the clocks'.
        item: What was judged, for the four judgements; otherwise ``None``.
        region: Number of the region that was judged, ``None`` for the whole item.
        label: The class that it is of (keep, relabel), or the class that is added, renamed or merged.
        target: The new name, or the class that is merged into.
        undoes: Id of the act that an undo takes back.
        adjudicates: Whether it settles a dispute.
        round: Name of the pass; nothing is shown twice to a reviewer in one pass.
        queue: The queue that it was shown in; may be empty.

    Raises:
        InvalidValue: If a part is missing, too long, or does not belong to the act.
    """

    id: str
    act: Act
    reviewer: str
    when: datetime
    item: ItemId | None = None
    region: int | None = None
    label: str = ""
    target: str = ""
    undoes: str = ""
    adjudicates: bool = False
    round: str = "1"
    queue: str = ""

    def __post_init__(self) -> None:
        _check_id("Verdict.id", self.id)
        if self.when.tzinfo is None:
            raise InvalidValue("Verdict.when", "a time with its zone", self.when.isoformat())
        object.__setattr__(self, "when", self.when.astimezone(UTC))
        for name in ("reviewer", "round"):
            if not getattr(self, name).strip():
                raise InvalidValue(f"Verdict.{name}", "a text", getattr(self, name))
        for name in ("reviewer", "round", "queue", "label", "target"):
            if not _is_text(getattr(self, name)):
                raise InvalidValue(f"Verdict.{name}", "valid Unicode without nulls", getattr(self, name))
        self._require("item", self.act in JUDGEMENTS, self.item is not None)
        self._require("label", self.act in _LABELLED | CLASS_ACTS, bool(self.label))
        self._require("target", self.act in {Act.RENAME, Act.MERGE}, bool(self.target))
        self._require("undoes", self.act is Act.UNDO, bool(self.undoes))
        if self.undoes:
            _check_id("Verdict.undoes", self.undoes)
        if self.region is not None and (self.item is None or self.region < 0):
            raise InvalidValue("Verdict.region", "a number from 0 on, of an item", self.region)
        if self.adjudicates and self.act not in {Act.KEEP, Act.RELABEL, Act.TRASH}:
            raise InvalidValue("Verdict.adjudicates", "set only where something is decided", self.act.value)

    @property
    def subject(self) -> ItemId | RegionId | None:
        """What was judged, if anything was."""
        if self.item is None or self.region is None:
            return self.item
        return RegionId(self.item, self.region)

    def _require(self, name: str, wanted: bool, given: bool) -> None:
        if wanted != given:
            expected = f"{'given' if wanted else 'left out'} for {self.act.value}"
            raise InvalidValue(f"Verdict.{name}", expected, getattr(self, name) or "nothing")


def is_name(text: str) -> bool:
    """Whether a text can name a class, a reviewer or a pass: one printable line of valid Unicode."""
    return bool(text.strip()) and len(text) <= MAX_TEXT and text.isprintable()


def _is_text(text: str) -> bool:
    return len(text) <= _LONGEST and "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _check_id(name: str, text: str) -> None:
    if not 8 <= len(text) <= 64 or not set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise InvalidValue(name, "8 to 64 of a-z, 0-9 and '-'", text)
