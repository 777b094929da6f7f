from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lydite.core import InvalidValue
from lydite.data.brush import pack_mask, unpack_mask


@settings(deadline=None)
@given(mask=hnp.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_what_is_packed_unpacks(mask: npt.NDArray[np.bool_]) -> None:
    packed = pack_mask(mask)
    assert all(0 <= byte < 256 for byte in packed)
    assert np.array_equal(unpack_mask(packed, (mask.shape[0], mask.shape[1])), mask)


def test_runs_longer_than_a_packet() -> None:
    mask = np.zeros((300, 400), np.bool_)
    mask[:, :200] = True
    mask[100] = True
    assert np.array_equal(unpack_mask(pack_mask(mask), (300, 400)), mask)
    assert np.array_equal(unpack_mask(pack_mask(~mask[:1]), (1, 400)), ~mask[:1])


def test_literals_as_other_programs_write_them() -> None:
    values = [0, 0, 0, 0, 9, 9, 9, 9]
    bits = f"{8:032b}{7:05b}" + "".join(f"{width - 1:04b}" for width in (3, 4, 8, 16))
    bits += "0" + "00" + f"{7:03b}" + "".join(f"{value:08b}" for value in values)
    bits += "0" * (-len(bits) % 8)
    packed = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    assert unpack_mask(packed, (1, 2)).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        ([], r"must be longer than 0 bits"),
        ("text", r"must be a list of bytes\. Seen: text"),
        ([300], r"must be a list of bytes"),
        ([True], r"must be a list of bytes"),
        ([255] * 4 + [0] * 20, r"must be of 48 values, as its picture has\. Seen: 4294967295"),
        (pack_mask(np.ones((3, 4), np.bool_))[:-1], r"must be longer than \d+ bits"),
        (pack_mask(np.ones((3, 5), np.bool_)), r"must be of 48 values, as its picture has\. Seen: 60"),
    ],
)
def test_bytes_that_cannot_be_used(packed: Any, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        unpack_mask(packed, (3, 4))


def test_a_packet_that_runs_over_the_end() -> None:
    bits = f"{48:032b}{7:05b}" + "0010" * 4 + "1" + "00" + "111" + "1" * 8
    over = bits.replace(f"{48:032b}", f"{4:032b}")
    over += "0" * (-len(over) % 8)
    packed = [int(over[at : at + 8], 2) for at in range(0, len(over), 8)]
    with pytest.raises(InvalidValue, match=r"must be of 4 values\. Seen: 8"):
        unpack_mask(packed, (1, 1))
