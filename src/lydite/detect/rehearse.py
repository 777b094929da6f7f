"""Rehearsal: the pictures of the examples, searched by a bank that does not know them.

What a search finds there, and how it ranks, is what it will find elsewhere. Each picture of examples is
searched with the examples of all *other* pictures. The best candidate on a held-out example shows how
a true object ranks; candidates on a part of it, how its parts rank; all others may or may not be objects.

Close-ups have nothing around them to search in: they are cut out and put into pictures of the pile first
(``transplant``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ClassMap, ImageError, ImageId, ItemId, Masks
from lydite.data import ImageFile, ImageLimits, Picture, load_image
from lydite.detect.bank import Bank
from lydite.detect.config import DetectSettings
from lydite.detect.decide import DecisionSettings, decide
from lydite.detect.examine import Examiner
from lydite.detect.exemplars import Exemplar
from lydite.detect.rehearsal import Floats, Ints, Ranked, Rehearsal
from lydite.detect.transplant import CloseUp, batches, place
from lydite.metrics.overlap import box_iou, mask_overlap

T = TypeVar("T")

HIT_IOU = 0.5
"""A candidate that overlaps an example this much has found it."""
CLOSE_UP = 0.5
"""An example at least this long, as a share of its picture's shorter side, leaves too little around it."""
FEWEST_HOSTS = 6
"""A pile of fewer pictures does not say how often anything ranks as high as close-ups put into it."""
TOP = 8
"""Of the candidates of a picture of the pile so many, the best ones, say how large things are there."""
PART_IOU = 0.1
"""One that overlaps it less, but at least this much, is a part of it or holds a part of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Searcher:
    """What a rehearsal is played with: filters and suppression of its settings, no score rules.

    Args:
        examiner: Looks at pictures.
    """

    examiner: Examiner

    def search(self, picture: Picture, item: ItemId, bank: Bank) -> tuple[Ranked, Candidates]:
        """What outlasts its rivals in a picture, row-aligned with the candidates."""
        candidates, evidence = self.examiner.examine(picture, item, bank, _untimed)
        filters, rules, suppression = self.settings.decision
        everything = rules.model_copy(update={"allow_unknown": False})
        rows = np.flatnonzero(decide(evidence, DecisionSettings(filters, everything, suppression)).accepted)
        return Ranked(evidence.rank[rows].astype(np.float64), evidence.scores.labels[rows]), candidates[rows]

    @property
    def settings(self) -> DetectSettings:
        """Those of the examiner."""
        return self.examiner.settings

    @property
    def limits(self) -> ImageLimits:
        """Caps on files and pixels."""
        return self.settings.limits.to_image_limits()


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """A picture of the pile that close-ups can be put into.

    Args:
        file: Where it is.
        sides: ``(k,)`` float64 roots of the areas, in pixels, of what ranks highest in it.
    """

    file: ImageFile
    sides: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What was seen in some pictures of the pile, of which nobody knows what is in them.

    Args:
        scenes: All candidates, by picture; pictures without any are left out.
        hosts: The same pictures, to put close-ups into.
    """

    scenes: tuple[Ranked, ...] = ()
    hosts: tuple[Host, ...] = ()


def survey(files: Sequence[ImageFile], bank: Bank, searcher: Searcher, most: int) -> Survey:
    """Search some of the pictures that will be searched.

    Args:
        files: The pile.
        bank: The examples.
        searcher: What to search with.
        most: Pictures at most; they are taken evenly from the pile. What cannot be read is passed over.
    """
    scenes, hosts = [], []
    for file in _spread(files, most):
        try:
            found, candidates = searcher.search(load_image(file.path, searcher.limits), file.item, bank)
        except ImageError:  # the run itself will name it as failed
            continue
        if len(found.ranks):
            top = np.argsort(-found.ranks, kind="stable")[:TOP]
            scenes.append(found)
            hosts.append(Host(file, np.sqrt(candidates.masks.areas[top])))
    return Survey(tuple(scenes), tuple(hosts))


