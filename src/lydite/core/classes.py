"""Ordered class names: the meaning of every label number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lydite.core.errors import ClassMapMismatch, InvalidValue, UnknownName


@dataclass(frozen=True, slots=True)
class ClassMap:
    """Ordered, distinct class names; label ``i`` means ``names[i]``.

    Args:
        names: Non-empty names, each one once.

    Raises:
        InvalidValue: If a name is empty, is no text, or stands twice.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        if any(not isinstance(name, str) or not name.strip() for name in self.names):
            raise InvalidValue("ClassMap.names", "non-empty texts", self.names)
        if len(set(self.names)) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise InvalidValue("ClassMap.names", "distinct", twice)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, label: int) -> str:
        """The name of a label number.

        Raises:
            InvalidValue: If the label is not in ``0..len - 1``; -1 means "not scored", not the last class.
        """
        if not 0 <= label < len(self.names):
            raise InvalidValue("A label", f"in 0..{len(self.names) - 1}", label)
        return self.names[label]

    def get_label(self, name: str) -> int:
        """The label number of a name.

        Raises:
            UnknownName: If there is no such class; the nearest names are suggested.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise UnknownName("class", name, self.names) from None

    def require_same(self, other: ClassMap) -> None:
        """Pass if both maps are equal, order included.

        Raises:
            ClassMapMismatch: Otherwise; says which names or places differ.
        """
        if self.names == other.names:
            return
        missing = [name for name in self.names if name not in other.names]
        extra = [name for name in other.names if name not in self.names]
        if missing or extra:
            fact = f"Two class maps differ: only the first has {missing}, only the second has {extra}."
        else:
            fact = "Two class maps hold the same names in another order."
        raise ClassMapMismatch(
            fact, "Rename or merge classes as an explicit step first.", [self.names, other.names]
        )
