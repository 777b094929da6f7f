"""The examples' own pictures, searched by a bank that does not know them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lydite.data import find_images
from lydite.detect import (
    Bank,
    Detector,
    Exemplar,
    ExemplarSet,
    Searcher,
    build_bank,
    calibrate,
    find_exemplars,
    rehearse,
    resolve,
    survey,
)
from lydite.detect.config import without_constants
from lydite.detect.examine import Examiner
from lydite.detect.proposers import build_proposer
from lydite.features import build_encoder
from pictures import GREEN, RED, disc, ground, save, write_examples, write_scene

OPTIONS: dict[str, object] = {"long_side": 160, "superpixels": 200, "short_side": 128}
SETTINGS = without_constants(resolve(options=OPTIONS))


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(Examiner(build_encoder(SETTINGS.encoder), build_proposer(SETTINGS), SETTINGS))


def scenes_with_examples(folder: Path, count: int = 4) -> ExemplarSet:
    """Scenes with a red and a green disc each; both are examples, by mask and by box."""
    exemplars = []
    for k in range(count):
        pixels = disc(disc(ground((120, 160), k), (40 + 4 * k, 40), 18, RED), (110, 75), 16, GREEN)
        path = save(pixels, folder / f"{k}.png")
        mask = np.zeros((120, 160), np.uint8)
        cv2.circle(mask, (40 + 4 * k, 40), 18, 255, -1)
        exemplars += [
            Exemplar(path, f"red {k}", "red", mask=save(mask, folder / "masks" / f"{k}.png")),
            Exemplar(path, f"green {k}", "green", box=(94, 59, 126, 91)),
        ]
    return ExemplarSet(tuple(exemplars))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, searcher: Searcher) -> Bank:
    return build_bank(scenes_with_examples(tmp_path_factory.mktemp("rehearsal")), searcher.examiner.encoder)


def test_held_out_examples_are_found_among_others(bank: Bank, searcher: Searcher) -> None:
    seen = rehearse(bank, searcher)
    assert len(seen.scenes) == 4
    assert sorted(seen.labels.tolist()) == [0] * 4 + [1] * 4
    assert np.isfinite(seen.ranks).all()
    assert seen.named.all()
    for row, picture in enumerate(seen.pictures):
        scene = seen.scenes[picture]
        best = np.sort(scene.ranks[scene.labels == seen.labels[row]])[::-1]
        assert seen.ranks[row] >= best[:2].min()
        assert seen.crowds is not None
        shown = np.count_nonzero((seen.pictures == picture) & (seen.labels == seen.labels[row]))
        assert seen.crowds[row] == len(best) / shown


def test_no_example_judges_its_own_picture(bank: Bank, searcher: Searcher) -> None:
    """An example ranks as in a search with a bank that was made without the examples of its picture.

    Only the unit of ranks is that of all examples, for whose search the thresholds are learned.
    """
    seen = rehearse(bank, searcher)
    for picture, path in enumerate({exemplar.path: exemplar for exemplar in bank.sources}):
        others = tuple(exemplar for exemplar in bank.sources if exemplar.path != path)
        anew = build_bank(ExemplarSet(others), searcher.examiner.encoder)
        without = replace(anew, weights=bank.weights)
        found, known = (survey(find_images([path]), each, searcher, 1).scenes[0] for each in (without, bank))
        for rank in seen.ranks[seen.pictures == picture]:
            assert np.isclose(found.ranks, rank, atol=1e-5).any()
            assert not np.isclose(known.ranks, rank, atol=1e-5).any()


def test_pictures_that_people_went_through_are_rehearsed_with_what_they_said(
    tmp_path: Path, searcher: Searcher
) -> None:
    """What was not accepted there is none, and what was refused does not know itself."""
    known = scenes_with_examples(tmp_path, 3)
    pixels = disc(disc(ground((120, 160), 7), (44, 40), 18, RED), (110, 75), 16, GREEN)
    half, none = (save(disc(pixels, (10, 10), r, RED), tmp_path / f"seen {r}.png") for r in (2, 3))
    red = Exemplar(half, "accepted", "red", box=(26, 22, 62, 58), judged=True)
    refused = [
        Exemplar(path, f"refused {path.stem}", None, box=(94, 59, 126, 91), judged=True)
        for path in (half, none)
    ]
    exemplars = ExemplarSet((*known.positives, red), tuple(refused))
    bank = build_bank(exemplars, searcher.examiner.encoder, pseudo_negative_cos=1.0)
    assert bank.negative_count == 2
    seen = rehearse(bank, searcher)
    truths = [scene.truth for scene in seen.scenes]
    assert [truth is None for truth in truths] == [True, True, True, False, False]
    one, nothing = (np.asarray(truth) for truth in truths[3:])
    assert one.max() == bank.class_map.get_label("red")
    assert (one >= 0).sum() == 1
    assert (nothing == -1).all()
    assert seen.judged is not None
    assert seen.judged.tolist() == [False] * 6 + [True]
    others = bank.only(np.arange(6), np.array([1]))
    assert others.negatives is not None
    assert others.negatives.ids == ("refused seen 3",)
    apart = survey(find_images([half]), others, searcher, 1).scenes[0]
    np.testing.assert_allclose(np.sort(seen.scenes[3].ranks), np.sort(apart.ranks), atol=1e-5)


def test_it_calibrates_and_the_detector_says_so(tmp_path: Path) -> None:
    exemplars = scenes_with_examples(tmp_path)
    detector = Detector.from_exemplars(exemplars, SETTINGS)
    found = detector.calibration
    assert found is not None
    assert not found.refusal
    assert set(detector.settings.rules.class_thresholds) == {"red", "green"}
    assert [each.found for each in found.classes] == [4, 4]
    assert Detector.from_exemplars(exemplars, SETTINGS).settings == detector.settings
    scene = disc(disc(ground((120, 160), 9), (60, 60), 17, RED), (120, 50), 15, GREEN)
    detected = detector.detect_file(save(scene, tmp_path / "new.png"))
    assert sorted(each.class_name for each in detected.instances) == ["green", "red"]


def test_whole_pictures_cannot_be_rehearsed(tmp_path: Path, searcher: Searcher) -> None:
    folder = write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, masks=False)
    seen = rehearse(build_bank(find_exemplars(folder), searcher.examiner.encoder), searcher)
    assert len(seen.whole) == 6
    assert not seen.scenes
    detector = Detector.from_folders(folder, settings=resolve(options=OPTIONS))
    assert detector.calibration is not None
    assert "6 examples are close-ups" in detector.calibration.refusal
    strict = resolve("strict", options=OPTIONS)
    assert detector.settings.rules == strict.rules
    assert detector.settings.filters == strict.filters


def test_close_ups_without_a_pile_are_of_no_use(tmp_path: Path, searcher: Searcher) -> None:
    """On a close-up little can be mistaken, and all ranks high: its thresholds would refuse every scene."""
    folder = write_examples(tmp_path / "positive", {"red": RED, "green": GREEN})
    assert len(rehearse(build_bank(find_exemplars(folder), searcher.examiner.encoder), searcher).whole) == 6


def test_close_ups_are_searched_for_in_pictures_of_the_pile(tmp_path: Path, searcher: Searcher) -> None:
    bank = build_bank(
        find_exemplars(write_examples(tmp_path / "positive", {"red": RED, "green": GREEN})),
        searcher.examiner.encoder,
    )
    for k in range(6):
        write_scene(tmp_path / "pile" / f"{k}.png", seed=k)
    pile = survey(find_images([tmp_path / "pile"]), bank, searcher, 6)
    seen = rehearse(bank, searcher, pile.hosts)
    assert seen.whole == ()
    assert len(seen.labels) == 6
    assert len(seen.scenes) == 3  # one of each class in a picture
    assert np.isfinite(seen.ranks).sum() >= 4
    assert seen.crowds is not None
    assert np.isnan(seen.crowds).all()
    found = calibrate(seen, SETTINGS.calibration, pile.scenes)
    assert set(found.thresholds) == {"red", "green"}
    again = rehearse(bank, searcher, pile.hosts)
    assert np.array_equal(again.ranks, seen.ranks)
    assert len(rehearse(bank, searcher, pile.hosts[:5]).whole) == 6  # too small a pile


def test_an_option_survives_the_fallback(tmp_path: Path) -> None:
    folder = write_examples(tmp_path / "positive", {"red": RED}, masks=False)
    settings = resolve(options={**OPTIONS, "min_pos_score": 0.7})
    detector = Detector.from_folders(folder, settings=settings)
    assert detector.settings.rules.min_pos_score == 0.7
    assert detector.settings.rules.consensus_thr == resolve("strict").rules.consensus_thr


def test_one_or_two_examples_of_a_class_ask_for_less_in_the_fallback(tmp_path: Path) -> None:
    folder = write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, masks=False)
    for kept, least in ((2, 0.75), (3, 0.78)):
        exemplars = find_exemplars(folder)
        by_class = {
            name: [one for one in exemplars.positives if one.class_name == name][:kept]
            for name in ("red", "green")
        }
        few = ExemplarSet(tuple(one for each in by_class.values() for one in each))
        rules = Detector.from_exemplars(few, resolve(options=OPTIONS)).settings.rules
        assert (rules.min_pos_score, rules.consensus_thr) == (least, least)
        asked = resolve(options={**OPTIONS, "consensus_thr": 0.5})
        assert Detector.from_exemplars(few, asked).settings.rules.consensus_thr == 0.5


def test_the_only_picture_of_a_class_cannot_be_held_out(tmp_path: Path, searcher: Searcher) -> None:
    exemplars = scenes_with_examples(tmp_path, count=1)
    seen = rehearse(build_bank(exemplars, searcher.examiner.encoder), searcher)
    assert seen.alone == ("red 0", "green 0")
    assert calibrate(seen, SETTINGS.calibration).refusal.endswith(
        "but 2 are in the only picture of their class."
    )


def test_files_that_have_gone_since_are_named(tmp_path: Path, searcher: Searcher) -> None:
    bank = build_bank(scenes_with_examples(tmp_path), searcher.examiner.encoder)
    (tmp_path / "0.png").unlink()
    (tmp_path / "1.png").write_bytes(b"no picture")
    seen = rehearse(bank, searcher)
    assert set(seen.unread) == {"red 0", "green 0", "red 1", "green 1"}
    assert calibrate(seen, SETTINGS.calibration).refusal.endswith("; 4 could not be read again.")


def test_a_survey_passes_over_what_cannot_be_read(tmp_path: Path, bank: Bank, searcher: Searcher) -> None:
    for k in range(5):
        write_scene(tmp_path / "pile" / f"{k}.png", seed=k)
    (tmp_path / "pile" / "2.png").write_bytes(b"no picture")
    files = find_images([tmp_path / "pile"])
    seen = survey(files, bank, searcher, 10)
    assert [host.file.path.name for host in seen.hosts] == ["0.png", "1.png", "3.png", "4.png"]
    assert len(seen.scenes) == 4
    assert len(survey(files, bank, searcher, 2).scenes) == 2
    assert survey(files, bank, searcher, 0).hosts == ()
