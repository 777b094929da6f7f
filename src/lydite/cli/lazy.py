"""Commands whose modules are imported when they are called, so that help and every command start fast."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the root, told before its module is imported.

    Args:
        name: What a person types, and the module below ``lydite.cli.commands``.
        help: First line of the command's own help; a test compares the two.
        attribute: Name of a ``typer.Typer`` or of a function in the module.
    """

    name: str
    help: str
    attribute: str = "app"

    def load(self) -> Any:
        """The command itself."""
        found = getattr(import_module(f"lydite.cli.commands.{self.name}"), self.attribute)
        holder = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
        )
        holder.callback()(_nothing)  # a group of one command is a group
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=self.name)
        else:
            holder.command(self.name)(found)
        return typer.main.get_command(holder).commands[self.name]  # type: ignore[attr-defined]


class Later(TyperCommand):
    """A command's name and first line; the command itself comes by ``entry.load``."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, callback=None, help=entry.help, rich_markup_mode="markdown")
        self.entry = entry


def lazy_group(entries: tuple[Entry, ...]) -> type[TyperGroup]:
    """A class of groups that have these commands and import only the one that is called."""

    class LazyGroup(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            for entry in entries:
                self.add_command(Later(entry), entry.name)

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            name, command, rest = super().resolve_command(ctx, args)
            return name, (command.entry.load() if isinstance(command, Later) else command), rest

    return LazyGroup


def load_all(group: Any) -> Any:
    """The group with every command in place, for documents and tests."""
    for name, command in list(group.commands.items()):
        if isinstance(command, Later):
            group.commands[name] = command.entry.load()
    return group


def _nothing() -> None: ...
