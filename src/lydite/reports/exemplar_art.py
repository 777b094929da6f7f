"""Each exemplar as a person recognises it: the whole picture with the object outlined, and the object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lydite.core import ImageError
from lydite.detect.exemplars import Exemplar
from lydite.reports.description import RunDescription
from lydite.reports.overlays import THUMB_SIDE, Frame, crop, jpeg, outlines, shrink
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.reports.words import without_folder

EXEMPLARS_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A picture file of the report.

    Args:
        name: Relative to the report's folder.
        width: In pixels.
        height: In pixels.
    """

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ExemplarArt:
    """How pages show an exemplar.

    Args:
        number: Its place on the pages of exemplars.
        name: How explanations call it.
        look: Its class; ``None`` for a negative.
        whole: The whole picture, at most 480 pixels; ``None`` if it cannot be read any more.
        detail: The object alone, at most 120 pixels.
        path: Outline of the object in the whole picture; empty when it is the whole picture.
        problem: Why there is no picture.
    """

    number: int
    name: str
    look: ClassLook | None
    whole: ImageRef | None
    detail: ImageRef | None
    path: str = ""
    problem: str = ""

    @property
    def link(self) -> str:
        """Where the pages of exemplars show it, relative to the report's folder."""
        return f"{exemplars_name(self.number // EXEMPLARS_PER_PAGE + 1)}#e{self.number}"


def exemplars_name(page: int) -> str:
    """File name of a page of exemplars, counted from 1."""
    return "exemplars.html" if page == 1 else f"exemplars-{page}.html"


def draw_exemplars(site: Site, description: RunDescription) -> dict[str, ExemplarArt]:
    """Write the pictures of all exemplars, one at a time; returns them by name."""
    return {
        exemplar.name: _draw(site, number, exemplar, description)
        for number, exemplar in enumerate(description.ordered)
    }


def _draw(site: Site, number: int, exemplar: Exemplar, description: RunDescription) -> ExemplarArt:
    look = None if exemplar.class_name is None else description.look(exemplar.class_name)
    try:
        picture, masks = exemplar.load(description.limits)
    except ImageError as error:
        return ExemplarArt(number, exemplar.name, look, None, None, problem=_problem(error, exemplar))
    frame = Frame.fit(masks.size_hw, THUMB_SIDE)
    covers_all = masks.areas[0] == masks.size_hw[0] * masks.size_hw[1]
    box = masks.boxes.xyxy[0]
    return ExemplarArt(
        number,
        exemplar.name,
        look,
        write_jpeg(site, f"exemplars/{number}.jpg", shrink(picture.pixels, frame)),
        write_jpeg(site, f"exemplars/{number}-object.jpg", crop(picture.pixels, box)),
        "" if covers_all else outlines(masks, frame)[0],
    )


def _problem(error: ImageError, exemplar: Exemplar) -> str:
    text = without_folder(str(error), str(exemplar.path), exemplar.name)
    mask = exemplar.mask
    return text if mask is None else without_folder(text, str(mask), f"mask of {exemplar.name}")


def write_jpeg(site: Site, name: str, pixels: npt.NDArray[np.uint8]) -> ImageRef:
    """Write pixels as a file of the report."""
    site.write_bytes(name, jpeg(pixels))
    return ImageRef(name, pixels.shape[1], pixels.shape[0])
