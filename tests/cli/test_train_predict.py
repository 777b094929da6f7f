"""``lydite train predict`` as a person types it."""

from __future__ import annotations

import csv
from pathlib import Path

from cli.support_cli import lydite
from train.fruit import draw


def test_every_picture_is_a_row_of_the_table(tmp_path: Path) -> None:
    pictures = draw(tmp_path / "fruit", 6)
    small = ("--set", "backbone.name=descriptor", "--set", "backbone.side=64", "--quiet", "--folds", 2)
    made = lydite(
        "train", "run", pictures, *small, "--out", tmp_path / "runs" / "a", "--cache", tmp_path / "c"
    )
    assert made.code == 0, made.err
    photos = draw(tmp_path / "photos", 2, seed=3)
    (photos / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "answers.csv"
    asked = ("train", "predict", tmp_path / "runs" / "a", photos, "--out", out, "--quiet")
    done = lydite(*asked, "--tta", "geo8", "--views", 3, "--workers", 2)
    assert done.code == 0, done.err
    assert "predicted    6 of 7 pictures (6 clean)" in done.out
    assert "torn.png" in done.err
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 7
    assert sum(row["reason"] != "" for row in rows) == 1
    kept = tmp_path / "runs" / "a" / "predictions" / "views"
    assert {path.stem for path in kept.glob("*.parquet")} == {"identity", "mirror", "mirror_down"}
    refused = lydite(*asked, "--tta", "flip", "--views", 3)
    assert (refused.code, "must be 1..2" in refused.err) == (2, True)
    none = lydite("train", "predict", tmp_path / "runs" / "a", tmp_path / "nowhere", "--out", out)
    assert none.code == 2
