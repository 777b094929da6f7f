"""Recipes as files: the ones that come with Lydite, by name, and a person's own, by path."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from lydite.core import UnknownName, UsageError
from lydite.data import printable
from lydite.train.recipe import SECTIONS, Recipe, flatten, from_tree

_SHIPPED = Path(__file__).parent / "recipes"


def shipped_recipes() -> dict[str, Recipe]:
    """Name -> recipe, for those that come with Lydite."""
    return {path.stem: _read(path) for path in sorted(_SHIPPED.glob("*.toml"))}


def load_recipe(named: str | Path) -> Recipe:
    """A recipe by the name of one that comes with Lydite, or by the path of a TOML file.

    Raises:
        UnknownName: If there is no such name, or the file names a setting that does not exist.
        UsageError: If the file cannot be read, is no TOML, or a value is refused.
    """
    path = Path(named)
    if isinstance(named, str) and path.suffix != ".toml" and path.name == named:
        known = sorted(file.stem for file in _SHIPPED.glob("*.toml"))
        if named not in known:
            raise UnknownName("recipe", named, known)
        return _read(_SHIPPED / f"{named}.toml")
    return _read(path)


def parse_recipe(text: str) -> Recipe:
    """A recipe from the text of a TOML file.

    Raises:
        UsageError: If it is no TOML, or a value is refused.
        UnknownName: For a name that is no setting; the nearest are suggested.
    """
    try:
        return from_tree(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"A recipe is not TOML: {error}.") from None


def to_toml(recipe: Recipe) -> str:
    """A recipe as a file that ``parse_recipe`` reads back; settings that are ``None`` are left out."""
    tree: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for name, value in flatten(recipe).items():
        section, _, rest = name.partition(".")
        if value is not None and rest:
            tables[section][rest] = value
        elif value is not None:
            tree[name] = value
    return tomli_w.dumps(tree | tables)


def _read(path: Path) -> Recipe:
    shown = printable(path)
    try:
        return parse_recipe(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"Recipe {shown} cannot be read: {error.strerror or error}.",
            "Name a TOML file, or one that 'lydite train recipe --list' shows.",
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"Recipe {shown} is no UTF-8 text.", "Save it as UTF-8.") from None
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from error
