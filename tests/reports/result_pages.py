"""An evaluation and a difference of the same run, written once for many tests."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from detect.finished_runs import evaluated, own_truth
from lydite.detect.diff import diff_runs
from lydite.detect.finished import FinishedRun
from lydite.detect.truth import TruthSource
from lydite.reports import write_diff, write_evaluation, write_run_pages
from reports.conftest import HOSTILE, HOSTILE_CLASS
from reports.fake_run import FakeRun


@dataclass(frozen=True)
class Written:
    """Pages on disk.

    Args:
        fake: The run that they are about.
        evaluation: Folder of its evaluation.
        diff: Folder of its difference from a changed copy.
    """

    fake: FakeRun
    evaluation: Path
    diff: Path


def write_results(root: Path) -> Written:
    """A run with errors of all kinds and hostile names, beside a copy that decided otherwise."""
    fake = FakeRun(root, classes=("apple", HOSTILE_CLASS))
    for _ in range(3):
        fake.add(candidates=60, lift=0.1)
    fake.add(HOSTILE, candidates=40, lift=0.1)
    fake.add_failed("broken <i>.jpg", "ends early")
    run = fake.finish()
    write_run_pages(fake.run, fake.records)
    truth = own_truth(fake, drop=2)
    content = json.loads(truth.read_text())
    for annotation in content["annotations"][::4]:  # some of another class, so that both errors occur
        annotation["category_id"] = 3 - annotation["category_id"]
    truth.write_text(json.dumps(content))
    evaluation = write_evaluation(evaluated(run, TruthSource(truth)), run.path / "evaluation").parent
    other = changed_copy(run)
    return Written(fake, evaluation, write_diff(diff_runs(run, other), other.path / "diff").parent)


def changed_copy(run: FinishedRun) -> FinishedRun:
    """The run again, with another setting, fewer instances, other classes and other scores."""
    copy = run.path.parent / "other"
    shutil.copytree(run.path, copy, ignore=shutil.ignore_patterns("evaluation"))
    described = json.loads((copy / "run.json").read_text())
    described["settings"]["min_pos_score"] = 0.6
    (copy / "run.json").write_text(json.dumps(described))
    place = pl.int_range(pl.len())
    for path in (copy / "pictures").glob("*.parquet"):
        pl.read_parquet(path).with_columns(
            outcome=pl.when(place % 5 == 0).then(pl.lit("refused")).otherwise("outcome"),
            score=pl.col("score") + 0.05 * (place % 5 == 1),
            **{"class": pl.when(place % 5 == 2).then(pl.lit("apple")).otherwise("class")},
        ).write_parquet(path)
    return FinishedRun.open(copy)
