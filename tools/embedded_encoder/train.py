r"""Train the embedded encoder from scratch; stop it at any time, the same command goes on.

    python tools/embedded_encoder/train.py --source SHARED/data/pretrain --teacher TEACHER.safetensors \
        --work FOLDER --minutes 90

The length of a run is ``--steps``, or ``--minutes`` of training on this machine, however busy it is: then the
schedule follows the clock. On a GPU pass ``--device cuda``.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from embedded_encoder.lessons import Lessons, Weights
from embedded_encoder.muon import Muon
from embedded_encoder.pictures import load_pictures
from embedded_encoder.teacher import MEAN, STD, Targets, Teacher
from embedded_encoder.views import ViewMaker
from lydite.features.embedded_net import Widths

SIDES, SIDE_SHARES = (128, 160, 224), (0.60, 0.25, 0.15)
STANDARD_BATCHES = 24
WARM_UP = 200
MUON_GAIN = 2.0
"""Rate of the filters, as a multiple of the rate of everything else."""
EMA, EMA_EVERY = 0.996, 4
HELD_OUT_BATCHES = 6


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that decides the run, but the pictures and the teacher."""

    steps: int
    pairs: int
    rate: float
    decay: float
    seed: int


def main() -> None:
    options = _arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    pictures = load_pictures(options.source, options.work)
    teacher = Teacher(options.teacher, device, options.teacher_threads)
    maker = ViewMaker(pictures.training(), options.seed)
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as ahead:
        Run(
            options, device, teacher, maker, ViewMaker(pictures.held_out(), 1), pool, ahead, pictures.digest
        ).go()


