"""JSON of strangers: parsed with the line of what is wrong, and the lines on which elements begin."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from lydite.data.rows import Place

_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F]..)")
_SPACE = re.compile(r"[ \t\r\n]*")


def load_json(text: str, place: Place) -> Any:
    """What a text of JSON holds.

    Raises:
        AnnotationError: If it is malformed, nested too deep, or an escape in it is half of a character,
            which no file or table can hold.
    """
    inner = place.at("the JSON")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"is malformed at column {error.colno}: {error.msg}"
        raise Place(inner.path, error.lineno, inner.field).error(reason) from None
    except (RecursionError, ValueError) as error:
        raise inner.error("cannot be read", str(error)) from None
    half = _find_half_character(text)
    if half is not None:
        raise Place(inner.path, half, inner.field).error("holds an escape that is half of a character")
    return content


def _find_half_character(text: str) -> int | None:
    if "\\ud" not in text and "\\uD" not in text:
        return None
    at = next((match.start() for match in _ESCAPES.finditer(text) if match["half"]), None)
    return None if at is None else text.count("\n", 0, at) + 1


def locate_elements(text: str, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Line numbers, counted from 1, of elements of arrays directly inside the top-level object.

    The text is scanned a second time, so this is for files that were found to hold errors.

    Args:
        text: Valid JSON.
        wanted: Key of the array and index of the element.

    Returns:
        The line of each element that exists.
    """
    found: dict[tuple[str, int], int] = {}
    if not wanted:
        return found
    decoder = json.JSONDecoder()
    line, counted, at = 1, 0, _skip(text, 0)
    if text[at : at + 1] != "{":
        return found
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # past the colon
        if text[at] != "[" or all(key != name for name, _ in wanted):
            at = decoder.raw_decode(text, at)[1]
        else:
            at, index = _skip(text, at + 1), 0
            while text[at] != "]":
                if (key, index) in wanted:
                    line, counted = line + text.count("\n", counted, at), at
                    found[key, index] = line
                at = _next(text, decoder.raw_decode(text, at)[1])
                index += 1
            at += 1
        at = _next(text, at)
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _next(text: str, at: int) -> int:
    """The place behind a value's comma, if it has one."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at
