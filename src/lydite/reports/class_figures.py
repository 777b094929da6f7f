"""The figures of a classifier in words: their names, what each says, and how it is written."""

from __future__ import annotations

from lydite.metrics import Figure, Reliability
from lydite.reports.measures import interval_text, value_text
from lydite.reports.pages.evaluation import FigureRow
from lydite.reports.words import plural

MEANINGS: dict[str, tuple[str, str]] = {
    "accuracy": ("accuracy", "share of the pictures whose class is right"),
    "balanced_accuracy": ("balanced accuracy", "mean over the classes of the share of theirs that is right"),
    "macro_f1": ("macro F1", "mean over the classes of the harmonic mean of precision and recall"),
    "log_loss": (
        "log-loss",
        "mean of minus the logarithm of the true class's probability, in nats; less is better",
    ),
    "calibration_error": (
        "calibration error",
        "mean distance between how sure the answers are and how often they are right, over bins of sureness",
    ),
    "overconfidence": ("overconfidence", "how sure the answers are on average, minus the accuracy"),
    "brier": (
        "Brier score",
        "mean squared distance of the probabilities from the truth, 0 to 2; less is better",
    ),
}
"""Name in ``training.json`` to the label and meaning on pages, in the order of showing."""
LEADING = ("accuracy", "balanced_accuracy", "log_loss")


def figure_row(name: str, figure: Figure) -> FigureRow:
    """The row of a figure in a table."""
    label, meaning = MEANINGS[name]
    return FigureRow(
        label, meaning, value_text(figure), interval_text(figure), plural(figure.images, "picture")
    )


def calibration_figures(reliability: Reliability) -> dict[str, Figure]:
    """The figures of calibration by name."""
    return {
        "calibration_error": reliability.error,
        "overconfidence": reliability.overconfidence,
        "brier": reliability.brier,
    }


def signed(value: float) -> str:
    """A difference with its sign, three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.2f} pp".replace("-", "−")
