"""What tests need from outside, and what happens when it is not there.

On a stranger's checkout an absent need skips, visibly. With ``LYDITE_REQUIRE_ALL=1`` (as in
continuous integration) it fails: nothing that the suite needs may go missing unnoticed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def absent(what: str) -> NoReturn:
    """Skip, or fail where everything is required."""
    if os.environ.get("LYDITE_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required here and absent", pytrace=False)
    pytest.skip(f"{what} is absent", allow_module_level=True)


def measuring_data(*parts: str) -> Path:
    """A path below the measuring data: ``$LYDITE_MEASURING_DATA``, else ``../shared``."""
    root = Path(os.environ.get("LYDITE_MEASURING_DATA", REPOSITORY.parent / "shared"))
    path = root.joinpath(*parts)
    if not path.exists():
        absent(f"measuring data {'/'.join(parts)}")
    return path


def need_module(name: str) -> None:
    """Require an importable module."""
    if importlib.util.find_spec(name) is None:
        absent(f"module {name}")


def chromium() -> str:
    """Path of a Chromium executable."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    absent("Chromium")
