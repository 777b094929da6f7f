"""Who has seen what: the exposure of every picture to every model, closed over duplicates and ancestors.

A model inherits what its parents saw: the checkpoint it began with, its teacher, whoever gave its
pseudo-labels, the members of an ensemble. Pictures that show the same are one thing: who saw the label of one
saw the label of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from lydite.core.errors import ContractError, InvalidValue, UnknownName
from lydite.core.ids import ImageId
from lydite.core.predictions import Exposure

_Flags = npt.NDArray[np.bool_]


class Role(StrEnum):
    """What a picture was to a model while it was made."""

    TRAINED = "trained"
    """Its label was learned, alone or in a mixture."""
    SELECTED = "selected"
    """Its label chose: an epoch, a threshold, a setting."""
    PIXELS = "pixels"
    """It was looked at without its label: self-supervision, pseudo-labels, statistics of a domain."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one model saw itself, and whom it inherits from.

    Args:
        trained: Pictures of ``Role.TRAINED``.
        selected: Pictures of ``Role.SELECTED``.
        pixels: Pictures of ``Role.PIXELS``. Those with a pseudo-label belong here; who gave it is a parent.
        parents: Models whose weights or answers went into it.
        complete: Whether everything is written down. Of a model for which it is not, nothing is clean.
    """

    trained: frozenset[ImageId] = frozenset()
    selected: frozenset[ImageId] = frozenset()
    pixels: frozenset[ImageId] = frozenset()
    parents: tuple[str, ...] = ()
    complete: bool = True

    def __post_init__(self) -> None:
        for name in Role:
            object.__setattr__(self, name.value, frozenset(getattr(self, name.value)))
        object.__setattr__(self, "parents", tuple(self.parents))

    def of(self, role: Role) -> frozenset[ImageId]:
        """The pictures of a role."""
        pictures: frozenset[ImageId] = getattr(self, role.value)
        return pictures


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """What every known model saw.

    Args:
        seen: Name of a model -> what it saw. A parent that is not here has seen nobody knows what.
        duplicates: Groups of pictures that show the same; groups that share a picture are one.

    Raises:
        ContractError: If a model is its own ancestor.
    """

    seen: Mapping[str, Seen]
    duplicates: Iterable[Iterable[ImageId]] = ()
    _thing: dict[ImageId, int] = field(init=False, repr=False)
    """The number of the thing that each known picture shows."""
    _things: int = field(init=False, repr=False)
    """How many of them there are."""
    _closed: dict[str, _Closed] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", dict(self.seen))
        object.__setattr__(self, "duplicates", tuple(tuple(group) for group in self.duplicates))
        thing = _number_things(self._pictures(), self.duplicates)
        object.__setattr__(self, "_thing", thing)
        object.__setattr__(self, "_things", max(thing.values(), default=-1) + 1)
        for name in self._in_order():
            self._closed[name] = self._close(name)

    def exposure_of(self, model: str, pictures: Sequence[ImageId]) -> npt.NDArray[np.uint8]:
        """What a model had seen of each picture: ``(n,)`` uint8 of ``Exposure``.

        What is known to be trained is called so even if other things about the model are unknown.

        Raises:
            UnknownName: If the ledger does not know the model.
        """
        if model not in self.seen:
            raise UnknownName("model", model, self.seen)
        closed = self._closed[model]
        # A picture that no model saw stands at the end: its flags are all False.
        things = np.array([self._thing.get(picture, self._things) for picture in pictures], np.int64)
        exposure = np.full(len(things), Exposure.CLEAN, np.uint8)
        exposure[closed.pixels[things]] = Exposure.PIXELS
        exposure[closed.selected[things]] = Exposure.SELECTED
        if not closed.complete:
            exposure[:] = Exposure.UNKNOWN
        exposure[closed.trained[things]] = Exposure.TRAINED
        return exposure

    def ancestors_of(self, model: str) -> tuple[str, ...]:
        """Every model that went into one, unknown ones included, nearest first."""
        found: dict[str, None] = {}
        near = list(self.seen[model].parents)
        while near:
            found.update(dict.fromkeys(near))
            far = [p for name in near if name in self.seen for p in self.seen[name].parents]
            near = [name for name in dict.fromkeys(far) if name not in found]
        return tuple(found)

    def _pictures(self) -> dict[ImageId, None]:
        """Every picture that a model saw."""
        pictures: dict[ImageId, None] = {}
        for seen in self.seen.values():
            for role in Role:
                pictures.update(dict.fromkeys(seen.of(role)))
        return pictures

    def _close(self, name: str) -> _Closed:
        seen = self.seen[name]
        flags = {role: np.zeros(self._things + 1, np.bool_) for role in Role}
        for role in Role:
            flags[role][[self._thing[picture] for picture in seen.of(role)]] = True
        complete = seen.complete
        for parent in seen.parents:
            if parent not in self.seen:
                complete = False
                continue
            closed = self._closed[parent]
            for role in Role:
                flags[role] |= closed.of(role)
            complete &= closed.complete
        return _Closed(flags[Role.TRAINED], flags[Role.SELECTED], flags[Role.PIXELS], complete)

    def _in_order(self) -> list[str]:
        """Names, each after its parents."""
        order: dict[str, None] = {}
        for first in self.seen:
            stack: list[tuple[str, bool]] = [(first, False)]
            open_names: set[str] = set()
            while stack:
                name, left = stack.pop()
                if left:
                    open_names.discard(name)
                    order[name] = None
                elif name in open_names:
                    raise ContractError("A model is its own ancestor.", "Check who its parents are.", name)
                elif name not in order:
                    open_names.add(name)
                    stack.append((name, True))
                    known = [p for p in self.seen[name].parents if p in self.seen]
                    stack += [(parent, False) for parent in known]
        return list(order)


@dataclass(frozen=True, slots=True, eq=False)
class _Closed:
    """Flags of one model over things, its ancestors' included."""

    trained: _Flags
    selected: _Flags
    pixels: _Flags
    complete: bool

    def of(self, role: Role) -> _Flags:
        flags: _Flags = getattr(self, role.value)
        return flags


def _number_things(pictures: Iterable[ImageId], groups: Iterable[Iterable[ImageId]]) -> dict[ImageId, int]:
    """The same number for pictures that a chain of groups joins, from 0 on."""
    home: dict[ImageId, ImageId] = {picture: picture for picture in pictures}

    def find(picture: ImageId) -> ImageId:
        root = picture
        while home.setdefault(root, root) != root:
            root = home[root]
        while home[picture] != root:
            home[picture], picture = root, home[picture]
        return root

    for group in groups:
        members = list(group)
        if not all(isinstance(member, ImageId) for member in members):
            raise InvalidValue("Ledger.duplicates", "groups of ImageId", members[:3])
        for member in members:
            home[find(member)] = find(members[0])
    numbers: dict[ImageId, int] = {}
    return {picture: numbers.setdefault(find(picture), len(numbers)) for picture in list(home)}
