"""What goes wrong in practice, one line a fault: refused with a named error, or handled; never silent."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from cli.support_cli import SMALL, Outcome, lydite, words
from detect.eyes import SPACE, ColourEncoder
from lydite.core import (
    Candidates,
    CollapsedFeatures,
    ContractError,
    FeatureMap,
    Features,
    FeatureSpace,
    ImageError,
    InvalidValue,
    ItemId,
    LyditeError,
    Masks,
    SpaceMismatch,
)
from lydite.data import ImageLimits, load_image
from lydite.detect import Detector, Exemplar, ExemplarSet, build_bank, resolve
from lydite.detect.bank import Bank
from lydite.detect.bank_file import load_bank, save_bank
from lydite.detect.proposers import AnyProposer, build_proposer
from lydite.detect.shape import MEASURES
from lydite.detect.store import to_table
from lydite.features import pool
from pictures import GREEN, RED, disc, ground, save, write_examples

ITEM = ItemId("test", "a.png")
SETTINGS = resolve("strict", options={"short_side": 64, "long_side": 96, "superpixels": 60})


@dataclass
class Blinded(ColourEncoder):
    """An encoder whose map holds what is no number in one cell."""

    value: float = float("nan")

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        seen = super().encode(pixels)
        cells = seen.cells.copy()
        cells[0, 0, 0] = self.value
        return FeatureMap(cells, seen.size_hw, seen.space, seen.input_hw)

    def smaller(self, divisor: int) -> Blinded:  # noqa: ARG002 - as blind at any size
        return self


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_examples(tmp_path / "examples", {"red": RED, "green": GREEN}, count=2)
    save(
        disc(disc(ground((96, 128)), (40, 50), 15, RED), (100, 40), 13, GREEN), tmp_path / "scenes" / "a.png"
    )
    return tmp_path


def bank_of(place: Path) -> Bank:
    found = ExemplarSet((Exemplar(place / "examples" / "red" / "0.jpg", "red", "red"),))
    return build_bank(found, ColourEncoder())


def of_space(bank: Bank, space: FeatureSpace) -> Bank:
    rows = np.eye(len(bank.positives), space.dim, dtype=np.float32)
    return replace(bank, positives=Features(rows, bank.positives.ids, space))


def forge(path: Path, change: Callable[[npt.NDArray[np.float32]], object]) -> None:
    """Change the numbers of a saved bank and make its checksum right again."""
    content = path.read_bytes()
    magic = content.index(b"\n") + 1
    body = bytearray(content[magic + 32 :])
    (length,) = struct.unpack_from("<Q", body)
    numbers = np.frombuffer(body, "<f4", offset=8 + length).copy()
    change(numbers)
    body[8 + length :] = numbers.tobytes()
    path.write_bytes(content[:magic] + hashlib.sha256(body).digest() + body)


def saved_bank(place: Path) -> Path:
    made = Detector.from_folders(place / "examples", settings=SETTINGS)
    save_bank(place / "a.bank", made.bank, SETTINGS)
    return place / "a.bank"


def wrong_dimension(place: Path) -> object:
    return Detector(SETTINGS, ColourEncoder(), given(), of_space(bank_of(place), replace(SPACE, dim=7)))


def other_model_of_the_same_dimension(place: Path) -> object:
    other = of_space(bank_of(place), replace(SPACE, weights="others"))
    return Detector(SETTINGS, ColourEncoder(), given(), other)


def vector_cut_to_size(place: Path) -> object:
    return Features(np.ones((1, 3), np.float32) / np.sqrt(np.float32(3)), ("a",), SPACE)


def nan_in_a_vector(place: Path) -> object:
    return Features(np.array([[np.nan, 0, 0, 1]], np.float32), ("a",), SPACE)


def nan_in_the_map(place: Path) -> object:
    return Blinded().encode(ground((64, 64)))


def infinity_in_the_map(place: Path) -> object:
    return Blinded(value=float("inf")).encode(ground((64, 64)))


def zero_vector(place: Path) -> object:
    nothing = FeatureMap(np.zeros((2, 2, 4), np.float32), (16, 16), SPACE, (16, 16))
    return pool(nothing, Masks.from_dense(np.ones((1, 16, 16), bool)), ("a",))


def nan_in_a_saved_bank(place: Path) -> object:
    path = saved_bank(place)
    forge(path, lambda numbers: np.put(numbers, 3, np.nan))
    return load_bank(path)


def nan_in_a_smaller_size_of_a_saved_bank(place: Path) -> object:
    path = saved_bank(place)
    forge(path, lambda numbers: np.put(numbers, len(numbers) - 3, np.nan))
    return load_bank(path)


def bank_cut_short(place: Path) -> object:
    path = saved_bank(place)
    path.write_bytes(path.read_bytes()[:-4])
    return load_bank(path)


def nan_in_a_threshold(place: Path) -> object:
    return resolve("strict", options={"class_thresholds": {"red": float("nan")}})


def nan_in_the_slack(place: Path) -> object:
    return resolve("strict", options={"class_slack": float("nan")})


def zero_mask_of_an_example(place: Path) -> object:
    save(np.zeros((64, 64), np.uint8), place / "examples" / "red" / "0.png")
    return Exemplar(place / "examples/red/0.jpg", "red", "red", mask=place / "examples/red/0.png").load(
        ImageLimits()
    )


def zero_mask_of_a_candidate(place: Path) -> object:
    detector = Detector(SETTINGS, ColourEncoder(), given(), bank_of(place))
    nothing = Candidates.born(ITEM, Masks.from_dense(np.zeros((1, 96, 128), bool)))
    return detector.detect(load_image(place / "scenes" / "a.png"), ITEM, nothing)


def mask_of_another_size(place: Path) -> object:
    detector = Detector(SETTINGS, ColourEncoder(), given(), bank_of(place))
    other = Candidates.born(ITEM, Masks.from_dense(np.ones((1, 128, 96), bool)))
    return detector.detect(load_image(place / "scenes" / "a.png"), ITEM, other)


def one_vector_for_every_mask(place: Path) -> object:
    flat = ColourEncoder(flat=True)
    return Detector(SETTINGS, flat, given(), bank_of(place)).detect(
        load_image(place / "scenes" / "a.png"), ITEM
    )


def empty_file(place: Path) -> object:
    (place / "empty.png").write_bytes(b"")
    return load_image(place / "empty.png")


def given() -> AnyProposer:
    return build_proposer(SETTINGS)


REFUSED: dict[Callable[[Path], object], tuple[type[LyditeError], str]] = {
    wrong_dimension: (SpaceMismatch, "dim: "),
    other_model_of_the_same_dimension: (SpaceMismatch, "weights: "),
    vector_cut_to_size: (InvalidValue, r"of shape \(1, 4\)"),
    nan_in_a_vector: (InvalidValue, r"vectors\[0\] \(a\) must be a finite vector of L2 norm 1"),
    nan_in_the_map: (InvalidValue, "the encoder produced NaN or infinity"),
    infinity_in_the_map: (InvalidValue, "the encoder produced NaN or infinity"),
    zero_vector: (CollapsedFeatures, "1 of 1 pooled vectors are zero and point nowhere: 'a'"),
    nan_in_a_saved_bank: (LyditeError, "cannot be understood.* a finite vector of L2 norm 1"),
    nan_in_a_smaller_size_of_a_saved_bank: (LyditeError, "cannot be understood.*Bank.positive_sizes"),
    bank_cut_short: (LyditeError, "is damaged or cut short"),
    nan_in_a_threshold: (LyditeError, "class_thresholds"),
    nan_in_the_slack: (LyditeError, "class_slack"),
    zero_mask_of_an_example: (ImageError, "shows no object: its mask 0.png covers no pixel"),
    zero_mask_of_a_candidate: (ContractError, "Mask 0 must be of at least one pixel"),
    mask_of_another_size: (ContractError, "Masks must be of the picture's size"),
    one_vector_for_every_mask: (CollapsedFeatures, "got the same vector. The encoder's map does not vary"),
    empty_file: (ImageError, "empty.png is empty"),
}


@pytest.mark.parametrize("fault", REFUSED, ids=lambda fault: fault.__name__)
def test_it_is_refused_by_name(place: Path, fault: Callable[[Path], object]) -> None:
    kind, message = REFUSED[fault]
    with pytest.raises(kind, match=message):
        fault(place)


def run(place: Path, *more: object) -> Outcome:
    known = ("--positive", place / "examples", "--out", place / "out", "--preset", "strict", "--no-pages")
    return lydite("detect", "run", place / "scenes", *known, *SMALL, *more)


def summary(place: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((place / "out" / "summary.json").read_text())
    return told


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        ("[[0, 0, float('nan'), 9]]", "finite"),
        ("([[0, 0, 9, 9]], [float('nan')])", "Quality of the callback must be in [0, 1]"),
        ("[[5, 5, 5, 9]]", "over a pixel of the picture"),
        ("numpy.zeros((1, 96, 128), bool)", "without an empty one"),
        ("numpy.ones((1, 5, 5), bool)", "of the picture's size (96, 128)"),
    ],
)
def test_a_proposer_that_talks_nonsense_costs_its_pictures(place: Path, returns: str, message: str) -> None:
    (place / "mine.py").write_text(f"import numpy\ndef find(pixels):\n    return {returns}\n")
    outcome = run(place, "--proposer", "callback", "--callback", f"{place / 'mine.py'}:find")
    assert outcome.code == 1
    assert message in words(outcome.err)
    assert summary(place)["done"] == 0


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_that_lies_on_its_side_is_the_upright_picture(place: Path, turn: int) -> None:
    upright = place / "scenes" / "a.png"
    image = Image.open(upright)
    ways: list[str | None] = [None, "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE"]
    ways += ["ROTATE_90", "TRANSVERSE", "ROTATE_270"]  # what undoes each turn
    way = ways[turn - 1]
    stored = image if way is None else image.transpose(Image.Transpose[way])
    exif = Image.Exif()
    exif[0x0112] = turn
    stored.save(place / "turned.png", exif=exif)
    detector = Detector(SETTINGS, ColourEncoder(), given(), bank_of(place))
    tables = [to_table(detector.detect(load_image(path), ITEM)) for path in (upright, place / "turned.png")]
    assert len(tables[0]) > 2
    assert tables[0].equals(tables[1])


def test_a_picture_that_vanishes_after_the_listing_is_named_and_the_rest_is_done(place: Path) -> None:
    gone = place / "scenes" / "b.png"
    gone.symlink_to(place / "nowhere.png")
    outcome = run(place)
    assert outcome.code == 1
    assert "b.png" in words(outcome.err)
    assert summary(place)["done"] == 1


def test_a_picture_without_any_candidate_is_done_and_empty(place: Path) -> None:
    save(np.full((40, 40, 3), 128, np.uint8), place / "scenes" / "a.png")
    assert run(place).code == 0
    assert (summary(place)["done"], summary(place)["empty"]) == (1, 1)


def test_the_shapes_of_outlines_may_be_unknown_but_their_number_may_not_differ(place: Path) -> None:
    bank = bank_of(place)
    with pytest.raises(InvalidValue, match=r"Bank\.shapes"):
        replace(bank, shapes=np.zeros((2, MEASURES), np.float32))
