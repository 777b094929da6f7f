"""Small trainings that end within a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lydite.train.assembly import build_stream, network_of
from lydite.train.course import final_side
from lydite.train.judge import judge
from lydite.train.loop import MODEL, Job, fit
from lydite.train.machine import Machine
from lydite.train.network import load_network
from lydite.train.recipe import Recipe, Speed, changed
from lydite.train.records import Record
from train.drawn import CLASSES, Drawn

SMALL = changed(
    Recipe(speed=Speed.FINE_TUNE),
    {
        "backbone.side": 32,
        "schedule.epochs": 3,
        "sampling.batch": 6,
        "optimiser.lr": 3e-3,
        "budget.threads": 1,
        "budget.cache_mb": 0,
    },
)


def job(drawn: Drawn, folder: Path, options: dict[str, Any] | None = None, **fields: Any) -> Job:
    """Two thirds are learned, one third chooses."""
    recipe = changed(SMALL, options or {})
    rows = np.arange(len(drawn.labels))
    given: dict[str, Any] = {
        "train": rows[rows % 4 != 3],
        "select": rows[rows % 4 == 3],
        "seed": 1,
        "digest": "d",
        "network": network_of(recipe.backbone, CLASSES),
        **fields,
    }
    return Job(recipe=recipe, pictures=drawn, labels=drawn.labels, folder=folder, **given)


def logits_of(job: Job) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What the finished weights say about all rows."""
    network = network_of(job.recipe.backbone, CLASSES)
    load_network(network, job.folder / MODEL)
    return judge(
        network,
        build_stream(job.recipe, job.pictures, None),
        np.arange(len(job.labels)),
        side=final_side(job.recipe),
        batch=8,
        machine=Machine.of(job.recipe.budget),
    )


def run(job: Job, steps: int | None = None) -> list[Record]:
    """All records, or those up to some steps: then it is dropped, as a kill would."""
    from lydite.train.records import Step

    records: list[Record] = []
    running: Iterator[Record] = fit(job)
    done = 0
    for record in running:
        records.append(record)
        done += isinstance(record, Step)
        if steps is not None and done >= steps:
            break
    return records
