"""Any damage to any file of any source: a named error or a report, no crash, no file elsewhere."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from data.sources.test_sources import GOOD, lay_out
from lydite.core import InputError, UsageError
from lydite.data.dataset import DatasetVersion, Wanted, read_pictures
from lydite.data.sources import read_any

WORDS = (
    *tuple(rb"nan -1 1e999 99999999999999999999 null true [] {} \" ../.. \ud800".split()),
    b"\xff",
    b"\x00",
)


def damage(data: bytes, chance: random.Random) -> bytes:
    at, kind = chance.randrange(len(data) + 1), chance.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + chance.choice(WORDS) + data[at:]
    if kind == 2:
        return data[:at] + chance.choice(WORDS) + data[at + chance.randrange(1, 12) :]
    if kind == 3:
        return data[:at] + data[at + chance.randrange(1, 30) :]
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_damage_is_an_error_or_a_row_of_the_report(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    texts = [path for path in GOOD[name] if not path.endswith(".bmp")] or list(GOOD[name])
    folder = lay_out(tmp_path / "given", GOOD[name])
    before = set(tmp_path.rglob("*"))
    for _ in range(120):
        path = chance.choice(texts)
        (folder / path).write_bytes(damage(GOOD[name][path], chance))
        for chosen in (None, name):
            try:
                intake = read_pictures(read_any(str(folder), Wanted("s", format=chosen, workspace=tmp_path)))
                DatasetVersion.begin(intake, "ann", "damage")
            except (InputError, UsageError):
                continue  # but not ContractError: what a stranger wrote is no fault of ours
        (folder / path).write_bytes(GOOD[name][path])
    assert set(tmp_path.rglob("*")) == before
