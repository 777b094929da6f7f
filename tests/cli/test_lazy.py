"""The root's help is told without importing the commands, and tells the same."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer.main

from cli.support_cli import lydite
from lydite import __version__
from lydite.cli.lazy import Entry, load_all
from lydite.cli.main import ENTRIES, app
from support import REPOSITORY


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_line_in_the_help_is_the_commands_own(entry: Entry) -> None:
    command = entry.load()
    first = " ".join(command.help.partition("\n\n")[0].split())
    assert (command.name, first) == (entry.name, entry.help)


def test_every_module_of_commands_is_reached() -> None:
    root = load_all(typer.main.get_command(app))
    assert list(root.commands) == [entry.name for entry in ENTRIES]
    assert root.commands["review"].commands["serve"].help


def test_help_and_a_misspelt_command() -> None:
    assert lydite("review", "--help").code == 0
    wrong = lydite("reviw")
    assert wrong.code == 2
    assert "Did you mean 'review'?" in wrong.err


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "from lydite.cli.main import app; import typer.main; typer.main.get_command(app)",
            "polars scipy sqlalchemy",
        ),
        ("import lydite.cli.commands.review, lydite.review.app", "scipy cv2 onnxruntime jinja2"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, absent: str) -> None:
    check = f"import sys; {code}; print(sorted(set({absent.split()}) & set(sys.modules)))"
    environment = {"PYTHONPATH": str(REPOSITORY / "src"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_package_is_a_command_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lydite", "--version"], capture_output=True, text=True, check=True
    )
    assert __version__ in done.stdout
