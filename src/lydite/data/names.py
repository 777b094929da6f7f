"""Names of files as people see them: printable, and in the order that people count."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

_DIGITS = re.compile(r"([0-9]+)")

NaturalKey = tuple[tuple[tuple[int, str], ...], str]


def printable(name: str | os.PathLike[str]) -> str:
    r"""A file name as valid Unicode: a byte that is not UTF-8 appears as ``\udcff``.

    Python holds such bytes as lone surrogates, which no terminal, table or JSON file accepts.
    """
    return os.fspath(name).encode("utf-8", "backslashreplace").decode("utf-8")


def natural_key(text: str) -> NaturalKey:
    """Sorting key under which ``img2`` stands before ``img10``, upper and lower case together.

    Two different texts have different keys, so the order never depends on the order of arrival.
    """
    pieces = _DIGITS.split(text.casefold())
    # Numbers are compared as (length, digits): no conversion, so their length has no limit.
    key = tuple(
        (len(piece.lstrip("0")) + 1, piece.lstrip("0")) if place % 2 else (0, piece)
        for place, piece in enumerate(pieces)
    )
    return key, text


def path_key(path: str) -> tuple[NaturalKey, ...]:
    """``natural_key`` of each part of a POSIX path, so that a folder's files stay together."""
    plain = path if os.sep == "/" else PurePath(path).as_posix()
    return tuple(natural_key(part) for part in plain.split("/"))
