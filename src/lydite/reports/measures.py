"""The figures of an evaluation in words: their names, what each says, and how it is written."""

from __future__ import annotations

from lydite.metrics import Figure
from lydite.reports.words import plural

MEANINGS: dict[str, tuple[str, str]] = {
    "f1": ("F1", "harmonic mean of precision and recall of what the run accepted"),
    "precision": ("precision", "share of the accepted instances that are there"),
    "recall": ("recall", "share of the true instances that were found"),
    "oracle_f1": (
        "oracle F1",
        "F1 of the best threshold on the rank in place of the score rules, chosen on these very pictures",
    ),
    "f1_to_oracle": ("F1 / oracle F1", "how much of the oracle's F1 the run's own decision reaches"),
    "ap": ("AP", "COCO's mean over IoU 0.50 to 0.95 and over classes, of what the run accepted"),
    "ap50": ("AP50", "COCO's average precision at IoU 0.50, mean over classes"),
    "ap75": ("AP75", "COCO's average precision at IoU 0.75, mean over classes"),
    "ranking_ap": ("AP of all scored", "AP if everything scored were accepted: the order alone, no decision"),
    "ranking_ap50": ("AP50 of all scored", "the same at IoU 0.50"),
    "matched_iou": ("IoU of hits", "mean overlap of the pairs"),
    "matched_dice": ("Dice of hits", "mean Dice coefficient of the pairs"),
    "foreground_iou": ("foreground IoU", "overlap of all pixels of a class, mean over classes"),
    "foreground_dice": ("foreground Dice", "Dice coefficient of all pixels of a class, mean over classes"),
}
"""Name in ``evaluation.json`` to the label and meaning on pages, in the order of showing."""

SUMMARY = tuple(MEANINGS)
PER_CLASS = ("precision", "recall", "f1", "oracle_f1", "ap", "ap50", "matched_iou", "foreground_iou")
LEADING = ("f1", "precision", "recall", "ap", "ap50")
"""What the head of the page shows large."""


def label_of(name: str) -> str:
    """How people call a figure, for example ``"AR@100"``."""
    if name.startswith("ar_"):
        return f"AR@{name.removeprefix('ar_')}"
    return MEANINGS[name][0]


def meaning_of(name: str) -> str:
    """One clause that says what a figure is."""
    if name.startswith("ar_"):
        limit = int(name.removeprefix("ar_"))
        return f"COCO's average recall with at most {plural(limit, 'instance')} per picture and class"
    return MEANINGS[name][1]


def value_text(figure: Figure) -> str:
    """Three decimals; a dash where there is no number."""
    return _three(figure.value) if figure.known else "–"


def interval_text(figure: Figure) -> str:
    """The interval in brackets; empty where there is none."""
    return f"[{_three(figure.low)}, {_three(figure.high)}]" if figure.has_interval else ""


def basis_text(figure: Figure) -> str:
    """What a figure rests on, for example ``"12 pictures, 140 instances"``."""
    return f"{plural(figure.images, 'picture')}, {plural(figure.instances, 'instance')}"


def figure_text(figure: Figure) -> str:
    """All of it in one line."""
    return " ".join(text for text in (value_text(figure), interval_text(figure), basis_text(figure)) if text)


def _three(value: float) -> str:
    """Three decimals; a number below nothing has a minus sign, not a hyphen."""
    return f"{value:.3f}".replace("-", "−")
