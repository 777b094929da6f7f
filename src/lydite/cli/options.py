"""Command-line options made from settings, so that a setting exists once.

A field ``min_pos_score`` of a settings group becomes the option ``--min-pos-score`` with the field's
description, and a value only when the person gave one: defaults, presets and files stay underneath.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lydite.core import UsageError

PANELS = {
    "encoder": "Encoder: how pictures are looked at",
    "proposer": "Proposals: what could be a thing",
    "regions": "Proposals: what could be a thing",
    "boxes": "Proposals from annotation files",
    "similarity": "Proposals guided by the examples",
    "sam": "Proposals from the Segment Anything family",
    "tidy": "Masks: what is mended before anything is looked at",
    "filters": "Filters: what is not worth judging",
    "bank": "Examples: what is made of them",
    "scoring": "Scores: how many cosines become two",
    "rules": "Rules: what a candidate must show",
    "suppression": "Suppression: which of several stays",
    "calibration": "Calibration: thresholds from the examples",
    "limits": "Limits: what is not even opened",
    "report": "Pages: what is drawn",
    "review": "Review: how the pass is held",
}


def with_settings(
    groups: dict[str, type[BaseModel]], only: Collection[str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each field of each group.

    The command receives them as the keyword ``given``: a dict of only those that were typed.

    Args:
        groups: Group name to settings type; field names are distinct across groups.
        only: The fields to take; all when ``None``.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command)
        kept = [p for p in own.parameters.values() if p.name != "given"]
        hints = inspect.get_annotations(command, eval_str=True)
        fields = {name: made for name, made in _parameters(groups) if only is None or name in only}

        def wrapper(**values: Any) -> None:
            given = {name: values.pop(name) for name in fields}
            typed = {
                name: _value(name, value, fields[name][1])
                for name, value in given.items()
                if value is not None
            }
            command(**values, given=typed)

        parameters = [p.replace(annotation=hints[p.name]) for p in kept] + [p for p, _ in fields.values()]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        wrapper.__doc__ = command.__doc__
        wrapper.__name__ = command.__name__
        return wrapper

    return decorate


def _parameters(
    groups: dict[str, type[BaseModel]],
) -> Iterator[tuple[str, tuple[inspect.Parameter, FieldInfo]]]:
    for group, model in groups.items():
        for name, field in model.model_fields.items():
            yield name, (_parameter(name, field, PANELS[group]), field)


def _parameter(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    kind = _kind(field.annotation)
    names = [f"{flag}/--no-{flag[2:]}"] if kind is bool else [flag]
    option = typer.Option(
        *names,
        help=f"{field.description}{_default_text(field)}",
        rich_help_panel=panel,
        show_default=False,
        metavar=_metavar(field.annotation),
    )
    annotation = Annotated[Union[kind, None], option]  # type: ignore[valid-type]  # noqa: UP007 - at run time
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _kind(annotation: Any) -> Any:
    """The Python type that typer should read; containers are read as a repeated or comma-joined text."""
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    origin = get_origin(annotation)
    if origin is dict:
        return list[str]
    if origin in {tuple, Literal}:
        return str
    return annotation


def _metavar(annotation: Any) -> str | None:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "|".join(annotation)
    if get_origin(annotation) is dict:
        return "NAME=VALUE"
    if "tuple" in str(annotation):
        return "A,B,C"
    return None


def _default_text(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if default in (None, {}):
        return ""
    if isinstance(default, bool):
        return f" [default: {'on' if default else 'off'}]"
    shown = ",".join(str(v) for v in default) if isinstance(default, tuple) else default
    return f" [default: {shown}]"


def _value(name: str, value: Any, field: FieldInfo) -> Any:
    annotation = str(field.annotation)
    if isinstance(value, list):
        return dict(_pair(name, text) for text in value)
    if isinstance(value, str) and "tuple" in annotation:
        parts: list[Any] = [part.strip() for part in value.split(",")]
        return [_number(name, part) for part in parts] if "float" in annotation else parts
    return value


def _pair(name: str, text: str) -> tuple[str, str | int | float | bool]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"Option --{name.replace('_', '-')} takes name=value.", "", text)
    return key, _plain(value)


def _plain(text: str) -> str | int | float | bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"Option --{name.replace('_', '-')} takes numbers.", "", text) from None


def given_path(path: Path | None) -> Path | None:
    """A path as typed, with ``~`` expanded."""
    return None if path is None else path.expanduser()
