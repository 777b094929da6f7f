"""Names of files as people see them: printable, and in the order that people count."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import PurePath

_DIGITS = re.compile(r"[0-9]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

NaturalKey = tuple[str, str]
_LONGEST = 0xD7FF
"""Numbers of more digits are compared by their digits alone."""


def printable(name: str | os.PathLike[str]) -> str:
    r"""A file name as valid Unicode that is safe to show: a byte that is not UTF-8 appears as ``\udcff``.

    Python holds such bytes as lone surrogates, which no terminal, table or JSON file accepts. Control
    characters appear as ``\x1b``: a name must not move a terminal's cursor.
    """
    text = os.fspath(name)
    if text.isprintable():
        return text
    valid = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", valid)


def natural_key(text: str) -> NaturalKey:
    """Sorting key under which ``img2`` stands before ``img10``, upper and lower case together.

    Two different texts have different keys, so the order never depends on the order of arrival.
    """
    return _DIGITS.sub(_by_length, text.casefold()), text


def _by_length(number: re.Match[str]) -> str:
    """Digits that sort as numbers: before any text (no file name holds a null), then by length."""
    digits = number[0].lstrip("0")
    return f"\0{chr(min(len(digits), _LONGEST))}{digits}"


def path_key(path: str) -> tuple[NaturalKey, ...]:
    """``natural_key`` of each part of a POSIX path, so that a folder's files stay together."""
    plain = path if os.sep == "/" else PurePath(path).as_posix()
    folder, slash, name = plain.rpartition("/")
    return (*_folder_key(folder), natural_key(name)) if slash else (natural_key(name),)


@lru_cache(maxsize=1024)
def _folder_key(folder: str) -> tuple[NaturalKey, ...]:
    return tuple(natural_key(part) for part in folder.split("/"))
