"""Documents that run: every Python block of README and docs pages, in order, in one folder."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lydite.data.shelf import write_shelf
from support import REPOSITORY

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the documents speak of."""
    root = tmp_path_factory.mktemp("documents")
    shelf = write_shelf(
        root / "shelf", 7, scenes=1, exemplars_per_class=2, negatives=2, empty=0, size_hw=(300, 400)
    )
    for name in ("apple", "pear"):
        shutil.copytree(shelf.positive / name, root / "examples" / name)
    shutil.copytree(shelf.negative, root / "not_these")
    shutil.copytree(shelf.scenes, root / "photos")
    return root


@pytest.fixture
def inside(folder: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.mark.parametrize("document", ["README.md", "docs/python_api.md", "docs/folds.md", "docs/probe.md"])
def test_every_python_block_runs(inside: Path, document: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = _BLOCK.findall((REPOSITORY / document).read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, document, "exec"), names)
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "document", [p.relative_to(REPOSITORY).as_posix() for p in REPOSITORY.glob("docs/*.md")] + ["README.md"]
)
def test_every_link_leads_somewhere(document: str) -> None:
    path = REPOSITORY / document
    targets = _LINK.findall(path.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing
