"""What is kept comes back as it was, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ImageId, InvalidValue, OutputError
from lydite.train.decoded import Decoded, shrunk, used_bytes
from pictures import ground

ONE = ImageId.of_bytes(b"one")


@given(st.integers(1, 40), st.integers(1, 40))
def test_pixels_come_back(tmp_path_factory: pytest.TempPathFactory, height: int, width: int) -> None:
    store = Decoded(tmp_path_factory.mktemp("store"), 1 << 20)
    pixels = ground((height, width), height)
    assert store.find(ONE) is None
    assert store.keep(ONE, pixels)
    found = store.find(ONE)
    assert found is not None
    assert np.array_equal(found, pixels)


def test_the_limit_holds_and_the_rest_is_not_kept(tmp_path: Path) -> None:
    pixels = ground((10, 10))
    size = pixels.nbytes + 12
    store = Decoded(tmp_path, 3 * size)
    kept = [store.keep(ImageId.of_bytes(bytes([k])), pixels) for k in range(6)]
    assert kept == [True] * 3 + [False] * 3
    assert used_bytes(tmp_path) == 3 * size == store.added_bytes
    with pytest.raises(InvalidValue, match="from 0"):
        Decoded(tmp_path, -1)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_damage_is_no_picture(tmp_path: Path, damage: str) -> None:
    store = Decoded(tmp_path, 1 << 20)
    store.keep(ONE, ground((10, 10)))
    (path,) = tmp_path.glob("*/*.rgb")
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[100] ^= 1
    path.write_bytes({"cut": bytes(data[:-1]), "flipped": bytes(data), "empty": b""}[damage])
    assert store.find(ONE) is None


def test_a_full_disk_ends_keeping_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Decoded(tmp_path, 1 << 20)

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "replace", full)
    assert not store.keep(ONE, ground((10, 10)))
    assert not list(tmp_path.glob("*/*"))
    monkeypatch.undo()
    assert not store.keep(ONE, ground((10, 10)))


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(OutputError, match="Part of the path is a file"):
        Decoded(tmp_path / "store", 1 << 20).keep(ONE, ground((10, 10)))


def test_shrinking_bounds_the_short_side_only() -> None:
    assert shrunk(ground((300, 400)), 150).shape == (150, 200, 3)
    assert shrunk(ground((400, 300)), 150).shape == (200, 150, 3)
    small = ground((40, 30))
    assert shrunk(small, 150) is small
