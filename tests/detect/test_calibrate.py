"""Thresholds from ranks alone: near the best there is, monotone in what is asked, honest about how little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lydite.core import ClassMap
from lydite.detect import Ranked, Rehearsal, calibrate
from lydite.detect.curves import model, stand_for, towards_each_other
from lydite.detect.settings import CalibrationSettings, CalibrationTarget

CLASSES = ClassMap(("bolt", "nut"))
DEFAULT = CalibrationSettings(calibrate=True)


def drawn(
    seed: int, per_class: int = 12, objects: int = 6, clutter: int = 60, shift: float = 0.0
) -> tuple[Rehearsal, list[tuple[Ranked, np.ndarray]]]:
    """A rehearsal, and pictures of the same kind with the truth: which instances are hits."""
    rng = np.random.default_rng(seed)
    centres = np.array([0.8, 0.6]) + shift
    labels = np.tile([0, 1], per_class)
    scenes = [picture(rng, centres, objects, clutter, shift) for _ in labels]
    rehearsal = Rehearsal(
        CLASSES,
        labels,
        rng.normal(centres[labels], 0.12),
        np.ones(len(labels), np.bool_),
        np.arange(len(labels)),
        np.zeros(0),
        np.zeros(0, np.int64),
        tuple(scene for scene, _ in scenes),
    )
    return rehearsal, [picture(rng, centres, objects, clutter, shift) for _ in range(40)]


def picture(
    rng: np.random.Generator, centres: np.ndarray, objects: int, clutter: int, shift: float
) -> tuple[Ranked, np.ndarray]:
    labels = rng.integers(2, size=objects + clutter)
    true = np.arange(objects + clutter) < objects
    ranks = np.where(
        true, rng.normal(centres[labels], 0.12), rng.normal(0.2 + shift, 0.15, objects + clutter)
    )
    return Ranked(ranks, labels), true


def f1(pictures: list[tuple[Ranked, np.ndarray]], thresholds: np.ndarray) -> float:
    accepted = np.concatenate([scene.ranks >= thresholds[scene.labels] for scene, _ in pictures])
    true = np.concatenate([truth for _, truth in pictures])
    return float(2 * (accepted & true).sum() / (accepted.sum() + true.sum()))


def oracle(pictures: list[tuple[Ranked, np.ndarray]]) -> float:
    return max(f1(pictures, np.full(2, threshold)) for threshold in np.linspace(-0.5, 1.5, 200))


def test_f1_is_near_that_of_the_best_threshold() -> None:
    ratios, errors = [], []
    for seed in range(8):
        rehearsal, pictures = drawn(seed)
        found = calibrate(rehearsal, DEFAULT)
        reached = f1(pictures, np.array([each.threshold for each in found.classes]))
        ratios.append(reached / oracle(pictures))
        errors.append(abs(found.f1 - reached))
    assert np.mean(ratios) >= 0.95
    assert min(ratios) >= 0.75
    assert np.mean(errors) <= 0.1


def test_thresholds_follow_the_ranks_of_another_encoder() -> None:
    here, _ = drawn(3)
    there, _ = drawn(3, shift=-0.9)
    for one, other in zip(calibrate(here, DEFAULT).classes, calibrate(there, DEFAULT).classes, strict=True):
        assert other.threshold == pytest.approx(one.threshold - 0.9, abs=1e-6)


def test_a_pile_speaks_for_what_will_be_searched() -> None:
    rehearsal, _ = drawn(0, clutter=2)
    _, crowded = drawn(1, clutter=600)
    alone = calibrate(rehearsal, DEFAULT)
    warned = calibrate(rehearsal, DEFAULT, [scene for scene, _ in crowded])
    for one, other in zip(alone.classes, warned.classes, strict=True):
        assert other.threshold > one.threshold


@pytest.mark.parametrize("target", [CalibrationTarget.PRECISION, CalibrationTarget.RECALL])
def test_more_asked_moves_every_threshold_one_way(target: CalibrationTarget) -> None:
    rehearsal, _ = drawn(2)
    levels = (0.5, 0.7, 0.9, 0.97)
    asked = [
        DEFAULT.model_copy(update={"calibration_target": target, "calibration_level": level})
        for level in levels
    ]
    thresholds = np.array(
        [[each.threshold for each in calibrate(rehearsal, settings).classes] for settings in asked]
    )
    steps = np.diff(thresholds, axis=0)
    assert (steps >= 0).all() if target is CalibrationTarget.PRECISION else (steps <= 0).all()
    assert (steps != 0).any()


def test_a_level_is_met_on_other_pictures() -> None:
    rehearsal, pictures = drawn(4, per_class=40)
    settings = DEFAULT.model_copy(
        update={"calibration_target": CalibrationTarget.RECALL, "calibration_level": 0.8}
    )
    thresholds = np.array([each.threshold for each in calibrate(rehearsal, settings).classes])
    hits = np.concatenate([scene.ranks[true] >= thresholds[scene.labels[true]] for scene, true in pictures])
    assert hits.mean() == pytest.approx(0.8, abs=0.1)


def test_exhaustive_pictures_count_their_objects() -> None:
    rehearsal, _ = drawn(5)
    known = calibrate(rehearsal, DEFAULT.model_copy(update={"exhaustive": True}))
    assert [each.objects for each in known.classes] == [0.5, 0.5]
    assert sum(each.objects for each in calibrate(rehearsal, DEFAULT).classes) == pytest.approx(6, abs=2)


def test_order_changes_nothing() -> None:
    rehearsal, _ = drawn(6)
    order = np.random.default_rng(0).permutation(len(rehearsal.labels))
    place = np.argsort(order)
    other = replace(
        rehearsal,
        labels=rehearsal.labels[order],
        ranks=rehearsal.ranks[order],
        pictures=place[rehearsal.pictures[order]],
        scenes=tuple(rehearsal.scenes[k] for k in order),
    )
    for one, two in zip(
        calibrate(rehearsal, DEFAULT).classes, calibrate(other, DEFAULT).classes, strict=True
    ):
        assert one.threshold == pytest.approx(two.threshold)


def test_the_interval_holds_the_threshold_and_shrinks_with_examples() -> None:
    few, many = drawn(7, per_class=3)[0], drawn(7, per_class=60)[0]
    widths = []
    for rehearsal in (few, many):
        classes = calibrate(rehearsal, DEFAULT).classes
        assert all(each.low <= each.threshold <= each.high for each in classes)
        widths.append(sum(each.high - each.low for each in classes))
    assert widths[1] < widths[0]


def test_parts_are_not_taken_for_objects() -> None:
    rehearsal, _ = drawn(8)
    two_each = np.repeat(np.arange(len(rehearsal.labels)), 2)
    parts = replace(rehearsal, part_ranks=rehearsal.ranks[two_each] - 0.02, part_of=two_each)
    without = sum(each.objects for each in calibrate(rehearsal, DEFAULT).classes)
    assert sum(each.objects for each in calibrate(parts, DEFAULT).classes) < 0.6 * without


def test_what_people_judged_tells_how_much_of_the_best_is_clutter() -> None:
    """A few tenths of what ranks as high as objects is none; nothing but a look at it says so."""
    alone: list[tuple[float, float]] = []
    taught: list[tuple[float, float]] = []
    for seed in range(3):
        rehearsal, pictures = drawn(seed, per_class=6, clutter=20)
        rng = np.random.default_rng([seed, 1])
        mixed = [
            (with_decoys(scene, rng), np.append(true, np.zeros(8, np.bool_))) for scene, true in pictures
        ]
        pile = [scene for scene, _ in mixed[:10]]
        seen = tuple(replace(scene, truth=np.where(true, scene.labels, -1)) for scene, true in mixed[10:22])
        judged = replace(rehearsal, scenes=rehearsal.scenes + seen)
        for found, reached in (
            (calibrate(rehearsal, DEFAULT, pile), alone),
            (calibrate(judged, DEFAULT, pile), taught),
        ):
            least = np.array([each.threshold for each in found.classes])
            reached.append((f1(mixed[22:], least) / oracle(mixed[22:]), found.f1 - f1(mixed[22:], least)))
    (ratio, error), (own_ratio, own_error) = (np.abs(rows).mean(axis=0) for rows in (taught, alone))
    assert ratio >= own_ratio
    assert ratio >= 0.95
    assert error < 0.5 * own_error


def with_decoys(scene: Ranked, rng: np.random.Generator) -> Ranked:
    """Eight more that rank as objects of the first class do, and are none."""
    return Ranked(
        np.append(scene.ranks, rng.normal(0.8, 0.12, 8)), np.append(scene.labels, np.zeros(8, np.int64))
    )


def test_examples_that_a_run_found_do_not_say_how_many_are_found() -> None:
    rehearsal, _ = drawn(3, per_class=12)
    lost = (
        np.arange(len(rehearsal.labels)) < 12
    )  # of those that a person brought, half are found by no search
    given = replace(rehearsal, ranks=np.where(lost & (rehearsal.labels == 0), -np.inf, rehearsal.ranks))
    judged = replace(given, judged=~lost)
    one, other = (calibrate(each, DEFAULT).classes for each in (given, judged))
    assert all(b.recall < a.recall for a, b in zip(one, other, strict=True))
    assert calibrate(replace(given, judged=np.ones(len(lost), np.bool_)), DEFAULT).classes == one


def test_too_few_is_said_and_nothing_is_invented() -> None:
    rehearsal, _ = drawn(9, per_class=1)
    found = calibrate(rehearsal, DEFAULT)
    assert found.classes == ()
    assert found.thresholds == {}
    assert found.refusal == (
        "Too few examples to calibrate: 3 must be found again, in as many pictures, but 2 of 2 held-out "
        "examples were found, in 2 pictures."
    )
    told = calibrate(replace(rehearsal, whole=("a.png", "b.png"), alone=("c.png",)), DEFAULT).refusal
    assert "without a pile of six pictures to put them into; 1 are in the only" in told


def test_a_class_with_too_few_leans_on_the_others() -> None:
    rehearsal, _ = drawn(10)
    lonely = replace(rehearsal, ranks=np.where(rehearsal.labels == 1, -np.inf, rehearsal.ranks))
    bolt, nut = calibrate(lonely, DEFAULT).classes
    assert (bolt.borrowed, nut.borrowed) == (False, True)
    assert (nut.found, nut.examples) == (0, 12)
    assert np.isfinite(nut.threshold)


def test_centres_lean_on_each_other_only_as_far_as_chance_explains_them() -> None:
    counts = np.full(4, 2)
    alike, apart = np.array([0.9, 1.0, 1.0, 1.1]), np.array([0.0, 4.0, 8.0, 12.0])
    assert towards_each_other(alike, counts, spread=0.5) == pytest.approx(np.ones(4))
    assert towards_each_other(apart, counts, spread=0.5) == pytest.approx(apart, abs=0.1)
    assert towards_each_other(alike[:2], counts[:2], spread=0.5).tolist() == alike[:2].tolist()
    unknown = towards_each_other(apart, np.array([2, 2, 2, 0]), spread=0.5)
    assert unknown[3] == pytest.approx(4, abs=0.1)


def test_an_example_of_a_crowd_stands_for_more() -> None:
    """Two bolts of a picture with forty, one of one with ten; a nut that is a close-up, two that are not."""
    rehearsal = replace(
        drawn(11, per_class=3)[0],
        labels=np.array([0, 0, 0, 1, 1, 1]),
        ranks=np.array([0.4, 0.4, 1.0, 0.9, 0.5, 0.7]),
        crowds=np.array([20.0, 20.0, 10.0, np.nan, 3.0, 1.0]),
    )
    everyone = np.arange(6)
    assert stand_for(rehearsal, everyone) == pytest.approx([1.2, 1.2, 0.6, 1.0, 1.5, 0.5])
    assert stand_for(rehearsal, np.array([2, 2, 3])) == pytest.approx(np.ones(3))
    centres, _ = model(rehearsal, everyone)
    assert centres == pytest.approx([0.52, (0.9 + 0.75 + 0.35) / 3])
    assert stand_for(replace(rehearsal, crowds=None), everyone) == pytest.approx(np.ones(6))


def test_thresholds_are_those_of_the_crowd_that_most_objects_are_in() -> None:
    """As many examples of sparse as of crowded pictures, and objects rank lower in a crowd."""
    rng = np.random.default_rng(12)
    scenes, examples = [], []
    for turn in range(24):
        crowded = turn % 2 == 0
        one, true = picture(rng, np.full(2, 0.6 if crowded else 1.0), 40 if crowded else 4, 60, 0.0)
        scenes.append((Ranked(one.ranks, np.zeros_like(one.labels)), true))
        examples.append(rng.choice(one.ranks[true]))
    rehearsal = Rehearsal(
        ClassMap(("bolt",)),
        np.zeros(24, np.int64),
        np.array(examples),
        np.ones(24, np.bool_),
        np.arange(24),
        np.zeros(0),
        np.zeros(0, np.int64),
        tuple(scene for scene, _ in scenes),
    )
    crowds = np.array([float(len(scene.ranks)) for scene, _ in scenes])
    blind, told = (
        f1(scenes, np.array(list(calibrate(each, DEFAULT).thresholds.values())))
        for each in (rehearsal, replace(rehearsal, crowds=crowds))
    )
    assert told > blind
    assert told > 0.95 * oracle(scenes)


def test_what_is_out_of_reach_is_named() -> None:
    clear, _ = drawn(13)
    blurred = replace(clear, ranks=np.where(clear.labels == 1, clear.ranks - 0.5, clear.ranks))
    asked = CalibrationSettings(
        calibrate=True, calibration_target=CalibrationTarget.PRECISION, calibration_level=0.8
    )
    assert calibrate(clear, asked).missed == ""
    assert calibrate(blurred, DEFAULT).missed == ""
    found = calibrate(blurred, asked)
    assert found.missed == (
        "No threshold is expected to have a precision of 0.8 for nut: the most precise holds."
    )
    assert found.classes[1].precision < 0.8 <= found.classes[0].precision
