from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from cli.support_cli import detect
from pictures import RED, disc, ground, save, write_examples


def test_a_cluster_detects_what_one_process_detects(cluster: Any, tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", {"red": RED})
    for number in range(4):
        picture = disc(ground((96, 128), number), (30 + 9 * number, 40), 14, RED)
        save(picture, tmp_path / "scenes" / f"{number}.png")
    serial, shared = tmp_path / "serial", tmp_path / "shared"
    assert detect(tmp_path / "scenes", examples, serial, "--no-pages").code == 0
    address = ("--engine", "ray", "--ray-address", cluster.address)
    assert detect(tmp_path / "scenes", examples, shared, "--no-pages", *address).code == 0
    assert_frame_equal(
        pl.read_parquet(serial / "decisions.parquet"), pl.read_parquet(shared / "decisions.parquet")
    )
    assert (serial / "instances.json").read_bytes() == (shared / "instances.json").read_bytes()
    # Two machines work; one that another test has just removed may still be counted.
    assert json.loads((shared / "summary.json").read_text())["workers"] >= 2


def test_gpus_that_the_cluster_lacks_are_a_usage_error(cluster: Any, tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", {"red": RED})
    outcome = detect(examples, examples, tmp_path / "out", "--engine", "ray", "--ray-gpus", "3")
    assert outcome.code == 2
    assert "no room for a worker, which takes 1 CPU and 3 GPU" in outcome.err
    assert not (tmp_path / "out").exists()
