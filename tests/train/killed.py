"""Trainings to be killed, each a process of its own that began with everything imported.

``python -m train.killed PICTURES OPTIONS`` reads a folder a line, and starts a training there. The training
says its process id, then ``step`` after each step, and ``end``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch

from lydite.train.loop import fit
from lydite.train.records import Step
from train.drawn import Drawn
from train.trainings import job


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def train(pictures: Path, folder: Path, options: str) -> None:
    say(str(os.getpid()))
    torch.set_num_threads(1)
    paths = tuple(sorted(pictures.glob("*.png")))
    drawn = Drawn(paths, np.arange(len(paths), dtype=np.int64) % 3)
    for record in fit(job(drawn, folder, json.loads(options))):
        if isinstance(record, Step):
            say("step")


def main() -> None:
    pictures, options = sys.argv[1:]
    for line in sys.stdin:
        child = os.fork()  # no thread has been started yet, and importing again would take most of the time
        if child == 0:
            train(Path(pictures), Path(line.strip()), options)
            os._exit(0)
        os.waitpid(child, 0)
        say("end")


if __name__ == "__main__":
    main()
