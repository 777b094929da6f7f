from __future__ import annotations

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
    assert list(run.class_map) == ["apple", "pear"]
    assert len(run.read_table(run.records[0])) == 24


def test_pictures_of_earlier_calls_are_not_the_runs(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    fake.add()
    kept = fake.records.pop()
    run = fake.finish()
    assert kept.item not in {record.item for record in run.records}
    assert len(run.records) == 1


def test_no_run_and_an_unfinished_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no run\. Name the folder that was the --out"):
        FinishedRun.open(tmp_path)
    fake = FakeRun(tmp_path)
    with pytest.raises(UsageError, match=r"The run in .* is not finished\. Give its command again"):
        FinishedRun.open(fake.run.path)


def test_a_damaged_run(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    fake.add()
    run = fake.finish()
    (fake.run.path / "summary.json").write_text("{")
    with pytest.raises(InputError, match=r"The run in .* cannot be read: JSONDecodeError"):
        FinishedRun.open(fake.run.path)
    fake.finish()
    for table in (fake.run.path / "pictures").glob("*.parquet"):
        table.write_bytes(b"")
    with pytest.raises(InputError, match=r"The candidates of pictures:.* cannot be read"):
        run.read_table(run.records[0])
    for record in (fake.run.path / "pictures").glob("*.json"):
        record.unlink()
    with pytest.raises(InputError, match=r"cannot be read: KeyError\('no record of picture-0000.png'\)"):
        FinishedRun.open(fake.run.path)
