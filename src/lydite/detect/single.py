"""One example from a line of text: a class, a picture, perhaps a box in it."""

from __future__ import annotations

from pathlib import Path

from lydite.core import AnnotationError, ImageError, UsageError
from lydite.data import peek_size, printable
from lydite.data.rows import TOLERANCE_PX, Place, XyXy, fit_box
from lydite.detect.exemplars import Exemplar


def parse_example(text: str, *, negative: bool = False) -> Exemplar:
    """An example from ``CLASS=PATH`` or ``CLASS=PATH@X0,Y0,X1,Y1``; a negative has no ``CLASS=``.

    As in annotation files, a box may reach out of its picture by a pixel, and is then cut at the edge.

    Args:
        text: What was typed; the box is in pixels of the upright picture.
        negative: Read a negative.

    Raises:
        UsageError: If it is neither, the box is empty or reaches out of the picture, or there is no such
            file.
    """
    remedy = "Write PATH@X0,Y0,X1,Y1 or PATH." if negative else "Write CLASS=PATH@X0,Y0,X1,Y1 or CLASS=PATH."
    name, equals, rest = ("", "=", text) if negative else text.partition("=")
    if not equals or not rest or not (name or negative):
        raise UsageError("An example names no class.", remedy, text)
    where, at, corners = rest.rpartition("@")
    try:
        box = tuple(float(value) for value in corners.split(",")) if at else None
    except ValueError:
        where, box = rest, None  # an @ in the name of a file
    path = Path(where if box is not None else rest).expanduser()
    if box is not None and (len(box) != 4 or not (box[0] < box[2] and box[1] < box[3])):
        raise UsageError("The box of an example is no box.", remedy, text)
    if not path.is_file():
        raise UsageError(f"There is no picture {printable(path)}.", remedy, text)
    fitted = None if box is None else _fit(box, path, text)
    spelled = f"{'negative' if negative else f'positive/{name}'}/{path.name}"
    spelled += "" if fitted is None else f"@{','.join(f'{value:g}' for value in fitted)}"
    return Exemplar(path, spelled, None if negative else name, box=fitted)


def _fit(box: tuple[float, ...], path: Path, text: str) -> XyXy:
    """The box within its picture."""
    x0, y0, x1, y1 = box
    try:
        height, width = peek_size(path)
    except ImageError:  # looking at it will say what is wrong
        return x0, y0, x1, y1
    try:
        return fit_box(box, (height, width), TOLERANCE_PX, Place(printable(path)))[0]
    except AnnotationError:
        raise UsageError(
            f"The box of an example reaches out of {printable(path)}, a picture of {width}x{height} pixels.",
            "Give the corners x0,y0,x1,y1 in pixels of the upright picture, counted from its top left.",
            text,
        ) from None
