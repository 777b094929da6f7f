"""Where things lie: heaps in bays, as a shop would fill them, and loose scatters on a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lydite.data.shelf.produce import CLASSES, get_variety


@dataclass(frozen=True)
class Place:
    """One piece to be laid.

    Args:
        class_name: Its class.
        group: Its product group.
        y: Place of its middle, in units from the top.
        x: The same from the left.
        roll: Degrees of the stem in the picture; ``None`` leaves it to the variety.
        layer: 0 on the ground, 1 on others.
    """

    class_name: str
    group: str
    y: float
    x: float
    roll: float | None
    layer: int


@dataclass(frozen=True)
class Bay:
    """A rectangle of the shelf in units: top, left, bottom, right."""

    y0: float
    x0: float
    y1: float
    x1: float


@dataclass(frozen=True)
class Layout:
    """A composition.

    Args:
        style: ``"bays"``, ``"crate"`` or ``"table"``.
        bays: Compartments, none on a table.
        places: Pieces in the order in which they are laid.
    """

    style: str
    bays: tuple[Bay, ...]
    places: tuple[Place, ...]


STYLES = ("bays", "crate", "table")
SEQUENCE = ("table", "bays", "table", "crate")
"""The styles that seeds in a row walk through: every other one shows its pieces apart."""


def compose(style: str, rng: np.random.Generator, height: float, width: float, most: int) -> Layout:
    """Draw a composition.

    Args:
        style: One of :data:`STYLES`.
        rng: Source of randomness.
        height: Height of the picture in units (an apple's radius).
        width: Its width in units.
        most: Most pieces.
    """
    if style == "table":
        return Layout(style, (), _scatter(rng, height, width, most))
    bays = _split(rng, height, width, style)
    goods = _choose_goods(rng, len(bays))
    each = max(most // len(bays), 1)
    places: list[Place] = []
    for bay, (class_name, group) in zip(bays, goods, strict=True):
        places += _heap(rng, bay, class_name, group, each)
    return Layout(style, bays, tuple(sorted(places, key=lambda place: (place.layer, place.y))))


def _choose_goods(rng: np.random.Generator, count: int) -> list[tuple[str, str]]:
    """Different products; often two groups of one class side by side, as shops do."""
    names = list(CLASSES)
    order = rng.permutation(len(names))
    goods = [(names[i], str(rng.choice(CLASSES[names[i]]))) for i in order[:count]]
    if count > 1 and rng.random() < 0.5:
        class_name, group = goods[0]
        others = [other for other in CLASSES[class_name] if other != group]
        goods[1] = (class_name, str(rng.choice(others)))
    return goods


def _split(rng: np.random.Generator, height: float, width: float, style: str) -> tuple[Bay, ...]:
    """Columns, or two rows of columns; a crate keeps a rim of floor around itself."""
    rim = 0.55 if style == "crate" else 0.0
    top, left, bottom, right = rim, rim, height - rim, width - rim
    rows = 2 if height > 6.5 and rng.random() < 0.5 else 1
    columns = 3 if rows == 1 and width / height > 0.9 else 2
    ys = np.linspace(top, bottom, rows + 1)
    inner = np.linspace(left, right, columns + 1)[1:-1] + rng.uniform(-0.5, 0.5, columns - 1)
    xs = np.concatenate([[left], inner, [right]])
    return tuple(
        Bay(float(ys[r]), float(xs[c]), float(ys[r + 1]), float(xs[c + 1]))
        for r in range(rows)
        for c in range(columns)
    )


def _heap(rng: np.random.Generator, bay: Bay, class_name: str, group: str, most: int) -> list[Place]:
    """Staggered rows that overlap, and a few pieces on top of them."""
    variety = get_variety(class_name, group)
    along, across = variety.half_extent
    upright = bool(rng.random() < 0.6)
    if variety.is_long:
        half_y, half_x = (along, across) if upright else (across, along)
        base_roll: float | None = (0.0 if rng.random() < 0.6 else 180.0) if upright else 90.0
    else:
        half_y = half_x = (along + across) / 2
        base_roll = None
    pitch_y = half_y * (1.5 if half_y <= 1.3 else 1.25)
    pitch_x = half_x * 1.72
    stagger = 1.1 if variety.is_long and not upright else 1.75
    places: list[Place] = []
    y, row = bay.y0 + half_y * rng.uniform(0.75, 1.0), 0
    while y < bay.y1 - half_y * 0.6:
        x = bay.x0 + half_x * (0.95 if row % 2 == 0 else stagger)
        while x < bay.x1 - half_x * 0.75:
            jitter_y, jitter_x = rng.normal(0, 0.11, 2) * (half_y, half_x)
            roll = None if base_roll is None else base_roll + rng.normal(0, 9)
            inside_y = min(y + jitter_y, bay.y1 - half_y * (0.95 if variety.is_long and upright else 0.75))
            places.append(Place(class_name, group, inside_y, x + jitter_x, roll, 0))
            x += pitch_x
        y, row = y + pitch_y, row + 1
    places = _keep(rng, places, most)
    on_top = []
    for place in places:
        if rng.random() < 0.22 and bay.x0 + half_x < place.x < bay.x1 - half_x:
            up = max(place.y + rng.uniform(-0.5, 0.1) * half_y, bay.y0 + half_y)
            aside = place.x + rng.uniform(-0.8, 0.8) * half_x
            roll = None if base_roll is None else base_roll + rng.normal(0, 22)
            on_top.append(Place(class_name, group, up, aside, roll, 1))
    return _keep(rng, places + on_top[: max(most // 4, 1)], most)


def _keep(rng: np.random.Generator, places: list[Place], most: int) -> list[Place]:
    """At most so many: people take from the back and from one side, shops front what is left."""
    if len(places) <= most:
        return places
    y = np.array([place.y for place in places])
    x = np.array([place.x for place in places])
    side = rng.normal(0, 0.35)
    order = np.argsort(side * x - y + rng.normal(0, 0.5, len(places)), kind="stable")
    kept = order[:most]
    return [places[i] for i in sorted(kept.tolist())]


def _scatter(rng: np.random.Generator, height: float, width: float, most: int) -> tuple[Place, ...]:
    """Several products loose on a table: near one another, a few overlapping, some cut by the border."""
    kinds = _choose_goods(rng, int(rng.integers(5, 8)))
    count = int(rng.integers(min(11, most), min(19, most) + 1))
    places: list[Place] = []
    for number in range(count):
        class_name, group = kinds[number % len(kinds)]
        half = float(np.mean(get_variety(class_name, group).half_extent))
        best, best_gap = (0.0, 0.0), -np.inf
        for _ in range(14):
            y, x = rng.uniform(0.25, height - 0.25), rng.uniform(0.25, width - 0.25)
            gap = min((_gap(place, y, x, half) for place in places), default=1.0)
            if gap > best_gap:
                best, best_gap = (y, x), gap
            if gap > -0.3:
                break
        if best_gap > -0.75:
            places.append(Place(class_name, group, *best, float(rng.uniform(-180, 180)), 0))
    return tuple(sorted(places, key=lambda place: place.y))


def _gap(place: Place, y: float, x: float, half: float) -> float:
    other = float(np.mean(get_variety(place.class_name, place.group).half_extent))
    return float(np.hypot(place.y - y, place.x - x)) - half - other
