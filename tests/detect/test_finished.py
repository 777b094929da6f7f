"""A finished run, opened: what it covers, and what is said of one that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lydite.core import InputError, UsageError
from lydite.detect.finished import FinishedRun
from reports.fake_run import FakeRun


def test_a_finished_run_knows_its_pictures(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    fake.add()
    fake.add_failed("broken.jpg", "ends early")
    run = fake.finish()
    assert [record.item for record in run.records] == [record.item for record in fake.records[:2]]
    assert run.failed == ("pictures:broken.jpg",)
    assert run.count() == (2, 1)
    assert list(run.class_map) == ["apple", "pear"]
    assert len(run.read_table(next(iter(run.records)))) == 24


def test_pictures_of_earlier_calls_are_not_the_runs(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    fake.add()
    kept = fake.records.pop()
    run = fake.finish()
    assert kept.item not in {record.item for record in run.records}
    assert len(run.records) == 1


def test_records_are_read_when_their_turn_comes_and_never_held(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    for _ in range(3):
        fake.add()
    run = fake.finish()
    records = iter(run.records)
    first = next(records)
    (gone,) = (path for path in run.folder.shelf.folder.glob("*.json") if "picture-0002" in path.name)
    gone.unlink()
    assert next(records).item == "pictures:picture-0001.png"
    with pytest.raises(InputError, match=r"The result of pictures:picture-0002\.png in"):
        next(records)
    assert next(iter(run.records)) == first
    assert next(iter(run.records)) is not first


def test_no_run_and_an_unfinished_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no run\. Name the folder that was the --out"):
        FinishedRun.open(tmp_path)
    fake = FakeRun(tmp_path)
    with pytest.raises(UsageError, match=r"has not come to its end\. Give the same lydite detect run again"):
        FinishedRun.open(fake.run.path)


def test_a_damaged_description(tmp_path: Path) -> None:
    run = FakeRun(tmp_path).finish()
    (run.path / "run.json").write_text("[]")
    with pytest.raises(InputError, match=r"run\.json describes no run"):
        FinishedRun.open(run.path)
    described = dict(run.description)
    del described["space"]
    (run.path / "run.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match=r"run\.json describes no run\. Run again .* Seen: 'space'"):
        FinishedRun.open(run.path)


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"item": "nocolon", "status": "done"}', '"x"'])
def test_a_damaged_list_names_its_line(tmp_path: Path, line: str) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    run = fake.finish()
    with (run.path / "pictures.jsonl").open("a") as file:
        file.write(line)
    with pytest.raises(InputError, match=r"pictures\.jsonl, line 2: is no entry of the list"):
        run.count()


def test_damaged_results(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    run = fake.finish()
    for table in (run.path / "pictures").glob("*.parquet"):
        table.write_bytes(b"")
    told = r"The result of pictures:picture-0000\.png in .* cannot be read\. Give the same lydite detect run"
    with pytest.raises(InputError, match=told):
        run.read_table(next(iter(run.records)))
    for record in (run.path / "pictures").glob("*.json"):
        record.unlink()
    with pytest.raises(InputError, match=told):
        list(FinishedRun.open(run.path).records)
