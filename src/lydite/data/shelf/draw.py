"""One ordered picture as encoded files: what a worker does."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lydite.core import Masks, OutputError
from lydite.data.shelf.pictures import Pixels
from lydite.data.shelf.plan import Order
from lydite.data.shelf.scene import render_clutter, render_exemplar, render_scene

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true about a shelf, without its pixels; rows as in :class:`Scene`.

    Args:
        masks: Visible part of each of ``n`` pieces.
        labels: ``(n,)`` int64 label numbers.
        groups: ``n`` product groups.
        visible: ``(n,)`` float32 share that is neither hidden nor outside.
    """

    masks: Masks
    labels: npt.NDArray[np.int64]
    groups: tuple[str, ...]
    visible: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture ready to be written.

    Args:
        files: Content of each of the order's files.
        truth: For shelves only.
    """

    files: tuple[bytes, ...]
    truth: Truth | None = None


def draw_order(order: Order) -> Drawn:
    """Render and encode one picture.

    Nothing is written here: a worker may be ended at any moment, and would leave half a file.
    """
    if order.kind == "exemplar":
        exemplar = render_exemplar(order.subject, order.group, order.seed, order.size_hw)
        mask = _encode(".png", exemplar.mask.astype(np.uint8) * 255)
        return Drawn((_encode_picture(exemplar.pixels), mask))
    if order.kind == "clutter":
        return Drawn((_encode_picture(render_clutter(order.subject, order.seed, order.size_hw)),))
    scene = render_scene(order.seed, order.size_hw, produce=order.kind == "scene")
    truth = Truth(scene.masks, scene.labels, scene.groups, scene.visible)
    return Drawn((_encode_picture(scene.pixels),), truth)


def _encode_picture(pixels: Pixels) -> bytes:
    return _encode(".jpg", np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8), _JPEG)


def _encode(suffix: str, picture: npt.NDArray[np.uint8], options: tuple[int, ...] = ()) -> bytes:
    done, data = cv2.imencode(suffix, picture, options)
    if not done:
        raise OutputError(f"A picture could not be encoded as {suffix}.", "", picture.shape)
    return data.tobytes()
