"""Pictures of a run, each written to the pages once, as small as pages need them."""

from __future__ import annotations

from pathlib import Path

from lydite.core import ImageError, MissingExtra
from lydite.data import load_image, safe_stem
from lydite.reports.exemplar_art import ImageRef, write_jpeg
from lydite.reports.overlays import Frame, shrink
from lydite.reports.site import Site
from lydite.train.honest import Row

FOLDER = "pictures"
_SIDE = 280


class Album:
    """One picture is open at a time.

    Args:
        site: Where to.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._written: dict[str, ImageRef | None] = {}

    def shot(self, row: Row) -> ImageRef | None:
        """The thumbnail of an item; ``None`` if its file is gone or another by now."""
        name = str(row.item)
        if name not in self._written:
            self._written[name] = self._draw(row)
        return self._written[name]

    def _draw(self, row: Row) -> ImageRef | None:
        try:
            picture = load_image(Path(row.path))
        except (ImageError, MissingExtra):
            return None
        if str(picture.image_id) != row.image:
            return None
        frame = Frame.fit((picture.pixels.shape[0], picture.pixels.shape[1]), _SIDE)
        return write_jpeg(self._site, f"{FOLDER}/{safe_stem(row.item)}.jpg", shrink(picture.pixels, frame))
