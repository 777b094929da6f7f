"""Pictures for the page, made once and kept in bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from lydite.data.image import ImageLimits
from lydite.data.preview import Preview, render_preview

SIDES = (480, 1600, 4096)
"""Longer sides on offer: peers, the screen, zoom."""
_KEPT_BYTES = 96 << 20


class Renditions:
    """A cache of previews; safe for threads.

    Args:
        limits: What a picture may cost.
        kept_bytes: Encoded bytes that are kept.
    """

    def __init__(self, limits: ImageLimits | None = None, kept_bytes: int = _KEPT_BYTES) -> None:
        self._limits = limits or ImageLimits()
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Path, int], Preview] = OrderedDict()
        self._size = 0

    def get(self, path: Path, side: int) -> Preview:
        """A picture at most ``side`` pixels long.

        Raises:
            ImageError: As ``load_image``.
        """
        with self._lock:
            if found := self._kept.get((path, side)):
                self._kept.move_to_end((path, side))
                return found
        made = render_preview(path, side, self._limits)
        with self._lock:
            if (path, side) not in self._kept:
                self._kept[path, side] = made
                self._size += len(made.data)
            while self._size > self._kept_bytes and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.data)
        return made
