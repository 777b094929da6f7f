"""How long work is watched by whoever asked for it: items are passed through one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Watch(Protocol):
    """Shows progress."""

    def __call__(self, work: Iterable[T], total: int | None, title: str) -> Iterable[T]:
        """Pass ``work`` through; ``total`` is how many items it has, if anybody knows."""
        ...


def unwatched(work: Iterable[T], total: int | None, title: str) -> Iterable[T]:  # noqa: ARG001
    """Nobody looks."""
    return work
