"""A scan of real files: everything found, resumed, decided, and test data untouched."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import polars as pl
import pytest

import lydite.clean.look
import lydite.clean.scan
from clean.piles import scenery, version_of, write
from lydite.clean import (
    AGGRESSIVE,
    CHECKS,
    FinishedScan,
    Scan,
    ScanSettings,
    cleaned_version,
    write_decisions,
)
from lydite.core import InputError, OutputConflict
from lydite.data.dataset import DatasetVersion
from lydite.engines import Processes, Serial
from lydite.features import EncoderSettings

PLAIN = ScanSettings(semantic=False)


@pytest.fixture
def version(tmp_path: Path) -> DatasetVersion:
    """Good pictures, and one of each trouble; the split test has the same troubles."""
    root = tmp_path / "pictures"
    rows = []
    for split, seed in (("train", 0), ("test", 50)):
        pictures = {f"good{n}": scenery(seed + n) for n in range(6)}
        pictures["tiny"] = scenery(seed + 10, (30, 40))
        pictures["copy"] = pictures["good0"]
        pictures["flip"] = np.ascontiguousarray(pictures["good1"][:, ::-1])
        pictures["blurred"] = cv2.GaussianBlur(scenery(seed + 11), (0, 0), 6).astype(np.uint8)
        for name, pixels in pictures.items():
            write(root / split / f"{name}.png", pixels)
            rows.append({"path": f"{split}/{name}.png", "split": split, "label": "pear"})
        (root / split / "torn.png").write_bytes((root / split / "good0.png").read_bytes()[:300])
        rows.append({"path": f"{split}/torn.png", "split": split, "label": "pear"})
    write(root / "train" / "leak.png", scenery(52))
    rows.append({"path": "train/leak.png", "split": "train", "label": "plum"})
    return version_of(root, rows)


def scan_of(version: DatasetVersion, folder: Path, settings: ScanSettings = PLAIN) -> Scan:
    return Scan(folder, version.items, version.picture_paths(), settings, version.id)


def run(work: Scan) -> FinishedScan:
    assert sum(work.look(Serial())) == len(work.items)
    work.compare()
    return FinishedScan.open(work.folder)


def checks_of(found: FinishedScan) -> set[tuple[str, str]]:
    return set(found.findings.select("item", "check").iter_rows())


def test_every_trouble_is_found(version: DatasetVersion, tmp_path: Path) -> None:
    found = checks_of(run(scan_of(version, tmp_path / "scan")))
    for split in ("train", "test"):
        assert (f"shop:{split}/tiny.png", "small") in found
        assert (f"shop:{split}/torn.png", "undecodable") in found
        assert (f"shop:{split}/blurred.png", "blur") in found
    pairs = {item for item, check in found if check == "near_duplicate"}
    assert {"shop:train/flip.png", "shop:train/good1.png"} & pairs
    assert ("shop:train/good0.png", "exact_duplicate") in found  # by id, the copy stays
    assert ("shop:train/leak.png", "split_leak") in found
    assert {("shop:train/leak.png", "label_conflict"), ("shop:test/good2.png", "label_conflict")} <= found


def test_test_data_are_never_touched(version: DatasetVersion, tmp_path: Path) -> None:
    """Neither rows nor bytes, though every trouble stands there too, and copies elsewhere give way."""
    root = tmp_path / "pictures"
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in root.rglob("*.png")}
    found = run(scan_of(version, tmp_path / "scan"))
    decided = write_decisions(found, AGGRESSIVE, tmp_path / "tables")
    after = cleaned_version(version, decided, "anna", "cleaned")
    tested = pl.col("split") == "test"
    assert after.items.filter(tested).equals(version.items.filter(tested))
    assert decided.filter(tested)["spared"].sum() >= 4
    gone = set(version.items["item"]) - set(after.items["item"])
    assert {"shop:train/tiny.png", "shop:train/torn.png", "shop:train/leak.png"} <= gone
    assert after.parent == version.id
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in root.rglob("*.png")} == before


def test_tables_agree_with_decisions(version: DatasetVersion, tmp_path: Path) -> None:
    found = run(scan_of(version, tmp_path / "scan"))
    folder = tmp_path / "tables"
    decided = write_decisions(found, AGGRESSIVE, folder)
    read = {
        name: set(pl.read_csv(folder / "tables" / f"{name}.csv")["item"]) for name in ("strict", "aggressive")
    }
    dropped = set(decided.filter(pl.col("decision") == "drop")["item"])
    aside = set(decided.filter(pl.col("decision") == "quarantine")["item"])
    everything = set(decided["item"])
    assert dropped
    assert aside
    assert read == {"strict": everything - dropped, "aggressive": everything - dropped - aside}
    assert set(pl.read_csv(folder / "quarantine.csv")["item"]) == aside
    write_decisions(found, AGGRESSIVE, folder)
    (folder / "quarantine.csv").write_text("my notes")
    with pytest.raises(OutputConflict, match="changed since"):
        write_decisions(found, AGGRESSIVE, folder)


def test_processes_and_a_second_run_give_the_same(version: DatasetVersion, tmp_path: Path) -> None:
    settings = ScanSettings(encoder=EncoderSettings(encoder="descriptor", short_side=64))
    one = scan_of(version, tmp_path / "one", settings)
    first = run(one)
    other = scan_of(version, tmp_path / "other", settings)
    assert sum(other.look(Processes(2), tmp_path / "cache")) == len(version.items)
    second = run(other)
    assert first.scores.equals(second.scores, null_equal=True)
    assert first.findings.equals(second.findings)
    assert "label_issue" in first.scores.columns


def test_what_was_looked_at_is_not_looked_at_again_unless_it_changed(
    version: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lydite.clean.parts, "PART", 4)
    monkeypatch.setattr(lydite.clean.scan, "PART", 4)
    work = scan_of(version, tmp_path / "scan")
    looking = work.look(Serial())
    assert [next(looking), next(looking)] == [0, 4]
    del looking  # killed after the first part
    with pytest.raises(InputError, match="has not come to its end"):
        FinishedScan.open(work.folder)
    assert next(work.look(Serial())) == 4
    run(work)
    assert next(work.look(Serial())) == len(version.items)
    write(version.picture_paths()[0], scenery(99, (40, 50)))
    assert next(work.look(Serial())) == len(version.items) - 4
    assert run(work).scores["height"][0] == 40


def test_a_folder_of_another_scan_is_refused(version: DatasetVersion, tmp_path: Path) -> None:
    run(scan_of(version, tmp_path / "scan"))
    other = replace(
        scan_of(version, tmp_path / "scan"), items=version.items.with_columns(label=pl.lit("plum"))
    )
    with pytest.raises(OutputConflict, match="other items, or by other settings"):
        next(other.look(Serial()))
    with pytest.raises(OutputConflict, match="no new or empty folder"):
        next(scan_of(version, tmp_path / "pictures").look(Serial()))
    with pytest.raises(InputError, match="holds no scan"):
        FinishedScan.open(tmp_path)


def broken(*_: object) -> float:
    raise ZeroDivisionError("of its own")


@pytest.mark.parametrize("name", ["blur", "near_duplicate", "label_issue"])
def test_a_crashed_check_is_a_finding(
    version: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    check = CHECKS[name]
    bad = replace(check, of_picture=broken) if check.of_picture else replace(check, of_pile=broken)  # type: ignore[arg-type]
    table = MappingProxyType({**CHECKS, name: bad})
    monkeypatch.setattr(lydite.clean.look, "CHECKS", table)
    monkeypatch.setattr(lydite.clean.scan, "CHECKS", table)
    settings = ScanSettings(encoder=EncoderSettings(encoder="descriptor", short_side=32))
    found = run(scan_of(version, tmp_path / "scan", settings)).findings
    crashed = found.filter(pl.col("check") == name, pl.col("severity") == "crashed")
    readable = 2 * 10 + 1
    assert len(crashed) == (readable if check.of_picture else 1)
    assert crashed["evidence"][0] == "the check crashed: ZeroDivisionError: of its own"
    assert crashed["score"].null_count() == len(crashed)
    others = found.filter(pl.col("check") == "small")
    assert len(others) == 2


def test_an_empty_version_has_an_empty_scan(tmp_path: Path) -> None:
    found = run(scan_of(version_of(tmp_path, []), tmp_path / "scan"))
    assert len(found.scores) == len(found.findings) == 0
