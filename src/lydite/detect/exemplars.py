"""The reference pictures: what a folder of examples says.

A sub-folder is a class; a folder without sub-folders is one class named after it. Names that begin
with a dot are never a class. An exemplar is a whole picture, a picture with a mask (a PNG of the same
stem, ``red.jpg`` + ``red.png``, or ``red.mask.png`` beside any picture; white is the object), a
cut-out whose transparent part is not the object, or, from Python, a picture with a box.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lydite.core import Boxes, ExemplarError, ImageError, InvalidValue, Masks, UsageError
from lydite.data import (
    ImageLimits,
    Picture,
    from_coco_rle,
    has_image_suffix,
    is_hidden,
    load_image,
    natural_key,
    printable,
)

MASK_SUFFIX = ".mask.png"


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One example.

    Args:
        path: The picture.
        name: How explanations call it, for example ``"positive/apple/red-01.jpg"``; distinct in a set.
        class_name: Its class; ``None`` for a negative.
        mask: A mask file of the same size; white is the object.
        box: ``x0 y0 x1 y1`` in pixels of the upright picture; excludes ``mask``.
        against: The one class that a negative speaks against; ``None`` for all of them.
        rle: The mask itself, as COCO's compressed runs at the picture's size; excludes the two before.
        judged: Somebody went through what was found in the picture: what they did not accept there is none.
    """

    path: Path
    name: str
    class_name: str | None
    mask: Path | None = None
    box: tuple[float, float, float, float] | None = None
    against: str | None = None
    rle: str | None = None
    judged: bool = False

    def load(self, limits: ImageLimits) -> tuple[Picture, Masks]:
        """The picture and the one mask of the object in it.

        Raises:
            ImageError: If the picture or its mask cannot be read, or the mask is of another size or empty.
        """
        picture = load_image(self.path, limits)
        return picture, self._mask_in(picture, limits)

    def is_whole(self, picture: Picture) -> bool:
        """Whether nothing says where in the picture the object is."""
        return self.box is None and self.mask is None and self.rle is None and picture.alpha is None

    def _mask_in(self, picture: Picture, limits: ImageLimits) -> Masks:
        size_hw = picture.size_hw
        if self.box is not None:
            masks = Masks.from_boxes(Boxes(np.array([self.box], np.float32)).clip(size_hw), size_hw)
            what = f"box {self.box}"
        elif self.rle is not None:
            masks = self._runs(size_hw)
            what = "annotated mask"
        elif self.mask is not None:
            drawn = load_image(self.mask, limits)
            if drawn.size_hw != size_hw:
                raise ImageError(
                    self.mask,
                    f"is a mask of {_size(drawn.size_hw)} pixels for a picture of {_size(size_hw)}",
                    "Draw the mask on the picture itself, at its own size.",
                )
            masks = Masks.from_dense(drawn.pixels.max(axis=2)[None] >= 128)
            what = f"mask {self.mask.name}"
        elif picture.alpha is not None:
            masks = Masks.from_dense(picture.alpha[None])
            what = "transparency"
        else:
            masks = Masks.from_dense(np.ones((1, *size_hw), np.bool_))
            what = "picture"
        if not masks.areas[0]:
            raise ImageError(self.path, f"shows no object: its {what} covers no pixel")
        return masks

    def _runs(self, size_hw: tuple[int, int]) -> Masks:
        try:
            return from_coco_rle([{"size": list(size_hw), "counts": self.rle}], size_hw)
        except InvalidValue as error:
            raise ImageError(
                self.path, "is of another size than its annotated mask", "Annotate it again.", str(error)
            ) from error


