"""Fine-tuning against a plain loop of timm's own parts, images a second, as ratios in one run.

    python benchmarks/train_speed.py [--model mobilenetv2_100] [--side 128] [--batch 32] [--workers 0]
                                     [--pictures 640] [--steps 8] [--rounds 3] [--threads 2]

The peer is the loop that timm's documentation describes: ``create_dataset`` on class folders,
``create_loader``, ``Mixup``, ``create_optimizer_v2``, ``CosineLRScheduler``, ``SoftTargetCrossEntropy``,
gradient clipping; with pictures plane by plane (its default) and pixel by pixel (``--channels-last``).
Both sides see the same grocery pictures with the same model, size, batch, workers and strength of
augmentation: crops of 60 to 100 % of the area, mirrors, mixup 0.2. They take turns, ``steps`` updates at a
time. Seconds of the processor are printed beside those of the wall, which a busy machine stretches; they
count this process only, so they are whole with ``--workers 0``.

Ours runs without kept pictures, and with pictures that an earlier epoch has kept.
The claims, by the processor and against the loop with timm's defaults: at least 1.0 times without them, 1.3
times with them. The ratio to the loop that lays pictures pixel by pixel, as ours does, stands beside it.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from timm import create_model
from timm.data import Mixup, create_dataset, create_loader
from timm.loss import SoftTargetCrossEntropy
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler

from detect import SHARED
from lydite.core import ClassMap, ImageId
from lydite.data import load_image
from lydite.train.assembly import build_stream, network_of
from lydite.train.loop import Job, fit
from lydite.train.recipe import Recipe, Speed, changed
from lydite.train.records import Step
from lydite.train.stream import Ticket

CLAIM, CLAIM_KEPT = 1.0, 1.3
EPOCHS = 1000
Work = Callable[[], Iterator[int]]


@dataclass(frozen=True)
class Pictures:
    """Grocery pictures and their coarse classes."""

    paths: tuple[Path, ...]
    labels: npt.NDArray[np.int64]
    classes: ClassMap

    @cached_property
    def pictures(self) -> list[ImageId]:
        """As a stream of views asks for them."""
        return [ImageId.of_bytes(path.read_bytes()) for path in self.paths]

    def load(self, row: int) -> npt.NDArray[np.uint8]:
        """As a stream of views asks for it."""
        return load_image(self.paths[row]).pixels


@dataclass
class Contender:
    """One side: an endless loop that yields how many pictures each update took."""

    name: str
    loop: Iterator[int]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self, steps: int, *, timed: bool) -> None:
        """Some updates, timed or to warm up."""
        wall, cpu, pictures = time.perf_counter(), time.process_time(), 0
        for _ in range(steps):
            pictures += next(self.loop)
        if timed:
            self.wall.append(pictures / (time.perf_counter() - wall))
            self.cpu.append(pictures / (time.process_time() - cpu))


def main() -> int:
    options = _options()
    torch.set_num_threads(options.threads)
    packages = ("torch", "timm", "torchvision", "opencv-python-headless", "pillow", "numpy")
    print(f"python {platform.python_version()},", ", ".join(f"{p} {version(p)}" for p in packages))
    pictures = _grocery(options.pictures)
    print(
        f"{options.model}, side {options.side}, batch {options.batch}, {options.workers} workers, "
        f"{options.threads} threads, {len(pictures.paths)} pictures"
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        contenders = [
            Contender("timm, plane by plane", _peer(options, pictures, place, channels_last=False)),
            Contender("timm, pixel by pixel", _peer(options, pictures, place, channels_last=True)),
            Contender("lydite", _ours(options, pictures, place / "bare", None)),
            Contender("lydite, pictures kept", _ours(options, pictures, place / "kept", place / "cache")),
        ]
        _keep(options, pictures, place / "cache")
        for contender in contenders:
            contender.take(2, timed=False)
        for _ in range(options.rounds):
            for contender in contenders:
                contender.take(options.steps, timed=True)
    return _report(contenders)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="mobilenetv2_100")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--steps", type=int, default=8, help="updates a turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; the median counts")
    return parser.parse_args()


def _grocery(count: int) -> Pictures:
    root = SHARED / "data" / "grocery"
    rows = [line.split(",") for line in (root / "train.txt").read_text().splitlines() if line.strip()]
    rows = [rows[k] for k in np.random.default_rng(0).permutation(len(rows))[:count]]
    labels = np.array([int(row[2]) for row in rows], np.int64)
    names = tuple(f"coarse-{k:02d}" for k in range(int(labels.max()) + 1))
    return Pictures(tuple(root / row[0].strip() for row in rows), labels, ClassMap(names))


def _recipe(options: argparse.Namespace) -> Recipe:
    return changed(
        Recipe(speed=Speed.FINE_TUNE),
        {
            "backbone.name": options.model,
            "backbone.start": "random",
            "backbone.side": options.side,
            "schedule.epochs": EPOCHS,
            "sampling.batch": options.batch,
            "loss.label_smoothing": 0.1,
            "augment.profile": "light",
            "mix.mixup": 0.2,
            "budget.workers": options.workers,
        },
    )


def _ours(options: argparse.Namespace, pictures: Pictures, folder: Path, cache: Path | None) -> Iterator[int]:
    recipe = _recipe(options)
    network = network_of(recipe.backbone, pictures.classes)
    rows = np.arange(len(pictures.labels))
    none = np.zeros(0, np.int64)
    job = Job(recipe, network, pictures, pictures.labels, rows, none, 0, folder, "speed", cache)
    for record in fit(job):
        if isinstance(record, Step):
            yield len(record.rows)


def _keep(options: argparse.Namespace, pictures: Pictures, cache: Path) -> None:
    """What an earlier epoch would have kept."""
    stream = build_stream(_recipe(options), pictures, cache)
    tickets = [[Ticket(row, options.side)] for row in range(len(pictures.labels))]
    for _ in stream.batches(tickets):
        pass


def _peer(
    options: argparse.Namespace, pictures: Pictures, place: Path, *, channels_last: bool
) -> Iterator[int]:
    tree = place / "tree"
    for path, label in zip(pictures.paths, pictures.labels, strict=True):
        home = tree / pictures.classes[int(label)]
        home.mkdir(parents=True, exist_ok=True)
        link = home / f"{path.parent.name}-{path.name}"
        if not link.exists():
            link.symlink_to(path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    classes = len({int(label) for label in pictures.labels})
    model = create_model(options.model, num_classes=classes).to(memory_format=layout)
    model.train()
    loader = create_loader(
        create_dataset("", root=str(tree)),
        input_size=(3, options.side, options.side),
        batch_size=options.batch,
        is_training=True,
        use_prefetcher=False,
        scale=(0.6, 1.0),
        ratio=(3 / 4, 4 / 3),
        hflip=0.5,
        color_jitter=None,
        interpolation="bilinear",
        num_workers=options.workers,
        persistent_workers=options.workers > 0,
    )
    mixup = Mixup(mixup_alpha=0.2, label_smoothing=0.1, num_classes=classes)
    optimiser = create_optimizer_v2(model, opt="adamw", lr=5e-4, weight_decay=0.05)
    per_epoch = len(loader)
    schedule = CosineLRScheduler(
        optimiser,
        t_initial=EPOCHS * per_epoch,
        warmup_t=per_epoch,
        warmup_lr_init=1e-6,
        t_in_epochs=False,
    )
    loss_of = SoftTargetCrossEntropy()
    update = 0
    for _ in range(EPOCHS):
        for views, labels in loader:
            mixed, targets = mixup(views.to(memory_format=layout), labels)
            loss = loss_of(model(mixed), targets)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            update += 1
            schedule.step_update(update)
            yield len(labels)


def _report(contenders: list[Contender]) -> int:
    figures = {c.name: np.array([np.median(c.wall), np.median(c.cpu)]) for c in contenders}
    plain, laid = figures["timm, plane by plane"], figures["timm, pixel by pixel"]
    print("                        images/s: wall, processor   to the plain loop   to pixel by pixel")
    for name, speed in figures.items():
        ratios = (f"{wall:8.2f} {cpu:7.2f}" for wall, cpu in (speed / plain, speed / laid))
        print(f"{name:24} {speed[0]:12.1f} {speed[1]:11.1f} {'    '.join(ratios)}")
    bare, kept = (float((figures[name] / plain)[1]) for name in ("lydite", "lydite, pictures kept"))
    holds = bare >= CLAIM and kept >= CLAIM_KEPT
    print(f"by the processor: {bare:.2f} of {CLAIM} without kept pictures, {kept:.2f} of {CLAIM_KEPT} with")
    print("holds" if holds else "FAILS")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
