"""The lathe: every fruit is a profile turned around an axis, given lobes, and bent.

Object space: the stem points along +z, one unit is about the radius of the body. ``along`` runs from 0
at the stem to 1 at the blossom end, ``turn`` is the angle around the axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.data.shelf.noise import Float, Volume


@dataclass(frozen=True)
class Form:
    """The shape of a kind of produce.

    Args:
        length: Half-length along the axis, in units.
        girth: Largest radius, in units.
        fullness: Exponent of the profile: below 1 is blocky, 1 is an ellipse.
        taper: Relative gain of radius at the stem end; negative widens the blossom end.
        neck: Pinch at the stem end, 0 to 1 (pears, bananas).
        neck_at: Height of the pinch's shoulder, in half-lengths.
        stem_dent: Depth and radius of the hollow at the stem; a negative depth is a nipple.
        blossom_dent: The same at the other end.
        lobes: Number of ribs around the axis.
        lobe_depth: Their depth, relative to the radius.
        lobe_end: Where ribs are strongest: 0 stem, 1 blossom, 0.5 everywhere.
        bend: Angle over the whole length, in radians.
        lumps: Strength of irregular deformation.
        flatten: Squeeze across the axis, 1 is round.
    """

    length: float = 1.0
    girth: float = 1.0
    fullness: float = 1.0
    taper: float = 0.0
    neck: float = 0.0
    neck_at: float = 0.3
    stem_dent: tuple[float, float] = (0.0, 0.3)
    blossom_dent: tuple[float, float] = (0.0, 0.3)
    lobes: int = 0
    lobe_depth: float = 0.0
    lobe_end: float = 0.5
    bend: float = 0.0
    lumps: float = 0.03
    flatten: float = 1.0


@dataclass(frozen=True, eq=False)
class Patch:
    """A grid of surface points.

    Args:
        points: ``(a, b, 3)`` float32 positions in object space.
        rest: ``(a, b, 3)`` float32 positions before bending: where textures are read.
        along_turn: ``(a, b, 2)`` float32 surface coordinates.
        part: Which skin to paint: ``"body"``, ``"stem"`` or ``"leaf"``.
        two_sided: Whether the back is seen too (leaves).
    """

    points: Float
    rest: Float
    along_turn: Float
    part: str
    two_sided: bool = False


Surface = Callable[[Float, Float, Float], tuple[Float, Float]]


def build_surface(form: Form, volume: Volume) -> Surface:
    """The map ``(along, turn, lift) -> (points, rest)``; ``lift`` raises a point off the skin."""

    def surface(along: Float, turn: Float, lift: Float) -> tuple[Float, Float]:
        rest = _turned(form, along, turn, lift, volume)
        return _bent(rest, form.bend, form.length), rest

    return surface


def _turned(form: Form, along: Float, turn: Float, lift: Float, volume: Volume) -> Float:
    angle = np.pi * along
    cosine = np.cos(angle)
    radius = np.abs(np.sin(angle)) ** form.fullness
    height = np.sign(cosine) * np.abs(cosine) ** max(form.fullness, 0.75)
    radius = radius * (1 + form.taper * cosine)
    radius = radius * (1 - form.neck / (1 + np.exp(-9.0 * (height - form.neck_at))))
    ribs = 1 + form.lobe_depth * _rib_strength(form, along) * np.cos(form.lobes * turn)
    depth, width = form.stem_dent
    dent = np.where(cosine > 0, -depth * np.exp(-((radius / width) ** 2)), 0.0)
    depth, width = form.blossom_dent
    dent = dent + np.where(cosine < 0, depth * np.exp(-((radius / width) ** 2)), 0.0)
    radius = radius * ribs + lift * np.abs(np.sin(angle))
    rise = form.length * height + dent + lift * cosine
    rest = np.stack(
        [
            form.girth * radius * np.cos(turn) * form.flatten,
            form.girth * radius * np.sin(turn),
            rise + 0 * turn,
        ],
        axis=-1,
    ).astype(np.float32)
    if form.lumps:
        squeeze = np.float32(1.0 / max(1.0, form.length / 2))
        low = volume.sample(rest * squeeze, 0.85, 3.0) + 0.5 * volume.sample(rest * squeeze, 1.9, 5.0)
        rest = rest * (1 + np.float32(form.lumps) * low[..., None])
    return rest


def _rib_strength(form: Form, along: Float) -> npt.NDArray[np.floating]:
    if form.lobe_end == 0.5:
        return np.ones_like(along)
    far = along if form.lobe_end > 0.5 else 1 - along
    return np.clip(far, 0, 1) ** 2


def _bent(rest: Float, bend: float, length: float) -> Float:
    """Lay the axis on a circular arc of ``bend`` radians."""
    if abs(bend) < 1e-3:
        return rest
    curvature = bend / (2 * length)
    angle = rest[..., 2] * curvature
    arm = 1 / curvature - rest[..., 0]
    shift = (1 - np.cos(bend / 4)) / curvature  # keeps the middle of the piece near the origin
    x = 1 / curvature - arm * np.cos(angle) - shift
    return np.stack([x, rest[..., 1], arm * np.sin(angle)], axis=-1).astype(np.float32)


def turn_body(surface: Surface, rows: int = 110, columns: int = 150) -> Patch:
    """The whole skin."""
    along, turn = np.meshgrid(
        np.linspace(0.003, 0.997, rows, dtype=np.float32),
        np.linspace(0, 2 * np.pi, columns, dtype=np.float32),
        indexing="ij",
    )
    points, rest = surface(along, turn, np.zeros_like(along))
    return Patch(points, rest, np.stack([along, turn], axis=-1), "body")


def grow_stem(
    surface: Surface, rng: np.random.Generator, radius: float, length: float, curve: float, sink: float
) -> Patch:
    """A tapered, curved stalk that rises from the stem end."""
    nowhere = np.zeros((1, 1), np.float32)
    foot, _ = surface(nowhere + np.float32(0.004), nowhere, nowhere)
    along, turn = np.meshgrid(
        np.linspace(0, 1, 36, dtype=np.float32),
        np.linspace(0, 2 * np.pi, 32, dtype=np.float32),
        indexing="ij",
    )
    up = 1 - along  # 0 at the foot, 1 at the cut
    thickness = radius * (0.75 + 0.5 * (up - 0.45) ** 2 * 2.2) * np.minimum(1.0, along * 12)
    azimuth = rng.uniform(0, 2 * np.pi)
    sway = curve * length * up**2
    rest = np.stack(
        [
            thickness * np.cos(turn) + sway * np.cos(azimuth),
            thickness * np.sin(turn) + sway * np.sin(azimuth),
            length * up - sink + 0 * turn,
        ],
        axis=-1,
    ).astype(np.float32)
    points = rest + foot.reshape(3)
    return Patch(points, rest, np.stack([along, turn], axis=-1), "stem")


def grow_sepals(
    surface: Surface, rng: np.random.Generator, count: int, reach: float, width: float, curl: float
) -> list[Patch]:
    """Green leaves that spread from the stem over the skin (tomatoes, aubergines, peppers)."""
    patches = []
    start = rng.uniform(0, 2 * np.pi)
    for number in range(count):
        centre = start + 2 * np.pi * (number + rng.uniform(-0.18, 0.18)) / count
        step, across = np.meshgrid(
            np.linspace(0, 1, 40, dtype=np.float32), np.linspace(-1, 1, 17, dtype=np.float32), indexing="ij"
        )
        far = reach * rng.uniform(0.8, 1.15)
        along = 0.004 + far * step
        blade = width * (1 - step) ** 0.75 * (0.55 + 0.9 * np.sqrt(step))
        swing = rng.uniform(-0.25, 0.25) * step**2
        turn = centre + swing + across * blade
        curled = curl * rng.uniform(0.3, 1.2) * step**3
        lift = 0.03 + curled + 0.03 * across**2 + 0 * along
        points, rest = surface(along, turn.astype(np.float32), lift.astype(np.float32))
        patches.append(Patch(points, rest, np.stack([step, across], axis=-1), "leaf", two_sided=True))
    return patches
