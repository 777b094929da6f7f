"""What a frozen encoder sees of pictures: a vector each and a coarse grid of cells, in several views."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from lydite.core import Features, FeatureSpace, ImageId, InputError, InvalidValue, LyditeError, UsageError
from lydite.data.watch import Watch, unwatched
from lydite.engines import Engine, Failure
from lydite.features import (
    CacheKey,
    Encoder,
    EncoderSettings,
    VectorCache,
    build_encoder,
    pool_image,
    pool_weighted,
)
from lydite.train.memory import short_memory_told
from lydite.train.recipe import Recipe
from lydite.train.sections import HeadKind
from lydite.train.tasks import Rows, Task

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Row-aligned unit vectors of one space.

    Args:
        vectors: ``(views, n, dim)`` float32: the vector of the whole picture; the first view is as it is.
        cells: ``(views, n, cells, dim)`` float16: vectors of the cells of a grid, row by row; no cells if not
            asked for.
        space: Their space.

    Raises:
        InvalidValue: If shapes disagree.
    """

    vectors: Vectors
    cells: npt.NDArray[np.float16]
    space: FeatureSpace

    def __post_init__(self) -> None:
        views, count, dim = self.vectors.shape
        if (*self.cells.shape[:2], self.cells.shape[3], self.space.dim) != (views, count, dim, dim):
            raise InvalidValue("Looks", "of one shape", [self.vectors.shape, self.cells.shape])

    def of(self, rows: Rows) -> Looks:
        """The same of some rows."""
        return Looks(self.vectors[:, rows], self.cells[:, rows], self.space)

    def first(self) -> Looks:
        """The first view alone."""
        return Looks(self.vectors[:1], self.cells[:1], self.space)


