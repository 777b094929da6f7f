"""Documents that run: Python blocks of README and docs pages, and the commands of one, in one folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.support_cli import lydite
from lydite.data.shelf import write_shelf
from support import REPOSITORY

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
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
    shutil.copy(shelf.truth, root / "truth.json")
    return root


@pytest.fixture
def inside(folder: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/banks.md",
        "docs/data.md",
        "docs/exemplars.md",
        "docs/filters.md",
        "docs/folds.md",
        "docs/pooling.md",
        "docs/probe.md",
        "docs/review.md",
        "docs/python_api.md",
        "docs/sources.md",
    ],
)
def test_every_python_block_runs(inside: Path, document: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_blocks(document)
    assert capsys.readouterr().out


def run_blocks(document: str) -> None:
    """Run the Python blocks of a document in order, in one namespace."""
    blocks = _BLOCK.findall((REPOSITORY / document).read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, document, "exec"), names)


def run_commands(document: str) -> None:
    """Run the commands of a document in order, in one folder."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    commands = [line for block in _SHELL.findall(text) for line in block.splitlines()]
    assert len(commands) >= 4
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "lydite"
        outcome = lydite(*arguments)
        assert outcome.code == 0, (command, outcome.err)


def test_every_command_and_block_on_evaluation_runs(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_commands("docs/evaluate.md")
    run_blocks("docs/evaluate.md")
    assert capsys.readouterr().out


def test_every_command_on_data_runs(inside: Path) -> None:
    run_commands("docs/data.md")


def test_every_command_and_block_on_cleaning_runs(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_commands("docs/clean.md")
    run_blocks("docs/clean.md")
    assert capsys.readouterr().out


def test_every_command_and_block_on_training_runs(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_commands("docs/train.md")
    run_blocks("docs/train.md")
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "document", [p.relative_to(REPOSITORY).as_posix() for p in REPOSITORY.glob("docs/*.md")] + ["README.md"]
)
def test_every_link_leads_somewhere(document: str) -> None:
    path = REPOSITORY / document
    targets = _LINK.findall(path.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing
