"""Where weights come from, and which pictures are one: what the command line finds out by itself."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.core import InputError, UsageError
from lydite.features.weights import EMBEDDED
from lydite.train import ImageTask, changed, open_run
from lydite.train.recipe import Recipe
from lydite.train.twins import read_twins
from lydite.train.weights import parents_of
from train.fruit import draw, task_of
from train.test_run import spec_of


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ImageTask:
    return task_of(draw(tmp_path_factory.mktemp("fruit"), 4))


def test_weights_of_a_run_are_that_run(tmp_path: Path, task: ImageTask) -> None:
    spec = spec_of(task)
    with open_run(tmp_path / "run", spec) as run:
        file = run.checkpoints(1) / "model.safetensors"
        file.write_bytes(b"weights")
    loose = tmp_path / "loose.safetensors"
    loose.write_bytes(b"weights")
    (mine,) = parents_of(changed(Recipe(), {"backbone.checkpoint": str(file)}), "nothing")
    assert (mine.name, mine.folder) == (f"{spec.id}/1", str(tmp_path / "run"))
    (found,) = parents_of(changed(Recipe(), {"backbone.checkpoint": str(loose)}), "pixels")
    assert (found.saw, found.folder) == ("pixels", "")
    assert found.name.endswith(", said to have seen pixels")
    with pytest.raises(
        UsageError, match=r"none.pth cannot be read: No such file .* Check backbone.checkpoint"
    ):
        parents_of(changed(Recipe(), {"backbone.checkpoint": "none.pth"}))


def test_every_network_has_an_ancestor_and_the_descriptor_none() -> None:
    (embedded,) = parents_of(Recipe())
    assert len(embedded.digest) == 64
    assert EMBEDDED.is_file()
    assert parents_of(changed(Recipe(), {"backbone.name": "descriptor"})) == ()
    (timm,) = parents_of(changed(Recipe(), {"backbone.name": "resnet18"}), "unknown")
    assert timm.name == "weights of resnet18, said to have seen unknown"


def test_twins_are_read_from_a_scan(tmp_path: Path, task: ImageTask) -> None:
    one, other = (str(item) for item in task.items[:2])
    pairs = {"left": [one, other, one, one], "right": [other, one, one, "nobody:x"]}
    pl.DataFrame(pairs).write_parquet(tmp_path / "pairs.parquet")
    assert read_twins(tmp_path, task) == (tuple(sorted(task.pictures[:2])),)
    with pytest.raises(InputError, match=r"holds no finished scan: .* Run 'lydite clean scan' first\."):
        read_twins(tmp_path / "none", task)
