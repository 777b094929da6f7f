"""Do negatives halve the false alarms? One wanted class, negatives of what it is confused with, equal recall.

    python benchmarks/negatives.py [--wanted head helmet ...] [--encoder embedded] [--draws 5] [--pictures 40]

Ten positives and ten negatives a draw. Recall is what the search without negatives reaches at its best F1,
and half and three quarters of it. A false alarm is an instance that overlaps no object of the wanted class by
0.5; those that lie on an object of a class given as negatives are counted apart. Ratios are of means over
draws to those without negatives; ``background`` is --background-share 0.4.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detect import encoders
from encoders_rows.vectors import tick
from lydite import __version__
from lydite.detect import ExemplarSet, make_bank, resolve
from lydite.detect.config import without_constants
from variants import remember_by_masks
from wanted import WANTED, Case, Found, Search, cases, remembering_examiner

SHARES = (0.5, 0.75, 1.0)
SETTINGS: dict[str, tuple[bool, dict[str, object]]] = {
    "without negatives": (False, {}),
    "background alone": (False, {"background_share": 0.4}),
    "negatives": (True, {}),
    "... by the cosine alone": (True, {"pseudo_negative_share": 0}),
    "... and background": (True, {"background_share": 0.4}),
}
"""Whether negatives are given, and the settings that differ from the defaults."""
CLAIM = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wanted", nargs="+", choices=list(WANTED), default=list(WANTED))
    parser.add_argument("--encoder", nargs="+", default=["embedded"])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--cache", type=Path, help="folder that keeps drawn shelves and vectors")
    arguments = parser.parse_args()
    remember_by_masks("pairwise_overlaps")
    print(f"lydite {__version__}; {arguments.draws} draws, {arguments.pictures} pictures searched")
    print(f"{'':38}in use  best F1  alarms an image at {SHARES} of the recall, ratio   on confused, ratio")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.cache or Path(temporary)
        for case in cases(arguments.wanted, arguments.draws, arguments.pictures, folder):
            for encoder, options in encoders(arguments.encoder):
                report(case.name, encoder, measure(case, options, folder))


def measure(case: Case, options: dict[str, object], folder: Path) -> dict[str, npt.NDArray[np.float64]]:
    """By setting ``(draws, 8)``: negatives in use, best F1, and false alarms, all and on the confused."""
    examiner = remembering_examiner(options, folder)
    search = Search(case, examiner)
    table: dict[str, list[list[float]]] = {name: [] for name in SETTINGS}
    for draw, exemplars in enumerate(case.draws):
        recall = 0.0
        for name, (given, changes) in SETTINGS.items():
            settings = without_constants(resolve("calibrated", options={**options, **changes}))
            shown = exemplars if given else ExemplarSet(exemplars.positives)
            bank = make_bank(shown, examiner.encoder, settings)
            found = search.under(settings).run(bank)
            recall = recall or float(found.recall[found.best])
            table[name].append([bank.negative_count, found.f1[found.best], *alarms(found, recall)])
            tick(f"{case.name} draw {draw + 1} {name}")
    return {name: np.array(rows) for name, rows in table.items()}


def alarms(found: Found, recall: float) -> list[float]:
    """False alarms an image at each share of the recall, all, then those on the confused classes."""
    places = [found.at_recall(share * recall) for share in SHARES]
    return [
        np.inf if at is None else float(which[: at + 1].sum() / found.pictures)
        for which in (found.alarm, found.confused)
        for at in places
    ]


def report(wanted: str, encoder: str, table: dict[str, npt.NDArray[np.float64]]) -> None:
    """One line a setting, then whether the claim holds for the best of those with negatives."""
    sums = {name: rows.mean(axis=0) for name, rows in table.items()}
    base = sums["without negatives"][2:]
    for name, row in sums.items():
        parts = []
        for part in (slice(0, 3), slice(3, 6)):
            ratio = row[2:][part] / np.maximum(base[part], 1e-9)
            parts.append(f"{show(row[2:][part])}, {show(ratio)}")
        print(f"{wanted:10}{encoder:12}{name:24}{row[0]:4.1f}{row[1]:9.3f}   {'   '.join(parts)}")
    for what, part in (("all false alarms", slice(2, 5)), ("those on confused classes", slice(5, 8))):
        ratios = {
            name: sums[name][part].sum() / max(base[part.start - 2 : part.stop - 2].sum(), 1e-9)
            for name, (given, _) in SETTINGS.items()
            if given
        }
        name = min(ratios, key=lambda each: ratios[each])
        verdict = "holds" if ratios[name] <= CLAIM else "FAILS"
        print(f"{wanted:10}{encoder:12}halved, {what}: {verdict} ({ratios[name]:.2f}, {name})", flush=True)


def show(numbers: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{number:.2f}" for number in numbers)


if __name__ == "__main__":
    main()
