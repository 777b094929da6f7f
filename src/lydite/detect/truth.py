"""A truth in any format beside the pictures and classes of a run; what is left out is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import ClassMap, InputError, Masks, UsageError
from lydite.data import AnnotatedImage, get_format, printable
from lydite.data.guess import locate_annotations
from lydite.detect.finished import FinishedRun
from lydite.detect.same_picture import pair_pictures
from lydite.detect.store import ImageRecord
from lydite.metrics import ImageTruth

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class TruthSource:
    """Where a truth comes from and how to read it.

    Args:
        path: File or folder of annotations.
        format: Name in ``FORMATS``, or ``"auto"``.
        images: Folder of pictures that its paths start from; by default the folder that the annotations
            are in.
        renames: Class names of the truth to those of the run; several may become one.
        not_exhaustive: Patterns (``*`` and ``?``) of paths in the truth whose pictures may show more than
            is annotated.
    """

    path: Path
    format: str = AUTO
    images: Path | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    not_exhaustive: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The folder that paths start from."""
        return self.images or (self.path if self.path.is_dir() else self.path.parent)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What an evaluation does not rest on, each by name.

    Args:
        without_truth: Items of the run that the truth does not speak of.
        without_picture: Paths in the truth that are no pictures of the run.
        failed: Items that the run could not use.
        unknown_classes: Classes that only the truth knows, with their instances in the pictures evaluated.
        untold_classes: Classes that only the run knows; what it accepted of them counts as false alarms.
        by_name: Paths paired by the ends of their names alone.
        problems: Rows or files of the truth that cannot be used.
    """

    without_truth: tuple[str, ...]
    without_picture: tuple[str, ...]
    failed: tuple[str, ...]
    unknown_classes: Mapping[str, int]
    untold_classes: tuple[str, ...]
    by_name: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ToldPicture:
    """A picture of the run with its truth.

    Args:
        record: What the run did with it.
        truth: Its instances, with the run's labels; named as in the truth.
        exhaustive: Whether everything in it is annotated.
    """

    record: ImageRecord
    truth: ImageTruth
    exhaustive: bool


@dataclass(frozen=True, slots=True, eq=False)
class RunTruth:
    """The truth of a run.

    Args:
        pictures: Those that both sides know.
        left_out: Everything else.
        format: The format that was read.
    """

    pictures: tuple[ToldPicture, ...]
    left_out: LeftOut
    format: str

    @property
    def without_mask(self) -> int:
        """True instances for which only a box is known."""
        return sum(_without_mask(picture.truth) for picture in self.pictures)


def read_truth(source: TruthSource, run: FinishedRun) -> RunTruth:
    """Read a truth and bring it together with a run.

    Raises:
        AnnotationError: If the file cannot be read at all.
        UsageError: If the format, a pattern or a rename names nothing, or class names differ by their
            spelling alone.
        InputError: If run and truth have no picture or no class in common, or disagree about a picture.
    """
    name, path = _located(source)
    annotated = get_format(name).read(path, source.images)
    theirs = _rename(annotated.class_map, source.renames)
    ours = run.class_map
    _require_common_classes(theirs, ours, source)
    paths = [image.path for image in annotated.images]
    pairing = pair_pictures(paths, run.records, source.root)
    if not pairing.pairs:
        raise InputError(
            f"The truth in {printable(source.path)} speaks of no picture of the run.",
            "File names must agree; folders may differ.",
            {"truth": paths[:3], "run": [record.item for record in islice(run.records, 3)]},
        )
    loose = _not_exhaustive(paths, source.not_exhaustive)
    unknown: Counter[str] = Counter()
    pictures = []
    for image in annotated.images:
        if image.path in pairing.pairs:
            record = pairing.pairs[image.path]
            _require_same_size(image, record)
            truth = _to_run_classes(image, theirs, ours, unknown)
            pictures.append(ToldPicture(record, truth, image.path not in loose))
    left_out = LeftOut(
        tuple(record.item for record in pairing.without_truth),
        pairing.without_picture,
        run.failed,
        dict(sorted(unknown.items())),
        tuple(name for name in ours if name not in theirs),
        pairing.by_name,
        tuple(str(problem) for problem in annotated.problems),
    )
    return RunTruth(tuple(pictures), left_out, name)


def _located(source: TruthSource) -> tuple[str, Path]:
    if source.format == AUTO:
        return locate_annotations(source.path)
    get_format(source.format)
    return source.format, source.path


def _rename(names: ClassMap, renames: Mapping[str, str]) -> tuple[str, ...]:
    """The class names of the truth after renaming, by label; two labels may have one name."""
    for old in renames:
        names.get_label(old)
    return tuple(renames.get(name, name) for name in names)


def _require_common_classes(theirs: Sequence[str], ours: ClassMap, source: TruthSource) -> None:
    unknown = [name for name in theirs if name not in ours]
    untold = {_spelling(name): name for name in ours if name not in theirs}
    alike = [(name, untold[_spelling(name)]) for name in unknown if _spelling(name) in untold]
    if alike:
        pairs = " ".join(f"--map {_quoted(f'{old}={new}')}" for old, new in alike)
        raise UsageError(
            "Class names of truth and run differ by their spelling alone.",
            f"If they mean the same: {pairs}",
            alike,
        )
    if len(unknown) == len(theirs):
        raise InputError(
            f"The truth in {printable(source.path)} has no class in common with the run.",
            "Rename its classes with --map theirs=ours.",
            {"truth": list(theirs)[:8], "run": list(ours)[:8]},
        )


def _spelling(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


def _quoted(text: str) -> str:
    return f"'{text}'" if re.search(r"[^\w=.-]", text) else text


def _not_exhaustive(paths: Sequence[str], patterns: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        matched = {path for path in paths if fnmatchcase(path, pattern)}
        if not matched:
            raise UsageError(
                f"No picture of the truth fits --not-exhaustive {pattern!r}.",
                "Patterns are compared with paths as the truth spells them; '*' fits all.",
                list(paths[:3]),
            )
        found |= matched
    return found


def _require_same_size(image: AnnotatedImage, record: ImageRecord) -> None:
    if image.size_hw != record.size_hw:
        (height, width), (high, wide) = image.size_hw, record.size_hw
        raise InputError(
            f"Picture {image.path} has {width}x{height} pixels in the truth and {wide}x{high} in the run.",
            "Annotate the pictures that were looked at, upright as they are shown.",
        )


def _to_run_classes(
    image: AnnotatedImage, theirs: Sequence[str], ours: ClassMap, unknown: Counter[str]
) -> ImageTruth:
    names = [theirs[int(label)] for label in image.labels]
    unknown.update(name for name in names if name not in ours)
    rows: npt.NDArray[np.int64] = np.flatnonzero(np.array([name in ours for name in names], np.bool_))
    masks = image.masks if len(image) else Masks.empty(image.size_hw)
    every = ImageTruth(
        image.path, image.boxes, masks, np.zeros(len(image), np.int64), image.crowd, image.difficult
    )
    labels = np.array([ours.get_label(names[row]) for row in rows], np.int64)
    return replace(every[rows], labels=labels)


def _without_mask(truth: ImageTruth) -> int:
    return len(truth) if truth.masks is None else int((truth.masks.areas == 0).sum())
