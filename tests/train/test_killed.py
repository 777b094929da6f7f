"""``kill -9`` at random moments: what is resumed ends in the same predictions, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import REPOSITORY, need_module

need_module("torch")
need_module("timm")

import torch  # noqa: E402

from lydite.train.loop import MODEL  # noqa: E402
from train.drawn import draw  # noqa: E402
from train.trainings import job, logits_of, run  # noqa: E402

pytestmark = pytest.mark.torch

OPTIONS: dict[str, Any] = {
    "averaging.ema": 0.9,
    "averaging.swa_from": 2,
    "budget.save_steps": 2,
    "budget.select": "loss",
    "mix.off_epochs": 1,
    "schedule.epochs": 4,
}
KILLS = int(os.environ.get("LYDITE_KILLS", "5"))
"""How often; ``LYDITE_KILLS=20`` for a thorough run."""


@contextmanager
def nursery(pictures: Path) -> Iterator[subprocess.Popen[str]]:
    paths = [str(REPOSITORY / "src"), str(REPOSITORY / "tests")]
    with subprocess.Popen(
        [sys.executable, "-m", "train.killed", str(pictures), json.dumps(OPTIONS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def kill_after(process: subprocess.Popen[str], folder: Path, steps: int, seconds: float) -> None:
    """Start a training, and kill it some steps and some moments later, or let it end."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{folder}\n")
    process.stdin.flush()
    child = int(process.stdout.readline())
    word = ""
    for _ in range(steps):
        word = process.stdout.readline().strip()
        if word == "end":
            return
    time.sleep(seconds)  # somewhere within a step, a state or a choice
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    while word != "end":
        word = process.stdout.readline().strip()


def test_kill_nine_loses_nothing(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    drawn = draw(tmp_path / "drawn")
    whole = job(drawn, tmp_path / "whole", OPTIONS)
    run(whole)
    wanted = logits_of(whole)
    rng = np.random.default_rng(KILLS)
    kills = endings = 0
    with nursery(tmp_path / "drawn") as process:
        while kills < KILLS:
            folder = tmp_path / f"killed-{endings}"
            kill_after(process, folder, int(rng.integers(1, 5)), float(rng.uniform(0, 0.2)))
            kills += 1
            if (folder / MODEL).exists():
                assert np.array_equal(wanted, logits_of(job(drawn, folder, OPTIONS)))
                endings += 1
    last = job(drawn, tmp_path / f"killed-{endings}", OPTIONS)
    run(last)
    assert np.array_equal(wanted, logits_of(last))
