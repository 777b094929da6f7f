"""The versions of a workspace: which one is current, what led to it, and how the next one joins."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from lydite.core import InputError, OutputConflict, UnknownName, UsageError
from lydite.data.dataset.store import PAGE, load_info, load_version, save_version, write_head
from lydite.data.dataset.tables import Tables
from lydite.data.dataset.version import DatasetVersion, VersionInfo
from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.data.locking import lock_file
from lydite.data.names import printable

_BACK = re.compile(r"^(?:HEAD|@)(?:~(\d+))?$")
_HEX = re.compile(r"^[0-9a-f]{4,64}$")
_NAME_LENGTH = 16


class History:
    """The versions in ``<workspace>/data/<version>/``; ``<workspace>/data/HEAD`` names the current one.

    Args:
        workspace: The folder of a workspace; nothing is made in it before the first ``commit``.
    """

    def __init__(self, workspace: Path) -> None:
        self.folder = Path(workspace) / "data"

    def head_id(self) -> str | None:
        """Id of the current version, ``None`` where there is none yet.

        Raises:
            InputError: If ``HEAD`` holds something else, or cannot be read.
        """
        path = self.folder / "HEAD"
        try:
            text = path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            self._require_no_past()
            return None
        except OSError as error:
            raise InputError(f"{printable(path)} cannot be read: {error.strerror or error}.") from error
        if not _HEX.match(text) or len(text) != 64:
            raise InputError(f"{printable(path)} names no version.", "Write the id of one into it.", text)
        return text

    def head(self) -> DatasetVersion:
        """The current version.

        Raises:
            UsageError: If there is none yet.
            InputError: If it is damaged.
        """
        return self.load("HEAD")

    def load(self, name: str = "HEAD") -> DatasetVersion:
        """A version by name.

        Args:
            name: ``HEAD``, ``HEAD~2`` (two before it), or the first four or more digits of an id.

        Raises:
            UsageError: If nothing, or more than one version, has the name.
            InputError: If it is damaged.
        """
        return load_version(self.find(name))

    def find(self, name: str = "HEAD") -> Path:
        """Folder of a version by name, see ``load``."""
        if back := _BACK.match(name):
            return self._back(name, int(back[1] or 0))
        ids = self.ids()
        found = [known for known in ids if _HEX.match(name) and known.startswith(name[:_NAME_LENGTH])]
        if len(found) > 1:
            raise UsageError(f"Several versions begin with {name!r}.", "Give more digits.", found)
        if not found or not load_info(self.folder / found[0]).id.startswith(name):
            raise UnknownName("version", name, [*ids, "HEAD"])
        return self.folder / found[0]

    def ids(self) -> list[str]:
        """The first 16 digits of every version that is there, also of those that no log reaches."""
        if not self.folder.is_dir():
            return []
        return sorted(entry.parent.name for entry in self.folder.glob(f"[0-9a-f]*/{PAGE}"))

    def log(self, name: str = "HEAD") -> Iterator[VersionInfo]:
        """A version and those before it, newest first.

        Raises:
            UsageError: If there is no such version.
            InputError: If one on the way is damaged or missing.
        """
        info: VersionInfo | None = load_info(self.find(name))
        while info is not None:
            yield info
            info = None if info.parent is None else load_info(self.folder / info.parent[:_NAME_LENGTH])

    def commit(self, version: DatasetVersion, report: pl.DataFrame | None = None) -> Path:
        """Keep a version and make it the current one; after a kill at any point the old one is.

        Args:
            version: The first one, or one made from the current one.
            report: What an importer did, kept beside it.

        Returns:
            Its folder.

        Raises:
            OutputConflict: If the current version is not its parent: somebody else was faster.
            OutputError: If it cannot be written.
        """
        with os_errors_as_output_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with lock_file(self.folder / ".lock"):
            head = self.head_id()
            if head != version.parent:
                raise OutputConflict(
                    "The dataset was changed in the meantime: the current version is not the one that this "
                    "change began with.",
                    "Make the change again.",
                    {"current": head and head[:_NAME_LENGTH], "began with": version.parent},
                )
            self._sweep()
            folder = self.folder / version.info.short
            save_version(version, folder, report)
            write_head(self.folder, version.id)
        return folder

    def restore(self, name: str, actor: str, reason: str, created: datetime | None = None) -> DatasetVersion:
        """A version with the content of an earlier one, made from the current one; not yet kept.

        Region numbers that were given out since stay given out.

        Raises:
            UsageError: If there is no such version.
        """
        old, head = self.load(name), self.head()
        tables = Tables.checked(old.items, old.regions, old.class_map, head.tables.numbers)
        return DatasetVersion.build(tables, old.class_map, old.info.roots, head.id, actor, reason, created)

    def bring_back(
        self, items: pl.DataFrame, regions: pl.DataFrame, actor: str, reason: str
    ) -> DatasetVersion:
        """The current version with rows of earlier ones, where it has none of their name; not yet kept.

        Args:
            items: Rows of an earlier table of items; labels may be new.
            regions: Their regions, which keep the numbers that they had.
            actor: Who brings them back.
            reason: Why.

        Raises:
            InvalidValue: If a law of ``schema`` is broken, such as a label that is no class.
        """
        head = self.head()
        back = items.join(head.items, on="item", how="anti")
        if not len(back):
            return head
        things = pl.concat([head.items, back])
        parts = pl.concat([head.regions, regions.join(back, on="item", how="semi")])
        tables = Tables.checked(things, parts, head.class_map, head.tables.numbers)
        return DatasetVersion.build(tables, head.class_map, head.info.roots, head.id, actor, reason)

    def _back(self, name: str, steps: int) -> Path:
        head = self.head_id()
        if head is None:
            raise UsageError(
                f"There is no dataset in {printable(self.folder.parent)} yet.",
                "Bring pictures in first: lydite data import",
            )
        folder = self.folder / head[:_NAME_LENGTH]
        for _ in range(steps):
            parent = load_info(folder).parent
            if parent is None:
                raise UsageError(f"There is no version {name}: the history is shorter.", "", f"{steps} steps")
            folder = self.folder / parent[:_NAME_LENGTH]
        return folder

    def _require_no_past(self) -> None:
        """Without ``HEAD`` there may be first versions that were never made current, but no later ones."""
        infos = [load_info(self.folder / name) for name in self.ids()]
        if any(info.parent is not None for info in infos):
            newest = max(infos, key=lambda info: info.created)
            raise InputError(
                f"{printable(self.folder / 'HEAD')} is gone, so nothing says which version is current.",
                "Write the id of one into it.",
                f"the newest: {newest.id}",
            )

    def _sweep(self) -> None:
        """Remove what killed processes left; the lock says that nobody is writing."""
        for entry in self.folder.glob(f"{TEMPORARY}*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
