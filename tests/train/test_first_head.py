"""A classifier that begins as a probe answers as a probe, and whoever taught it is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from support import need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402

from lydite.core import UsageError  # noqa: E402
from lydite.features.probe import Logistic, Problem  # noqa: E402
from lydite.features.probe.softmax import softmax  # noqa: E402
from lydite.train import first_head  # noqa: E402
from lydite.train.assembly import build_stream  # noqa: E402
from lydite.train.first_head import is_new, rows_to_begin_with  # noqa: E402
from lydite.train.judge import judge  # noqa: E402
from lydite.train.loop import MODEL, Job, fit  # noqa: E402
from lydite.train.machine import Machine  # noqa: E402
from lydite.train.network import Network  # noqa: E402
from lydite.train.records import Begun, Step  # noqa: E402
from train.drawn import CLASSES, Drawn, draw  # noqa: E402
from train.trainings import job, logits_of, run  # noqa: E402

pytestmark = pytest.mark.torch

PROBE = {"head.start": "probe"}
NETWORKS: dict[str, dict[str, Any]] = {
    "embedded": {},
    "of timm": {"backbone.name": "resnet10t", "backbone.start": "random"},
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return draw(tmp_path_factory.mktemp("drawn"))


def begun(asked: Job) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What the network says of all rows before the first step."""
    records = fit(asked)
    first = next(records)
    assert isinstance(first, Begun)
    assert first.rows.tolist() == asked.train.tolist()
    said = judged(asked)
    assert isinstance(next(records), Step)
    return said


def judged(asked: Job) -> np.ndarray[Any, np.dtype[np.float32]]:
    stream = build_stream(asked.recipe, asked.pictures, None)
    machine = Machine.of(asked.recipe.budget)
    rows = np.arange(len(asked.labels))
    return judge(asked.network, stream, rows, side=32, batch=5, machine=machine)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_answers_as_a_probe_of_the_same_vectors(drawn: Drawn, tmp_path: Path, name: str) -> None:
    asked = job(drawn, tmp_path, NETWORKS[name] | PROBE | {"head.c": 3.0})
    module: Any = asked.network.module
    met: list[torch.Tensor] = []
    watched = module.get_classifier().register_forward_pre_hook(lambda _, given: met.append(given[0]))
    judged(asked)
    watched.remove()
    vectors = torch.cat(met).numpy()
    centred = vectors - vectors[asked.train].mean(axis=0)
    covariance = np.cov(centred[asked.train].T, bias=True)
    least = first_head.LEAST * np.square(vectors[asked.train]).mean()
    usual = max(np.trace(covariance) / len(covariance), least)
    ridge = first_head.SHRINKAGE * usual * np.eye(len(covariance))
    white = np.linalg.solve(scipy.linalg.sqrtm(covariance + ridge).real, centred.T).T
    white /= np.linalg.norm(white[asked.train], axis=1).mean()
    head = Logistic(3.0).fit(Problem(white[asked.train], drawn.labels[asked.train]))
    np.testing.assert_allclose(softmax(begun(asked)), head.predict(white.astype(np.float32)), atol=2e-3)


@pytest.mark.parametrize(("name", "fitted"), [("embedded", True), ("of timm", False)])
def test_by_itself_it_is_fitted_where_no_batch_norm_moves_its_vectors(
    drawn: Drawn, tmp_path: Path, name: str, fitted: bool
) -> None:
    records = run(job(drawn, tmp_path, NETWORKS[name] | {"head.start": "auto"}), steps=1)
    assert isinstance(records[0], Begun) == fitted


def test_a_class_without_a_picture_is_answered_by_nobody(drawn: Drawn, tmp_path: Path) -> None:
    rows = np.flatnonzero(drawn.labels != 1)
    said = begun(job(drawn, tmp_path, PROBE, train=rows, select=np.zeros(0, np.int64)))
    assert np.isfinite(said).all()
    assert set(said.argmax(axis=1)[rows].tolist()) == {0, 2}


def test_it_goes_on_bit_for_bit(drawn: Drawn, tmp_path: Path) -> None:
    whole = job(drawn, tmp_path / "whole", PROBE)
    run(whole)
    cut = job(drawn, tmp_path / "cut", PROBE | {"budget.save_steps": 1})
    run(cut, steps=4)
    again = run(job(drawn, tmp_path / "cut", PROBE | {"budget.save_steps": 1}))
    assert not any(isinstance(record, Begun) for record in again)
    np.testing.assert_array_equal(logits_of(whole), logits_of(cut))


def test_what_a_checkpoint_brought_stays(drawn: Drawn, tmp_path: Path) -> None:
    run(job(drawn, tmp_path / "first"))
    asked = job(drawn, tmp_path / "second", PROBE | {"backbone.checkpoint": str(tmp_path / "first" / MODEL)})
    assert not is_new(asked.network)
    before = judged(asked)
    assert isinstance(next(fit(asked)), Step)
    np.testing.assert_array_equal(before, logits_of(job(drawn, tmp_path / "first")))


def test_a_classifier_that_is_not_linear_is_refused(drawn: Drawn, tmp_path: Path) -> None:
    asked = job(drawn, tmp_path, NETWORKS["of timm"] | PROBE)
    module: Any = asked.network.module
    module.fc = torch.nn.Sequential(torch.nn.Linear(512, 3))
    with pytest.raises(
        UsageError, match=r"cannot begin as a probe: it is not one linear layer\. Set head\.start"
    ):
        next(fit(replace(asked, network=Network(module, asked.network.looks, CLASSES, "own"))))


def test_of_many_pictures_some_of_each_class_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_head, "MOST", 50)
    monkeypatch.setattr(first_head, "MOST_OF_A_CLASS", 2)
    labels = np.repeat(np.arange(10), [500, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    train = np.flatnonzero(np.arange(len(labels)) != 3)
    rows = rows_to_begin_with(labels, train, 0)
    assert len(rows) == 50
    assert (np.diff(rows) > 0).all()
    assert set(rows.tolist()) <= set(train.tolist())
    assert np.unique(labels[rows]).tolist() == list(range(10))
    assert rows.tolist() == rows_to_begin_with(labels, train[::-1], 0).tolist()
    assert rows_to_begin_with(labels, train[:40], 0).tolist() == train[:40].tolist()
