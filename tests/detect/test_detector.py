"""One picture through the whole chain, and the law that an example recognises itself."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from detect.eyes import ColourEncoder
from lydite.core import Candidates, ItemId, Outcome, SpaceMismatch
from lydite.data import ImageLimits, load_image
from lydite.detect import (
    Bank,
    Detector,
    DetectSettings,
    Exemplar,
    ExemplarSet,
    build_bank,
    find_exemplars,
    resolve,
)
from lydite.detect.proposers import build_proposer
from lydite.detect.store import to_table
from lydite.features import Encoder, EncoderSettings, VectorCache, build_encoder
from pictures import GREEN, RED, save, write_examples, write_scene
from support import need_module

SMALL = resolve("strict", options={"long_side": 160, "superpixels": 200, "short_side": 128})
ITEM = ItemId("images", "scene.png")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detector")
    write_examples(folder / "positive", {"red": RED, "green": GREEN}, count=2)
    write_scene(folder / "scene.png")
    return folder


@pytest.fixture(scope="module")
def detector(root: Path) -> Detector:
    return Detector.from_folders(root / "positive", settings=SMALL)


def assemble(settings: DetectSettings, encoder: Encoder, bank: Bank) -> Detector:
    return Detector(settings, encoder, build_proposer(settings), bank)


def in_the_scene(root: Path) -> ExemplarSet:
    """Exemplars of one class, cut from a larger picture: two by mask, one by box; one negative."""
    scene = root / "scene.png"
    masks = []
    for name, (x, y, radius) in {"large": (110, 80, 20), "small": (35, 35, 16)}.items():
        rows, columns = np.mgrid[:120, :160]
        disc = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
        masks.append(save(disc.astype(np.uint8) * 255, root / f"{name}.png"))
    return ExemplarSet(
        (
            Exemplar(scene, "large", "thing", mask=masks[0]),
            Exemplar(scene, "small", "thing", mask=masks[1]),
            Exemplar(scene, "green", "thing", box=(36, 76, 64, 104)),
        ),
        (Exemplar(scene, "square", None, box=(120, 10, 146, 36)),),
    )


def assert_exemplars_recognise_themselves(root: Path, encoder: Encoder) -> None:
    exemplars = in_the_scene(root)
    known = assemble(SMALL, encoder, build_bank(exemplars, encoder, 1.0))
    for exemplar in exemplars.positives:
        picture, mask = exemplar.load(ImageLimits())
        found = known.detect(picture, ITEM, Candidates.born(ITEM, mask))
        (best,) = found.evidence.scores.nearest[:, 0]
        assert best >= 0.99
        assert found.decisions.nearest_positive == (exemplar.name,)


def test_an_example_recognises_itself(root: Path) -> None:
    assert_exemplars_recognise_themselves(root, build_encoder(SMALL.encoder))


@pytest.mark.torch
@pytest.mark.parametrize("layer", ["last", "layer2"])
def test_an_example_recognises_itself_by_any_network(root: Path, layer: str) -> None:
    need_module("torch")
    need_module("timm")
    from lydite.features.encoders.timm import encoder_from_model
    from oracles import random_model

    settings = EncoderSettings(encoder="resnet18", layer=layer, short_side=128)
    assert_exemplars_recognise_themselves(root, encoder_from_model(random_model("resnet18"), settings))


def test_things_are_found_and_clutter_is_not(root: Path, detector: Detector) -> None:
    found = detector.detect_file(root / "scene.png")
    assert str(found.item) == "images:scene.png"
    assert found.size_hw == (120, 160)
    named = [(instance.class_name, instance.box) for instance in found.instances]
    centres = sorted((name, round((x0 + x1) / 20), round((y0 + y1) / 20)) for name, (x0, y0, x1, y1) in named)
    assert centres == [("green", 5, 9), ("red", 4, 4), ("red", 11, 8)]


def test_instances_are_the_accepted_rows_best_first(root: Path, detector: Detector) -> None:
    found = detector.detect_file(root / "scene.png")
    scores = [instance.score for instance in found.instances]
    assert scores == sorted(scores, reverse=True)
    decisions, candidates = found.decisions, found.candidates
    assert len(found.instances) == decisions.accepted.sum() > 1
    rows = {str(name): row for row, name in enumerate(candidates.ids)}
    for instance in found.instances:
        row = rows[instance.region]
        assert decisions.outcomes[row] is Outcome.ACCEPTED
        assert instance.score == decisions.scores[row]
        assert instance.box == tuple(candidates.boxes.xyxy[row].tolist())
        assert instance.class_name == decisions.class_map[int(decisions.labels[row])]


def test_the_funnel_adds_up(root: Path, detector: Detector) -> None:
    found = detector.detect_file(root / "scene.png")
    funnel = found.funnel
    assert list(funnel) == ["proposed", "filtered", "scored", "refused", "suppressed", "accepted"]
    assert funnel["proposed"] == len(found.candidates)
    assert funnel["proposed"] == funnel["filtered"] + funnel["scored"]
    assert funnel["scored"] == funnel["refused"] + funnel["suppressed"] + funnel["accepted"]
    assert min(funnel.values()) > 0
    assert set(found.seconds) == {"propose", "encode", "pool", "score", "measure", "decide", "explain"}


def test_a_detector_travels(root: Path, detector: Detector) -> None:
    again: Detector = pickle.loads(pickle.dumps(detector))
    assert again.settings == detector.settings
    assert again.space == detector.space
    here, there = (d.detect_file(root / "scene.png") for d in (detector, again))
    assert to_table(here).equals(to_table(there))


def test_a_cache_changes_no_number(root: Path, detector: Detector, tmp_path: Path) -> None:
    cached = replace(detector, cache=VectorCache(tmp_path))
    plain, first, second = (d.detect_file(root / "scene.png") for d in (detector, cached, cached))
    assert "encode" in first.seconds
    assert "encode" not in second.seconds
    assert to_table(plain).equals(to_table(first))
    assert to_table(plain).equals(to_table(second))


def test_no_number_depends_on_how_many_cores_there_are(root: Path, detector: Detector) -> None:
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(detector.detect_file(root / "scene.png"))
    one, two = (each.evidence.scores for each in found)
    for column in ("by_class", "negative", "nearest", "nearest_negative_cosine"):
        np.testing.assert_array_equal(getattr(one, column), getattr(two, column))
    np.testing.assert_array_equal(found[0].evidence.rank, found[1].evidence.rank)


def test_no_candidates_are_an_answer(root: Path) -> None:
    encoder = ColourEncoder()
    bank = build_bank(find_exemplars(root / "positive"), encoder)
    looks = len(encoder.looks)
    picture = load_image(root / "scene.png")
    nothing = Candidates.born(ITEM, Exemplar(root / "scene.png", "a", "red").load(ImageLimits())[1])[:0]
    found = assemble(SMALL, encoder, bank).detect(picture, ITEM, nothing)
    assert len(encoder.looks) == looks
    assert found.instances == ()
    assert set(found.funnel.values()) == {0}
    assert to_table(found).height == 0


def test_given_candidates_are_judged_as_they_are(root: Path) -> None:
    encoder = ColourEncoder()
    exemplars = in_the_scene(root)
    known = assemble(SMALL, encoder, build_bank(exemplars, encoder, 1.0))
    picture, mask = exemplars.positives[0].load(ImageLimits())
    given = Candidates(ITEM, np.array([7]), mask, mask.boxes, np.array([0.5], np.float32), ("by hand",))
    found = known.detect(picture, ITEM, given)
    assert found.candidates is given
    assert "propose" not in found.seconds
    assert [instance.region for instance in found.instances] == ["images:scene.png#7"]


def test_a_bank_of_another_encoder_is_refused(root: Path, detector: Detector) -> None:
    other = ColourEncoder()
    with pytest.raises(SpaceMismatch, match="encoder: 'embedded' != 'colours'"):
        replace(detector, bank=build_bank(find_exemplars(root / "positive"), other))
