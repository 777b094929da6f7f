"""What an engine is: one function over many items, in order, failures as values."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, overload

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Success(Generic[T, R]):
    """What became of an item."""

    item: T
    value: R


@dataclass(frozen=True, slots=True)
class Failure(Generic[T]):
    """What went wrong with an item; the others go on.

    Args:
        item: The item.
        error: What the work raised, or a ``LyditeError`` where the worker itself died.
        trace: The traceback as text, from where it happened; empty if the worker died.
    """

    item: T
    error: Exception
    trace: str

    @classmethod
    def of(cls, item: T, error: Exception) -> Failure[T]:
        """A failure with the traceback of an error that was just caught."""
        return cls(item, error, format_trace(error))


def format_trace(error: Exception) -> str:
    """The traceback of a caught error as text."""
    return "".join(traceback.format_exception(error))


Result: TypeAlias = Success[T, R] | Failure[T]


@dataclass(frozen=True, slots=True)
class Work(Generic[R]):
    """A function of one item, and what it needs first.

    Args:
        fn: Takes ``(item)``, or ``(state, item)`` if there is a setup.
        setup: Called once per worker; makes the state (a loaded model, an open file).
        needs_script: Whether function, setup or items come from the script that the caller runs, so that
            workers have to run it too (without its guarded entry). Starting is quicker without.
    """

    fn: Callable[..., R]
    setup: Callable[[], object] | None = None
    needs_script: bool = True

    def prepare(self) -> Callable[[Any], R]:
        """Run the setup; what remains to be called takes one item."""
        return self.fn if self.setup is None else partial(self.fn, self.setup())


class Crew(Protocol[T, R]):
    """Workers that have been hired for one kind of work."""

    def submit(self, item: T) -> int:
        """Hand in one item; its ticket counts from 0."""
        ...

    def as_completed(self) -> Iterator[tuple[int, Result[T, R]]]:
        """Ticket and result of every item, whichever is done first; ends when nothing is left.

        More may be submitted while this goes on.

        Raises:
            Exception: Whatever the setup raised: without it no item can be worked on.
        """
        ...


class Engine(Protocol):
    """Runs work. Inherit, and say how many workers there are and how a crew is hired."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many items are worked on at one time."""
        ...

    @abstractmethod
    def hire(self, work: Work[R]) -> AbstractContextManager[Crew[Any, R]]:
        """A crew for planners, who submit and see what comes; leaving the context dismisses it."""
        ...

    @overload
    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Iterator[Result[T, R]]: ...

    @overload
    def map(
        self, fn: Callable[[S, T], R], items: Iterable[T], setup: Callable[[], S]
    ) -> Iterator[Result[T, R]]: ...

    def map(
        self, fn: Callable[..., R], items: Iterable[T], setup: Callable[[], object] | None = None
    ) -> Iterator[Result[T, R]]:
        """The results of all items in their order, as they become ready.

        Items are read as they are needed: a few per worker are under way or waiting for an earlier
        one, however many there are. Closing the iterator early stops the workers.

        Args:
            fn: ``fn(item)``, or ``fn(state, item)`` with a setup. What it raises becomes a ``Failure``.
            items: Any number of items.
            setup: Called once per worker, before its first item.

        Raises:
            Exception: Whatever the setup raised.
        """
        return self.do(Work(fn, setup), items)

    def do(self, work: Work[R], items: Iterable[T]) -> Iterator[Result[T, R]]:
        """As ``map``, for work that was put together before."""
        return _in_order(self.hire(work), items, window=4 * self.workers)


def _in_order(
    hired: AbstractContextManager[Crew[T, R]], items: Iterable[T], window: int
) -> Iterator[Result[T, R]]:
    early: dict[int, Result[T, R]] = {}
    submitted = due = 0
    remaining = iter(items)
    with hired as crew:
        while True:
            for item in islice(remaining, window - (submitted - due)):
                submitted = crew.submit(item) + 1
            if due == submitted:
                return
            ticket, result = next(crew.as_completed())
            early[ticket] = result
            while due in early:
                yield early.pop(due)
                due += 1
