"""Names of packages that are imported when they are asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ("lydite.data", "lydite.clean")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_no_module_is_called_like_one(package: str) -> None:
    found = import_module(package)
    modules = {path.stem for path in Path(str(found.__file__)).parent.iterdir()}
    assert not modules & set(found.__all__)
    for name in found.__all__:
        assert getattr(found, name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'pear'"):
        _ = import_module(package).pear


def test_a_worker_that_looks_at_pictures_imports_little() -> None:
    heavy = ("polars", "pydantic", "scipy", "onnxruntime", "sklearn", "typer")
    told = f"import sys, lydite.clean.look; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
