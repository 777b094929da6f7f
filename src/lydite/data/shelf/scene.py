"""Pictures from a seed: whole shelves, single exemplars, and clutter alone."""

from __future__ import annotations

import numpy as np

from lydite.core.errors import InvalidValue, UnknownName
from lydite.core.masks import Masks
from lydite.data.shelf.camera import photograph
from lydite.data.shelf.canvas import SUPERSAMPLE, Canvas
from lydite.data.shelf.clutter import render_thing
from lydite.data.shelf.fixtures import board, draw_timber, sink_bay, walls
from lydite.data.shelf.ground import lay_ground
from lydite.data.shelf.layout import SEQUENCE, STYLES, Layout, Place, compose
from lydite.data.shelf.light import Light
from lydite.data.shelf.noise import Float
from lydite.data.shelf.pictures import ExemplarPicture, Pixels, Scene
from lydite.data.shelf.piece import render_piece
from lydite.data.shelf.produce import class_map, get_variety
from lydite.data.shelf.sprite import turned

MIN_VISIBLE = 80  # pixels; less of a piece is no truth that anyone should be held to
_LEAST_SIDE = 64
# Apple radii along the geometric mean of the sides: how near the camera stands.
_UNITS = {"bays": (10.2, 11.8), "crate": (10.8, 12.4), "table": (11.2, 13.2)}
_COUNTERS = ("wood", "paper", "slate", "cloth", "steel")
_LOOSE = ("leaf", "paper", "label sticker", "cable tie", "price tag", "crate slat", "hand tool", "cardboard")


def render_scene(
    seed: int,
    size_hw: tuple[int, int] = (600, 800),
    *,
    style: str | None = None,
    most: int = 24,
    produce: bool = True,
) -> Scene:
    """A shelf of produce.

    The same arguments give the same bytes with the same versions of numpy and OpenCV.

    Args:
        seed: 0 or more; seeds in a row walk through the styles of composition.
        size_hw: Height and width in pixels, 64 or more each.
        style: ``"bays"``, ``"crate"`` or ``"table"``; chosen by the seed when absent.
        most: Most pieces, 1 or more.
        produce: ``False`` leaves the same shelf with clutter only.

    Returns:
        The picture and its truth. Pieces with fewer than 80 visible pixels are drawn but are no truth.

    Raises:
        InvalidValue: If a number is out of range.
        UnknownName: If there is no such style.
    """
    _require(seed, size_hw)
    if most < 1:
        raise InvalidValue("most", "1 or more", most)
    style = SEQUENCE[seed % len(SEQUENCE)] if style is None else style
    if style not in STYLES:
        raise UnknownName("style", style, STYLES)
    rng = np.random.default_rng([seed, 11])
    unit = np.sqrt(size_hw[0] * size_hw[1]) / rng.uniform(*_UNITS[style]) * SUPERSAMPLE
    light = Light.draw(rng)
    tall, wide = (side * SUPERSAMPLE for side in size_hw)
    layout = compose(style, rng, tall / unit, wide / unit, most)
    ground = lay_ground(
        str(rng.choice(_COUNTERS[:4] if style == "table" else _COUNTERS)), rng, (tall, wide), light
    )
    canvas = Canvas.on(ground, light)
    places = layout.places if produce else ()
    full = _fill(canvas, layout, places, rng, unit)
    linear, owner = canvas.develop()
    return _tell_truth(photograph(linear, light, rng), owner, places, full)


def render_exemplar(
    class_name: str, group: str, seed: int, size_hw: tuple[int, int] = (320, 320)
) -> ExemplarPicture:
    """One piece on a plain counter, as a person would photograph it.

    Args:
        class_name: A class of the table.
        group: One of its product groups.
        seed: 0 or more.
        size_hw: Height and width in pixels, 64 or more each.

    Raises:
        InvalidValue: If a number is out of range.
        UnknownName: If there is no such class or group.
    """
    _require(seed, size_hw)
    variety = get_variety(class_name, group)
    rng = np.random.default_rng([seed, 23, *(class_name + group).encode()])
    light = Light.draw(rng)
    longest = max(variety.half_extent)
    unit = min(size_hw) * SUPERSAMPLE * rng.uniform(0.27, 0.35) / longest
    canvas = _counter(rng, size_hw, light)
    piece = render_piece(variety, rng, unit, light)
    canvas.lay(piece, _near_middle(rng, canvas), 0)
    linear, owner = canvas.develop()
    return ExemplarPicture(photograph(linear, light, rng), owner == 0, class_name, group)


def render_clutter(kind: str, seed: int, size_hw: tuple[int, int] = (320, 320)) -> Pixels:
    """One thing that is no produce, on a counter: a negative picture.

    Args:
        kind: A kind of :data:`~lydite.data.shelf.clutter.CLUTTER`.
        seed: 0 or more.
        size_hw: Height and width in pixels, 64 or more each.

    Returns:
        ``(h, w, 3)`` uint8 RGB.

    Raises:
        InvalidValue: If a number is out of range.
        UnknownName: If there is no such kind.
    """
    _require(seed, size_hw)
    rng = np.random.default_rng([seed, 37, *kind.encode()])
    light = Light.draw(rng)
    canvas = _counter(rng, size_hw, light)
    probe = render_thing(kind, np.random.default_rng(seed), 40.0, light)
    unit = 40.0 * min(size_hw) * SUPERSAMPLE * rng.uniform(0.6, 0.75) / max(probe.cover.shape)
    thing = turned(render_thing(kind, rng, unit, light), rng.uniform(-40, 40))
    canvas.lay(thing, _near_middle(rng, canvas), 0)
    linear, _ = canvas.develop()
    return photograph(linear, light, rng)


