"""From one report to the pages of a run, where these exist and stay together with it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from lydite.core import ItemId
from lydite.data import safe_stem


class RunLinks:
    """Addresses of a run's own pages, relative to a folder of pages.

    A page is linked only if it exists, and only from a folder beside or inside the run's: pages are handed
    on, and the way between far folders would tell how a machine is arranged.

    Args:
        run: Folder of the run.
        folder: Folder of the pages that link.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        self._report = (run / "report").resolve()
        self._folder = folder.resolve()
        self._near = self._folder.is_relative_to(run.resolve().parent)

    def front(self) -> str:
        """The run's front page; empty if there is none to link."""
        return self._address("index.html")

    def picture(self, item: str, region: int | None = None) -> str:
        """The page of a picture, at one of its instances; empty if there is none to link."""
        address = self._address(f"pictures/{safe_stem(ItemId.parse(item))}.html")
        return f"{address}#r{region}" if address and region is not None else address

    def _address(self, name: str) -> str:
        page = self._report / name
        if not self._near or not page.is_file():
            return ""
        return quote(Path(os.path.relpath(page, self._folder)).as_posix())
