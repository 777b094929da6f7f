"""The ledger against what really happens: a model depends on a label, or it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import (
    ClassMap,
    ContractError,
    Exposure,
    ImageId,
    InvalidValue,
    ItemId,
    Ledger,
    Predictions,
    Role,
    Seen,
    UnknownName,
)

PICTURES = [ImageId.of_bytes(bytes([number])) for number in range(12)]


@dataclass(frozen=True)
class History:
    """Models in the order in which they were made, and what each picture shows."""

    shows: dict[ImageId, int]
    seen: dict[str, Seen] = field(default_factory=dict)

    def duplicates(self, random: Random) -> list[list[ImageId]]:
        """Pairs that chain each thing together, in any order; some are told twice."""
        pairs = []
        for thing in set(self.shows.values()):
            same = [picture for picture, shown in self.shows.items() if shown == thing]
            random.shuffle(same)
            pairs += [[one, other] for one, other in pairwise(same)]
        random.shuffle(pairs)
        return pairs + pairs[:1]


def make_history(random: Random) -> History:
    """Folds dealt anew for each training; warm starts, teachers, pseudo-labels, early stopping, strangers."""
    count = random.randint(2, len(PICTURES))
    things = random.randint(1, count)
    shows = {picture: random.randrange(things) for picture in PICTURES[:count]}
    made = History(shows)
    pictures = list(shows)
    for number in range(random.randint(1, 7)):
        random.shuffle(pictures)
        cut = random.randint(0, count)
        learned, held_out = pictures[:cut], pictures[cut:]
        parents = random.sample(sorted(made.seen), min(len(made.seen), random.choice([0, 0, 1, 1, 2])))
        if random.random() < 0.05:
            parents.append("a stranger's checkpoint")
        kind = random.choice(
            ["fixed epochs", "early stopping", "pseudo-labels", "without labels", "ensemble"]
        )
        stopped_on = random.sample(held_out, random.randint(0, len(held_out)))
        pseudo = random.sample(held_out, random.randint(0, len(held_out)))
        made.seen[f"model {number}"] = Seen(
            frozenset(learned if kind in {"fixed epochs", "early stopping", "pseudo-labels"} else ()),
            frozenset(stopped_on if kind == "early stopping" else ()),
            frozenset(pseudo if kind == "pseudo-labels" else learned if kind == "without labels" else ()),
            tuple(parents),
            complete=random.random() > 0.03,
        )
    return made


@dataclass(frozen=True)
class Model:
    """What a model came out as: it changes if and only if what went into it changes."""

    weights: int
    chosen: int
    pixels: int
    unknown: bool


Known = tuple[tuple[ImageId, int], ...]


def known(history: History, pictures: frozenset[ImageId], truth: Mapping[int, int]) -> Known:
    return tuple((picture, truth[history.shows[picture]]) for picture in sorted(pictures))


def train_all(history: History, labels: Mapping[int, int], looks: Mapping[int, int]) -> dict[str, Model]:
    """Make every model of a history in a world where things have these labels and looks."""
    models: dict[str, Model] = {}
    for name, seen in history.seen.items():
        begun = [models[parent] for parent in seen.parents if parent in models]
        models[name] = Model(
            hash((known(history, seen.trained, labels), *(parent.weights for parent in begun))),
            hash((known(history, seen.selected, labels), *(parent.chosen for parent in begun))),
            hash((known(history, seen.pixels, looks), *(parent.pixels for parent in begun))),
            not seen.complete or len(begun) < len(seen.parents) or any(p.unknown for p in begun),
        )
    return models


def what_if(history: History) -> Callable[[str, ImageId], Exposure]:
    """The exposure of a cell by experiment: give one thing another label and look, and train all again."""
    things = sorted(set(history.shows.values()))
    plain = dict.fromkeys(things, 0)
    before = train_all(history, plain, plain)
    changed = {thing: train_all(history, plain | {thing: 1}, plain | {thing: 1}) for thing in things}

    def exposure(name: str, picture: ImageId) -> Exposure:
        was, now = before[name], changed[history.shows[picture]][name]
        if now.weights != was.weights:
            return Exposure.TRAINED
        if was.unknown:
            return Exposure.UNKNOWN
        if now.chosen != was.chosen:
            return Exposure.SELECTED
        return Exposure.PIXELS if now.pixels != was.pixels else Exposure.CLEAN

    return exposure


def test_ten_thousand_histories_admit_no_contaminated_cell_and_refuse_no_clean_one() -> None:
    random = Random(20)
    met: set[Exposure] = set()
    for _ in range(10_000):
        history = make_history(random)
        ledger = Ledger(history.seen, history.duplicates(random))
        truth = what_if(history)
        pictures = list(history.shows)
        for name in history.seen:
            found = ledger.exposure_of(name, pictures).tolist()
            assert found == [truth(name, picture) for picture in pictures], (name, history)
            met.update(Exposure(value) for value in found)
    assert met == set(Exposure)


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, Random]:
    random = draw(st.randoms(use_true_random=False))
    return make_history(random), random


@given(histories())
def test_what_is_scored_is_what_no_label_went_into(drawn: tuple[History, Random]) -> None:
    history, random = drawn
    ledger, truth = Ledger(history.seen, history.duplicates(random)), what_if(history)
    pictures = list(history.shows)
    items = tuple(ItemId("s", picture.digest) for picture in pictures)
    logits = np.zeros((len(items), 2), np.float32)
    for name in history.seen:
        exposure = ledger.exposure_of(name, pictures)
        said = Predictions(
            items, ClassMap(("a", "b")), logits, name, np.zeros(len(items), np.int16), exposure
        )
        honest = [truth(name, picture) <= Exposure.SELECTED for picture in pictures]
        assert said.scorable().tolist() == honest
        strict = [truth(name, picture) <= Exposure.PIXELS for picture in pictures]
        assert said.scorable(strict=True).tolist() == strict


@given(histories())
def test_more_ancestors_and_more_duplicates_never_make_a_cell_cleaner(drawn: tuple[History, Random]) -> None:
    history, random = drawn
    pictures, pairs = list(history.shows), history.duplicates(random)
    bare = Ledger(history.seen)
    joined = Ledger(history.seen, pairs)
    heirs = {name: Seen(parents=(name, *history.seen)) for name in history.seen}
    heirs = {f"heir of {name}": seen for name, seen in heirs.items()}
    inherited = Ledger(history.seen | heirs, pairs)
    for name in history.seen:
        scorable = joined.exposure_of(name, pictures) <= Exposure.SELECTED
        assert not (scorable & (bare.exposure_of(name, pictures) > Exposure.SELECTED)).any()
        after = inherited.exposure_of(f"heir of {name}", pictures) <= Exposure.SELECTED
        assert not (after & ~scorable).any()


@given(histories())
def test_the_order_in_which_models_are_told_does_not_matter(drawn: tuple[History, Random]) -> None:
    history, random = drawn
    names, pictures, pairs = list(history.seen), list(history.shows), history.duplicates(random)
    random.shuffle(names)
    ledger, other = Ledger(history.seen, pairs), Ledger({name: history.seen[name] for name in names}, pairs)
    for name in names:
        np.testing.assert_array_equal(ledger.exposure_of(name, pictures), other.exposure_of(name, pictures))


def test_a_picture_that_no_model_saw_is_clean_unless_it_shows_what_one_saw() -> None:
    seen, twin, new = PICTURES[:3]
    ledger = Ledger({"m": Seen(trained=frozenset([seen]))}, [[twin, seen]])
    assert ledger.exposure_of("m", [seen, twin, new]).tolist() == [
        Exposure.TRAINED,
        Exposure.TRAINED,
        Exposure.CLEAN,
    ]


def test_ancestors_are_told_nearest_first() -> None:
    seen = {
        "a": Seen(),
        "b": Seen(parents=("a", "x")),
        "c": Seen(parents=("b",)),
        "d": Seen(parents=("c", "a")),
    }
    assert Ledger(seen).ancestors_of("d") == ("c", "a", "b", "x")


def test_a_model_is_not_its_own_ancestor() -> None:
    with pytest.raises(ContractError) as caught:
        Ledger({"a": Seen(parents=("b",)), "b": Seen(parents=("a",))})
    assert str(caught.value).startswith("A model is its own ancestor. Check who its parents are. Seen: ")


def test_unknown_models_and_foreign_pictures_are_refused() -> None:
    ledger = Ledger({"model": Seen()})
    with pytest.raises(UnknownName, match=r"There is no model named 'modle'\. Did you mean 'model'"):
        ledger.exposure_of("modle", PICTURES)
    with pytest.raises(InvalidValue, match=r"Ledger.duplicates must be groups of ImageId\. Seen: \['x'\]"):
        Ledger({"model": Seen()}, [["x"]])  # type: ignore[list-item]


def test_a_long_line_of_ancestors_is_no_burden() -> None:
    seen = {str(n): Seen(frozenset(PICTURES[n % 3 : n % 3 + 1]), parents=(str(n + 1),)) for n in range(3000)}
    seen["3000"] = Seen(pixels=frozenset(PICTURES[4:5]))
    found = Ledger(seen).exposure_of("0", PICTURES[:5]).tolist()
    assert found == [Exposure.TRAINED] * 3 + [Exposure.CLEAN, Exposure.PIXELS]


def test_every_role_has_its_pictures() -> None:
    one, two, three = (frozenset([picture]) for picture in PICTURES[:3])
    seen = Seen(one, two, three)
    assert [seen.of(role) for role in Role] == [{picture} for picture in PICTURES[:3]]