def rehearse(bank: Bank, searcher: Searcher, hosts: Sequence[Host] = ()) -> Rehearsal:
    """Search for each of the positives with a bank that does not know it.

    Args:
        bank: The examples; ``sources`` say where they are.
        searcher: What to search with.
        hosts: Pictures of the pile, for close-ups to be searched in.
    """
    notes = _Notes()
    close_ups: list[CloseUp] = []
    groups, notes.unread = _by_picture(bank)
    for sources in _spread(groups, searcher.settings.calibration.rehearsals):
        held_out = _load(sources, bank, searcher.limits, notes, close_ups)
        if held_out is None:
            continue
        picture, exemplars, masks, rows = held_out
        others = _others(bank, rows)
        if others is None:
            notes.alone += [exemplar.name for exemplar in exemplars]
            continue
        item = ItemId("rehearsal", sources[0].path.name)
        try:
            found, candidates = searcher.search(picture, item, bank.only(others, _foes(bank, sources)))
        except ImageError:  # a proposer that only knows other pictures, such as those of an annotation file
            notes.unsearched += [exemplar.name for exemplar in exemplars]
            continue
        truth = np.full(len(found.ranks), -1, np.int64)
        for at, exemplar in enumerate(exemplars):
            iou = _iou(candidates, masks[at : at + 1], by_box=exemplar.box is not None)
            best = notes.add(int(bank.labels[rows[at]]), found, iou, judged=exemplar.judged)
            if best is not None:
                truth[best] = bank.labels[rows[at]]
        judged = any(exemplar.judged for exemplar in sources)
        notes.scenes.append(replace(found, truth=truth) if judged else found)
    _rehearse_close_ups(close_ups, bank, searcher, hosts, notes)
    return notes.to_rehearsal(bank.class_map)


def _rehearse_close_ups(
    close_ups: list[CloseUp], bank: Bank, searcher: Searcher, hosts: Sequence[Host], notes: _Notes
) -> None:
    """Search for close-ups in pictures of the pile, a few classes to a picture."""
    if len(hosts) < FEWEST_HOSTS:
        notes.whole += [bank.positives.ids[each.row] for each in close_ups]
        return
    rng = np.random.default_rng(0)
    sides = np.concatenate([host.sides for host in hosts])
    for turn, batch in enumerate(batches(close_ups)):
        others = _others(bank, np.array([each.row for each in batch]))
        if others is None:
            notes.alone += [bank.positives.ids[each.row] for each in batch]
            continue
        host = hosts[turn % len(hosts)].file
        item = ItemId("rehearsal", f"{turn}-{host.path.name}")
        try:
            picture = load_image(host.path, searcher.limits)
            pixels, placed = place(batch, picture.pixels, rng.choice(sides, len(batch)).tolist(), rng)
            found, candidates = searcher.search(
                Picture(pixels, ImageId.of_bytes(pixels.tobytes())), item, bank.only(others)
            )
        except ImageError:
            notes.unsearched += [bank.positives.ids[each.row] for each in batch]
            continue
        for close_up, mask in placed:
            notes.add(close_up.label, found, _iou(candidates, mask, by_box=close_up.boxed), close_up=True)
        notes.scenes.append(found)


def _foes(bank: Bank, sources: Sequence[Exemplar]) -> Ints | None:
    """The negatives that are of other pictures: what was refused in this one would know itself."""
    if bank.negatives is None:
        return None
    here = {source.name for source in sources}
    return np.array([row for row, name in enumerate(bank.negatives.ids) if name not in here], np.int64)


def _others(bank: Bank, rows: Ints) -> Ints | None:
    """The rows that stay when some are held out; none if a class would be left without any."""
    others = np.setdiff1d(np.arange(len(bank.labels)), rows)
    return others if len(np.unique(bank.labels[others])) == len(bank.class_map) else None


@dataclass(slots=True)
class _Notes:
    """What was seen so far."""

    labels: list[int] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)
    named: list[bool] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    part_ranks: list[Floats] = field(default_factory=list)
    scenes: list[Ranked] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    unsearched: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)
    crowds: list[float] = field(default_factory=list)

    def add(
        self,
        label: int,
        found: Ranked,
        iou: npt.NDArray[np.float32],
        *,
        judged: bool = False,
        close_up: bool = False,
    ) -> int | None:
        """One held-out example of the picture that comes next in ``scenes``: the candidate that found it."""
        hits = np.flatnonzero(iou >= HIT_IOU)
        best = int(hits[found.ranks[hits].argmax()]) if len(hits) else None
        self.labels.append(label)
        self.judged.append(judged)
        self.crowds.append(np.nan if close_up else max(1.0, float((found.labels == label).sum())))
        self.ranks.append(-np.inf if best is None else float(found.ranks[best]))
        self.named.append(best is not None and int(found.labels[best]) == label)
        self.pictures.append(len(self.scenes))
        self.part_ranks.append(found.ranks[(iou >= PART_IOU) & (iou < HIT_IOU)])
        return best

    def to_rehearsal(self, class_map: ClassMap) -> Rehearsal:
        labels, pictures = np.array(self.labels, np.int64), np.array(self.pictures, np.int64)
        _, place, shown = np.unique(
            pictures * len(class_map) + labels, return_inverse=True, return_counts=True
        )
        return Rehearsal(
            class_map,
            labels,
            np.array(self.ranks, np.float64),
            np.array(self.named, np.bool_),
            pictures,
            np.concatenate([np.zeros(0), *self.part_ranks]),
            np.repeat(np.arange(len(self.labels)), [len(parts) for parts in self.part_ranks]),
            tuple(self.scenes),
            tuple(self.whole),
            tuple(self.alone),
            tuple(self.unsearched),
            tuple(self.unread),
            np.array(self.judged, np.bool_),
            np.array(self.crowds, np.float64) / shown[place],
        )


