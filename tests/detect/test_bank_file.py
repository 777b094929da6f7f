"""A bank comes back from its file as it was, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detect.eyes import ColourEncoder
from lydite.core import InputError, OutputConflict, SpaceMismatch, UsageError
from lydite.detect import (
    Bank,
    Detector,
    Exemplar,
    ExemplarSet,
    build_bank,
    changed_sources,
    find_exemplars,
    load_bank,
    resolve,
    save_bank,
    score,
)
from lydite.features import build_encoder
from pictures import BLUE, GREEN, RED, YELLOW, save, write_examples

SETTINGS = resolve("strict")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, count=2)
    save(np.full((32, 32, 3), BLUE, np.uint8), tmp_path / "negative" / "red" / "blue.png")
    save(np.full((32, 32, 3), YELLOW, np.uint8), tmp_path / "negative" / "yellow.png")
    save(np.full((32, 32, 3), RED, np.uint8), tmp_path / "negative" / "reddish.png")
    return tmp_path


def made_in(root: Path, sizes: int = 1) -> Bank:
    exemplars = find_exemplars(root / "positive", root / "negative")
    return build_bank(exemplars, build_encoder(SETTINGS.encoder), 0.9, None, sizes)


@pytest.mark.parametrize("sizes", [1, 3])
def test_what_is_saved_comes_back(root: Path, sizes: int) -> None:
    bank = made_in(root, sizes)
    save_bank(root / "a.bank", bank, SETTINGS)
    again = load_bank(root / "a.bank").bank
    np.testing.assert_array_equal(again.everyone, bank.everyone)
    np.testing.assert_array_equal(again.shapes, bank.shapes)
    assert again.positives.ids == bank.positives.ids
    assert again.negatives is not None
    assert bank.negatives is not None
    assert again.negatives.ids == bank.negatives.ids
    assert (again.negative_labels is None) == (bank.negative_labels is None)
    assert again.space == bank.space
    assert list(again.class_map) == list(bank.class_map)
    assert again.set_aside == bank.set_aside
    assert len(again.sources) == len(bank.sources)
    for new, old in zip(again.sources, bank.sources, strict=True):
        assert new == replace(old, path=old.path.absolute())
        assert again.digests_of(new) == bank.digests_of(old)
    scores = [score(bank.positives, each, SETTINGS.scoring) for each in (bank, again)]
    np.testing.assert_array_equal(scores[0].negative, scores[1].negative)


def test_boxes_come_back_and_banks_without_negatives_too(root: Path) -> None:
    path = root / "positive" / "red" / "0.jpg"
    example = Exemplar(path, "x", "red", box=(1.5, 2, 40, 50.25), judged=True)
    bank = build_bank(ExemplarSet((example,)), build_encoder(SETTINGS.encoder))
    save_bank(root / "a.bank", bank, SETTINGS)
    again = load_bank(root / "a.bank").bank
    assert again.sources[0].box == (1.5, 2, 40, 50.25)
    assert again.sources[0].judged
    assert again.negatives is None


def test_examples_that_changed_or_went_are_named(root: Path) -> None:
    save_bank(root / "a.bank", made_in(root), SETTINGS)
    bank = load_bank(root / "a.bank").bank
    assert changed_sources(bank) == ()
    (root / "positive" / "green" / "0.jpg").unlink()
    (root / "positive" / "red" / "1.jpg").write_bytes(b"other")
    assert set(changed_sources(bank)) == {"positive/green/0.jpg", "positive/red/1.jpg"}
    assert changed_sources(made_in(root)) == ()


def test_nothing_is_written_over(root: Path) -> None:
    (root / "a.bank").write_text("mine")
    with pytest.raises(OutputConflict, match="There is already something at"):
        save_bank(root / "a.bank", made_in(root), SETTINGS)
    assert (root / "a.bank").read_text() == "mine"


def test_what_is_no_bank_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="There is no bank"):
        load_bank(root / "nothing.bank")
    (root / "b.bank").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="is no bank"):
        load_bank(root / "b.bank")


@pytest.mark.parametrize("harm", ["cut", "flip", "grow"])
def test_a_damaged_bank_is_refused(root: Path, harm: str) -> None:
    save_bank(root / "a.bank", made_in(root), SETTINGS)
    content = bytearray((root / "a.bank").read_bytes())
    if harm == "flip":
        content[len(content) // 2] ^= 1
    (root / "a.bank").write_bytes(content[:-10] if harm == "cut" else content + b"x" * (harm == "grow"))
    with pytest.raises(InputError, match="is damaged or cut short"):
        load_bank(root / "a.bank")


def test_a_well_sealed_lie_is_refused_too(root: Path) -> None:
    import hashlib

    save_bank(root / "a.bank", made_in(root), SETTINGS)
    content = (root / "a.bank").read_bytes()
    magic, body = content[: content.index(b"\n") + 1], content[content.index(b"\n") + 33 :]
    for lie in (
        body.replace(b'"classes": ["green"', b'"classes": ["red" , '),
        body.replace(b'"arrays": {', b'"arrows": {'),
        body.replace(b'"positives": [4, ', b'"positives": [9, '),
        b"\xff" * 8 + body[8:],
    ):
        assert lie != body
        (root / "b.bank").write_bytes(magic + hashlib.sha256(lie).digest() + lie)
        with pytest.raises(InputError, match="cannot be understood"):
            load_bank(root / "b.bank")


def test_settings_that_would_have_made_another_bank_are_named(root: Path) -> None:
    save_bank(root / "a.bank", made_in(root, 3), SETTINGS)
    file = load_bank(root / "a.bank")
    file.require_made_by(SETTINGS, "a.bank")
    file.require_made_by(resolve("soft", options={"prototypes": 2, "min_quality": 0.1}), "a.bank")
    with pytest.raises(UsageError, match=r"short_side \(512 there, 256 here\)"):
        file.require_made_by(resolve("strict", options={"short_side": 256}), "a.bank")


def test_a_bank_of_another_space_is_refused_and_prototypes_are_chosen_late(root: Path) -> None:
    save_bank(root / "a.bank", made_in(root), SETTINGS)
    bank = load_bank(root / "a.bank").bank
    detector = Detector.from_bank(bank, resolve("strict", options={"prototypes": 1}))
    assert len(detector.bank.order) == 2
    foreign = build_bank(find_exemplars(root / "positive"), ColourEncoder())
    with pytest.raises(SpaceMismatch, match="encoder"):
        Detector.from_bank(foreign, SETTINGS)
