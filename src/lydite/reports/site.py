"""A folder of pages: templates in, files out, each one replaced in one step."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lydite import __version__
from lydite.core import OutputError
from lydite.data import printable, write_atomic
from lydite.reports.words import plural

ASSETS = ("report.css", "report.js")
_SEAMS = "/_-"
_SEAM = re.compile(r"([/_-])")


@dataclass(frozen=True)
class Site:
    """Where the pages of a report go. Names are relative to the folder, with ``/``.

    Args:
        folder: The report's own folder; created when something is written.
    """

    folder: Path

    def write_page(self, name: str, template: str, **values: Any) -> Path:
        """Render a template to a page.

        Bytes of file names that are no valid Unicode appear as escapes, as ``lydite.data.printable`` has it.
        """
        html = self._environment.get_template(template).render(
            root="../" * name.count("/"), version=__version__, **values
        )
        return self.write_bytes(name, html.encode("utf-8", "backslashreplace"))

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write a file of the report.

        Raises:
            OutputError: If it cannot be written.
        """
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Folder {printable(path.parent)} cannot be made: {error.strerror}.",
                "Write the pages to another folder.",
            ) from error
        write_atomic(path, data)
        return path

    def write_assets(self) -> None:
        """Write the one style sheet and the one script."""
        for name in ASSETS:
            source = Path(__file__).parent / "templates" / name
            self.write_bytes(f"assets/{name}", source.read_bytes())

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("lydite.reports"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "breakable": breakable,
            "known": known,
            "plural": plural,
            "score": lambda value: f"{value:.3f}",
            "share": share,
            "toml": toml,
            "thousands": lambda value: f"{value:,}",
        }
        return environment


def breakable(name: str) -> Markup:
    """A file name that may wrap at its slashes, underscores and hyphens before it is cut anywhere."""
    return Markup("").join(
        escape(piece) + Markup("<wbr>") if piece in _SEAMS else escape(piece) for piece in _SEAM.split(name)
    )


def known(value: float, form: str) -> str:
    """A number in a form such as ``"%.3f"``; a dash where there is none."""
    return form % value if math.isfinite(value) else "–"


def toml(value: object) -> str:
    """A setting as a settings file spells it; what such a file leaves out is ``none``.

    Of an absolute path only the file's name is told: pages are handed on, folders are private.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(Path(value).name if Path(value).is_absolute() else value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {toml(entry)}" for name, entry in value.items()) or "none"
    if isinstance(value, Sequence):
        return f"[{', '.join(toml(entry) for entry in value)}]"
    return "none" if value is None else repr(value)


def share(part: float, whole: float) -> str:
    """A percentage that never rounds something to nothing, nor almost all to all."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
