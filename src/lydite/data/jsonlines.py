"""On which line of a JSON file an element of a top-level array begins."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

_SPACE = re.compile(r"[ \t\r\n]*")


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
