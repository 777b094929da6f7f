"""Clutter: the table of what lies on shelves and is no produce."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lydite.core.errors import UnknownName
from lydite.data.shelf.light import Light
from lydite.data.shelf.sprite import Sprite
from lydite.data.shelf.things.cards import draw_cardboard, draw_crate_slat, draw_price_tag, draw_sticker
from lydite.data.shelf.things.creased import draw_leaf, draw_paper, draw_plastic_bag
from lydite.data.shelf.things.rods import draw_cable_tie, draw_hand_tool


def render_thing(kind: str, rng: np.random.Generator, unit: float, light: Light) -> Sprite:
    """One thing that is no produce.

    Args:
        kind: One of :data:`CLUTTER`.
        rng: Decides its shape and colours.
        unit: Canvas pixels of an apple's radius.
        light: The light it lies in.

    Raises:
        UnknownName: If there is no such kind.
    """
    if kind not in CLUTTER:
        raise UnknownName("kind of clutter", kind, CLUTTER)
    return CLUTTER[kind](rng, unit, light)


CLUTTER: dict[str, Callable[[np.random.Generator, float, Light], Sprite]] = {
    "price tag": draw_price_tag,
    "label sticker": draw_sticker,
    "leaf": draw_leaf,
    "paper": draw_paper,
    "plastic bag": draw_plastic_bag,
    "cardboard": draw_cardboard,
    "crate slat": draw_crate_slat,
    "cable tie": draw_cable_tie,
    "hand tool": draw_hand_tool,
}