@dataclass(frozen=True, slots=True)
class Gaze:
    """How pictures are looked at.

    Args:
        encoder: Which network, at which scale.
        views: How many views; the first is the picture as it is.
        profile: What the others may change.
        strength: How strongly.
        grid: Cells along each side; 0 for none.
    """

    encoder: EncoderSettings
    views: int = 1
    profile: str = "none"
    strength: float = 1.0
    grid: int = 0

    @classmethod
    def of(cls, recipe: Recipe) -> Gaze:
        """That of a recipe.

        Raises:
            UsageError: If views are asked for that are all the same.
        """
        backbone, augment = recipe.backbone, recipe.augment
        if augment.views > 1 and augment.profile == "none":
            raise UsageError(
                f"Of {augment.views} views none would differ from the picture: augment.profile is 'none'.",
                "Set augment.views to 1, or choose a profile.",
            )
        settings = {
            "encoder": backbone.name,
            "layer": backbone.layer,
            "short_side": backbone.side,
            "checkpoint": None if backbone.checkpoint is None else Path(backbone.checkpoint),
            "mean": backbone.mean,
            "std": backbone.std,
            "model_options": backbone.options,
        }
        if backbone.name not in {"embedded", "descriptor"}:
            settings["device"] = recipe.budget.device
        grid = recipe.head.grid if recipe.head.kind is HeadKind.ATTENTION else 0
        encoder = EncoderSettings.model_validate(settings)
        return cls(encoder, augment.views, str(augment.profile), augment.strength, grid)

    def name(self, view: int) -> str:
        """A digest of what one view of a picture is, for the cache: the picture itself is not in it."""
        changed = "" if view == 0 else f"{self.profile} {self.strength} number {view}"
        return hashlib.sha256(f"probe: grid {self.grid}, view {changed}".encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Eye:
    """What a worker prepares once.

    Args:
        gaze: How to look.
        encoder: The loaded network.
        cache: Where vectors are kept; ``None`` keeps none.
    """

    gaze: Gaze
    encoder: Encoder
    cache: VectorCache | None

    @classmethod
    def build(cls, gaze: Gaze, cache: Path | None) -> Eye:
        """Load the network."""
        return cls(gaze, build_encoder(gaze.encoder), None if cache is None else VectorCache(cache))

    def look(self, pixels: npt.NDArray[np.uint8], picture: ImageId, view: int) -> Vectors:
        """The vector of a view, then those of its cells: ``(1 + grid * grid, dim)`` float32."""
        seen = _view(pixels, picture, view, self.gaze)
        dense = self.encoder.encode(seen)
        whole = pool_image(dense, "whole")
        if not self.gaze.grid:
            return whole.vectors
        names = [str(number) for number in range(self.gaze.grid**2)]
        cells = pool_weighted(dense, grid_weights(dense.grid_hw, self.gaze.grid), names)
        return np.concatenate([whole.vectors, cells.vectors])

    def find(self, task: Task, row: int) -> Vectors:
        """All views of a row: ``(views, 1 + grid * grid, dim)``, from the cache where they are there."""
        picture, pixels, found = task.pictures[row], None, []
        ids = tuple(str(number) for number in range(1 + self.gaze.grid**2))
        for view in range(self.gaze.views):
            key = CacheKey(self.encoder.space, picture, self.gaze.name(view), self.gaze.encoder.short_side)
            kept = None if self.cache is None else self.cache.find(key, ids)
            if kept is None:
                pixels = task.load(row) if pixels is None else pixels
                kept = Features(self.look(pixels, picture, view), ids, self.encoder.space)
                if self.cache is not None:
                    self.cache.put(key, kept)
            found.append(kept.vectors)
        return np.stack(found)


def look_at(
    task: Task,
    rows: Rows,
    gaze: Gaze,
    cache: Path | None,
    engine: Engine,
    watch: Watch = unwatched,
) -> Looks:
    """What the encoder sees of rows, row-aligned with ``rows``.

    Raises:
        InputError: If pictures cannot be read; says how many and why the first.
        TrainingError: If memory is short.
        UsageError: If there is no such encoder.
    """
    eye = Eye.build(gaze, cache)
    dim, cells = eye.encoder.space.dim, gaze.grid**2
    failed: list[str] = []
    setup = partial(_prepare, gaze, cache, task) if engine.workers > 1 else partial(_given, eye, task)
    results = engine.map(_find, rows.tolist(), setup)
    with short_memory_told(
        "to look at pictures", "Use fewer --workers, augment.views or pixels of the side."
    ):
        vectors = np.empty((gaze.views, len(rows), dim), np.float32)
        grids = np.empty((gaze.views, len(rows), cells, dim), np.float16)
        for place, result in enumerate(watch(results, len(rows), "looking")):
            if isinstance(result, Failure) and not isinstance(result.error, LyditeError):
                raise result.error
            if isinstance(result, Failure):
                failed.append(str(result.error))
            else:
                vectors[:, place], grids[:, place] = result.value[:, 0], result.value[:, 1:]
    if failed:
        raise InputError(
            f"{len(failed)} of {len(rows)} pictures cannot be looked at. The first: {failed[0]}",
            "Find them with 'lydite clean scan', and leave them out.",
        )
    return Looks(vectors, grids, eye.encoder.space)


def grid_weights(map_hw: tuple[int, int], grid: int) -> csr_array:
    """How much of each cell of a map each part of a grid covers: ``(grid * grid, rows * columns)``."""
    rows, columns = (_overlaps(side, grid) for side in map_hw)
    return csr_array(np.kron(rows, columns).astype(np.float32))


def _overlaps(side: int, grid: int) -> npt.NDArray[np.float64]:
    """``(grid, side)``: the lengths that ``grid`` equal parts of a line share with its ``side`` cells."""
    edges = np.arange(grid + 1) * side / grid
    cells = np.arange(side)
    shared = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    lengths: npt.NDArray[np.float64] = np.maximum(shared, 0)
    return lengths


def _view(pixels: npt.NDArray[np.uint8], picture: ImageId, view: int, gaze: Gaze) -> npt.NDArray[np.uint8]:
    """A view that depends on picture and number alone, so that every run finds it in the cache."""
    if view == 0:
        return pixels
    # Imported here: most probes look once.
    from lydite.train.augment import augment
    from lydite.train.profiles import get_profile

    random = np.random.default_rng([int(picture.digest[:16], 16), view])
    return augment(pixels, gaze.encoder.short_side, get_profile(gaze.profile).harder(gaze.strength), random)


State = tuple[Eye, Task]


def _prepare(gaze: Gaze, cache: Path | None, task: Task) -> State:
    return Eye.build(gaze, cache), task


def _given(eye: Eye, task: Task) -> State:
    return eye, task


def _find(state: State, row: int) -> Vectors:
    return state[0].find(state[1], row)
