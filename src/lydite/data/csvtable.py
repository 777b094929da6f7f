"""CSV of strangers: every good row as text, with its line; every bad line named, the rest read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import polars as pl

from lydite.core import AnnotationError
from lydite.data.names import printable
from lydite.data.rows import Place, open_read

LINE = "line"
"""The column of line numbers, counted from 1; a table's own column of this name becomes ``line_``."""

_BLOCK_ROWS = 50_000
_BLOCK_LETTERS = 1 << 23
_MOST_COLUMNS = 4096
_DELIMITERS = ",;\t|"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, eq=False)
class CsvTable:
    """What a CSV file said.

    Args:
        path: The file, as messages name it.
        frame: Its rows, all columns but ``line`` as texts without white space around them; what is empty
            is null.
        problems: One a line that could not be read.
    """

    path: str
    frame: pl.DataFrame
    problems: tuple[AnnotationError, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without that of lines."""
        return tuple(self.frame.columns[1:])


def read_csv(path: Path) -> CsvTable:
    """Read a table whose first line names its columns.

    The delimiter is the one of comma, semicolon, tab and bar that the first line has most of. UTF-8 and,
    with its mark, UTF-16. A line with another number of fields, an open quote or bytes that are no UTF-8 is
    a problem, and the lines behind it are read all the same.

    Raises:
        AnnotationError: If the file cannot be read, is empty, or its first line names no columns.
    """
    with open_read(path) as raw:
        head = raw.read(4)
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8")
    place = Place(printable(path))
    with open_read(path) as raw, _text(raw.name, encoding) as file:
        return _read(file, place)


def _text(name: str | int, encoding: str) -> TextIO:
    errors = "surrogateescape" if encoding != "utf-16" else "replace"
    return open(name, encoding=encoding, errors=errors, newline="")  # noqa: PTH123


def _read(file: TextIO, place: Place) -> CsvTable:
    first = file.readline(1 << 20)
    if not first.strip("\r\n\ufeff \t\0"):
        raise place.error("has no first line that names its columns", first[:20] or None)
    delimiter = max(_DELIMITERS, key=first.count)
    lines = _Lines(file, [first])
    problems: list[AnnotationError] = []
    rows = _rows(lines, delimiter, place, problems)
    _, header = next(rows, (0, []))
    if problems:
        raise problems[0]
    names = _names(header, place)
    lines.width = len(names)
    lines.begin()
    blocks = list(_plain_blocks(lines, names, delimiter, place, problems))
    blocks += [_frame(block, names, place, problems) for block in _blocks(rows)]
    frame = pl.concat(blocks) if blocks else _table([], names)
    return CsvTable(place.path, frame, tuple(problems))


def _names(header: list[str], place: Place) -> list[str]:
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, start=1)]
    names = [f"{name}_" if name == LINE else name for name in names]
    first = place.at("the first line", 1)
    if len(names) > _MOST_COLUMNS:
        raise first.error(f"names more than {_MOST_COLUMNS} columns", len(names))
    if any(_has_bad_bytes(name) for name in names):
        raise first.error("is not UTF-8", None, "Save the file as UTF-8.")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise first.error("names a column twice", sorted(twice)[0])
    return names


class _Lines:
    """Lines for ``csv``, which can be taken back: what an open quote swallowed is read again."""

    def __init__(self, file: TextIO, waiting: list[str]) -> None:
        self.width = 0
        self.first = 1
        self._file = file
        self._waiting = waiting[::-1]
        self._record: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._file)
        self._record.append(line)
        return line

    def begin(self) -> None:
        """The next line begins a record."""
        self.first += len(self._record)
        self._record = []

    def read_block(self) -> str:
        """Many whole lines at once, which count as read."""
        text = self._file.read(_BLOCK_LETTERS)
        return text + self._file.readline() if text else ""

    def put_back(self, text: str) -> None:
        """Lines to be read one by one."""
        self._waiting = [*io.StringIO(text, newline="")][::-1]

    def spans(self) -> int:
        """How many lines the record has."""
        return len(self._record)

    def take_back(self) -> None:
        """All lines of the record but the first."""
        self._waiting += self._record[:0:-1]
        del self._record[1:]


def _plain_blocks(
    lines: _Lines, names: list[str], delimiter: str, place: Place, problems: list[AnnotationError]
) -> Iterator[pl.DataFrame]:
    """Tables of many lines at once, up to the first that takes more care: a quote, bad bytes."""
    while block := lines.read_block():
        text = block.replace("\r\n", "\n")
        frame = None
        if '"' not in text and "\r" not in text:
            frame = _split_plain(text.removesuffix("\n").split("\n"), lines.first, delimiter)
        if frame is None:
            lines.put_back(block)
            return
        lines.first += len(frame)
        fields = pl.col("fields")
        wrong = frame.filter((pl.col("text") != "") & (fields != len(names)))
        for line, seen, count in wrong.select(LINE, "text", "fields").iter_rows():
            reason = f"has {count} fields instead of {len(names)}"
            problems.append(place.at("the line", line).error(reason, seen[:80]))
        good = frame.filter((pl.col("text") != "") & (fields == len(names)))
        split = pl.col("text").str.split_exact(delimiter, len(names) - 1).struct.rename_fields(names)
        yield _trimmed(good.select(LINE, split.alias("all")).unnest("all"), names)


def _split_plain(lines: list[str], first: int, delimiter: str) -> pl.DataFrame | None:
    """Lines, their numbers and numbers of fields; none if one of them is no valid text."""
    try:
        frame = pl.DataFrame({"text": pl.Series(lines, dtype=pl.String)})
    except UnicodeEncodeError:
        return None
    return frame.select(
        pl.int_range(first, first + len(lines), dtype=pl.Int32).alias(LINE),
        "text",
        (pl.col("text").str.count_matches(delimiter, literal=True) + 1).alias("fields"),
    )


def _rows(
    lines: _Lines, delimiter: str, place: Place, problems: list[AnnotationError]
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(place.at("the line", lines.first).error(f"is malformed: {error}"))
            lines.take_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if row and lines.width and len(row) != lines.width:
            reason = f"has {len(row)} fields instead of {lines.width}"
            problems.append(place.at("the line", lines.first).error(reason, _shown(delimiter.join(row)[:80])))
            if lines.spans() > 1:
                lines.take_back()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
        elif row:
            yield lines.first, row


def _blocks(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    block: list[tuple[int, list[str]]] = []
    for numbered in rows:
        block.append(numbered)
        if len(block) == _BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


def _frame(
    block: list[tuple[int, list[str]]], names: list[str], place: Place, problems: list[AnnotationError]
) -> pl.DataFrame:
    try:
        return _table(block, names)
    except UnicodeEncodeError:
        good = []
        for line, row in block:
            bad = next((text for text in row if _has_bad_bytes(text)), None)
            if bad is None:
                good.append((line, row))
            else:
                seen = bad.encode("utf-8", "surrogateescape")[:20]
                problems.append(
                    place.at("the line", line).error("is not UTF-8", seen, "Save the file as UTF-8.")
                )
        return _table(good, names)


def _table(block: list[tuple[int, list[str]]], names: list[str]) -> pl.DataFrame:
    columns = list(zip(*(row for _, row in block), strict=True)) or [()] * len(names)
    texts = {name: pl.Series(column, dtype=pl.String) for name, column in zip(names, columns, strict=True)}
    frame = pl.DataFrame({LINE: pl.Series([line for line, _ in block], dtype=pl.Int32), **texts})
    return _trimmed(frame, names)


def _trimmed(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    trimmed = pl.col(names).str.strip_chars()
    return frame.with_columns(pl.when(trimmed != "").then(trimmed).name.keep())


def _shown(text: str) -> str:
    """A text with its bad bytes spelt out, since no table or terminal takes them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _has_bad_bytes(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)
