"""From surface patches to pixels: dense splatting into a depth buffer.

Patches are re-sampled until neighbouring points lie closer than a pixel; the nearest point of each pixel
wins. No triangles, no seams, and every pixel knows its place on the skin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.data.shelf.lathe import Patch
from lydite.data.shelf.noise import Float

_SPACING = 1.0  # pixels between neighbouring points
_MOST = 1400  # points along one side of a patch


@dataclass(frozen=True, eq=False)
class Part:
    """The pixels that show one part of a piece; rows are aligned.

    Args:
        name: ``"body"``, ``"stem"`` or ``"leaf"``.
        pixels: ``(n,)`` int64 places in the window, row after row.
        normal: ``(3, n)`` float32 unit normals: x right, y up, z to the camera.
        rest: ``(3, n)`` float32 places on the skin.
        along_turn: ``(2, n)`` float32 surface coordinates.
    """

    name: str
    pixels: npt.NDArray[np.int64]
    normal: Float
    rest: Float
    along_turn: Float


@dataclass(frozen=True, eq=False)
class Fragments:
    """What the camera sees of one piece.

    Args:
        cover: ``(h, w)`` bool, the silhouette.
        depth: ``(h, w)`` float32 towards the camera in pixels, 0 outside.
        parts: Its parts; together they are the silhouette.
    """

    cover: npt.NDArray[np.bool_]
    depth: Float
    parts: tuple[Part, ...]


def pose(tilt: float, roll: float, spin: float) -> Float:
    """Rotation from object to camera space.

    Args:
        tilt: 0 points the stem at the camera, pi/2 lays it in the picture plane, pi hides it.
        roll: Angle of the stem in the picture, 0 is up, counter-clockwise.
        spin: Angle around the piece's own axis.
    """
    about_axis = _rotation_z(spin)
    ct, st = np.cos(tilt), np.sin(tilt)
    lay = np.array([[1, 0, 0], [0, ct, st], [0, -st, ct]])
    turned: Float = (_rotation_z(roll) @ lay @ about_axis).astype(np.float32)
    return turned


def _rotation_z(angle: float) -> npt.NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def rasterise(patches: Sequence[Patch], rotation: Float, unit: float) -> Fragments:
    """Render patches orthographically.

    Args:
        patches: Surfaces of one piece.
        rotation: ``(3, 3)`` from :func:`pose`.
        unit: Pixels per unit of object space.

    Returns:
        Fragments in a tight window with a margin of two pixels.
    """
    clouds = [_Cloud.spread(patch, rotation, unit) for patch in patches]
    x, y, z = np.concatenate([cloud.xyz for cloud in clouds], axis=1)
    left, low = np.floor(x.min()) - 2, np.floor(y.min()) - 2
    width, height = int(np.ceil(x.max()) + 3 - left), int(np.ceil(y.max()) + 3 - low)
    row = np.int32(height - 1) - (y - low).astype(np.int32)
    nearest = _nearest_points(row * np.int32(width) + (x - left).astype(np.int32), z, (height, width))
    covered = np.flatnonzero(nearest >= 0)
    winner = nearest.ravel()[covered]
    depth = np.zeros((height, width), np.float32)
    depth.ravel()[covered] = z[winner]
    stops = np.cumsum([cloud.xyz.shape[1] for cloud in clouds])
    patch_of = np.searchsorted(stops, winner, side="right")
    parts = []
    for name in dict.fromkeys(patch.part for patch in patches):
        pixels, columns = [], []
        for number, (cloud, patch) in enumerate(zip(clouds, patches, strict=True)):
            if patch.part == name:
                mine = patch_of == number
                pixels.append(covered[mine])
                columns.append(cloud.read(winner[mine] - (stops[number] - cloud.xyz.shape[1])))
        table = np.ascontiguousarray(np.concatenate(columns).T)
        parts.append(Part(name, np.concatenate(pixels), to_unit(table[:3]), table[3:6], table[6:8]))
    return Fragments(nearest >= 0, depth, tuple(parts))


def to_unit(vectors: Float) -> Float:
    """``(3, n)`` vectors made one long."""
    x, y, z = vectors
    length = np.sqrt(x * x + y * y + z * z)
    return np.asarray(vectors / np.maximum(length, np.float32(1e-6)), np.float32)


@dataclass(frozen=True, eq=False)
class _Cloud:
    """A patch re-sampled for splatting; its columns are read only where a point was seen.

    Args:
        xyz: ``(3, n)`` places in the picture, those that face the camera.
        number: ``(n,)`` which point of the dense grid each one is.
        dense_hw: Size of the dense grid.
        columns: ``(a, b, 8)`` normal, rest, along, turn: of the patch's own grid.
    """

    xyz: Float
    number: npt.NDArray[np.int64]
    dense_hw: tuple[int, int]
    columns: Float

    @classmethod
    def spread(cls, patch: Patch, rotation: Float, unit: float) -> _Cloud:
        points = patch.points @ rotation.T * np.float32(unit)
        normal = _normals(points)
        facing = normal[..., 2:]
        if patch.two_sided:
            normal = normal * np.where(facing < 0, np.float32(-1), np.float32(1))
            facing = np.ones_like(facing)
        columns = np.concatenate([normal, patch.rest, patch.along_turn], axis=-1)
        dense_hw = (_count(points, 0), _count(points, 1))
        place = np.concatenate([points, facing], axis=-1)
        size_wh = (dense_hw[1], dense_hw[0])
        dense = np.asarray(cv2.resize(place, size_wh), np.float32).reshape(-1, 4)
        number = np.flatnonzero(dense[:, 3] > 0)
        return cls(np.ascontiguousarray(dense[number, :3].T), number, dense_hw, columns)

    def read(self, rows: npt.NDArray[np.int64]) -> Float:
        """``(k, 8)`` columns of some points, interpolated on the patch's own grid."""
        number = self.number[rows]
        padded = np.zeros((len(number) // 256 + 1) * 256, np.int64)
        padded[: len(number)] = number
        y, x = np.divmod(padded, self.dense_hw[1])
        height, width = self.columns.shape[:2]
        map_y = ((y + 0.5) * (height / self.dense_hw[0]) - 0.5).astype(np.float32).reshape(-1, 256)
        map_x = ((x + 0.5) * (width / self.dense_hw[1]) - 0.5).astype(np.float32).reshape(-1, 256)
        # OpenCV maps four channels at a time.
        groups = [np.ascontiguousarray(self.columns[..., i : i + 4]) for i in (0, 4)]
        read = [
            cv2.remap(group, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for group in groups
        ]
        return np.concatenate(read, axis=-1).reshape(-1, 8)[: len(number)].astype(np.float32)


def _normals(points: Float) -> Float:
    normal = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    unit: Float = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    return unit.astype(np.float32)


def _count(points: Float, axis: int) -> int:
    """Points along a side so that the longest step in the picture is below the spacing."""
    steps = np.abs(np.diff(points[..., :2], axis=axis)).max()
    wanted = int(np.ceil(points.shape[axis] * max(float(steps), 0.05) / _SPACING))
    return min(max(wanted, 8), _MOST)


def _nearest_points(
    pixel: npt.NDArray[np.int32], depth: Float, size_hw: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Number of the point in front at each pixel, -1 where there is none."""
    place = pixel.astype(np.intp)
    front = np.full(size_hw[0] * size_hw[1], -np.inf, np.float32)
    np.maximum.at(front, place, depth)
    seen = np.flatnonzero(depth == front[place])
    nearest = np.full(len(front), -1, np.int64)
    nearest[place[seen]] = seen
    nearest = nearest.reshape(size_hw)
    closed = cv2.morphologyEx((nearest >= 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        hole = (closed > 0) & (nearest < 0)
        nearest[hole] = np.roll(nearest, shift, (0, 1))[hole]
    return nearest
