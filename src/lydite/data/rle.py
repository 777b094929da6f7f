"""COCO's compressed RLE, the text form of a mask, without a detour through pixels.

A count is written as little-endian groups of five bits, each one character from ``0`` on; bit 5 says
that another group follows, bit 4 of the last group is the sign. From the fourth count on, the
difference to the count two places before is written (the format of pycocotools' ``maskApi``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from lydite.core import InvalidValue, Masks

Rle: TypeAlias = dict[str, Any]
"""``{"size": [height, width], "counts": text}``."""

_MAX_GROUPS = 12  # 60 bits: more would leave int64


def to_coco_rle(masks: Masks) -> list[Rle]:
    """Compressed RLE of each mask, ready for JSON: ``{"size": [height, width], "counts": text}``."""
    height, width = masks.size_hw
    if not len(masks):
        return []
    plain = [{"size": [height, width], "counts": masks.to_counts(row)} for row in range(len(masks))]
    packed = coco_mask.frPyObjects(plain, height, width)
    return [{"size": [height, width], "counts": rle["counts"].decode("ascii")} for rle in packed]


def from_coco_rle(rles: Sequence[Mapping[str, Any]], size_hw: tuple[int, int]) -> Masks:
    """Masks of one picture from compressed or uncompressed RLE.

    Args:
        rles: ``{"size": [height, width], "counts": text, bytes or list of int}`` each.
        size_hw: The picture's height and width, with which every ``size`` must agree.

    Raises:
        InvalidValue: If a size differs, a text is malformed or counts do not fill the picture.
    """
    return Masks.from_counts([_counts_of(rle, size_hw) for rle in rles], size_hw)


def _counts_of(rle: Mapping[str, Any], size_hw: tuple[int, int]) -> npt.NDArray[np.int64]:
    size, counts = rle.get("size"), rle.get("counts")
    if not isinstance(size, (list, tuple)) or tuple(size) != size_hw:
        raise InvalidValue("RLE size", f"{list(size_hw)}, as the picture's", size)
    if isinstance(counts, (str, bytes)):
        return _unpack(counts)
    if isinstance(counts, (list, tuple)) and all(type(count) is int for count in counts):
        return np.array(counts, np.int64)
    raise InvalidValue("RLE counts", "a text or a list of whole numbers", counts)


def _unpack(text: str | bytes) -> npt.NDArray[np.int64]:
    """Counts of a compressed text. Read here and not in C, since foreign text must not crash."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    groups = np.frombuffer(raw, np.uint8).astype(np.int64) - 48
    if not len(groups):
        return groups
    if groups.min() < 0 or groups.max() > 63 or groups[-1] & 32:
        raise InvalidValue("RLE counts", "characters from '0' to 'o' with a last group", raw[-20:])
    last = np.flatnonzero((groups & 32) == 0)
    first = np.concatenate([[0], last[:-1] + 1])
    lengths = last - first + 1
    if lengths.max() > _MAX_GROUPS:
        raise InvalidValue("RLE counts", f"at most {_MAX_GROUPS} characters a count", int(lengths.max()))
    place = np.arange(len(groups)) - np.repeat(first, lengths)
    counts = np.add.reduceat((groups & 31) << 5 * place, first)
    counts -= np.where(groups[last] & 16, np.int64(1) << 5 * lengths, 0)
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    return counts
