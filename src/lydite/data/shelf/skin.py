"""Skins: colour and relief of produce as a function of the place on its surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lydite.data.shelf.light import Colour, to_linear
from lydite.data.shelf.noise import Float, Volume


@dataclass(frozen=True)
class Skin:
    """How a skin looks. Colours are sRGB in [0, 1]; an amount of 0 switches a feature off.

    Args:
        base: Ground colour.
        second: Colour of the sun's side, or of patches.
        blush: How much of the skin takes ``second``, 0 to 1.
        mottle: Strength of cloudy variation of brightness.
        streak: Colour of streaks from stem to blossom end.
        streaks: Strength of streaks.
        streak_count: Streaks around the axis, about.
        speck: Colour of specks (lenticels, dirt, eyes).
        specks: Share of the skin that specks cover, 0 to 1.
        speck_size: Specks per unit length are ``1 / speck_size``.
        stem_tint: Colour around the stem.
        stem_reach: How far along the skin that reaches.
        blossom_tint: Colour around the other end.
        blossom_reach: How far that reaches.
        rings: Strength of dark rings around the axis (carrots).
        relief: Depth of pores and wrinkles.
        relief_size: Their size in units.
        gloss: Strength of reflections, 0 to 1.
        sharpness: Exponent of the highlight.
    """

    base: Colour
    second: Colour = (0.5, 0.5, 0.5)
    blush: float = 0.0
    mottle: float = 0.1
    streak: Colour = (0.5, 0.5, 0.5)
    streaks: float = 0.0
    streak_count: float = 9.0
    speck: Colour = (0.5, 0.5, 0.5)
    specks: float = 0.0
    speck_size: float = 0.07
    stem_tint: Colour = (0.5, 0.5, 0.5)
    stem_reach: float = 0.0
    blossom_tint: Colour = (0.5, 0.5, 0.5)
    blossom_reach: float = 0.0
    rings: float = 0.0
    relief: float = 0.0
    relief_size: float = 0.05
    gloss: float = 0.35
    sharpness: float = 40.0


STEM = Skin((0.36, 0.25, 0.13), (0.30, 0.34, 0.14), 0.4, mottle=0.25, gloss=0.05, sharpness=12)
GREEN_STEM = Skin((0.33, 0.47, 0.16), (0.45, 0.52, 0.22), 0.4, mottle=0.18, gloss=0.12, sharpness=18)
LEAF = Skin(
    (0.22, 0.40, 0.12),
    (0.36, 0.50, 0.18),
    0.4,
    mottle=0.18,
    streak=(0.40, 0.54, 0.24),
    gloss=0.1,
    sharpness=16,
)
DARK_LEAF = Skin((0.17, 0.27, 0.11), (0.29, 0.36, 0.16), 0.4, mottle=0.2, gloss=0.1, sharpness=16)
DRY = Skin((0.66, 0.52, 0.33), (0.52, 0.38, 0.2), 0.4, mottle=0.25, gloss=0.06, sharpness=12)


def paint(skin: Skin, rest: Float, along_turn: Float, volume: Volume, sun: float) -> tuple[Float, Float]:
    """Colour and relief at places on a skin.

    Args:
        skin: What to paint.
        rest: ``(3, n)`` float32 places in object space.
        along_turn: ``(2, n)`` float32 surface coordinates.
        volume: Noise of this piece.
        sun: Angle around the axis of the ripe side.

    Returns:
        ``(3, n)`` float32 linear albedo and ``(n,)`` float32 relief, in units of :class:`Skin`.
    """
    along, turn = along_turn
    places = rest.T
    colour = np.broadcast_to(to_linear(skin.base)[:, None], rest.shape).copy()
    if skin.blush:
        ripe = np.float32(0.75) * np.cos(turn - np.float32(sun)) * np.sin(np.pi * along)
        ripe = (
            ripe
            + np.float32(0.55) * volume.fractal(places, 1.3, 11, octaves=2)
            + np.float32(2.6 * skin.blush - 1.3)
        )
        colour = _mix(colour, skin.second, _smooth(ripe, -0.55, 0.75))
    if skin.streaks:
        colour = _mix(colour, skin.streak, _streaks(skin, rest, along, turn, volume))
    if skin.stem_reach:
        ragged = along + np.float32(0.05) * volume.sample(places, 4.2, 17)
        colour = _mix(colour, skin.stem_tint, 1 - _smooth(ragged, 0.25 * skin.stem_reach, skin.stem_reach))
    if skin.blossom_reach:
        ragged = 1 - along + np.float32(0.05) * volume.sample(places, 4.2, 19)
        colour = _mix(
            colour, skin.blossom_tint, 1 - _smooth(ragged, 0.25 * skin.blossom_reach, skin.blossom_reach)
        )
    if skin.specks:
        dots = volume.sample(places, 1 / skin.speck_size, 23)
        edge = np.float32(1.15 - 1.3 * skin.specks)
        colour = _mix(colour, skin.speck, np.float32(0.85) * _smooth(dots, float(edge), float(edge) + 0.35))
    cloudy = 1 + np.float32(skin.mottle) * volume.fractal(places, 2.3, 29, octaves=2)
    relief = np.zeros(rest.shape[1], np.float32)
    if skin.rings:
        band = volume.sample(np.stack([turn * 0, turn * 0.35, rest[2]]).T, 5.5, 31)
        groove = _smooth(band, 0.55, 0.95)
        cloudy = cloudy * (1 - np.float32(skin.rings) * groove)
        relief = relief - np.float32(0.04) * groove
    if skin.relief:
        relief = relief + np.float32(skin.relief) * volume.sample(places, 1 / skin.relief_size, 37)
    return colour * np.maximum(cloudy, np.float32(0.2)), relief


def _streaks(skin: Skin, rest: Float, along: Float, turn: Float, volume: Volume) -> Float:
    around = np.float32(skin.streak_count / (2 * np.pi))
    x, y, z = np.cos(turn) * around, np.sin(turn) * around, rest[2]
    coarse = np.stack([x, y, z * np.float32(0.35)]).T
    fine = np.stack([x * 3, y * 3, z * np.float32(0.8)]).T
    wave = volume.sample(coarse, 1.0, 41) + np.float32(0.55) * volume.sample(fine, 1.0, 43)
    fade = np.float32(1) - np.float32(0.35) * _smooth(along, 0.75, 1.0)
    return np.float32(skin.streaks) * _smooth(wave, -0.1, 0.75) * fade


def _mix(colour: Float, other: Colour, share: Float) -> Float:
    return colour + (to_linear(other)[:, None] - colour) * share


def _smooth(value: Float, low: float, high: float) -> Float:
    step = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(step * step * (3 - 2 * step), np.float32)
