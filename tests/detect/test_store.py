"""What is written reads back; what was half written was never written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from detect.eyes import ColourEncoder
from lydite.core import Candidates, ImageId, ItemId, Outcome
from lydite.data import load_image
from lydite.detect import Detection, Detector, Shelf, build_bank, find_exemplars, resolve
from lydite.detect.outline import measure_outlines
from lydite.detect.proposers import build_proposer
from lydite.detect.store import SCHEMA, masks_of, to_table
from pictures import BLUE, GREEN, RED, save, square, write_examples, write_scene

ITEM = ItemId("images", "ordner/äpfel.png")


@pytest.fixture(scope="module")
def detection(tmp_path_factory: pytest.TempPathFactory) -> Detection:
    root = tmp_path_factory.mktemp("store")
    write_examples(root / "positive", {"red": RED, "green": GREEN}, count=2)
    save(square(np.zeros((20, 20, 3), np.uint8), (0, 0), 20, BLUE), root / "negative" / "blue.png")
    encoder = ColourEncoder()
    bank = build_bank(find_exemplars(root / "positive", root / "negative"), encoder)
    settings = resolve("strict", options={"long_side": 160, "superpixels": 200})
    detector = Detector(settings, encoder, build_proposer(settings), bank)
    return detector.detect(load_image(write_scene(root / "scene.png")), ITEM)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "pictures")


def test_a_record_round_trips(shelf: Shelf, detection: Detection) -> None:
    written = shelf.write(detection, Path("/pictures/äpfel.png"))
    assert written.status == "done"
    assert not written.resumed
    assert (written.item, written.path) == ("images:ordner/äpfel.png", "/pictures/äpfel.png")
    assert (written.size_hw, written.funnel) == (detection.size_hw, detection.funnel)
    assert written.seconds == detection.seconds
    assert shelf.read_record(ITEM) == replace(written, resumed=True)
    assert shelf.find(ITEM, detection.image_id) == replace(written, resumed=True)


def test_a_table_round_trips(shelf: Shelf, detection: Detection) -> None:
    shelf.write(detection, Path("a.png"))
    table = shelf.read_table(ITEM)
    assert dict(table.schema) == SCHEMA
    assert table.equals(to_table(detection))


def test_a_row_says_what_the_decision_says(detection: Detection) -> None:
    table, decisions, evidence = to_table(detection), detection.decisions, detection.evidence
    assert table["region"].to_list() == detection.candidates.numbers.tolist()
    assert {"accepted", "filtered", "refused"} <= set(table["outcome"])
    for row, told in enumerate(table.iter_rows(named=True)):
        assert told["item"] == "images:ordner/äpfel.png"
        assert told["outcome"] == decisions.outcomes[row].value
        assert told["class"] == decisions.class_map[int(decisions.labels[row])]
        assert told["score"] == (float(decisions.positive[row]) + 1) / 2
        assert told["positive"] == decisions.positive[row]
        assert told["negative"] == decisions.negative[row]
        assert told["nearest_positive"] == decisions.nearest_positive[row]
        assert told["nearest_negative"] == decisions.nearest_negative[row] == "negative/blue.png"
        assert told["nearest_positive_cosine"] == evidence.scores.nearest[row, 0]
        assert told["nearest_negative_cosine"] == evidence.scores.nearest_negative_cosine[row]
        assert told["rank"] == evidence.rank[row]
        assert told["surround"] == evidence.surround[row]
        assert told["shape_distance"] == evidence.shape_distance[row]
        assert told["border_distance"] == evidence.border_distance[row]
        assert told["area"] == detection.candidates.masks.areas[row]
        assert [told[k] for k in ("x0", "y0", "x1", "y1")] == detection.candidates.boxes.xyxy[row].tolist()
        assert told["quality"] == detection.candidates.quality[row]
        assert told["origin"] == detection.candidates.origins[row]
        assert told["by_class"] == evidence.scores.by_class[row].tolist()
        assert told["nearest"] == evidence.scores.nearest[row, : len(told["nearest"])].tolist()
        assert np.isnan(evidence.scores.nearest[row, len(told["nearest"]) :]).all()
        assert told["blocks"] == [asdict(block) for block in decisions.blocks[row]]
        flip = decisions.flips[row]
        assert [(c["setting"], c["value"]) for c in told["flip"]] == list(flip.changes if flip else ())
        assert bool(told["flip"]) == (decisions.outcomes[row] is not Outcome.ACCEPTED)


def test_masks_come_back_exactly(detection: Detection) -> None:
    table = to_table(detection)
    masks = masks_of(table, detection.size_hw)
    assert masks.runs.tolist() == detection.candidates.masks.runs.tolist()
    assert masks.offsets.tolist() == detection.candidates.masks.offsets.tolist()
    some = masks_of(table.reverse().head(3), detection.size_hw)
    np.testing.assert_array_equal(some.to_dense(), detection.candidates.masks.to_dense()[::-1][:3])


def test_what_has_no_number_is_null(detection: Detection) -> None:
    scores = detection.evidence.scores
    nothing = np.full(len(scores), np.nan, np.float32)
    unknown = replace(scores, negative=nothing, nearest_negative_cosine=nothing)
    table = to_table(
        replace(
            detection,
            evidence=replace(detection.evidence, scores=unknown),
            decisions=replace(detection.decisions, negative=nothing),
        )
    )
    assert table["negative"].null_count() == table["nearest_negative_cosine"].null_count() == len(scores)


def test_no_candidates_make_an_empty_table_of_the_same_columns(shelf: Shelf, detection: Detection) -> None:
    nothing = replace(
        detection,
        candidates=Candidates.born(ITEM, detection.candidates.masks[:0]),
        evidence=replace(
            detection.evidence,
            **{
                name: getattr(detection.evidence, name)[:0]
                for name in (
                    "area_frac",
                    "border_distance",
                    "quality",
                    "surround",
                    "shape_distance",
                    "scores",
                )
            },
            outlines=measure_outlines(detection.candidates.masks[:0]),
        ),
        decisions=detection.decisions[:0],
    )
    shelf.write(nothing, Path("a.png"))
    table = shelf.read_table(ITEM)
    assert dict(table.schema) == SCHEMA
    assert table.height == 0
    assert len(masks_of(table, detection.size_hw)) == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_size(path: Path) -> None:
    record = json.loads(path.read_text())
    del record["size_hw"]
    path.write_text(json.dumps(record))


def of_a_later_version(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mood": "good"}))


@pytest.mark.parametrize(
    ("which", "harm"),
    [
        ("table", cut),
        ("table", Path.unlink),
        ("table", lambda path: path.write_bytes(b"")),
        ("record", cut),
        ("record", Path.unlink),
        ("record", without_size),
        ("record", of_a_later_version),
        ("record", lambda path: path.write_text("[]")),
        ("record", lambda path: path.write_bytes(b"\xff\xfe")),
    ],
)
def test_what_was_harmed_is_not_done(
    shelf: Shelf, detection: Detection, which: str, harm: Callable[[Path], object]
) -> None:
    shelf.write(detection, Path("a.png"))
    assert shelf.find(ITEM, detection.image_id) is not None
    harm(shelf.table_path(ITEM) if which == "table" else shelf.record_path(ITEM))
    assert shelf.find(ITEM, detection.image_id) is None


def test_another_content_or_item_is_not_done(shelf: Shelf, detection: Detection) -> None:
    assert shelf.find(ITEM, detection.image_id) is None
    shelf.write(detection, Path("a.png"))
    assert shelf.find(ITEM, ImageId.of_bytes(b"changed")) is None
    assert shelf.find(ItemId("images", "other.png"), detection.image_id) is None


def test_nothing_but_results_lies_on_the_shelf(shelf: Shelf, detection: Detection) -> None:
    shelf.write(detection, Path("a.png"))
    shelf.write(detection, Path("a.png"))
    assert set(shelf.folder.iterdir()) == {shelf.table_path(ITEM), shelf.record_path(ITEM)}
