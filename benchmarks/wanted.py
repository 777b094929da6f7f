"""One wanted class beside what it is confused with: truth, draws of examples, and what a search finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detect import SHARED
from lydite.core import Boxes, ItemId
from lydite.data import AnnotatedImage, load_image, read_coco, read_split, read_voc, read_yolo
from lydite.data.shelf import write_shelf
from lydite.detect import Bank, Exemplar, ExemplarSet, decide, find_exemplars, resolve
from lydite.detect.config import DetectSettings, without_constants
from lydite.detect.examine import Examiner
from lydite.detect.proposers import build_proposer
from lydite.features import VectorCache, build_encoder
from lydite.metrics.overlap import box_iou
from remembering import RememberingProposer
from variants import Remembering

EXAMPLES, IOU = 10, 0.5
WANTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "head": ("hardhat", ("helmet",)),
    "helmet": ("hardhat", ("head",)),
    "Platelets": ("bccd", ("RBC", "WBC")),
    "RBC": ("bccd", ("WBC", "Platelets")),
    "tomato": ("shelf", ("apple", "bell pepper")),
    "lemon": ("shelf", ("pear", "orange")),
}
"""By wanted class: the data set, and the classes that it is confused with."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture to search.

    Args:
        path: Where it is.
        wanted: True boxes of the wanted class.
        confused: True boxes of all that it is confused with.
        hidden: True boxes of which too little is seen to count.
    """

    path: Path
    wanted: Boxes
    confused: Boxes
    hidden: Boxes


@dataclass(frozen=True, eq=False)
class Case:
    """A wanted class of a data set.

    Args:
        name: The class.
        scenes: Half of them show the wanted class, as far as there are as many without it.
        draws: Positives of the wanted class and negatives of the others, from pictures of their own.
    """

    name: str
    scenes: tuple[Scene, ...]
    draws: tuple[ExemplarSet, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """A data set: examples by class, and pictures to search."""

    examples: dict[str, list[Exemplar]]
    searched: list[tuple[Path, AnnotatedImage]]
    class_names: tuple[str, ...]


def bccd(_: Path) -> Source:
    """Blood cells: examples from the training pictures, all others are searched."""
    root = SHARED / "data" / "bccd"
    read = read_voc(root / "Annotations")
    train = set(read_split(root / "ImageSets" / "Main" / "train.txt"))
    placed = [(root / "JPEGImages" / f"{Path(each.path).stem}.jpg", each) for each in read.images]
    known = [each for each in placed if each[0].stem in train]
    names = tuple(read.class_map)
    return Source(boxed(known, names), [each for each in placed if each[0].stem not in train], names)


def hardhat(_: Path) -> Source:
    """Heads with and without a helmet; persons are hardly annotated and stand for nothing."""
    root = SHARED / "data" / "hardhat"
    known, searched = (
        [(root / part / "images" / image.path, image) for image in read_yolo(root / part / "labels").images]
        for part in ("train", "valid")
    )
    names = ("head", "helmet", "person")
    return Source(boxed(known, names), [each for each in searched if len(each[1])], names)


def shelf(folder: Path) -> Source:
    """Drawn shelves of produce; examples are close-ups with masks."""
    drawn = write_shelf(folder, 7, scenes=24, exemplars_per_class=15, negatives=0, empty=6)
    examples: dict[str, list[Exemplar]] = {}
    for each in find_exemplars(drawn.positive).positives:
        examples.setdefault(str(each.class_name), []).append(each)
    read = read_coco(drawn.truth)
    searched = [(folder / image.path, image) for image in read.images]
    return Source(examples, searched, tuple(read.class_map))


def boxed(known: Sequence[tuple[Path, AnnotatedImage]], names: Sequence[str]) -> dict[str, list[Exemplar]]:
    """Each true box as an example of its class."""
    found: dict[str, list[Exemplar]] = {name: [] for name in names}
    for path, image in known:
        for row, label in enumerate(image.labels.tolist()):
            x0, y0, x1, y1 = (float(v) for v in image.boxes.xyxy[row])
            name = names[label]
            found[name].append(Exemplar(path, f"{path.stem}/{row}", name, box=(x0, y0, x1, y1)))
    return found


def cases(names: Sequence[str], draws: int, pictures: int, folder: Path, seed: int = 0) -> Iterator[Case]:
    """Each wanted class with at most so many pictures to search; shelves are drawn into the folder."""
    for name in names:
        kind, foes = WANTED[name]
        source = {"bccd": bccd, "hardhat": hardhat, "shelf": shelf}[kind](folder / kind)
        rng = np.random.default_rng(seed)
        order = [source.searched[at] for at in rng.permutation(len(source.searched)).tolist()]
        scenes = [to_scene(path, image, source, name, foes) for path, image in order]
        without = [scene for scene in scenes if not len(scene.wanted) and not len(scene.hidden)]
        with_it = [scene for scene in scenes if len(scene.wanted)]
        few = min(pictures // 2, len(without))
        yield Case(
            name,
            (*with_it[: pictures - few], *without[:few]),
            tuple(draw(source.examples, name, foes, rng) for _ in range(draws)),
        )


def remembering_examiner(options: dict[str, object], folder: Path) -> Examiner:
    """One that looks at each picture once, whatever is asked of it; vectors are kept in the folder."""
    settings = without_constants(resolve("calibrated", options=options))
    return Examiner(
        Remembering(build_encoder(settings.encoder)),
        RememberingProposer(build_proposer(settings)),
        settings,
        VectorCache(folder / "vectors"),
    )


def to_scene(path: Path, image: AnnotatedImage, source: Source, name: str, foes: Sequence[str]) -> Scene:
    """The true boxes by what they are to a search for the class."""
    names = np.array(source.class_names)[image.labels]
    return Scene(
        path,
        image.boxes[(names == name) & ~image.difficult],
        image.boxes[np.isin(names, foes)],
        image.boxes[(names == name) & image.difficult],
    )


def draw(
    examples: dict[str, list[Exemplar]], name: str, foes: Sequence[str], rng: np.random.Generator
) -> ExemplarSet:
    """Ten examples of the wanted class, and ten of the others in equal parts."""
    drawn = {
        each: [examples[each][at] for at in rng.permutation(len(examples[each]))[:most]]
        for each, most in ((name, EXAMPLES), *((foe, EXAMPLES // len(foes)) for foe in foes))
    }
    negatives = tuple(replace(each, class_name=None) for foe in foes for each in drawn[foe])
    return ExemplarSet(tuple(drawn[name]), negatives)


@dataclass(frozen=True, eq=False)
class Found:
    """What a search ranks in all pictures of a case, best first.

    Args:
        ranks: ``(n,)`` the rank of each instance.
        hit: ``(n,)`` bool: takes a true object of the wanted class that no better one has.
        alarm: ``(n,)`` bool: lies on no object of the wanted class.
        confused: ``(n,)`` bool: an alarm that lies on an object of a class that it is confused with.
        scene: ``(n,)`` int64 row of the picture.
        total: True objects of the wanted class.
        pictures: Pictures that were searched.
    """

    ranks: npt.NDArray[np.float32]
    hit: npt.NDArray[np.bool_]
    alarm: npt.NDArray[np.bool_]
    confused: npt.NDArray[np.bool_]
    scene: npt.NDArray[np.int64]
    total: int
    pictures: int

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """``(n,)`` recall of each instance together with all better ones."""
        return np.asarray(np.cumsum(self.hit) / self.total)

    @property
    def f1(self) -> npt.NDArray[np.float64]:
        """``(n,)`` F1, likewise."""
        hits, alarms = np.cumsum(self.hit), np.cumsum(self.alarm)
        return np.asarray(2 * hits / (hits + alarms + self.total))

    @property
    def best(self) -> int:
        """The last instance that the best single threshold accepts."""
        return int(self.f1.argmax())

    def at_recall(self, recall: float) -> int | None:
        """The last instance at the highest threshold that reaches a recall; ``None`` if none does."""
        at = int(np.searchsorted(self.recall, recall - 1e-9))
        return at if at < len(self.ranks) else None


@dataclass(frozen=True, eq=False)
class Search:
    """A search of a case's pictures.

    Args:
        case: The pictures.
        examiner: Looks at them; its rules are those of its settings, thresholds of classes excepted.
    """

    case: Case
    examiner: Examiner
    overlaps: dict[int, tuple[npt.NDArray[np.float32], ...]] = field(default_factory=dict)

    def under(self, settings: DetectSettings) -> Search:
        """The same pictures under other settings of scores and rules."""
        return replace(self, examiner=replace(self.examiner, settings=settings))

    def run(self, bank: Bank) -> Found:
        """What is found with these examples."""
        columns = []
        for row, scene in enumerate(self.case.scenes):
            candidates, evidence = self.examiner.examine(
                load_image(scene.path), ItemId(self.case.name, str(row)), bank, untimed
            )
            if row not in self.overlaps:
                sides = (scene.wanted, scene.confused, scene.hidden)
                self.overlaps[row] = tuple(box_iou(candidates.boxes, boxes) for boxes in sides)
            kept = np.flatnonzero(decide(evidence, self.examiner.settings.decision).accepted)
            kept = kept[np.argsort(-evidence.rank[kept], kind="stable")]
            wanted, confused, hidden = (each[kept].max(axis=1, initial=0) for each in self.overlaps[row])
            alarm = np.maximum(wanted, hidden) < IOU
            hit = takes(self.overlaps[row][0][kept])
            columns.append(
                (evidence.rank[kept], hit, alarm, alarm & (confused >= IOU), np.full(len(kept), row))
            )
        ranks, hit, alarm, confused, scenes = (np.concatenate(each) for each in zip(*columns, strict=True))
        order = np.argsort(-ranks, kind="stable")
        total = sum(len(scene.wanted) for scene in self.case.scenes)
        return Found(
            ranks[order],
            hit[order],
            alarm[order],
            confused[order],
            scenes[order],
            total,
            len(self.case.scenes),
        )


def takes(overlaps: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """``(n,)`` who of ``n`` instances, best first, takes a true object that is still free."""
    free = overlaps.copy()
    hit = np.zeros(len(free), np.bool_)
    for row in range(len(free) if free.shape[1] else 0):
        at = int(free[row].argmax())
        if free[row, at] >= IOU:
            hit[row] = True
            free[:, at] = 0
    return hit


def untimed(_stage: str) -> AbstractContextManager[None]:
    """Stages are not timed here."""
    return nullcontext()
