"""Pictures without the wanted class: how many instances are accepted there, at a threshold that keeps recall?

    python benchmarks/absent.py [--wanted Platelets head] [--encoder embedded] [--draws 5] [--pictures 40]

Half of the pictures show the class, half do not. The threshold is the highest one that keeps 0.9 of the
recall at the best F1; claimed are at most 0.1 accepted instances in a picture without the class, on average
over draws. ``automatic`` is what a run does by itself: thresholds calibrated on the examples' own pictures
and a survey. Each draw has ten positives; the settings with negatives have ten of what it is confused with.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibrate import SURVEYED
from detect import encoders
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.data import find_images
from lydite.detect import Bank, ExemplarSet, Searcher, calibrate, make_bank, rehearse, resolve, survey
from lydite.detect.config import without_constants
from lydite.detect.examine import Examiner
from variants import remember_by_masks
from wanted import WANTED, Case, Found, Search, cases, remembering_examiner

KEPT, CLAIM = 0.9, 0.1
BACKGROUND: dict[str, object] = {"background_share": 0.4}
SETTINGS: dict[str, tuple[bool, dict[str, object]]] = {
    "without negatives": (False, {}),
    "negatives": (True, {}),
    "... and background": (True, BACKGROUND),
    "... pos > neg": (True, {**BACKGROUND, "require_pos_gt_neg": True}),
    "... by 0.025": (True, {**BACKGROUND, "decision_threshold": 0.025}),
    "... by 0.035": (True, {**BACKGROUND, "decision_threshold": 0.035}),
    "... by 0.05": (True, {**BACKGROUND, "decision_threshold": 0.05}),
}
"""Whether negatives are given, and the settings that differ from the defaults."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wanted", nargs="+", choices=list(WANTED), default=["Platelets", "head"])
    parser.add_argument("--encoder", nargs="+", default=["embedded"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0, help="other pictures and other examples")
    parser.add_argument("--setting", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--cache", type=Path, help="folder that keeps drawn shelves and vectors")
    parser.add_argument(
        "--automatic", action="store_true", help="calibrate too; searches the examples' pictures"
    )
    arguments = parser.parse_args()
    remember_by_masks("pairwise_overlaps")
    print(f"lydite {__version__}; {arguments.draws} draws, {arguments.pictures} pictures searched")
    print(f"{'':46}best F1  its recall   accepted an empty picture   automatic: F1, accepted, calibrated in")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.cache or Path(temporary)
        for case in cases(arguments.wanted, arguments.draws, arguments.pictures, folder, arguments.seed):
            for encoder, options in encoders(arguments.encoder):
                table = measure(case, options, folder, arguments.setting, automatic=arguments.automatic)
                for name, rows in table.items():
                    report(f"{case.name:10}{encoder:12}{name:24}", rows)


def measure(
    case: Case, options: dict[str, object], folder: Path, asked: Sequence[str], *, automatic: bool
) -> dict[str, npt.NDArray[np.float64]]:
    """By setting ``(draws, 6)``, as ``report`` prints them."""
    examiner = remembering_examiner(options, folder)
    search = Search(case, examiner)
    table: dict[str, list[list[float]]] = {name: [] for name in asked}
    for draw, exemplars in enumerate(case.draws):
        for name in asked:
            given, changes = SETTINGS[name]
            settings = without_constants(resolve("calibrated", options={**options, **changes}))
            shown = exemplars if given else ExemplarSet(exemplars.positives)
            bank = make_bank(shown, examiner.encoder, settings)
            mine = search.under(settings)
            found = mine.run(bank)
            if not len(found.ranks):  # a rule that nothing passes
                table[name].append([0.0, 0.0, 0.0, np.nan, np.nan, 0.0])
                continue
            recall = float(found.recall[found.best])
            at = found.at_recall(KEPT * recall)
            kept = found.best if at is None else at
            by_itself = [np.nan, np.nan, 0.0]
            if automatic:
                by_itself = at_threshold(case, found, threshold_of(case, bank, mine.examiner))
            table[name].append([found.f1[found.best], recall, in_empty(case, found, kept + 1), *by_itself])
            tick(f"{case.name} draw {draw + 1} {name}")
    return {name: np.array(rows) for name, rows in table.items()}


def in_empty(case: Case, found: Found, accepted: int) -> float:
    """Instances in a picture without the class, of the best so many."""
    empty = np.array([not len(scene.wanted) and not len(scene.hidden) for scene in case.scenes])
    return float(empty[found.scene[:accepted]].sum() / max(empty.sum(), 1))


def threshold_of(case: Case, bank: Bank, examiner: Examiner) -> float | None:
    """What a run over the pictures would calibrate; ``None`` with too few examples."""
    searcher = Searcher(examiner)
    seen = survey(find_images([scene.path for scene in case.scenes]), bank, searcher, SURVEYED)
    found = calibrate(rehearse(bank, searcher, seen.hosts), examiner.settings.calibration, seen.scenes)
    return found.thresholds.get(case.name)


def at_threshold(case: Case, found: Found, threshold: float | None) -> list[float]:
    """F1, instances in a picture without the class, and 1 for a known threshold."""
    if threshold is None:
        return [np.nan, np.nan, 0.0]
    accepted = int((found.ranks >= threshold).sum())
    return [float(found.f1[accepted - 1]) if accepted else 0.0, in_empty(case, found, accepted), 1.0]


def report(head: str, rows: npt.NDArray[np.float64]) -> None:
    """Means over draws, and whether the claim holds."""
    f1, recall, empty = rows[:, :3].mean(axis=0)
    known = rows[rows[:, 5] > 0]
    verdict = "holds" if empty <= CLAIM else "FAILS"
    own = (
        f"{known[:, 3].mean():.3f} {known[:, 4].mean():.2f} {len(known)} of {len(rows)}"
        if len(known)
        else "-"
    )
    print(
        f"{head}{f1:7.3f}{recall:10.3f}{empty:16.2f} {verdict} (worst {rows[:, 2].max():.2f})   {own}",
        flush=True,
    )


if __name__ == "__main__":
    main()
