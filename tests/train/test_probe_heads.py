"""Laws of heads on frozen features, on planted problems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lydite.core import CheckpointError, ClassMapMismatch, InvalidValue, LyditeError, UsageError
from lydite.train import Recipe, changed, load_recipe, shipped_recipes
from lydite.train.probe import HEADS, Looks, fit_probe, load_probe, save_probe
from lydite.train.probe.attention import attention_step
from lydite.train.probe.descent import Step, Weights
from lydite.train.probe.looks import grid_weights
from lydite.train.probe.loss import Targets
from lydite.train.probe.mlp import mlp_step
from lydite.train.sections import HeadKind
from strategies import space

RECIPES = {
    kind: changed(load_recipe(name), {"schedule.epochs": 12, "sampling.batch": 32})
    for name, kind in {
        "probe": HeadKind.LINEAR,
        "probe-mlp": HeadKind.MLP,
        "probe-attention": HeadKind.ATTENTION,
        "probe-neighbours": HeadKind.NEIGHBOURS,
    }.items()
}
KINDS = sorted(RECIPES)


def drawn(
    rows: int = 120, classes: int = 3, views: int = 2, noise: float = 0.6
) -> tuple[Looks, npt.NDArray[np.int64]]:
    random = np.random.default_rng(0)
    labels = random.permutation(np.arange(rows) % classes)
    vectors = random.normal(size=(classes, 16))[labels] + noise * random.normal(size=(views, rows, 16))
    cells = vectors[:, :, None] + random.normal(size=(views, rows, 4, 16))
    return looks_of(vectors, cells), labels


def looks_of(vectors: npt.NDArray[np.float64], cells: npt.NDArray[np.float64]) -> Looks:
    unit = [array / np.linalg.norm(array, axis=-1, keepdims=True) for array in (vectors, cells)]
    return Looks(unit[0].astype(np.float32), unit[1].astype(np.float16), space(16))


def test_every_kind_has_a_head_and_a_recipe() -> None:
    assert set(HEADS) == set(HeadKind)
    assert {recipe.head.kind for recipe in shipped_recipes().values()} == set(HeadKind)


@pytest.mark.parametrize("kind", KINDS)
def test_heads_know_separate_classes(kind: HeadKind) -> None:
    looks, labels = drawn()
    rows = np.arange(len(labels))
    probe = fit_probe(looks.of(rows[:80]), labels[:80], 3, RECIPES[kind], (0,))
    assert (probe.logits(looks.of(rows[80:])).argmax(axis=1) == labels[80:]).mean() > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bits_and_what_is_kept_says_the_same(
    kind: HeadKind, tmp_path: Path
) -> None:
    looks, labels = drawn()
    first, second = (fit_probe(looks, labels, 3, RECIPES[kind], (4, 1)) for _ in range(2))
    save_probe(first, tmp_path / "head.npz")
    kept = load_probe(tmp_path / "head.npz", 3)
    said = first.logits(looks)
    assert said.dtype == np.float32
    assert said.tobytes() == second.logits(looks).tobytes() == kept.logits(looks).tobytes()
    other = fit_probe(looks, labels, 3, RECIPES[kind], (4, 2))
    assert (other.logits(looks).tobytes() == said.tobytes()) == (
        kind in {HeadKind.LINEAR, HeadKind.NEIGHBOURS}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_classes_that_were_never_seen_are_ruled_out(kind: HeadKind) -> None:
    looks, labels = drawn()
    probe = fit_probe(looks, np.where(labels == 0, 1, 3), 5, RECIPES[kind], (0,))
    said = probe.logits(looks)
    assert said.shape == (120, 5)
    assert np.isneginf(said[:, [0, 2, 4]]).all()
    assert np.isfinite(said[:, [1, 3]]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_is_always_said(kind: HeadKind) -> None:
    looks, labels = drawn()
    said = fit_probe(looks, np.zeros_like(labels), 1, RECIPES[kind], (0,)).logits(looks)
    assert np.isfinite(said).all()


def test_attention_finds_what_the_mean_hides() -> None:
    random = np.random.default_rng(1)
    labels = np.arange(300) % 3
    cells = random.normal(size=(1, 300, 9, 16))
    mark, signs = np.zeros(16), np.eye(16)[:3] * 6
    mark[8] = 12
    cells[0, np.arange(300), random.integers(0, 9, 300)] = (
        mark + signs[labels] + random.normal(size=(300, 16))
    )
    hidden = looks_of(random.normal(size=(1, 300, 16)), cells)
    recipe = changed(
        RECIPES[HeadKind.ATTENTION], {"schedule.epochs": 100, "head.dropout": 0.0, "optimiser.lr": 0.01}
    )
    rows = np.arange(300)
    found = {}
    for kind in (HeadKind.LINEAR, HeadKind.ATTENTION):
        chosen = recipe if kind is HeadKind.ATTENTION else RECIPES[kind]
        probe = fit_probe(hidden.of(rows[:200]), labels[:200], 3, chosen, (0,))
        found[kind] = (probe.logits(hidden.of(rows[200:])).argmax(axis=1) == labels[200:]).mean()
    assert found[HeadKind.ATTENTION] > 0.9
    assert found[HeadKind.LINEAR] < 0.5


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("head", ["mlp", "attention"])
def test_gradients_are_slopes(head: str, dropout: float) -> None:
    random = np.random.default_rng(2)
    labels = np.array([0, 1, 2, 1, 0, 2])
    recipe = changed(Recipe(), {"loss.class_weights": "balanced", "loss.label_smoothing": 0.1})
    rows, cells = random.normal(size=(6, 5)), random.normal(size=(6, 4, 5))
    targets = Targets.of(labels, recipe)
    weights: dict[str, npt.NDArray[np.float64]]
    if head == "mlp":
        shapes = {"inner": (5, 7), "bias_inner": (7,), "outer": (7, 3), "direct": (5, 3), "bias_outer": (3,)}
        step = mlp_step(rows, targets, dropout)  # type: ignore[arg-type]
    else:
        shapes = {"queries": (5, 2), "outer": (15, 3), "bias_outer": (3,)}
        step = attention_step(rows, lambda batch: cells[batch], targets, dropout)  # type: ignore[arg-type,return-value]
    weights = {name: random.normal(size=shape) for name, shape in shapes.items()}
    _, gradient = slope(step, weights)
    for name, array in weights.items():
        for place in np.ndindex(*array.shape):
            moved = []
            for sign in (1, -1):
                other = {key: value.copy() for key, value in weights.items()}
                other[name][place] += sign * 1e-5
                moved.append(slope(step, other)[0])
            assert gradient[name][place] == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=2e-3, abs=2e-6)


def slope(step: Step, weights: dict[str, npt.NDArray[np.float64]]) -> tuple[float, Weights]:
    return step(weights, np.array([0, 1, 2, 3, 5]), np.random.default_rng(3))  # type: ignore[arg-type]


def test_a_loss_that_explodes_is_told() -> None:
    looks, labels = drawn()
    recipe = changed(RECIPES[HeadKind.MLP], {"optimiser.lr": 1e30, "optimiser.clip": 0.0})
    with (
        np.errstate(all="ignore"),
        pytest.raises(LyditeError, match=r"no number any more in epoch \d+\. Lower optimiser"),
    ):
        fit_probe(looks, labels, 3, recipe, (0,))


def test_balanced_classes_weigh_the_same_in_sum() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    targets = Targets.of(labels, changed(Recipe(), {"loss.class_weights": "balanced"}))
    assert targets.weights[:8].sum() == targets.weights[8:].sum() == pytest.approx(5)
    looks, _ = drawn(10)
    with pytest.raises(UsageError, match=r"The linear head of a probe weighs all rows alike"):
        fit_probe(looks, labels, 2, changed(Recipe(), {"loss.class_weights": "balanced"}), (0,))


@pytest.mark.parametrize(("map_hw", "grid"), [((28, 37), 4), ((2, 3), 4), ((7, 7), 7), ((5, 9), 1)])
def test_a_grid_covers_every_cell_once(map_hw: tuple[int, int], grid: int) -> None:
    weights = grid_weights(map_hw, grid).toarray()
    assert weights.shape == (grid * grid, map_hw[0] * map_hw[1])
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), map_hw[0] * map_hw[1] / grid**2, rtol=1e-5)


def test_damaged_heads_and_heads_of_other_classes_are_refused(tmp_path: Path) -> None:
    looks, labels = drawn()
    path = tmp_path / "head.npz"
    save_probe(fit_probe(looks, labels, 3, RECIPES[HeadKind.LINEAR], (0,)), path)
    with pytest.raises(
        ClassMapMismatch, match=r"head.npz knows 3 classes, and 4 are meant\. Fit a head of these"
    ):
        load_probe(path, 4)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"head.npz is no head of a probe: .* Delete it"):
        load_probe(path)


def test_looks_are_row_aligned() -> None:
    looks, _ = drawn()
    some = looks.of(np.array([3, 1]))
    np.testing.assert_array_equal(some.vectors[:, 0], looks.vectors[:, 3])
    np.testing.assert_array_equal(some.cells[:, 1], looks.cells[:, 1])
    with pytest.raises(InvalidValue, match="Looks must be of one shape"):
        Looks(looks.vectors, looks.cells[:, :3], looks.space)
