"""The house stands as its documents say."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from support import REPOSITORY

SOURCE = REPOSITORY / "src" / "lydite"
ROOMS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_short_readme(room: str) -> None:
    lines = (SOURCE / room / "README.md").read_text(encoding="utf-8").splitlines()
    assert 5 <= len(lines) <= 40


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in {"cli"}])
def test_public_names_exist_and_are_sorted(room: str) -> None:
    module = importlib.import_module(f"lydite.{room}")
    names = list(module.__all__)
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(module, name) for name in names)


def test_the_light_core_imports_no_heavy_extra() -> None:
    code = (
        "import sys, lydite, lydite.detect, lydite.cli.main, lydite.reports\n"
        "heavy = {'torch', 'torchvision', 'timm', 'transformers', 'pillow_heif', 'pytest', 'hypothesis'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(SOURCE.parent), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "[]"


def test_files_stay_small_enough_to_read() -> None:
    long = {str(p.relative_to(SOURCE)): n for p in SOURCE.rglob("*.py") if (n := _lines(p)) > 350}
    assert not long


def test_no_dictionary_is_passed_for_settings_and_no_unchecked_loading() -> None:
    """``strict=False`` is how random weights run on; it is spelled nowhere."""
    guilty = [
        str(path)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "load_state_dict"
        and any(k.arg == "strict" and _is_false(k.value) for k in node.keywords)
    ]
    assert not guilty


def test_constraints_are_exact_names_and_versions() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line for line in pins)
    assert {line.split("==")[0] for line in pins} >= {"numpy", "polars", "torch", "torchvision", "timm"}


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
