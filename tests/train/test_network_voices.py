"""Fine-tuned networks of a run say of any picture what they say of the plain view of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402 - after the check for it

from lydite.core import ClassMap  # noqa: E402
from lydite.data import ImageFile, load_image  # noqa: E402
from lydite.engines import Serial  # noqa: E402
from lydite.train.augment import plain_view  # noqa: E402
from lydite.train.network import Network, build_network, predict_logits, save_network  # noqa: E402
from lydite.train.predict import predict_files  # noqa: E402
from lydite.train.recipe import Recipe, changed  # noqa: E402
from lydite.train.tta import combine, views_of  # noqa: E402
from train.fruit import draw, task_of  # noqa: E402
from train.made_runs import make_run  # noqa: E402

pytestmark = pytest.mark.torch
SIDE = 64


def network(classes: ClassMap, seed: int) -> Network:
    made = build_network("embedded", classes)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weights in made.module.named_parameters():
            if weights.ndim == 2 and weights.shape[0] == len(classes):
                weights.normal_(std=0.5)
            assert name
    made.module.eval()
    return made


def test_they_answer_as_by_hand(tmp_path: Path) -> None:
    task = task_of(draw(tmp_path / "fruit", each=4))
    recipe = changed(Recipe(), {"speed": "fine_tune", "backbone.side": SIDE})
    run = make_run(tmp_path / "run", task, recipe=recipe)
    networks = [network(task.classes, fold) for fold in run.status.done]
    for fold, one in enumerate(networks):
        path = run.folder / "checkpoints" / f"fold-{fold}" / "model.safetensors"
        path.parent.mkdir()
        save_network(one, path)
    views = views_of("flip")
    files = [ImageFile(task.items[row], Path(task.paths[row])) for row in (0, 5)]
    for said in predict_files(run, files, views, Serial()):
        pixels = load_image(said.file.path).pixels
        shares = []
        for one in networks:
            seen = [plain_view(np.ascontiguousarray(view.apply(pixels)), SIDE)[None] for view in views]
            logits = combine([predict_logits(one, view) for view in seen])[0].astype(np.float64)
            shares.append(np.exp(logits) / np.exp(logits).sum())
        np.testing.assert_allclose(said.probabilities, np.mean(shares, axis=0), atol=1e-6)
