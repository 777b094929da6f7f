"""The loop: what it says, what it resumes to, what stops it and leaves nothing lost."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402

from lydite.core import (  # noqa: E402
    CheckpointError,
    ContractError,
    ImageError,
    InputError,
    InvalidValue,
    OutputError,
    TrainingError,
    UnknownName,
    UsageError,
)
from lydite.train.loop import MODEL, STATE  # noqa: E402
from lydite.train.records import Epoch, Finished, Saved, Selected, Step  # noqa: E402
from train.drawn import Drawn, draw  # noqa: E402
from train.trainings import job, logits_of, run  # noqa: E402

pytestmark = pytest.mark.torch

EVERYTHING: dict[str, Any] = {
    "averaging.ema": 0.9,
    "averaging.swa_from": 2,
    "budget.select": "loss",
    "budget.save_steps": 1,
    "mix.cutmix": 1.0,
    "mix.off_epochs": 1,
    "optimiser.layer_decay": 0.8,
    "sampling.parts": 2,
    "sharpness.rho": 0.05,
    "stages.balanced_epochs": 1,
    "stages.hard_epochs": 2,
    "stages.confidence_epochs": 1,
    "stages.second_epochs": 1,
    "stages.second_side": 64,
    "augment.profile": "full",
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return draw(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(autouse=True)
def _threads() -> None:
    torch.set_num_threads(1)


def test_it_learns_and_says_what_happens(drawn: Drawn, tmp_path: Path) -> None:
    asked = job(drawn, tmp_path, {"schedule.epochs": 8, "budget.select": "accuracy", "mix.mixup": 0.0})
    records = run(asked)
    steps = [r for r in records if isinstance(r, Step)]
    epochs = [r for r in records if isinstance(r, Epoch)]
    assert [s.step for s in steps] == list(range(8 * 3))
    assert epochs[-1].loss < 0.75 * epochs[0].loss
    for epoch in range(8):
        seen = np.concatenate([s.rows for s in steps if s.epoch == epoch])
        assert sorted(seen) == sorted(asked.train)
    assert all(np.array_equal(r.rows, asked.select) for r in records if isinstance(r, Selected))
    (finished,) = [r for r in records if isinstance(r, Finished)]
    assert finished.source == "best"
    assert finished.path == tmp_path / MODEL
    logits = logits_of(asked)
    assert np.mean(logits.argmax(1)[asked.select] == drawn.labels[asked.select]) >= 0.8
    assert sorted(p.name for p in tmp_path.glob("*")) == sorted(
        [MODEL, STATE, f"best-{finished.epoch:04d}-last.safetensors"]
    )


def test_two_steps_have_the_losses_that_they_had(drawn: Drawn, tmp_path: Path) -> None:
    records = run(job(drawn, tmp_path, {"mix.mixup": 0.4, "schedule.warmup": 0.0}), steps=3)
    losses = [r.loss for r in records if isinstance(r, Step)]
    assert losses == pytest.approx(GOLDEN, abs=2e-4)


GOLDEN = (1.0986124, 2.1092036, 1.1989340)
"""The first is that of a classifier of zeros: log 3."""


def test_a_recipe_that_chooses_nothing_asks_nobody(drawn: Drawn, tmp_path: Path) -> None:
    records = run(job(drawn, tmp_path))
    assert not [r for r in records if isinstance(r, Selected)]
    assert all(r.held_out is None for r in records if isinstance(r, Epoch))
    assert [r.source for r in records if isinstance(r, Finished)] == ["last"]


@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
def test_it_goes_on_from_any_step_bit_for_bit(drawn: Drawn, tmp_path: Path, options: dict[str, Any]) -> None:
    whole = job(drawn, tmp_path / "whole", options)
    wanted = [r for r in run(whole) if isinstance(r, Step)]
    told = {}
    for cut in (1, 3, 5):
        broken = job(drawn, tmp_path / "broken", {"budget.save_steps": 2, **options})
        told.update({r.step: r for r in run(broken, steps=cut) if isinstance(r, Step)})
    rest = job(drawn, tmp_path / "broken", {"budget.save_steps": 2, **options})
    told.update({r.step: r for r in run(rest) if isinstance(r, Step)})
    assert [told[k].loss for k in sorted(told)] == [r.loss for r in wanted]
    assert all(np.array_equal(told[r.step].rows, r.rows) for r in wanted)
    assert np.array_equal(logits_of(whole), logits_of(rest))


def test_partners_are_told_and_are_of_the_batch(drawn: Drawn, tmp_path: Path) -> None:
    records = run(job(drawn, tmp_path, {"mix.mixup": 0.4, "mix.off_epochs": 1}))
    steps = [r for r in records if isinstance(r, Step)]
    assert all(set(r.partners) <= set(r.rows) for r in steps)
    assert any(not np.array_equal(r.partners, r.rows) for r in steps if r.epoch < 2)
    assert all(np.array_equal(r.partners, r.rows) for r in steps if r.epoch == 2)


def test_workers_and_the_cache_change_nothing(drawn: Drawn, tmp_path: Path) -> None:
    alone = job(drawn, tmp_path / "alone")
    helped = job(
        drawn,
        tmp_path / "helped",
        {"budget.workers": 1, "budget.cache_mb": 1},
        cache=tmp_path / "cache",
    )
    one, other = run(alone), run(helped)
    assert [r.loss for r in one if isinstance(r, Step)] == [r.loss for r in other if isinstance(r, Step)]
    assert np.array_equal(logits_of(alone), logits_of(helped))
    assert len(list((tmp_path / "cache").rglob("*.rgb"))) == len(alone.train)


def test_parts_make_the_same_step(drawn: Drawn, tmp_path: Path) -> None:
    whole = [r for r in run(job(drawn, tmp_path / "a")) if isinstance(r, Step)]
    parts = [r for r in run(job(drawn, tmp_path / "b", {"sampling.parts": 3})) if isinstance(r, Step)]
    assert [r.loss for r in whole] == pytest.approx([r.loss for r in parts], rel=1e-3)


def test_the_mean_over_epochs_renews_its_statistics(drawn: Drawn, tmp_path: Path) -> None:
    options = {
        "backbone.name": "test_resnet",
        "backbone.start": "random",
        "averaging.swa_from": 1,
        "sharpness.rho": 0.05,
    }
    asked = job(drawn, tmp_path, options)
    (finished,) = [r for r in run(asked) if isinstance(r, Finished)]
    assert finished.source == "swa"
    assert np.isfinite(logits_of(asked)).all()


def test_a_damaged_picture_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    drawn = draw(tmp_path / "drawn")
    whole = job(drawn, tmp_path / "whole")
    wanted = run(whole)
    victim = next(r for r in wanted if isinstance(r, Step) and r.step == 4).rows[2]
    content = drawn.paths[victim].read_bytes()
    drawn.paths[victim].write_bytes(content[: len(content) // 2])
    broken = job(drawn, tmp_path / "broken")
    with pytest.raises(ImageError, match=drawn.paths[victim].name):
        run(broken)
    assert (tmp_path / "broken" / STATE).exists()
    drawn.paths[victim].write_bytes(content)
    rest = run(job(drawn, tmp_path / "broken"))
    first = next(r for r in rest if isinstance(r, Step))
    assert 0 < first.step <= 4
    assert np.array_equal(logits_of(whole), logits_of(broken))


def test_a_loss_that_is_no_number_stops_before_the_weights_move(drawn: Drawn, tmp_path: Path) -> None:
    asked = job(drawn, tmp_path)
    with torch.no_grad():
        asked.network.module.get_parameter("head.weight")[0, 0] = float("nan")
    before = {k: v.clone() for k, v in asked.network.module.state_dict().items()}
    with pytest.raises(TrainingError, match=r"loss is not a finite number.*Lower optimiser\.lr.*nan"):
        run(asked)
    after = asked.network.module.state_dict()
    assert all(torch.equal(before[k], after[k]) or before[k].isnan().any() for k in before)


def test_a_rate_beyond_reason_is_stopped_too(drawn: Drawn, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not"):
        run(job(drawn, tmp_path, {"optimiser.lr": 1e30, "schedule.warmup": 0.0, "optimiser.name": "sgd"}))


def test_too_little_memory_says_what_to_do(drawn: Drawn, tmp_path: Path) -> None:
    asked = job(drawn, tmp_path)

    class Greedy(torch.nn.Module):
        """Asks the real allocator for more than any machine has."""

        def forward(self, planes: torch.Tensor) -> torch.Tensor:
            return torch.empty(1 << 60, dtype=torch.uint8)[:1].float() + planes

    asked.network.module.norm = Greedy()
    with pytest.raises(TrainingError, match=r"Memory is too short for a batch of 6.*sampling\.parts = 2"):
        run(asked)


def test_too_little_memory_to_judge_says_what_to_do(drawn: Drawn, tmp_path: Path) -> None:
    asked = job(drawn, tmp_path, {"budget.select": "loss", "schedule.epochs": 1})

    class GreedyJudge(torch.nn.Module):
        """Learns like anybody, and judges with more than any machine has."""

        def forward(self, planes: torch.Tensor) -> torch.Tensor:
            return planes if self.training else torch.empty(1 << 60, dtype=torch.uint8)[:1].float() + planes

    asked.network.module.norm = GreedyJudge()
    with pytest.raises(TrainingError, match=r"Memory is too short to judge 6 pictures at a time\. Set sampl"):
        run(asked)
    assert (tmp_path / STATE).exists() is False
    run(job(drawn, tmp_path, {"budget.select": "loss", "schedule.epochs": 1}))


def test_too_little_memory_for_pictures_says_what_to_do(drawn: Drawn, tmp_path: Path) -> None:
    class Huge(Drawn):
        """Its last picture asks the real allocator for more than any machine has."""

        def load(self, row: int) -> Any:
            return np.empty((1 << 30, 1 << 30, 3), np.uint8) if row == 22 else super().load(row)

    huge = Huge(drawn.paths, drawn.labels)
    with pytest.raises(
        TrainingError, match=r"Memory is too short to prepare pictures\. Lower budget\.workers"
    ):
        run(job(huge, tmp_path))
    assert (tmp_path / STATE).exists()


def test_one_picture_alone_has_no_spread_for_batch_norms(drawn: Drawn, tmp_path: Path) -> None:
    options = {"backbone.name": "test_resnet", "backbone.start": "random"}
    with pytest.raises(TrainingError, match=r"One picture alone has no spread.*Learn from more.*test_resnet"):
        run(job(drawn, tmp_path / "one", options, train=np.array([0])))
    with pytest.raises(TrainingError, match=r"in fewer sampling\.parts"):
        run(job(drawn, tmp_path / "parts", options | {"sampling.parts": 6}))
    run(job(drawn, tmp_path / "two", options, train=np.array([0, 1])))


def test_a_disk_that_takes_no_more_leaves_the_last_state(drawn: Drawn, tmp_path: Path) -> None:
    whole = job(drawn, tmp_path / "whole", {"schedule.epochs": 1})
    run(whole)
    broken = {"schedule.epochs": 1, "budget.save_steps": 1}
    run(job(drawn, tmp_path / "broken", broken), steps=2)
    before = (tmp_path / "broken" / STATE).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"state\.pt cannot be written"):
            run(job(drawn, tmp_path / "broken", broken))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "broken" / STATE).read_bytes() == before
    rest = job(drawn, tmp_path / "broken", broken)
    run(rest)
    assert np.array_equal(logits_of(whole), logits_of(rest))


def test_changed_data_are_refused(drawn: Drawn, tmp_path: Path) -> None:
    run(job(drawn, tmp_path), steps=4)
    with pytest.raises(ContractError, match="changed since this training was interrupted"):
        run(job(drawn, tmp_path, digest="other"))


def test_a_damaged_state_is_refused(drawn: Drawn, tmp_path: Path) -> None:
    run(job(drawn, tmp_path), steps=4)
    path = tmp_path / STATE
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="Remove it to begin anew"):
        run(job(drawn, tmp_path))


def test_bad_jobs_are_refused(drawn: Drawn, tmp_path: Path) -> None:
    none = np.zeros(0, np.int64)
    with pytest.raises(InputError, match="no picture to learn from"):
        job(drawn, tmp_path, train=none)
    with pytest.raises(InputError, match=r"budget\.select = 'last'"):
        job(drawn, tmp_path, {"budget.select": "loss"}, select=none)
    with pytest.raises(InvalidValue, match="apart from the rows that are learned"):
        job(drawn, tmp_path, select=np.array([0]), train=np.array([0, 1]))
    with pytest.raises(UnknownName, match="Did you mean 'adamw'"):
        run(job(drawn, tmp_path, {"optimiser.name": "adamww"}))
    with pytest.raises(UsageError, match=r"swa_from is beyond the last of 3 epochs"):
        run(job(drawn, tmp_path, {"averaging.swa_from": 4}))
    with pytest.raises(UsageError, match="no such device"):
        run(job(drawn, tmp_path, {"budget.device": "abacus"}))
    with pytest.raises(UsageError, match="does not train in fp16"):
        run(job(drawn, tmp_path, {"budget.precision": "fp16"}))


def test_half_precision_follows_full_precision(drawn: Drawn, tmp_path: Path) -> None:
    losses = {}
    for precision in ("full", "bf16"):
        options = {"budget.precision": precision, "sharpness.rho": 0.05, "optimiser.lr": 1e-3}
        records = run(job(drawn, tmp_path / precision, options), steps=6)
        losses[precision] = [r.loss for r in records if isinstance(r, Step)]
    assert losses["bf16"] == pytest.approx(losses["full"], abs=0.03)
    assert losses["bf16"] != losses["full"]


def test_states_are_written_where_it_says(drawn: Drawn, tmp_path: Path) -> None:
    saved = [r for r in run(job(drawn, tmp_path, {"budget.save_steps": 2})) if isinstance(r, Saved)]
    assert [r.step for r in saved] == [2, 3, 4, 6, 6, 8, 9]
