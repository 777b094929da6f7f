"""Whole pictures and crops: does the vector hold what tells classes apart? Linear probe and 1-NN."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from encoders_rows.compare import Outcome, ratio
from encoders_rows.contenders import Contender
from encoders_rows.vectors import Pixels, Vectors, picture_vectors
from lydite.data import load_image, read_yolo

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Judge = Callable[[Vectors, Ints, Vectors], Ints]
"""From known vectors, their labels and unknown vectors to the labels of the unknown."""

TEST_SHARE = 0.4
GROCERY_SHORT_SIDE, CROP_SHORT_SIDE = 224, 128
CROP_MARGIN, CROP_LEAST_PX, CROPS_PER_CLASS = 0.15, 12, 3
HEAD, HELMET = 0, 1


def linear_probe(known: Vectors, labels: Ints, unknown: Vectors) -> Ints:
    """Multinomial logistic regression with little regularisation."""
    with warnings.catch_warnings():
        # The last digits of the optimum do not move a label, and cost most of the time.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=30, max_iter=200).fit(known, labels)
    predicted: Ints = np.asarray(model.predict(unknown), np.int64)
    return predicted


def nearest_neighbour(known: Vectors, labels: Ints, unknown: Vectors) -> Ints:
    """The label of the known vector with the largest cosine."""
    return labels[(unknown @ known.T).argmax(axis=1)]


JUDGES: dict[str, Judge] = {"probe": linear_probe, "1-NN": nearest_neighbour}


def grocery(
    contenders: Sequence[Contender], root: Path, splits: int, limit: int | None, cache: Path | None
) -> Iterator[tuple[str, list[Outcome]]]:
    """Shop photographs, fine and coarse class: both lists split at random by fine class, and train to val.

    Shots of one shelf never stand in both lists, so only the latter asks for more than to know a shelf again.
    """
    lists = "".join((root / name).read_text() for name in ("train.txt", "val.txt"))
    lines = [line.split(", ") for line in lists.splitlines()]
    # A limit takes whole classes: few pictures of every class would leave nothing to learn from.
    numbers = np.array([int(fine) for _, fine, _ in lines])
    order = np.argsort(np.random.default_rng(0).permutation(numbers.max() + 1)[numbers], kind="stable")
    lines = [lines[row] for row in np.sort(order[:limit])]
    names = [path for path, _, _ in lines]
    ways = {"": stratified(np.array([int(fine) for _, fine, _ in lines]), splits)}
    validation = np.array([name.startswith("val/") for name in names])
    if validation.any() and not validation.all():
        ways[", train to val"] = [validation]

    def load(name: str) -> Pixels:
        return load_image(root / name).pixels

    vectors = {c.name: picture_vectors(c, names, load, GROCERY_SHORT_SIDE, cache) for c in contenders}
    for column, kind in ((1, "fine"), (2, "coarse")):
        labels = np.array([int(line[column]) for line in lines])
        for (title, judge), (way, tests) in product(JUDGES.items(), ways.items()):
            outcomes = []
            for name, by_layer in vectors.items():
                layer, right = judged(by_layer, labels, tests, judge)
                tested = np.isfinite(right).any(axis=0)
                means = np.nanmean(right[:, tested], axis=0)
                outcomes.append(ratio(name, layer, means, np.ones(len(means))))
            yield f"grocery {kind}, {title}{way}", outcomes


def hardhat(
    contenders: Sequence[Contender], root: Path, splits: int, images: int, cache: Path | None
) -> Iterator[tuple[str, list[Outcome]]]:
    """Crops of heads: helmet or none, split by picture."""
    crops = _head_crops(root, images)
    names = [name for name, _, _ in crops]
    labels = np.array([label for _, _, label in crops])
    _, owner = np.unique([name.partition("#")[0] for name in names], return_inverse=True)
    load = partial(_load_crop, root, {name: box for name, box, _ in crops})
    rng = np.random.default_rng(0)
    pictures = int(owner.max()) + 1
    tests = [np.isin(owner, rng.permutation(pictures)[: round(TEST_SHARE * pictures)]) for _ in range(splits)]
    outcomes = []
    for contender in contenders:
        by_layer = picture_vectors(contender, names, load, CROP_SHORT_SIDE, cache)
        layer, right = judged(by_layer, labels, tests, linear_probe)
        sums, counts = np.zeros(pictures), np.zeros(pictures)
        np.add.at(sums, owner, np.nansum(right, axis=0))
        np.add.at(counts, owner, np.isfinite(right).sum(axis=0))
        outcomes.append(ratio(contender.name, layer, sums, counts))
    yield "hardhat helmet or not, probe", outcomes


def stratified(labels: Ints, splits: int) -> list[Bools]:
    """Which rows are tested in each split: the same share of every class; one of a class alone is known."""
    rng = np.random.default_rng(0)
    tests = []
    for _ in range(splits):
        test = np.zeros(len(labels), np.bool_)
        for label in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == label))
            test[rows[: min(round(TEST_SHARE * len(rows)), len(rows) - 1)]] = True
        tests.append(test)
    return tests


def judged(
    by_layer: dict[str, Vectors], labels: Ints, tests: Sequence[Bools], judge: Judge
) -> tuple[str, npt.NDArray[np.float64]]:
    """The layer that does best in the first split, and which rows it gets right in every split.

    Returns:
        The layer, and ``(splits, rows)`` 1 for right, 0 for wrong, NaN where a row was not tested.
    """

    def right(vectors: Vectors, test: Bools) -> npt.NDArray[np.float64]:
        row = np.full(len(labels), np.nan)
        row[test] = judge(vectors[~test], labels[~test], vectors[test]) == labels[test]
        return row

    first = {layer: right(vectors, tests[0]) for layer, vectors in by_layer.items()}
    layer = max(first, key=lambda name: float(np.nanmean(first[name])))
    return layer, np.stack([first[layer], *(right(by_layer[layer], test) for test in tests[1:])])


def _head_crops(root: Path, images: int) -> list[tuple[str, npt.NDArray[np.float64], int]]:
    """Name, box and label of each crop; the name is the picture's, ``#`` and the row of its box."""
    rng = np.random.default_rng(0)
    every = [
        (f"{part}/images/{image.path}", image)
        for part in ("train", "valid")
        for image in read_yolo(root / part / "labels").images
    ]
    crops = []
    for at in np.sort(rng.permutation(len(every))[:images]):
        path, image = every[at]
        boxes = image.boxes.xyxy.astype(np.float64)
        large = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= CROP_LEAST_PX
        for label in (HEAD, HELMET):
            rows = rng.permutation(np.flatnonzero(large & (image.labels == label)))[:CROPS_PER_CLASS]
            crops += [(f"{path}#{row}", boxes[row], label) for row in rows]
    return crops


def _load_crop(root: Path, boxes: dict[str, npt.NDArray[np.float64]], name: str) -> Pixels:
    pixels = load_image(root / name.partition("#")[0]).pixels
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = boxes[name]
    reach_x, reach_y = CROP_MARGIN * (x1 - x0), CROP_MARGIN * (y1 - y0)
    corners = np.round([x0 - reach_x, y0 - reach_y, x1 + reach_x, y1 + reach_y])
    left, top, right, bottom = np.clip(corners, 0, [width, height, width, height]).astype(int)
    return np.ascontiguousarray(pixels[top:bottom, left:right])
