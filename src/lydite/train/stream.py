"""Views of pictures in batches, by worker processes or on the spot; who is in a batch travels with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lydite.core import ImageId, LyditeError, TrainingError
from lydite.train.augment import augment, plain_view
from lydite.train.decoded import Decoded, shrunk
from lydite.train.memory import short_memory_told
from lydite.train.profiles import Profile
from lydite.train.tasks import Rows

Pixels: TypeAlias = npt.NDArray[np.uint8]
_AHEAD = 2
"""Batches that each worker prepares ahead."""


class Pictures(Protocol):
    """Where pictures come from; must be picklable for worker processes."""

    @property
    def pictures(self) -> Sequence[ImageId]:
        """The id of each row's picture."""
        ...

    def load(self, row: int) -> Pixels:
        """``(height, width, 3)`` uint8 RGB; raises what ``data.load_image`` raises."""
        ...


@dataclass(frozen=True, slots=True)
class Ticket:
    """One view to be made.

    Args:
        row: Of the pictures.
        side: Of the view in pixels.
        profile: How strongly it varies; ``None`` is the plain view.
        seed: All that is random about it.
    """

    row: int
    side: int
    profile: Profile | None = None
    seed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Views of one size.

    Args:
        rows: ``(n,)`` int64: whose.
        pixels: ``(n, side, side, 3)`` uint8 RGB.
    """

    rows: Rows
    pixels: Tensor


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a worker could not do; raised where the batch is asked for."""

    error: Exception


class Views(Dataset[Any]):
    """Makes views of rows; every picture is shrunk first, so that a kept one gives the same view.

    Args:
        pictures: Where they come from.
        kept_side: Short side to which pictures are shrunk before anything else.
        decoded: Where decoded pictures are kept, or ``None``.
    """

    def __init__(self, pictures: Pictures, kept_side: int, decoded: Decoded | None) -> None:
        self._pictures = pictures
        self._images = pictures.pictures
        self._kept_side = kept_side
        self._decoded = decoded

    def view(self, ticket: Ticket) -> Pixels:
        """``(side, side, 3)`` uint8 RGB.

        Raises:
            ImageError: If the picture cannot be used.
        """
        pixels = self._load(ticket.row)
        if ticket.profile is None:
            return plain_view(pixels, ticket.side)
        return augment(pixels, ticket.side, ticket.profile, np.random.default_rng(ticket.seed))

    def __getitems__(self, tickets: Sequence[Ticket]) -> Batch | _Failed:
        """A whole batch; failures are values, since they cross processes."""
        try:
            views = [self.view(ticket) for ticket in tickets]
        except (LyditeError, MemoryError) as error:
            return _Failed(error)
        rows = np.array([ticket.row for ticket in tickets], np.int64)
        return Batch(rows, torch.from_numpy(np.stack(views)))

    def __getitem__(self, ticket: Ticket) -> Batch | _Failed:
        """A batch of one."""
        return self.__getitems__([ticket])

    def _load(self, row: int) -> Pixels:
        kept = None if self._decoded is None else self._decoded.find(self._images[row])
        if kept is not None:
            return kept
        pixels = shrunk(self._pictures.load(row), self._kept_side)
        if self._decoded is not None:
            self._decoded.keep(self._images[row], pixels)
        return pixels


class Stream:
    """Batches in the order in which they are asked for, the same with any number of workers.

    Workers stay from one call to the next.

    Args:
        views: Makes them.
        workers: Processes that make them; 0 makes them here.
    """

    def __init__(self, views: Views, workers: int) -> None:
        self._asked: list[list[Ticket]] = []
        self._loader = DataLoader(
            views,
            batch_sampler=_Asked(self._asked),
            num_workers=workers,
            collate_fn=_as_it_is,
            persistent_workers=workers > 0,
            prefetch_factor=_AHEAD if workers else None,
            multiprocessing_context="spawn" if workers else None,
            worker_init_fn=_one_thread if workers else None,
        )

    def batches(self, tickets: Sequence[list[Ticket]]) -> Iterator[Batch]:
        """Each batch as it becomes ready, in order.

        Raises:
            ImageError: If a picture cannot be used.
            TrainingError: If memory is short, or a worker was ended.
            LyditeError: What else the pictures raise.
        """
        self._asked[:] = tickets
        batches = iter(self._loader)
        while (made := _next(batches)) is not None:
            yield made


class _Asked:
    """The batches that were asked for last, for torch's loader to iterate."""

    def __init__(self, asked: list[list[Ticket]]) -> None:
        self._asked = asked

    def __iter__(self) -> Iterator[list[Ticket]]:
        return iter(list(self._asked))

    def __len__(self) -> int:
        return len(self._asked)


def _next(batches: Iterator[Any]) -> Batch | None:
    """The next batch; ``None`` after the last."""
    try:
        with short_memory_told("to prepare pictures", "Lower budget.workers, or sampling.batch."):
            made = next(batches, None)
            if isinstance(made, _Failed):
                raise made.error
            return made
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise TrainingError(
            "A process that prepares pictures was ended from outside, as happens when memory is short.",
            "The same command goes on; lower budget.workers if it happens again.",
            str(error).partition("\n")[0],
        ) from error


def plain_tickets(rows: Rows, side: int, batch: int) -> list[list[Ticket]]:
    """Plain views of rows in their order."""
    return [
        [Ticket(int(row), side) for row in rows[start : start + batch]]
        for start in range(0, len(rows), batch)
    ]


def _as_it_is(made: Any) -> Any:
    return made


def _one_thread(_: int) -> None:
    cv2.setNumThreads(0)
