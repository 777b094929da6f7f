"""One piece of produce: grown from its variety, turned, rasterised, painted and lit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lydite.data.shelf.lathe import Form, Patch, build_surface, grow_sepals, grow_stem, turn_body
from lydite.data.shelf.light import Colour, Light, find_open_sky, shade
from lydite.data.shelf.noise import Float, Volume
from lydite.data.shelf.produce import Variety
from lydite.data.shelf.raster import Fragments, pose, rasterise, to_unit
from lydite.data.shelf.skin import STEM, Skin, paint
from lydite.data.shelf.sprite import Sprite, bleed, soften


def render_piece(
    variety: Variety, rng: np.random.Generator, unit: float, light: Light, roll: float | None = None
) -> Sprite:
    """Draw one piece.

    Args:
        variety: What grows.
        rng: Decides shape, colour and pose within the variety.
        unit: Pixels of an apple's radius.
        light: The light it lies in.
        roll: Degrees of the stem in the picture; drawn from the variety when absent.

    Returns:
        The piece, its middle at ``origin_yx``.
    """
    volume = Volume.draw(rng)
    patches = _grow(variety, rng, volume)
    tilt = np.deg2rad(rng.uniform(*variety.tilt))
    turn = np.deg2rad(rng.uniform(-variety.roll, variety.roll) if roll is None else roll)
    spin = _spin(variety, rng)
    fragments = rasterise(patches, pose(tilt, turn, spin), unit * variety.scale)
    skins = {"body": _ripen(variety.skin, rng)}
    skins["stem"] = variety.stalk.skin if variety.stalk else STEM
    skins["leaf"] = variety.calyx.skin if variety.calyx else STEM
    colour = _light_up(fragments, skins, volume, rng.uniform(0, 2 * np.pi), unit * variety.scale, light)
    middle = (fragments.cover.shape[0] // 2, fragments.cover.shape[1] // 2)
    colour = bleed(colour, fragments.cover)
    return Sprite(colour, soften(fragments.cover), middle, unit * variety.half_extent[1])


def _spin(variety: Variety, rng: np.random.Generator) -> float:
    """A bent piece lies on its side, so that the bend is in the picture plane."""
    if variety.form.bend > 0.1:
        return float(rng.choice([0.0, np.pi]) + rng.uniform(-0.35, 0.35))
    return float(rng.uniform(0, 2 * np.pi))


def _grow(variety: Variety, rng: np.random.Generator, volume: Volume) -> list[Patch]:
    surface = build_surface(_vary(variety.form, rng), volume)
    patches = [turn_body(surface)]
    if variety.calyx:
        calyx = variety.calyx
        patches += grow_sepals(surface, rng, calyx.count, calyx.reach, calyx.width, calyx.curl)
    if variety.stalk:
        stalk = variety.stalk
        length = rng.uniform(*stalk.length)
        patches.append(grow_stem(surface, rng, stalk.radius, length, stalk.curve, stalk.sink))
    return patches


def _vary(form: Form, rng: np.random.Generator) -> Form:
    lobes = form.lobes + int(rng.integers(-1, 1)) if form.lobes == 4 else form.lobes
    return replace(
        form,
        length=form.length * rng.uniform(0.93, 1.08),
        girth=form.girth * rng.uniform(0.95, 1.05),
        taper=form.taper * rng.uniform(0.7, 1.3),
        lobes=lobes,
        lobe_depth=form.lobe_depth * rng.uniform(0.7, 1.3),
        bend=form.bend * rng.uniform(0.75, 1.2),
        lumps=form.lumps * rng.uniform(0.7, 1.4),
    )


def _ripen(skin: Skin, rng: np.random.Generator) -> Skin:
    gain = 1 + rng.normal(0, 0.035)
    drift = rng.normal(0, 0.018, 3)

    def vary(colour: Colour) -> Colour:
        r, g, b = (float(np.clip(c * gain + d * (0.3 + c), 0, 1)) for c, d in zip(colour, drift, strict=True))
        return (r, g, b)

    blush = float(np.clip(skin.blush + rng.normal(0, 0.13), 0.02, 0.95)) if skin.blush else 0.0
    return replace(skin, base=vary(skin.base), second=vary(skin.second), blush=blush)


def _light_up(
    fragments: Fragments, skins: dict[str, Skin], volume: Volume, sun: float, unit: float, light: Light
) -> Float:
    relief = np.zeros(fragments.cover.size, np.float32)
    albedo = []
    for part in fragments.parts:
        painted, relief[part.pixels] = paint(skins[part.name], part.rest, part.along_turn, volume, sun)
        albedo.append(painted)
    down, right = _slopes(relief.reshape(fragments.cover.shape), unit)
    open_sky = find_open_sky(fragments.depth, fragments.cover).ravel()
    lit = np.zeros((fragments.cover.size, 3), np.float32)
    for part, painted in zip(fragments.parts, albedo, strict=True):
        skin = skins[part.name]
        normal = _tilt(part.normal, down[part.pixels], right[part.pixels])
        lit[part.pixels] = shade(painted, normal, open_sky[part.pixels], skin.gloss, skin.sharpness, light).T
    return lit.reshape(*fragments.cover.shape, 3)


def _slopes(relief: Float, unit: float) -> tuple[Float, Float]:
    """Slope of the relief downwards and to the right, flat."""
    down, right = np.gradient(relief * np.float32(unit))
    return np.clip(down, -0.8, 0.8).ravel(), np.clip(right, -0.8, 0.8).ravel()


def _tilt(normal: Float, down: Float, right: Float) -> Float:
    """Normals of a skin with relief."""
    return to_unit(np.stack([normal[0] - right, normal[1] + down, normal[2]]))