def _require(seed: int, size_hw: tuple[int, int]) -> None:
    if seed < 0:
        raise InvalidValue("seed", "0 or more", seed)
    if min(size_hw) < _LEAST_SIDE:
        raise InvalidValue("size_hw", f"{_LEAST_SIDE} pixels or more on each side", size_hw)


def _counter(rng: np.random.Generator, size_hw: tuple[int, int], light: Light) -> Canvas:
    canvas_hw = (size_hw[0] * SUPERSAMPLE, size_hw[1] * SUPERSAMPLE)
    name = str(rng.choice(_COUNTERS, p=[0.3, 0.36, 0.12, 0.14, 0.08]))
    return Canvas.on(lay_ground(name, rng, canvas_hw, light), light)


def _near_middle(rng: np.random.Generator, canvas: Canvas) -> tuple[float, float]:
    height, width = canvas.owner.shape
    y, x = rng.normal(0, 0.02, 2)
    return height * (0.5 + y), width * (0.5 + x)


def _fill(
    canvas: Canvas, layout: Layout, places: tuple[Place, ...], rng: np.random.Generator, unit: float
) -> Float:
    """Lay everything from the ground up; returns the full area of each piece in canvas pixels.

    Piece ``i`` owns number ``2 i + 1``; what is no produce owns even numbers.
    """
    timber = draw_timber(rng)
    for bay in layout.bays:
        sink_bay(canvas, bay, unit)
    for y, x, height, width in [wall for bay in layout.bays for wall in walls(bay, 0.24)[:3]]:
        sprite = board(
            rng, max(round(height * unit), 4), max(round(width * unit), 4), unit * 0.3, timber, canvas.light
        )
        canvas.lay(sprite, (y * unit, x * unit), 0)
    _strew(canvas, layout, rng, unit, 0, count=int(rng.integers(2, 5)))
    full = np.zeros(len(places), np.float32)
    between = set(rng.choice(max(len(places), 1), size=min(2, len(places)), replace=False).tolist())
    for number, place in enumerate(places):
        variety = get_variety(place.class_name, place.group)
        size = unit * rng.uniform(0.9, 1.09)
        sprite = render_piece(variety, rng, size, canvas.light, place.roll)
        rise = 0.2 * unit * place.layer
        full[number] = canvas.lay(sprite, (place.y * unit - rise, place.x * unit), 2 * number + 1)
        if number in between:
            _strew(canvas, layout, rng, unit * 0.8, 2 * number + 2, count=1)
    last = 2 * len(places) + 2
    for bay in layout.bays:
        _close_front(canvas, rng, unit, walls(bay, 0.24)[3], timber, last)
    return full


def _strew(
    canvas: Canvas, layout: Layout, rng: np.random.Generator, unit: float, number: int, count: int
) -> None:
    height, width = canvas.owner.shape
    kinds = _LOOSE if layout.style == "table" else _LOOSE[:4]
    for _ in range(count):
        kind = str(rng.choice(kinds))
        thing = turned(render_thing(kind, rng, unit * 0.85, canvas.light), rng.uniform(-70, 70))
        canvas.lay(thing, (rng.uniform(0.08, 0.92) * height, rng.uniform(0.05, 0.95) * width), number)


def _close_front(
    canvas: Canvas,
    rng: np.random.Generator,
    unit: float,
    wall: tuple[float, float, float, float],
    timber: tuple[float, float, float],
    number: int,
) -> None:
    """The front board with its price tag: it hides the feet of the lowest row."""
    y, x, height, width = wall
    sprite = board(rng, round(height * unit), round(width * unit), unit * 0.35, timber, canvas.light)
    bottom = canvas.owner.shape[0] - height * unit / 2
    y_px = min(y * unit, bottom)
    canvas.lay(sprite, (y_px, x * unit), number)
    tag = turned(render_thing("price tag", rng, unit * 0.72, canvas.light), rng.normal(0, 2.5))
    shift = rng.uniform(-0.2, 0.2) * width
    lowest = canvas.owner.shape[0] - 0.5 * unit
    canvas.lay(tag, (min(y_px - 0.12 * unit, lowest), (x + shift) * unit), number)


def _tell_truth(
    pixels: Pixels,
    owner: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    places: tuple[Place, ...],
    full: Float,
) -> Scene:
    classes = class_map()
    area = np.bincount(owner[owner >= 0], minlength=2 * len(places) + 3)[1 : 2 * len(places) + 1 : 2]
    kept = np.flatnonzero(area >= MIN_VISIBLE)
    dense = [owner == 2 * row + 1 for row in kept]
    masks = Masks.from_crops([(0, 0, mask) for mask in dense], (pixels.shape[0], pixels.shape[1]))
    labels = np.array([classes.get_label(places[row].class_name) for row in kept], np.int64)
    groups = tuple(places[row].group for row in kept)
    whole = full[kept] / SUPERSAMPLE**2
    visible = np.minimum(area[kept] / np.maximum(whole, 1), 1).astype(np.float32)
    return Scene(pixels, masks, labels, classes, groups, visible)
