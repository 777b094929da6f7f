"""A calibration in the terminal: the threshold of each class, and how much it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.markup import escape
from rich.table import Table

from lydite.cli.screen import err, out
from lydite.detect import Calibration


def show_calibration(calibration: Calibration, given: Mapping[str, float] = MappingProxyType({})) -> None:
    """A row a class; a refusal, or a target out of reach, as a note.

    Args:
        calibration: What was found.
        given: Thresholds that a person gave and that hold instead.
    """
    if calibration.refusal:
        err.print(
            f"note: {calibration.refusal} The preset 'strict' holds; "
            "where no class has three examples, with lower least scores.",
            markup=False,
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("calibrated")
    for title in ("least rank", "95 %", "found", "precision", "recall"):
        table.add_column(title, justify="right")
    for each in calibration.classes:
        table.add_row(
            escape(each.name),
            f"{each.threshold:.2f}",
            f"{each.low:.2f} to {each.high:.2f}",
            f"{each.found} of {each.examples}{'*' if each.borrowed else ''}",
            f"~{each.precision:.2f}",
            f"~{each.recall:.2f}",
        )
    out.print(table)
    for each in calibration.classes:
        if each.name in given:
            out.print(f"{each.name} has {given[each.name]:.2f} as given", style="dim", markup=False)
    if calibration.missed:
        err.print(f"note: {calibration.missed}", markup=False)
    if any(each.borrowed for each in calibration.classes):
        out.print("* too few to calibrate alone: leans on all classes together", style="dim")
