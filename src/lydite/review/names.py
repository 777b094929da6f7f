"""Which class a name meant when it was said, and what that class is called now."""

from __future__ import annotations

from collections.abc import Sequence

from lydite.core import Act, Verdict


class Names:
    """Classes under changing names.

    A class is a number from its first mention on; names point to numbers. An old name goes on pointing to
    its class until another class takes it, so a verdict that crosses a renaming on its way is understood.

    Args:
        given: Class names of the data, in order.
    """

    def __init__(self, given: Sequence[str]) -> None:
        self._given = {name: number for number, name in enumerate(given)}
        self._called = list(given)
        self._points = dict(self._given)
        self._into: dict[int, int] = {}

    @property
    def current(self) -> tuple[str, ...]:
        """Present names in the order of first mention; merged classes are gone."""
        return tuple(name for number, name in enumerate(self._called) if number not in self._into)

    def resolve(self, name: str) -> str:
        """What the class is called now that the data calls ``name``."""
        number = self._given.get(name, self._points.get(name))
        return name if number is None else self.name_of(number)

    def name_of(self, number: int) -> str:
        """The present name of a class; empty for -1."""
        return "" if number < 0 else self._called[self._root(number)]

    def apply(self, verdict: Verdict, *, alive: bool) -> int:
        """Take an act that counts or was undone; returns the number of the class of a judgement, else -1."""
        if verdict.act in {Act.KEEP, Act.RELABEL}:
            return self._get(verdict.label)
        if verdict.act is Act.ADD and alive:
            self._add(verdict.label)
        elif verdict.act is Act.RENAME:
            self._rename(verdict.label, verdict.target, alive)
        elif verdict.act is Act.MERGE and alive:
            self._merge(self._get(verdict.label), self._get(verdict.target))
        return -1

    def _root(self, number: int) -> int:
        while number in self._into:
            number = self._into[number]
        return number

    def _get(self, name: str) -> int:
        """The class that a name points to; a name that was never heard makes one."""
        if name not in self._points:
            self._points[name] = len(self._called)
            self._called.append(name)
        return self._points[name]

    def _add(self, name: str) -> None:
        if name in self._points and name not in self.current:
            del self._points[name]  # it was an old name of another class
        self._get(name)

    def _rename(self, old: str, new: str, alive: bool) -> None:
        if not alive:
            if new not in self._points and old in self._points:
                self._points[new] = self._points[old]  # judgements made meanwhile meant this class
            return
        number = self._root(self._get(old))
        if new in self.current:
            self._merge(number, self._points[new])
            return
        self._called[number] = new
        self._points[new] = number

    def _merge(self, one: int, other: int) -> None:
        one, other = self._root(one), self._root(other)
        if one != other:
            self._into[one] = other
