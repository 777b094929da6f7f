"""What is built is what is needed, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from support import REPOSITORY, need_module


def test_the_wheel_holds_the_package_and_its_pages(tmp_path: Path) -> None:
    need_module("build")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    done = subprocess.run([*command, str(REPOSITORY)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("lydite-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    sources = {p.relative_to(REPOSITORY / "src").as_posix() for p in (REPOSITORY / "src").rglob("*.py")}
    templates = {
        p.relative_to(REPOSITORY / "src").as_posix()
        for p in (REPOSITORY / "src" / "lydite" / "reports" / "templates").iterdir()
    }
    assert sources | templates | {"lydite/py.typed"} <= set(names)
    assert not [name for name in names if name.startswith(("tests", "benchmarks")) or "__pycache__" in name]
