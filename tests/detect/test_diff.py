"""Laws of the difference of two runs."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import InputError, InvalidValue
from lydite.detect.causes import Cause
from lydite.detect.diff import APPEARED, MOVED, RECLASSED, VANISHED, RunDiff, diff_runs, pair_instances
from lydite.detect.diff_record import OTHER_SPACES, class_rows, diff_record
from lydite.detect.finished import FinishedRun
from reports.fake_run import FakeRun


@pytest.fixture
def run(tmp_path: Path) -> FinishedRun:
    fake = FakeRun(tmp_path / "a")
    for _ in range(3):
        fake.add(candidates=40, lift=0.1)
    return fake.finish()


def variant(run: FinishedRun, **description: Any) -> FinishedRun:
    """A copy of a run whose description says something else."""
    copy = run.path.parent / f"copy-{len(list(run.path.parent.iterdir()))}"
    shutil.copytree(run.path, copy)
    described = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**described, **description}))
    return FinishedRun.open(copy)


def edit(run: FinishedRun, number: int, **columns: pl.Expr) -> FinishedRun:
    """Change the table of one picture."""
    (path,) = [p for p in run.folder.shelf.folder.glob("*.parquet") if f"picture-{number:04}" in p.name]
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)
    return FinishedRun.open(run.path)


def first_accepted(run: FinishedRun, number: int = 0) -> dict[str, Any]:
    table = run.read_table(list(run.records)[number])
    return table.filter(pl.col("outcome") == "accepted").row(0, named=True)


def row_is(region: int) -> pl.Expr:
    return pl.col("region") == region


def sides(diff: RunDiff) -> Counter[tuple[str, str, str]]:
    return Counter(
        (c.kind, str(c.before.region) if c.before else "", str(c.after.region) if c.after else "")
        for c in diff.changes
    )


def mirrored(diff: RunDiff) -> Counter[tuple[str, str, str]]:
    other = {APPEARED: VANISHED, VANISHED: APPEARED}
    return Counter({(other.get(kind, kind), b, a): n for (kind, a, b), n in sides(diff).items()})


def test_a_run_does_not_differ_from_itself(run: FinishedRun) -> None:
    diff = diff_runs(run, run)
    assert diff.changes == ()
    assert diff.causes == ()
    assert sum(diff.same.values()) > 5
    assert (diff.only_before, diff.only_after, diff.resized, diff.altered) == ((), (), (), ())


def test_the_other_way_round_is_the_mirror(run: FinishedRun) -> None:
    other = edit(
        variant(run, settings={**run.settings, "min_pos_score": 0.7}),
        0,
        outcome=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("refused")).otherwise(pl.col("outcome")),
    )
    other = edit(other, 1, score=pl.col("score") + 0.1 * (pl.int_range(pl.len()) % 2))
    other = edit(other, 2, **{"class": pl.lit("pear")})
    there, back = diff_runs(run, other), diff_runs(other, run)
    assert {kind for kind, *_ in sides(there)} >= {VANISHED, RECLASSED, MOVED}
    assert sides(back) == mirrored(there)
    assert [(c.name, c.before, c.after) for c in back.causes] == [
        (c.name, c.after, c.before) for c in there.causes
    ]
    assert back.same == there.same


def test_a_vanished_instance_names_the_rule_and_the_setting(run: FinishedRun) -> None:
    row = first_accepted(run)
    block = {"rule": "min_pos_score", "value": 0.6, "threshold": 0.7, "against": None}
    blocks = (
        pl.when(row_is(row["region"])).then(pl.lit([block], pl.List(_block_type(run)))).otherwise("blocks")
    )
    outcome = pl.when(row_is(row["region"])).then(pl.lit("refused")).otherwise("outcome")
    other = edit(
        variant(run, settings={**run.settings, "min_pos_score": 0.7}), 0, blocks=blocks, outcome=outcome
    )
    diff = diff_runs(run, other)
    (change,) = diff.changes
    assert change.kind == VANISHED
    assert change.fate is not None
    assert (change.fate.outcome, change.fate.region) == ("refused", row["region"])
    assert [block.rule for block in change.fate.blocks] == ["min_pos_score"]
    assert change.causes == diff.causes == (Cause("setting", "min_pos_score", 0.78, 0.7),)
    (told,) = diff_record(diff)["changes"]
    assert told["causes"] == ["min_pos_score"]
    assert told["in_the_other_run"]["outcome"] == "refused"


def _block_type(run: FinishedRun) -> Any:
    return run.read_table(next(iter(run.records))).schema["blocks"].inner  # type: ignore[attr-defined]


def test_a_class_change_counts_on_both_sides(run: FinishedRun) -> None:
    row = first_accepted(run)
    swapped = "pear" if row["class"] == "apple" else "apple"
    name = pl.when(row_is(row["region"])).then(pl.lit(swapped)).otherwise(pl.col("class"))
    diff = diff_runs(run, edit(variant(run), 0, **{"class": name}))
    (change,) = diff.changes
    assert change.kind == RECLASSED
    assert change.iou == pytest.approx(1)
    rows = {entry.name: entry for entry in class_rows(diff)}
    assert (rows[row["class"]].left, rows[swapped].joined) == (1, 1)


def test_moves_are_counted_from_the_least_on(run: FinishedRun) -> None:
    row = first_accepted(run)
    score = pl.when(row_is(row["region"])).then(pl.col("score") + 0.05).otherwise("score")
    other = edit(variant(run), 0, score=score)
    (change,) = diff_runs(run, other).changes
    assert change.kind == MOVED
    assert change.score_change == pytest.approx(0.05)
    assert diff_runs(run, other, min_move=0.06).changes == ()


def test_scores_of_two_spaces_are_not_compared(run: FinishedRun) -> None:
    other = edit(
        variant(run, space={**run.description["space"], "encoder": "another"}), 0, score=pl.col("score") / 2
    )
    diff = diff_runs(run, other)
    assert diff.changes == ()
    assert not diff.one_space
    record = diff_record(diff)
    assert record["scores_not_compared"] == OTHER_SPACES
    assert {row["moved"] for row in record["by_class"]} == {None}
    assert record["causes"] == [{"kind": "space", "name": "encoder", "before": "made-up", "after": "another"}]


def test_classes_and_exemplars_that_differ_are_named(run: FinishedRun) -> None:
    exemplars = run.description["exemplars"]
    changed = [{**exemplars[0], "picture": "0" * 64}, *exemplars[2:]]
    diff = diff_runs(run, variant(run, classes=["apple", "pear", "plum"], exemplars=changed))
    assert [(c.kind, c.name, c.before is None, c.after is None) for c in diff.causes] == [
        ("class", "plum", True, False),
        ("exemplar", exemplars[0]["name"], False, False),
        ("exemplar", exemplars[1]["name"], False, True),
    ]
    assert [row.name for row in class_rows(diff)] == ["apple", "pear", "plum"]


def test_pictures_of_one_run_only_are_left_out_by_name(tmp_path: Path, run: FinishedRun) -> None:
    fake = FakeRun(tmp_path / "b")
    for _ in range(4):
        fake.add(candidates=40, lift=0.1)
    fake.records.pop(0)
    diff = diff_runs(run, fake.finish())
    assert diff.only_before == ("pictures:picture-0000.png",)
    assert diff.only_after == ("pictures:picture-0003.png",)
    assert len(diff.pairs) == 2
    assert diff.changes == ()


def test_a_renamed_picture_is_found_by_its_content(tmp_path: Path, run: FinishedRun) -> None:
    fake = FakeRun(tmp_path / "b")
    for number in range(3):
        fake.add(f"renamed-{number}.png", candidates=40, lift=0.1)
    diff = diff_runs(run, fake.finish())
    assert len(diff.pairs) == 3
    assert diff.changes == ()


def test_another_content_is_compared_and_another_size_is_not(tmp_path: Path, run: FinishedRun) -> None:
    fake = FakeRun(tmp_path / "b")
    fake.add(candidates=40, pixels=np.zeros((48, 64, 3), np.uint8))
    fake.add(candidates=40, size_hw=(50, 64))
    diff = diff_runs(run, fake.finish())
    assert diff.altered == ("pictures:picture-0000.png",)
    assert diff.resized == ("pictures:picture-0001.png",)


def test_nothing_in_common(tmp_path: Path, run: FinishedRun) -> None:
    fake = FakeRun(tmp_path / "b")
    fake.add("other.png", size_hw=(20, 20))
    with pytest.raises(
        InputError, match=r"have no picture in common\. Compare runs over the same pictures\."
    ):
        diff_runs(run, fake.finish())


def test_numbers_out_of_range(run: FinishedRun) -> None:
    with pytest.raises(InvalidValue, match=r"threshold must be in \(0, 1\]\. Seen: 0"):
        diff_runs(run, run, threshold=0)
    with pytest.raises(InvalidValue, match=r"min_move must be above 0\. Seen: 0"):
        diff_runs(run, run, min_move=0)


@given(
    st.integers(0, 5).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.sampled_from([0.0, 0.5, 0.7]), min_size=n, max_size=n), max_size=5),
            st.lists(st.sampled_from("ab"), min_size=5, max_size=5),
            st.lists(st.sampled_from("ab"), min_size=5, max_size=5),
        )
    )
)
def test_pairs_of_the_transposed_overlaps_are_the_transposed_pairs(
    drawn: tuple[list[list[float]], list[str], list[str]],
) -> None:
    rows, before, after = drawn
    iou = np.array(rows, np.float32).reshape(len(rows), len(rows[0]) if rows else 0)
    pairs = pair_instances(iou, before, after, 0.5)
    back = pair_instances(iou.T, after, before, 0.5)
    assert sorted((b, a) for a, b in back) == pairs
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
