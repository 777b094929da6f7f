"""From examples to numbers: a drawn shelf, two runs, an evaluation and a difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.support_cli import lydite
from lydite.data.shelf import write_shelf
from lydite.detect import FinishedRun, evaluate_run, summarise_matching


def test_a_rendered_shelf_is_evaluated_and_compared(tmp_path: Path) -> None:
    shelf = write_shelf(
        tmp_path / "shelf", 7, scenes=2, exemplars_per_class=2, negatives=3, empty=1, size_hw=(300, 400)
    )
    for preset in ("strict", "soft"):
        command = ("detect", "run", shelf.scenes, shelf.empty, "--positive", shelf.positive)
        outcome = lydite(
            *command, "--negative", shelf.negative, "--preset", preset, "--out", tmp_path / preset
        )
        assert outcome.code == 0, outcome.err
    run = FinishedRun.open(tmp_path / "strict")
    outcome = lydite("detect", "evaluate", run.path, "--truth", shelf.truth, "--draws", 20)
    assert outcome.code == 0, outcome.err
    record = json.loads((run.path / "evaluation" / "evaluation.json").read_text())
    assert record["pictures"] == 3
    expected = summarise_matching(evaluate_run(run.folder, run.records, shelf.truth), 0.5)
    for name in ("precision", "recall", "f1"):
        assert record["overall"][name]["value"] == pytest.approx(expected[name], abs=1e-4)
    assert len(record["misses"]) == expected["missed"] > 0
    assert len(record["false_alarms"]) == expected["invented"] > 0
    page = (run.path / "evaluation" / "misses-1.html").read_text(encoding="utf-8")
    assert 'href="../report/pictures/' in page
    outcome = lydite("detect", "diff", tmp_path / "strict", tmp_path / "soft")
    assert outcome.code == 0, outcome.err
    diff = json.loads((tmp_path / "soft" / "diff" / "diff.json").read_text())
    assert {cause["name"] for cause in diff["causes"]} >= {"min_pos_score", "decision_threshold"}
    appeared = [change for change in diff["changes"] if change["kind"] == "appeared"]
    assert appeared
    assert any(change["causes"] for change in appeared)