def _by_picture(bank: Bank) -> tuple[list[list[Exemplar]], list[str]]:
    """The examples by the content of their pictures, and the names of those without one.

    Pictures in which nothing but negatives lies are left out, unless somebody went through them.
    """
    known = set(bank.positives.ids)
    groups: dict[ImageId, list[Exemplar]] = {}
    gone = []
    for exemplar in bank.sources:
        try:
            groups.setdefault(ImageId.of_bytes(exemplar.path.read_bytes()), []).append(exemplar)
        except OSError:
            gone += [exemplar.name] if exemplar.name in known else []
    shown = [each for each in groups.values() if any(one.name in known or one.judged for one in each)]
    return shown, gone


def _load(
    exemplars: list[Exemplar], bank: Bank, limits: ImageLimits, notes: _Notes, close_ups: list[CloseUp]
) -> tuple[Picture, list[Exemplar], Masks, Ints] | None:
    """A picture with its examples, their masks and their rows in the bank; none if it cannot be searched.

    Close-ups are set aside; those of which nobody knows what in them is the object are of no use.
    """
    row_of = {name: row for row, name in enumerate(bank.positives.ids)}
    judged = any(exemplar.judged for exemplar in exemplars)
    exemplars = [exemplar for exemplar in exemplars if exemplar.name in row_of] or exemplars[:1]
    try:
        loaded = [exemplar.load(limits) for exemplar in exemplars]
    except ImageError:
        notes.unread += [exemplar.name for exemplar in exemplars if exemplar.name in row_of]
        return None
    picture = loaded[0][0]
    if exemplars[0].name not in row_of:  # nothing that was found here was accepted
        return picture, [], Masks.concatenate([], picture.size_hw), np.zeros(0, np.int64)
    located = [at for at, (_, mask) in enumerate(loaded) if not _is_close_up(mask)]
    for at in sorted(set(range(len(exemplars))) - set(located)):
        row, (own, mask) = row_of[exemplars[at].name], loaded[at]
        if mask.areas[0] < own.size_hw[0] * own.size_hw[1]:
            boxed = exemplars[at].box is not None
            close_ups.append(CloseUp.of(row, int(bank.labels[row]), own, mask, boxed=boxed))
        else:
            notes.whole.append(exemplars[at].name)
    if not located and not judged:
        return None
    chosen = [exemplars[at] for at in located]
    masks = Masks.concatenate([loaded[at][1] for at in located], picture.size_hw)
    return picture, chosen, masks, np.array([row_of[exemplar.name] for exemplar in chosen], np.int64)


def _is_close_up(mask: Masks) -> bool:
    x0, y0, x1, y1 = mask.boxes.xyxy[0]
    return bool(max(x1 - x0, y1 - y0) >= CLOSE_UP * min(mask.size_hw))


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly over the list, for what is alike stands together in it."""
    if len(items) <= most:
        return list(items)
    return [items[int(at)] for at in np.linspace(0, len(items) - 1, most).round()] if most else []


def _iou(candidates: Candidates, mask: Masks, *, by_box: bool) -> npt.NDArray[np.float32]:
    """``(n,)`` overlap with an example, by boxes where only its box is known."""
    if by_box:
        return box_iou(candidates.boxes, mask.boxes)[:, 0]
    return mask_overlap(candidates.masks, mask)[0][:, 0]


def _untimed(_stage: str) -> AbstractContextManager[None]:
    return nullcontext()
