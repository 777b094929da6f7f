"""What hypothesis draws: small valid values of the vocabulary."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lydite.core import Boxes, Candidates, ClassMap, Exposure, FeatureSpace, ItemId, Masks, Predictions

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
sources = texts.filter(lambda text: ":" not in text)
paths = st.lists(texts, min_size=1, max_size=4).map("/".join).filter(lambda text: text.strip("./") != "")
items = st.builds(ItemId, sources, paths)
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@st.composite
def dense_masks(draw: st.DrawFn, max_count: int = 5) -> npt.NDArray[np.bool_]:
    """``(n, height, width)`` bool, from empty to full."""
    height, width = draw(sizes)
    count = draw(st.integers(0, max_count))
    masks = draw(hnp.arrays(np.bool_, (count, height, width)))
    for row in range(count):
        fill = draw(st.sampled_from([None, None, None, False, True]))
        if fill is not None:
            masks[row] = fill
    return masks


def masks(max_count: int = 5) -> st.SearchStrategy[Masks]:
    """Masks of one small picture."""
    return dense_masks(max_count).map(Masks.from_dense)


@st.composite
def boxes(draw: st.DrawFn, whole: bool = False, max_count: int = 6) -> Boxes:
    """Boxes around the origin, empty ones and ones outside the picture included."""
    count = draw(st.integers(0, max_count))
    edge = st.integers(-20, 40).map(float) if whole else st.floats(-50, 50, width=32, allow_subnormal=False)
    rows = []
    for _ in range(count):
        x0, x1 = sorted((draw(edge), draw(edge)))
        y0, y1 = sorted((draw(edge), draw(edge)))
        rows.append([x0, y0, x1, y1])
    return Boxes(np.array(rows, np.float32).reshape(-1, 4))


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    """Proposals with numbers in any order."""
    regions = draw(masks())
    count = len(regions)
    numbers = draw(st.lists(st.integers(0, 99), min_size=count, max_size=count, unique=True))
    quality = draw(st.lists(st.floats(0, 1, width=32), min_size=count, max_size=count))
    origins = tuple(f"origin {number}" for number in numbers)
    return Candidates(
        draw(items),
        np.array(numbers, np.int64),
        regions,
        regions.boxes,
        np.array(quality, np.float32),
        origins,
    )


@st.composite
def predictions(draw: st.DrawFn, max_count: int = 6) -> Predictions:
    """Predictions for distinct items: rows without an answer and classes never seen included."""
    named = draw(st.lists(items, max_size=max_count, unique=True))
    classes = ClassMap(tuple(draw(st.lists(texts.filter(str.strip), min_size=1, max_size=4, unique=True))))
    shape = (len(named), len(classes))
    values = st.floats(-30, 30, width=32) | st.just(-np.inf)
    logits = draw(hnp.arrays(np.float32, shape, elements=values))
    logits[:, 0] = np.where(np.isinf(logits[:, 0]), 0, logits[:, 0])
    logits[draw(hnp.arrays(np.bool_, len(named)))] = np.nan
    fold = draw(hnp.arrays(np.int16, len(named), elements=st.integers(-1, 9)))
    exposure = draw(hnp.arrays(np.uint8, len(named), elements=st.integers(0, max(Exposure))))
    return Predictions(tuple(named), classes, logits, draw(texts), fold, exposure)


@st.composite
def selections(draw: st.DrawFn, count: int) -> npt.NDArray[np.bool_] | npt.NDArray[np.int64] | slice:
    """An index of any accepted kind that names no row twice."""
    kind = draw(st.sampled_from(["mask", "rows", "slice"]))
    if kind == "mask":
        chosen: npt.NDArray[np.bool_] = draw(hnp.arrays(np.bool_, count))
        return chosen
    if kind == "rows":
        some = draw(st.permutations(range(count)))[: draw(st.integers(0, count))]
        return np.array(some, np.int64)
    return draw(st.slices(count))


def space(dim: int = 4, encoder: str = "toy", **changes: object) -> FeatureSpace:
    """A feature space with some fields changed."""
    values: dict[str, object] = {
        "encoder": encoder,
        "weights": "0" * 64,
        "layer": "last",
        "normalisation": "final-norm",
        "colour_order": "RGB",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.2, 0.2, 0.2),
        "pooling": "coverage-mean, L2",
        "dim": dim,
    }
    return FeatureSpace(**{**values, **changes})  # type: ignore[arg-type]


def unit(rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Rows scaled to length 1."""
    array = np.asarray(rows, np.float64)
    scaled: npt.NDArray[np.float32] = (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(
        np.float32
    )
    return scaled
