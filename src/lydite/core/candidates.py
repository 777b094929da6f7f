"""What was proposed in one picture, before anyone judged it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core.boxes import Boxes, Index
from lydite.core.errors import InvalidValue
from lydite.core.ids import ItemId, RegionId
from lydite.core.masks import Masks


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Row-aligned proposals of one picture.

    Args:
        item: The picture's row.
        numbers: ``(n,)`` int64: the number of each region within the item, distinct, never re-numbered.
        masks: ``n`` masks of the picture.
        boxes: ``n`` boxes; the masks' own unless the proposer knew better.
        quality: ``(n,)`` float32 in [0, 1]: how sure the proposer is that this is one thing.
        origins: ``n`` texts: which proposer, and how, for example ``"regions/colour"``.

    Raises:
        InvalidValue: If the columns differ in length, a number stands twice, or a quality is out of range.
    """

    item: ItemId
    numbers: npt.NDArray[np.int64]
    masks: Masks
    boxes: Boxes
    quality: npt.NDArray[np.float32]
    origins: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", np.ascontiguousarray(self.numbers, dtype=np.int64))
        object.__setattr__(self, "quality", np.ascontiguousarray(self.quality, dtype=np.float32))
        object.__setattr__(self, "origins", tuple(self.origins))
        lengths = {
            "numbers": len(self.numbers),
            "masks": len(self.masks),
            "boxes": len(self.boxes),
            "quality": len(self.quality),
            "origins": len(self.origins),
        }
        if len(set(lengths.values())) != 1:
            raise InvalidValue("Candidates", "columns of one length", lengths)
        if len(np.unique(self.numbers)) != len(self.numbers) or (self.numbers < 0).any():
            raise InvalidValue("Candidates.numbers", "distinct and 0 or more", self.numbers.tolist()[:8])
        bad = ~((self.quality >= 0) & (self.quality <= 1))
        if bad.any():
            raise InvalidValue("Candidates.quality", "in [0, 1]", float(self.quality[bad][0]))

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Index) -> Candidates:
        """Rows by boolean mask, integer array or slice; every column follows."""
        rows = np.arange(len(self))[index]
        return Candidates(
            self.item,
            self.numbers[rows],
            self.masks[rows],
            self.boxes[rows],
            self.quality[rows],
            tuple(self.origins[int(row)] for row in rows),
        )

    @classmethod
    def born(
        cls,
        item: ItemId,
        masks: Masks,
        quality: npt.ArrayLike | None = None,
        origins: tuple[str, ...] | str = "given",
        boxes: Boxes | None = None,
    ) -> Candidates:
        """New regions, numbered from 0 in their order."""
        count = len(masks)
        return cls(
            item,
            np.arange(count, dtype=np.int64),
            masks,
            masks.boxes if boxes is None else boxes,
            np.ones(count, np.float32) if quality is None else np.asarray(quality, np.float32),
            (origins,) * count if isinstance(origins, str) else origins,
        )

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of the picture in pixels."""
        return self.masks.size_hw

    @property
    def ids(self) -> tuple[RegionId, ...]:
        """The identity of each row."""
        return tuple(RegionId(self.item, int(number)) for number in self.numbers)
