"""The bank: exemplars by the path of candidates; doubtful negatives set aside by name; no contradictions."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detect.eyes import SPACE, ColourEncoder
from lydite.core import (
    Candidates,
    ClassMap,
    ExemplarError,
    Features,
    InvalidValue,
    ItemId,
    SpaceMismatch,
)
from lydite.data import ImageLimits
from lydite.detect import Bank, Exemplar, ExemplarSet, build_bank, embed, eye, find_exemplars
from lydite.detect.settings import BankSettings
from lydite.detect.shape import MEASURES
from lydite.features import pool_closer
from pictures import BLUE, GREEN, RED, YELLOW, disc, example, ground, save, write_examples


def plain(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    """A picture that is all one thing."""
    noise = np.random.default_rng(seed).normal(0, 4, (32, 32, 3))
    return save(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, count=2)
    return tmp_path


def test_rows_follow_the_exemplars(folder: Path) -> None:
    made = build_bank(find_exemplars(folder / "positive"), ColourEncoder())
    assert list(made.class_map) == ["green", "red"]
    assert made.positives.ids == tuple(
        f"positive/{name}/{k}.jpg" for name in ("green", "red") for k in range(2)
    )
    assert made.labels.tolist() == [0, 0, 1, 1]
    assert made.negatives is None
    assert (made.set_aside, made.problems) == ((), ())
    assert [source.name for source in made.sources] == list(made.positives.ids)
    np.testing.assert_allclose(made.shapes, 1, atol=0.1)
    assert made.space == SPACE


def test_exemplars_and_candidates_are_embedded_by_one_function(folder: Path) -> None:
    for room in (eye, embed):
        assert vars(room)["pool_closer"] is pool_closer
    exemplars = find_exemplars(folder / "positive")
    encoder = ColourEncoder()
    made = build_bank(exemplars, encoder)
    for row, exemplar in enumerate(exemplars.positives):
        picture, mask = exemplar.load(ImageLimits())
        candidates = Candidates.born(ItemId("images", exemplar.path.name), mask)
        seen = embed.look(picture, candidates, encoder, 64, None, lambda _: nullcontext())
        np.testing.assert_array_equal(seen.vectors.vectors[0], made.positives.vectors[row])


def test_negatives_like_a_positive_are_set_aside_by_name(folder: Path) -> None:
    plain(folder / "negative" / "a reddish.png", (210, 50, 45), 1)
    plain(folder / "negative" / "blue.png", BLUE, 2)
    found, by_cosine = (
        find_exemplars(folder / "positive", folder / "negative"),
        BankSettings(pseudo_negative_share=0),
    )
    made = build_bank(found, ColourEncoder(), 0.9, making=by_cosine)
    assert made.negatives is not None
    assert made.negatives.ids == ("negative/blue.png",)
    (aside,) = made.set_aside
    assert aside.name == "negative/a reddish.png"
    assert aside.positive.startswith("positive/red/")
    assert 0.9 < aside.cosine <= 1
    kept = build_bank(found, ColourEncoder(), 1.0, making=by_cosine)
    assert kept.negatives is not None
    assert len(kept.negatives) == 2
    on_the_limit = build_bank(found, ColourEncoder(), aside.cosine, making=by_cosine)
    assert on_the_limit.set_aside == ()


def test_a_negative_is_kept_that_is_less_like_the_positives_than_they_are_like_each_other(
    tmp_path: Path,
) -> None:
    """Two of three reds are near each other: what is less near to them than that is no twin of theirs."""
    for k, colour in enumerate([(225, 40, 45), (220, 45, 40), (200, 130, 40)]):
        plain(tmp_path / "positive" / "red" / f"{k}.png", colour, k)
    plain(tmp_path / "negative" / "brownish.png", (200, 75, 60), 3)
    plain(tmp_path / "negative" / "twin.png", (225, 41, 45), 4)
    found = find_exemplars(tmp_path / "positive", tmp_path / "negative")

    def set_aside(share: float) -> dict[str, str]:
        made = build_bank(found, ColourEncoder(), 0.6, making=BankSettings(pseudo_negative_share=share))
        return {aside.name: aside.positive for aside in made.set_aside}

    assert set_aside(0.5) == {"negative/twin.png": "positive/red/0.png"}
    assert set(set_aside(0.0)) == {"negative/brownish.png", "negative/twin.png"}


def test_the_only_positive_of_a_class_has_no_other_to_be_near_to(tmp_path: Path) -> None:
    plain(tmp_path / "positive" / "red" / "0.png", RED, 0)
    plain(tmp_path / "negative" / "reddish.png", (210, 50, 45), 1)
    made = build_bank(find_exemplars(tmp_path / "positive", tmp_path / "negative"), ColourEncoder(), 0.6)
    assert [aside.name for aside in made.set_aside] == ["negative/reddish.png"]


def test_when_all_negatives_are_set_aside_there_are_none(folder: Path) -> None:
    plain(folder / "negative" / "blue.png", BLUE, 2)
    found, by_cosine = (
        find_exemplars(folder / "positive", folder / "negative"),
        BankSettings(pseudo_negative_share=0),
    )
    made = build_bank(found, ColourEncoder(), -1.0, making=by_cosine)
    assert made.negatives is None
    assert [aside.name for aside in made.set_aside] == ["negative/blue.png"]


def test_several_exemplars_of_one_picture_share_one_look(tmp_path: Path) -> None:
    scene = disc(disc(ground((64, 96)), (20, 30), 14, RED), (70, 30), 14, YELLOW)
    path = save(scene, tmp_path / "scene.png")
    other = save(ground((40, 40)), tmp_path / "other.png")
    exemplars = ExemplarSet(
        (
            Exemplar(path, "red", "red", box=(6, 16, 34, 44)),
            Exemplar(path, "yellow", "yellow", box=(56, 16, 84, 44)),
        ),
        (Exemplar(path, "ground", None, box=(0, 50, 96, 64)), Exemplar(other, "other", None)),
    )
    encoder = ColourEncoder()
    made = build_bank(exemplars, encoder, 1.0)
    assert encoder.looks == [(64, 96), (40, 40)]
    red, yellow = made.positives.vectors
    assert red @ yellow < 0.9


def test_a_picture_cannot_be_two_things(folder: Path) -> None:
    pixels = example(RED, 9)[0]
    first = save(pixels, folder / "positive" / "green" / "x.png")
    second = save(pixels, folder / "positive" / "red" / "y.png")
    with pytest.raises(ExemplarError) as caught:
        build_bank(find_exemplars(folder / "positive"), ColourEncoder())
    assert str(caught.value) == (
        f"The same picture is an example of 'green' ({first}) and an example of 'red' ({second}). "
        "Remove one of the two."
    )


def test_a_picture_cannot_be_an_example_and_a_negative(folder: Path) -> None:
    pixels = example(RED, 9)[0]
    first = save(pixels, folder / "positive" / "red" / "x.png")
    second = save(pixels, folder / "negative" / "y.png")
    with pytest.raises(ExemplarError) as caught:
        build_bank(find_exemplars(folder / "positive", folder / "negative"), ColourEncoder())
    assert str(caught.value) == (
        f"The same picture is an example of 'red' ({first}) and a negative ({second}). Remove one of the two."
    )


def test_masks_tell_two_things_of_one_picture_apart(folder: Path) -> None:
    scene = disc(disc(ground((64, 64)), (16, 30), 12, RED), (48, 30), 12, GREEN)
    for name, x in (("red", 16), ("green", 48)):
        save(scene, folder / "positive" / name / "scene.png")
        mask = disc(np.zeros((64, 64, 3), np.uint8), (x, 30), 12, (255, 255, 255))
        save(mask, folder / "positive" / name / "scene.mask.png")
    made = build_bank(find_exemplars(folder / "positive"), ColourEncoder())
    assert made.positives.ids.count("positive/red/scene.png") == 1
    save(mask, folder / "positive" / "red" / "scene.mask.png")
    with pytest.raises(ExemplarError, match="The same picture is an example of 'green'"):
        build_bank(find_exemplars(folder / "positive"), ColourEncoder())


def test_the_same_picture_twice_in_one_class_is_allowed(folder: Path) -> None:
    for name in ("x.png", "y.png"):
        save(example(RED, 9)[0], folder / "positive" / "red" / name)
    assert len(build_bank(find_exemplars(folder / "positive"), ColourEncoder()).positives) == 6


def test_a_class_without_a_readable_picture_is_named(folder: Path) -> None:
    broken = folder / "positive" / "blue" / "broken.png"
    broken.parent.mkdir()
    broken.write_bytes(b"no picture")
    with pytest.raises(ExemplarError) as caught:
        build_bank(find_exemplars(folder / "positive"), ColourEncoder())
    assert str(caught.value).startswith(f"Class 'blue' has no readable exemplar: Picture {broken} ")
    assert str(caught.value).endswith("Add a readable picture, or remove the class folder.")


def test_what_cannot_be_read_is_a_problem_by_name_not_the_end(folder: Path) -> None:
    (folder / "positive" / "red" / "broken.png").write_bytes(b"no picture")
    save(np.full((10, 10), 255, np.uint8), folder / "positive" / "red" / "0.png")
    made = build_bank(find_exemplars(folder / "positive"), ColourEncoder())
    assert len(made.positives) == 3
    assert [Path(problem.path).name for problem in made.problems] == ["0.png", "broken.png"]
    assert all(source.path.name != "broken.png" for source in made.sources)


def bank_of(labels: list[int], classes: tuple[str, ...]) -> Bank:
    vectors = np.eye(4, dtype=np.float32)[: len(labels)]
    features = Features(vectors, tuple(f"p{k}" for k in range(len(labels))), SPACE)
    shapes = np.full((len(labels), MEASURES), np.nan, np.float32)
    return Bank(ClassMap(classes), features, np.array(labels, np.int64), shapes)


def test_a_class_without_positives_is_no_bank() -> None:
    with pytest.raises(InvalidValue) as caught:
        bank_of([0, 0], ("apple", "pear"))
    assert str(caught.value) == "Bank must be given a positive of every class. Seen: ['pear']"
    with pytest.raises(InvalidValue, match="Bank must be given a positive of every class"):
        bank_of([], ())


def test_columns_must_be_aligned() -> None:
    good = bank_of([0, 1], ("apple", "pear"))
    with pytest.raises(InvalidValue, match=r"Bank\.labels must be of shape \(2,\)\. Seen: \(1,\)"):
        replace(good, labels=good.labels[:1])
    with pytest.raises(InvalidValue, match=r"Bank\.shapes must be of shape \(2, 4\)\. Seen: \(1, 4\)"):
        replace(good, shapes=good.shapes[:1])


def test_negatives_of_another_space_are_refused() -> None:
    good = bank_of([0, 1], ("apple", "pear"))
    elsewhere = replace(SPACE, encoder="other")
    with pytest.raises(SpaceMismatch, match="encoder: 'colours' != 'other'"):
        replace(good, negatives=Features(good.positives.vectors, ("a", "b"), elsewhere))
