"""A picture of the run as pages show it: at most 1,600 pixels, and its thumbnail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ImageError, ItemId, MissingExtra
from lydite.data import ImageLimits, Picture, load_image, printable
from lydite.detect.store import ImageRecord
from lydite.reports.exemplar_art import ImageRef, write_jpeg
from lydite.reports.overlays import PAGE_SIDE, THUMB_SIDE, Frame, shrink
from lydite.reports.site import Site
from lydite.reports.words import without_folder


@dataclass(frozen=True, slots=True, eq=False)
class PictureArt:
    """How pages show a picture.

    Args:
        stem: Name of its page and files.
        frame: Size at which its page draws it.
        thumb_frame: Size at which the gallery draws it.
        pixels: The picture at its own size; ``None`` if it cannot be read any more.
        image: The file that its page shows.
        thumb: Its thumbnail.
        problem: Why there is no picture, or that it has changed since the run.
    """

    stem: str
    frame: Frame
    thumb_frame: Frame
    pixels: npt.NDArray[np.uint8] | None = None
    image: ImageRef | None = None
    thumb: ImageRef | None = None
    problem: str = ""


def draw_picture(site: Site, stem: str, record: ImageRecord, limits: ImageLimits) -> PictureArt:
    """Open a picture of the run and write it at both sizes.

    A file that is gone or of another size by now leaves its outlines on an empty ground.
    """
    frame, thumb_frame = (Frame.fit(record.size_hw, side) for side in (PAGE_SIDE, THUMB_SIDE))
    picture, problem = _reopen(record, limits)
    if picture is None:
        return PictureArt(stem, frame, thumb_frame, problem=problem)
    drawn = shrink(picture.pixels, frame)
    return PictureArt(
        stem,
        frame,
        thumb_frame,
        picture.pixels,
        write_jpeg(site, f"images/{stem}.jpg", drawn),
        write_jpeg(site, f"thumbs/{stem}.jpg", shrink(drawn, thumb_frame)),
        problem,
    )


def _reopen(record: ImageRecord, limits: ImageLimits) -> tuple[Picture | None, str]:
    try:
        picture = load_image(record.path, limits)
    except (ImageError, MissingExtra) as error:
        item = printable(ItemId.parse(record.item).path)
        return None, without_folder(str(error), record.path, item)
    if picture.size_hw != record.size_hw:
        return None, "The file is now a picture of another size than the one that was looked at."
    changed = str(picture.image_id) != record.image_id
    return picture, "The file has changed since it was looked at." if changed else ""
