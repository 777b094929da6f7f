"""Two data sets to detect in: pictures, truth, and several draws of exemplars from other pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detect import bccd as bccd_task
from detect import picture_in
from lydite.core import ClassMap, Masks
from lydite.data import load_image, read_split, read_voc
from lydite.detect import Exemplar, ExemplarSet
from lydite.metrics import ImageTruth
from lydite.metrics.instances import IouType

BCCD_PICTURES, BCCD_PER_CLASS = 36, 5
NUCLEI_EXEMPLAR_IMAGES, NUCLEI_PER_IMAGE = 10, 5


@dataclass(frozen=True, eq=False)
class Trial:
    """One draw of exemplars.

    Args:
        exemplars: What was drawn.
        tested: Rows of the pictures that are searched with them.
    """

    exemplars: ExemplarSet
    tested: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Contest:
    """A data set to detect in.

    Args:
        name: Its name in the table.
        class_map: The classes, in the order in which the exemplars name them.
        pictures: Where the scenes are.
        truths: One for each picture.
        trials: The draws.
        iou_type: Compare boxes or masks.
        max_dets: Most detections counted, per picture and class.
    """

    name: str
    class_map: ClassMap
    pictures: tuple[Path, ...]
    truths: tuple[ImageTruth, ...]
    trials: tuple[Trial, ...]
    iou_type: IouType
    max_dets: int

    def truths_of(self, trial: Trial) -> list[ImageTruth]:
        """The truth of the pictures that a trial searches."""
        return [self.truths[row] for row in trial.tested]


def bccd(root: Path, draws: int, limit: int | None, per_class: int = BCCD_PER_CLASS) -> Contest:
    """Blood cells: a few boxes of each class from any training pictures, some of the test pictures."""
    task = bccd_task(root, None)
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(len(task.images))[:BCCD_PICTURES])[:limit]
    annotations = read_voc(root / "Annotations")
    train = set(read_split(root / "ImageSets" / "Main" / "train.txt"))
    known = [image for image in annotations.images if Path(image.path).stem in train]
    trials = []
    for _ in range(draws):
        drawn = []
        for label, name in enumerate(annotations.class_map):
            places = [(image, row) for image in known for row in np.flatnonzero(image.labels == label)]
            for at in rng.permutation(len(places))[:per_class]:
                image, row = places[at]
                x0, y0, x1, y1 = (float(v) for v in image.boxes.xyxy[row])
                path = root / "JPEGImages" / f"{Path(image.path).stem}.jpg"
                drawn.append(Exemplar(path, f"{path.stem}/{row}", name, box=(x0, y0, x1, y1)))
        trials.append(Trial(ExemplarSet(tuple(drawn)), tuple(range(len(chosen)))))
    return Contest(
        "bccd",
        annotations.class_map,
        tuple(task.images[row] for row in chosen),
        tuple(replace(task.truths[row], image=str(k)) for k, row in enumerate(chosen)),
        tuple(trials),
        iou_type="bbox",
        max_dets=task.max_dets,
    )


def nuclei(root: Path, draws: int, limit: int | None) -> Contest:
    """Nuclei: five masks from each of ten random pictures; the other pictures are searched."""
    folders = nuclei_folders(root)
    if limit is not None:
        folders = folders[: limit + NUCLEI_EXEMPLAR_IMAGES]
    rng = np.random.default_rng(0)
    trials = []
    for _ in range(draws):
        sources = rng.permutation(len(folders))[:NUCLEI_EXEMPLAR_IMAGES]
        drawn = []
        for source in sources:
            files = sorted((folders[source] / "masks").glob("*.png"))
            for row in rng.permutation(len(files))[:NUCLEI_PER_IMAGE]:
                name = f"{source}/{files[row].name[:8]}"
                drawn.append(Exemplar(picture_in(folders[source]), name, "nucleus", mask=files[row]))
        tested = np.setdiff1d(np.arange(len(folders)), sources)
        trials.append(Trial(ExemplarSet(tuple(drawn)), tuple(tested.tolist())))
    truths = []
    for k, folder in enumerate(folders):
        masks = nuclei_masks(folder)
        truths.append(ImageTruth(str(k), masks.boxes, masks, np.zeros(len(masks), np.int64)))
    return Contest(
        "nuclei",
        ClassMap(("nucleus",)),
        tuple(picture_in(folder) for folder in folders),
        tuple(truths),
        tuple(trials),
        iou_type="segm",
        max_dets=300,
    )


def nuclei_folders(root: Path) -> list[Path]:
    """One folder for each picture."""
    return sorted(path for path in root.iterdir() if path.is_dir())


def nuclei_masks(folder: Path) -> Masks:
    """The true masks of one picture."""
    files = sorted((folder / "masks").glob("*.png"))
    return Masks.from_dense(np.stack([load_image(file).pixels.max(axis=2) > 0 for file in files]))
