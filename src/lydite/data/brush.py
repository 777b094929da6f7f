"""Label Studio's packed masks: runs of bytes, four bytes a pixel, packed bit by bit.

A head of 32 bits says how many values follow, 5 bits their width less one, four times 4 bits four widths of
lengths less one. Then packets: a bit that tells a run from literals, two bits that choose a width, a length
less one of that width, and one value (a run) or as many as the length says (literals). The values are the
red, green, blue and alpha of each pixel, row by row; alpha is the mask.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lydite.core import InvalidValue

CHANNELS = 4
_VALUE_BITS = 8
_WIDTHS = (3, 4, 8, 16)


def pack_mask(mask: npt.NDArray[np.bool_]) -> list[int]:
    """A ``(height, width)`` mask as bytes; inside is 255 in every channel."""
    flat = mask.ravel()
    edges = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1, [len(flat)]])
    bits = [f"{len(flat) * CHANNELS:032b}{_VALUE_BITS - 1:05b}", *(f"{width - 1:04b}" for width in _WIDTHS)]
    for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        value = "1" * _VALUE_BITS if flat[start] else "0" * _VALUE_BITS
        left = (stop - start) * CHANNELS
        while left:
            length = min(left, 1 << _WIDTHS[-1])
            choice = next(at for at, width in enumerate(_WIDTHS) if length <= 1 << width)
            bits.append(f"1{choice:02b}{length - 1:0{_WIDTHS[choice]}b}{value}")
            left -= length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def unpack_mask(packed: Sequence[int], size_hw: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The mask of a picture of a given size: where alpha is not 0.

    Raises:
        InvalidValue: If the numbers are no bytes, end early, or speak of another number of pixels.
    """
    if not isinstance(packed, (list, tuple)) or not all(
        type(byte) is int and 0 <= byte < 256 for byte in packed
    ):
        raise InvalidValue("A packed mask", "a list of bytes", packed)
    bits = _Bits(np.unpackbits(np.array(packed, np.uint8)))
    count, value_bits = bits.take(32), bits.take(5) + 1
    widths = [bits.take(4) + 1 for _ in range(4)]
    expected = size_hw[0] * size_hw[1] * CHANNELS
    if count != expected:
        raise InvalidValue("A packed mask", f"of {expected} values, as its picture has", count)
    values = np.zeros(count, np.bool_)
    at = 0
    while at < count:
        is_run = bits.take(1)
        length = bits.take(widths[bits.take(2)]) + 1
        if at + length > count:
            raise InvalidValue("A packed mask", f"of {count} values", at + length)
        if is_run:
            values[at : at + length] = bits.take(value_bits) != 0
        else:
            values[at : at + length] = bits.take_many(length, value_bits)
        at += length
    alpha: npt.NDArray[np.bool_] = values.reshape(*size_hw, CHANNELS)[:, :, 3]
    return alpha


class _Bits:
    """Reads numbers from a row of bits."""

    def __init__(self, bits: npt.NDArray[np.uint8]) -> None:
        self._bits = bits
        self._at = 0

    def take(self, width: int) -> int:
        """The next number."""
        return int("".join(map(str, self._next(width).tolist())), 2)

    def take_many(self, count: int, width: int) -> npt.NDArray[np.bool_]:
        """Which of the next numbers are not 0."""
        filled: npt.NDArray[np.bool_] = self._next(count * width).reshape(count, width) != 0
        some: npt.NDArray[np.bool_] = np.logical_or.reduce(filled, axis=1)
        return some

    def _next(self, count: int) -> npt.NDArray[np.uint8]:
        stop = self._at + count
        if stop > len(self._bits):
            raise InvalidValue("A packed mask", f"longer than {len(self._bits)} bits", stop)
        taken = self._bits[self._at : stop]
        self._at = stop
        return taken