@dataclass(frozen=True, slots=True)
class ExemplarSet:
    """Positives and negatives as found, before any of them was opened.

    Args:
        positives: At least one.
        negatives: Perhaps none.
        problems: What was left out of folders and annotations, and what was taken whole for want of some.
    """

    positives: tuple[Exemplar, ...]
    negatives: tuple[Exemplar, ...] = ()
    problems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.positives:
            raise ExemplarError(
                "There is no positive exemplar.", "Give at least one picture of what to find."
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes in order of first appearance."""
        return tuple(dict.fromkeys(e.class_name for e in self.positives if e.class_name is not None))


def find_exemplars(positive: Path, negative: Path | None = None) -> ExemplarSet:
    """The exemplars of a folder of positives and, optionally, of negatives.

    Args:
        positive: Sub-folders are classes; without sub-folders, one class named after the folder.
        negative: Pictures of what must not be found, at any depth; what lies in a sub-folder that is named
            after a class speaks against this class only.

    Raises:
        UsageError: If a folder is missing, or is a file.
        ExemplarError: If a folder holds no picture, a class folder holds no picture, or
            pictures lie beside class folders (nobody could say what they are).
    """
    _require_folder(positive, "positive")
    class_folders = [path for path in _visible(positive) if path.is_dir()]
    loose = pictures_in(positive)
    if class_folders and loose:
        raise ExemplarError(
            f"Positive folder {positive} holds class folders and {len(loose)} loose pictures.",
            "Move each picture into the folder of its class.",
            [picture.path.name for picture in loose[:3]],
        )
    positives: list[Exemplar] = []
    for folder in class_folders or [positive]:
        found = pictures_in(folder, f"positive/{folder.name}" if class_folders else "positive", folder.name)
        if not found:
            raise ExemplarError(
                f"Class folder {folder} holds no picture." if class_folders else f"No positives in {folder}.",
                "Put pictures into it (.jpg, .png, .webp, ...), or remove it.",
            )
        positives += found
    problems = find_lone_masks(positive)
    if negative is None:
        return ExemplarSet(tuple(positives), problems=problems)
    classes = {each.class_name for each in positives if each.class_name is not None}
    negatives = find_negatives(negative, classes)
    return ExemplarSet(tuple(positives), negatives, problems + find_lone_masks(negative))


def find_negatives(folder: Path, classes: Collection[str]) -> tuple[Exemplar, ...]:
    """The negatives of a folder; what lies in a sub-folder named after a class speaks against it only.

    Raises:
        UsageError: If there is no such folder.
        ExemplarError: If it holds no picture.
    """
    _require_folder(folder, "negative")
    found: list[Exemplar] = []
    for sub in (folder, *folders_below(folder)):
        parts = sub.relative_to(folder).parts
        against = named_class(parts, classes)
        pictures = pictures_in(sub, "/".join(("negative", *parts)), None)
        found += [replace(picture, against=against) for picture in pictures]
    if not found:
        raise ExemplarError(
            f"Negative folder {folder} holds no picture.", "Fill it, or leave --negative out."
        )
    return tuple(found)


def folders_below(folder: Path) -> Iterator[Path]:
    """The folders below one at any depth, hidden ones and links excepted."""
    for path in _visible(folder):
        if path.is_dir() and not path.is_symlink():
            yield path
            yield from folders_below(path)


def named_class(folders: Sequence[str], classes: Collection[str]) -> str | None:
    """The one class that negatives speak against, by the folders that they lie in from the outermost on."""
    return folders[0] if folders and folders[0] in classes else None


def find_lone_masks(folder: Path) -> tuple[str, ...]:
    """What to say of masks in a folder, at any depth, that have no picture beside them."""
    said = []
    for sub in (folder, *folders_below(folder)):
        used = {each.mask for each in pictures_in(sub)}
        lone = [path for path in _visible(sub) if path.name.endswith(MASK_SUFFIX) and path not in used]
        said += [f"mask left out: {printable(path)}: its picture does not lie beside it" for path in lone]
    return tuple(said)


def pictures_in(folder: Path, prefix: str = "", class_name: str | None = "") -> list[Exemplar]:
    """The pictures directly in a folder, each with its mask if there is one."""
    files = [path for path in _visible(folder) if has_image_suffix(path.name) and not path.is_dir()]
    names = {path.name for path in files}
    by_stem: dict[str, list[Path]] = {}
    for path in files:
        by_stem.setdefault(path.stem, []).append(path)
    exemplars = []
    for path in files:
        if path.name.endswith(MASK_SUFFIX) or _is_mask_of_sibling(path, by_stem[path.stem]):
            continue
        exemplars.append(Exemplar(path, f"{prefix}/{path.name}", class_name, _mask_of(path, names)))
    return exemplars


def _is_mask_of_sibling(path: Path, same_stem: Sequence[Path]) -> bool:
    return path.suffix.lower() == ".png" and any(p.suffix.lower() != ".png" for p in same_stem)


def _mask_of(path: Path, names: set[str]) -> Path | None:
    for name in (f"{path.stem}{MASK_SUFFIX}", f"{path.stem}.png"):
        if name in names and name != path.name:
            return path.with_name(name)
    return None


def _visible(folder: Path) -> Iterator[Path]:
    entries = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    return (path for path in entries if not is_hidden(path.name))


def _require_folder(path: Path, kind: str) -> None:
    if not path.is_dir():
        state = "is a file" if path.exists() else "does not exist"
        raise UsageError(f"The {kind} folder {path} {state}.", "Name a folder of example pictures.")


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"