class Run:
    """One training run with its checkpoint and its log."""

    def __init__(self, options, device, teacher, maker, held_out, pool, ahead, digest) -> None:  # noqa: ANN001
        self.options, self.device, self.teacher, self.maker = options, device, teacher, maker
        self.held_out, self.pool, self.ahead, self.digest = held_out, pool, ahead, digest
        torch.manual_seed(options.seed)
        self.lessons = Lessons(Widths(), teacher.look(maker.batch(0, 1, 64, pool))).to(device)
        self.lessons.to(memory_format=torch.channels_last)
        matrices = [p for p in self.lessons.net.parameters() if p.ndim > 1]
        taken = {id(p) for p in matrices}
        others = [p for p in self.lessons.parameters() if id(p) not in taken]
        self.optimizers = (
            Muon(matrices, options.rate * MUON_GAIN, options.decay),
            torch.optim.AdamW(others, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.0),
        )
        self.average = copy.deepcopy(self.lessons).requires_grad_(False)
        self.step, self.seconds, self.resumed = 0, 0.0, time.monotonic()
        self.checkpoint, self.log = options.work / "checkpoint.pt", options.work / "log.jsonl"

    def go(self) -> None:
        """Train to the end, from the checkpoint if there is one."""
        if self.checkpoint.is_file():
            self._resume()
        else:
            self._standardise()
        self.coming = self.ahead.submit(self._prepare, self.step)
        self.resumed = time.monotonic()
        while self.share < 1:
            record = self._one()
            self.step += 1
            if self.step % 50 == 0:
                self._note(record | {"minutes": round(self.trained / 60, 1), "share": round(self.share, 4)})
            if self.step % 500 == 0 or self.share >= 1:
                self._save()
            if self.step % 1000 == 0 or self.share >= 1:
                self._note({"step": self.step, "held_out": self._examine()})
                shutil.copy2(self.checkpoint, self.checkpoint.with_name(f"step-{self.step}.pt"))

    @property
    def trained(self) -> float:
        """Seconds of training so far, over all sittings."""
        return self.seconds + time.monotonic() - self.resumed

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        if self.options.steps:
            return self.step / self.options.steps
        return self.trained / (60 * self.options.minutes)

    def _one(self) -> dict[str, float]:
        rate = self._rate()
        for optimizer, gain in zip(self.optimizers, (MUON_GAIN, 1.0), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * gain
        views, targets = self.coming.result()
        self.coming = self.ahead.submit(self._prepare, self.step + 1)
        losses = self._losses(self.lessons, views, targets)
        weights = asdict(Weights())
        total = sum(weights[name] * loss for name, loss in losses.items())
        if not torch.isfinite(total):
            raise SystemExit(f"step {self.step}: the loss is {float(total)}; lower --rate")
        self.lessons.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.lessons.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        if self.step % EMA_EVERY == 0:
            self._follow()
        return {
            "step": self.step + 1,
            "side": views.shape[1],
            "rate": round(rate, 6),
            "total": round(float(total.detach()), 4),
        } | {name: round(float(loss.detach()), 4) for name, loss in losses.items()}

    def _prepare(self, step: int) -> tuple[np.ndarray, Targets]:
        """Views and targets of a step, made while the step before it is learned."""
        side = int(np.random.default_rng([self.options.seed, step, 1]).choice(SIDES, p=SIDE_SHARES))
        views = self.maker.batch(step, self.options.pairs, side, self.pool)
        return views, self.teacher.look(views)

    def _losses(self, lessons: Lessons, views: np.ndarray, targets: Targets) -> dict[str, torch.Tensor]:
        pixels = torch.from_numpy(np.ascontiguousarray(views)).to(self.device).permute(0, 3, 1, 2)
        pixels = pixels.float().sub_(MEAN).div_(STD)
        with torch.autocast(self.device.type, torch.bfloat16):
            return lessons(pixels, targets)

    def _rate(self) -> float:
        """Warm-up, then half a cosine (Loshchilov and Hutter, 2017)."""
        warm = min(1.0, (self.step + 1) / WARM_UP)
        return float(self.options.rate * (warm * 0.5 * (1 + np.cos(np.pi * min(1.0, self.share))) + 1e-3))

    @torch.no_grad()
    def _follow(self) -> None:
        """The running average of the weights; it, not the last step, ships."""
        keep = min(EMA, (self.step + 1) / (self.step + 10))
        mine, theirs = self.average.state_dict(), self.lessons.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[n] for n in floats], [theirs[n] for n in floats], 1 - keep)

    @torch.no_grad()
    def _standardise(self) -> None:
        seen = [
            self.teacher.look(self.maker.batch(10**9 + k, self.options.pairs, 128, self.pool))
            for k in range(STANDARD_BATCHES)
        ]
        joined = type(seen[0])(
            *(
                torch.cat([getattr(each, name) for each in seen])
                for name in ("fine", "middle", "coarse", "logits")
            )
        )
        self.lessons.measure(joined)
        self.average.load_state_dict(self.lessons.state_dict())

    @torch.no_grad()
    def _examine(self) -> dict[str, float]:
        """Losses of the averaged weights on the held-out pictures, always the same views."""
        self.average.eval()
        found = []
        for k in range(HELD_OUT_BATCHES):
            views = self.held_out.batch(k, self.options.pairs, 224, self.pool)
            found.append(self._losses(self.average, views, self.teacher.look(views)))
        return {name: round(float(np.mean([float(each[name]) for each in found])), 4) for name in found[0]}

    def _note(self, record: dict[str, object]) -> None:
        with self.log.open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(json.dumps(record), flush=True)

    def _save(self) -> None:
        part = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "lessons": self.lessons.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
                "seconds": self.trained,
                "card": self._card(),
            },
            part,
        )
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        if state["card"]["pictures"] != self.digest:
            raise SystemExit(f"{self.checkpoint} was trained on other pictures; give another --work")
        self.lessons.load_state_dict(state["lessons"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]
        kept = [
            line for line in self.log.read_text().splitlines(True) if json.loads(line)["step"] <= self.step
        ]
        self.log.write_text("".join(kept))  # what came after the checkpoint comes again

    def _card(self) -> dict[str, object]:
        options = self.options
        configuration = Configuration(self.step, options.pairs, options.rate, options.decay, options.seed)
        return {
            "configuration": asdict(configuration),
            "widths": asdict(Widths()),
            "weights": asdict(Weights()),
            "pictures": self.digest,
            "torch": str(torch.__version__),
            "machine": f"{platform.machine()}, {options.threads} threads, {options.device}",
        }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="folder of the two archives")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="checkpoint, log, decoded pictures")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--threads", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="of the student"
    )
    parser.add_argument("--teacher-threads", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    return parser.parse_args()


if __name__ == "__main__":
    main()
