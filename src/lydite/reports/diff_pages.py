"""From the difference of two runs to its numbers on disk and its pages, one picture open at a time."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.data import ImageLimits, printable, write_atomic
from lydite.detect.diff import APPEARED, KINDS, Change, RunDiff, Seen
from lydite.detect.diff_record import diff_record
from lydite.detect.fate import Fate
from lydite.detect.finished import FinishedRun
from lydite.detect.store import ImageRecord
from lydite.reports.links import RunLinks
from lydite.reports.own_folder import take_folder
from lydite.reports.pages.changes import (
    STEMS,
    ChangeCard,
    Half,
    write_change_pages,
    write_diff_page,
)
from lydite.reports.palette import ClassLook, look_of
from lydite.reports.site import Site, toml
from lydite.reports.windows import Shape, Window, draw_window, open_pixels, trace_shapes, window_around
from lydite.reports.words import describe_block

DIFF = "diff.json"
TITLES = ("before", "after")


def write_diff(diff: RunDiff, folder: Path) -> Path:
    """Write ``diff.json`` and the pages of a difference; an earlier one in the folder is replaced.

    Args:
        diff: What to write.
        folder: New, empty, or with an earlier difference.

    Returns:
        Path of ``index.html``.

    Raises:
        OutputConflict: If the folder holds anything else.
        OutputError: If something cannot be written.
    """
    take_folder(folder, DIFF, (*(f"{stem}-*.html" for stem in STEMS.values()), "windows/*.jpg"))
    record = json.dumps(diff_record(diff), indent=1, allow_nan=False)
    write_atomic(folder / DIFF, record.encode("utf-8", "backslashreplace"))
    site = Site(folder)
    site.write_assets()
    names = dict.fromkeys((*diff.before.class_map, *diff.after.class_map))
    looks = {name: look_of(index, name) for index, name in enumerate(names)}
    cards = _Cards(site, diff, looks).draw()
    by_kind = {kind: [card for card in cards if card.kind == kind] for kind in KINDS}
    counts = {kind: len(found) for kind, found in by_kind.items()}
    for kind, found in by_kind.items():
        write_change_pages(site, kind, found, counts)
    return write_diff_page(site, diff, looks, by_kind, counts)


class _Cards:
    """Draws the changes of each picture while it is open."""

    def __init__(self, site: Site, diff: RunDiff, looks: dict[str, ClassLook]) -> None:
        self._site = site
        self._diff = diff
        self._looks = looks
        self._links = tuple(RunLinks(run.path, site.folder) for run in (diff.before, diff.after))

    def draw(self) -> list[ChangeCard]:
        """The cards of all changes, in their order."""
        partner = {one.item: other for one, other in self._diff.pairs}
        first = {other.item: one for one, other in self._diff.pairs}
        cards: dict[int, ChangeCard] = {}
        numbered = sorted(enumerate(self._diff.changes), key=lambda entry: entry[1].shown.record.item)
        for _, group in groupby(numbered, key=lambda entry: entry[1].shown.record.item):
            pixels: npt.NDArray[np.uint8] | None = None
            for position, (place, change) in enumerate(group):
                mine = change.shown.record
                both = (mine, partner[mine.item]) if change.after is None else (first[mine.item], mine)
                if not position:
                    pixels = self._open(self._diff.after, both[1])
                    pixels = self._open(self._diff.before, both[0]) if pixels is None else pixels
                cards[place] = self._card(change, place, pixels, (both[0].item, both[1].item))
        return [cards[place] for place in sorted(cards)]

    @staticmethod
    def _open(run: FinishedRun, record: ImageRecord) -> npt.NDArray[np.uint8] | None:
        limits = ImageLimits(run.settings["max_bytes"], run.settings["max_pixels"])
        return open_pixels(record, limits)

    def _card(
        self, change: Change, place: int, pixels: npt.NDArray[np.uint8] | None, items: tuple[str, str]
    ) -> ChangeCard:
        shown = change.shown
        seen = [side for side in (change.before, change.after) if side is not None]
        boxes = [side.mask.boxes.xyxy[0].tolist() for side in seen]
        window = window_around(boxes, shown.record.size_hw)
        before, after = (
            self._half(side, change, which, items[which])
            for which, side in enumerate((change.before, change.after))
        )
        return ChangeCard(
            change.kind,
            self._looks[shown.class_name],
            printable(shown.region.item.path),
            self._drawn(place, window, pixels),
            (before, after),
        )

    def _drawn(self, place: int, window: Window, pixels: npt.NDArray[np.uint8] | None) -> Window:
        return draw_window(self._site, f"windows/{place}.jpg", window, pixels)

    def _half(self, seen: Seen | None, change: Change, which: int, item: str) -> Half:
        links, title = self._links[which], TITLES[which]
        if seen is not None:
            shapes = tuple(
                Shape("found", self._looks[seen.class_name].colour, path)
                for path in trace_shapes(seen.mask, seen.record.size_hw)
            )
            text = f"{seen.class_name}, score {seen.score:.3f}"
            near = (f"nearest {seen.nearest.partition('/')[2] or seen.nearest}",) if seen.nearest else ()
            return Half(title, shapes, text, near, links.picture(item, seen.region.number))
        text, lines = _explain(change, "before" if which else "after")
        return Half(title, (), text, lines, links.picture(item))


def _explain(change: Change, other: str) -> tuple[str, tuple[str, ...]]:
    """Why the run has nothing there, and which settings were others where it was accepted."""
    fate = change.fate
    if fate is None:
        return "", ()
    lines = tuple(describe_block(block) for block in fate.blocks[:3])
    for cause in change.causes:
        value = cause.after if change.kind == APPEARED else cause.before
        lines += (f"{cause.name} is {toml(value)} {other}",)
    return _fate_text(fate, change.shown.class_name), lines


def _fate_text(fate: Fate, class_name: str) -> str:
    if fate.region < 0:
        return f"not proposed: the best candidate overlaps with IoU {fate.iou:.2f}"
    kind = "" if fate.class_name == class_name else f" as {fate.class_name}"
    return f"{fate.outcome}{kind}, score {fate.score:.3f}"
