"""What a shelf on disk consists of: which pictures, from which seeds, under which names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lydite.core import InvalidValue
from lydite.data.shelf.clutter import CLUTTER
from lydite.data.shelf.produce import CLASSES

Kind: TypeAlias = Literal["scene", "empty", "exemplar", "clutter"]


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to be drawn.

    Args:
        kind: What it shows.
        name: File name with ``/``, relative to the shelf's folder.
        seed: Of this picture.
        size_hw: Height and width in pixels.
        subject: Class of an exemplar, kind of clutter, else empty.
        group: Product group of an exemplar, else empty.
    """

    kind: Kind
    name: str
    seed: int
    size_hw: tuple[int, int]
    subject: str = ""
    group: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it becomes: an exemplar's mask lies beside it."""
        return (
            (self.name, self.name.removesuffix(".jpg") + ".png") if self.kind == "exemplar" else (self.name,)
        )


@dataclass(frozen=True, slots=True)
class ShelfPlan:
    """Everything that decides a shelf.

    Args:
        seed: 0 or more; decides every byte.
        scenes: Scenes with produce.
        exemplars_per_class: Exemplars of each class, its groups in turn.
        negatives: Pictures of clutter, its kinds in turn.
        empty: Shelves without produce.
        size_hw: Size of scenes in pixels.
        exemplar_hw: Size of exemplars and negatives in pixels.

    Raises:
        InvalidValue: If a count or the seed is negative.
    """

    seed: int = 0
    scenes: int = 6
    exemplars_per_class: int = 5
    negatives: int = 9
    empty: int = 2
    size_hw: tuple[int, int] = (600, 800)
    exemplar_hw: tuple[int, int] = (320, 320)

    def __post_init__(self) -> None:
        counts = (self.scenes, self.exemplars_per_class, self.negatives, self.empty)
        if min(counts) < 0:
            raise InvalidValue("counts of pictures", "0 or more", counts)
        if self.seed < 0:
            raise InvalidValue("seed", "0 or more", self.seed)

    def __len__(self) -> int:
        """Number of pictures, masks not counted."""
        return len(self.orders)

    @property
    def orders(self) -> tuple[Order, ...]:
        """All pictures; scenes first, since they take longest."""
        return (*self._shelves(), *self._exemplars(), *self._clutter())

    def _shelves(self) -> Iterator[Order]:
        for number in range(self.scenes):
            yield Order("scene", f"scenes/shelf-{number + 1:02d}.jpg", self._seed(number), self.size_hw)
        for number in range(self.empty):
            # A hundred seeds apart, so that an empty shelf is no scene with its produce taken away.
            yield Order("empty", f"empty/empty-{number + 1:02d}.jpg", self._seed(100 + number), self.size_hw)

    def _exemplars(self) -> Iterator[Order]:
        for name, groups in CLASSES.items():
            for number in range(self.exemplars_per_class):
                group = groups[number % len(groups)]
                path = f"positive/{name}/{group}-{number // len(groups) + 1:02d}.jpg"
                yield Order("exemplar", path, self._seed(number), self.exemplar_hw, name, group)

    def _clutter(self) -> Iterator[Order]:
        kinds = list(CLUTTER)
        for number in range(self.negatives):
            kind = kinds[number % len(kinds)]
            path = f"negative/{kind.replace(' ', '-')}-{number // len(kinds) + 1:02d}.jpg"
            yield Order("clutter", path, self._seed(number), self.exemplar_hw, kind)

    def _seed(self, number: int) -> int:
        return self.seed * 1000 + number
