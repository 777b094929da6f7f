"""What a training wrote while it went on, read back as epochs and folds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lydite.reports.line_plot import Curve, LinePlot, plot_lines

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch of one fold.

    Args:
        fold: The model; -1 if it learned from everything.
        epoch: Counts from 1.
        loss: Mean of what was made small, over the steps.
        held_loss: Log-loss on the rows that choose; NaN where nothing is chosen.
        held_accuracy: Their accuracy.
        rate: Learning rate of the last step.
        side: Pixels of the views.
        seconds: Wall time.
        chosen: What became the best model so far after this epoch; empty if nothing did.
    """

    fold: int
    epoch: int
    loss: float
    held_loss: float
    held_accuracy: float
    rate: float
    side: int
    seconds: float
    chosen: str


def read_epochs(log: Iterable[Mapping[str, Any]]) -> tuple[EpochRow, ...]:
    """Epochs by fold; of one that was gone through again after an interruption the last line counts."""
    rows: dict[tuple[int, int], Mapping[str, Any]] = {}
    chosen: dict[tuple[int, int], list[str]] = {}
    for line in log:
        key = (_whole(line.get("fold")), _whole(line.get("epoch")))
        if line.get("kind") == "epoch":
            rows[key] = line
            chosen.pop(key, None)
        elif line.get("kind") == "selected" and line.get("better") is True:
            chosen.setdefault(key, []).append(str(line.get("source", "")))
    return tuple(_epoch(key, rows[key], chosen.get(key, [])) for key in sorted(rows))


def fold_seconds(log: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """Wall time of each fold, as far as the log tells."""
    whole: dict[int, float] = {}
    epochs: dict[tuple[int, int], float] = {}
    for line in log:
        fold = _whole(line.get("fold"))
        if line.get("kind") == "fold":
            whole[fold] = _number(line.get("seconds"))
        elif line.get("kind") == "epoch":
            epochs[fold, _whole(line.get("epoch"))] = _number(line.get("seconds"))
    sums: dict[int, float] = {}
    for (fold, _), seconds in epochs.items():
        sums[fold] = sums.get(fold, 0.0) + seconds
    return sums | whole


def history_plots(epochs: Sequence[EpochRow]) -> tuple[LinePlot, ...]:
    """Loss, accuracy and learning rate over epochs, one line a fold."""
    folds = {row.fold: [one for one in epochs if one.fold == row.fold] for row in epochs}

    def curves(kind: str, what: str, value: Callable[[EpochRow], float]) -> list[Curve]:
        return [
            (kind, f"{what}, fold {fold}" if fold >= 0 else what, [(row.epoch, value(row)) for row in rows])
            for fold, rows in folds.items()
        ]

    learned = curves("learned", "while learning", lambda row: row.loss)
    losses = learned + curves("held", "held out", lambda row: row.held_loss)
    held = curves("held", "held out", lambda row: row.held_accuracy)
    rates = curves("learned", "rate", lambda row: row.rate)
    made = (
        plot_lines("loss", losses),
        plot_lines("held-out accuracy", held),
        plot_lines("learning rate", rates, from_zero=True),
    )
    return tuple(plot for plot in made if plot is not None)


def _epoch(key: tuple[int, int], line: Mapping[str, Any], chosen: list[str]) -> EpochRow:
    held = line.get("held_out")
    held = held if isinstance(held, Mapping) else {}
    return EpochRow(
        key[0],
        key[1] + 1,
        _number(line.get("loss")),
        _number(held.get("loss")),
        _number(held.get("accuracy")),
        _number(line.get("rate")),
        _whole(line.get("side"), 0),
        _number(line.get("seconds")),
        ", ".join(chosen),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else NAN


def _whole(value: object, otherwise: int = -1) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
