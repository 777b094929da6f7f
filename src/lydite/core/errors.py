"""Every error that Lydite raises on purpose, as one tree.

::

    LyditeError
    ├── UsageError                what was asked for cannot be asked (exit code 2)
    │   ├── UnknownName           a name that is not in a table; carries the nearest ones
    │   ├── MissingExtra          needs an optional part of the installation
    │   └── OutputConflict        the output directory belongs to something else
    ├── InputError                what was given cannot be used (exit code 1)
    │   ├── ImageError            one picture: unreadable, truncated, lying, too large
    │   ├── AnnotationError       one place in an annotation file
    │   ├── ArchiveError          a zip or tar that must not be unpacked
    │   ├── ServerError           a server that cannot be reached, refuses, or talks nonsense
    │   ├── ExemplarError         the reference pictures cannot make a bank
    │   ├── CheckpointError       a weights file that must not be loaded
    │   └── TrainingError         a training that cannot go on: no finite loss, too little memory
    ├── OutputError               what was made cannot be written (exit code 1)
    └── ContractError             two things that must not meet have met (exit code 1)
        ├── InvalidValue          a value that its type refuses at construction (also a ValueError)
        ├── SpaceMismatch         vectors of two feature spaces were compared
        ├── ClassMapMismatch      two different class maps were combined
        └── CollapsedFeatures     different regions got the same vector

The message of each states the fact, then the remedy, and ends with the value seen where there is one.
"""

from __future__ import annotations

import difflib
import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class LyditeError(Exception):
    """Root of the tree.

    Args:
        fact: What was wrong, one sentence with its full stop.
        remedy: What the reader can do about it, one sentence; may be empty.
        seen: The offending value, shown with ``repr`` at the end; ``None`` shows nothing.
    """

    exit_code = EXIT_FAILED

    def __init__(self, fact: str, remedy: str = "", seen: object = None) -> None:
        self.fact = fact
        self.remedy = remedy
        self.seen = seen
        parts = [fact]
        if remedy:
            parts.append(remedy)
        if seen is not None:
            parts.append(f"Seen: {shorten(seen)}")
        super().__init__(" ".join(parts))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle message and attributes, so that failures cross process boundaries as values.

        A value seen that cannot be pickled travels as the text that the message shows.
        """
        return (_rebuild, (type(self), self.args, {**self.__dict__, "seen": _portable(self.seen)}))


def _rebuild(kind: type[LyditeError], args: tuple[object, ...], state: dict[str, object]) -> LyditeError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


def _portable(value: object) -> object:
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError):
        return shorten(value)
    return value


class UsageError(LyditeError):
    """What was asked for cannot be asked."""

    exit_code = EXIT_USAGE


class UnknownName(UsageError):
    """A name that is not in a table.

    Args:
        kind: What the name should have named, for example ``"encoder"``.
        name: The name that was given.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        names = list(known)
        super().__init__(f"There is no {kind} named {name!r}.", _nearest(name, names))


class MissingExtra(UsageError):
    """A part of Lydite that is not installed.

    Args:
        what: What needs the extra, as the subject of a sentence.
        extra: Name of the extra in ``pip install 'lydite[extra]'``.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{what} needs an optional part of Lydite.", f"Install it: pip install 'lydite[{extra}]'"
        )


class OutputConflict(UsageError):
    """The output directory belongs to something else."""


class InputError(LyditeError):
    """What was given cannot be used."""


class ImageError(InputError):
    """One picture that cannot be used.

    Args:
        path: The picture, as the user named it.
        reason: A clause without subject or full stop, for example ``"ends before its last row"``.
        remedy: What to do; may be empty.
        seen: The offending value; may be ``None``.
    """

    def __init__(self, path: Path | str, reason: str, remedy: str = "", seen: object = None) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"Picture {shorten(self.path)} {reason}.", remedy, seen)


class AnnotationError(InputError):
    """One place in an annotation file that cannot be used.

    Args:
        path: The annotation file.
        line: Line number counted from 1; 0 when the format has no lines (a key path is in ``field``).
        field: The field or key path, for example ``"bndbox.xmin"``.
        reason: A clause, for example ``"is not a number"``.
        seen: The offending value.
    """

    def __init__(
        self, path: Path | str, line: int, field: str, reason: str, seen: object = None, remedy: str = ""
    ) -> None:
        self.path = str(path)
        self.line = line
        self.field = field
        self.reason = reason
        place = f"{path}, line {line}" if line > 0 else f"{path}"
        super().__init__(f"{place}: {field} {reason}.", remedy, seen)


class ArchiveError(InputError):
    """An archive that must not be unpacked: hostile, damaged, too large.

    Args:
        path: The archive.
        reason: A clause, for example ``"holds more than 10 entries"``.
        remedy: What to do; may be empty.
        seen: The entry or value.
    """

    def __init__(self, path: Path | str, reason: str, remedy: str = "", seen: object = None) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"Archive {shorten(self.path)} {reason}.", remedy, seen)


class ServerError(InputError):
    """A server of annotations that cannot be used.

    Args:
        host: Its address.
        reason: A clause, for example ``"does not answer"``.
        remedy: What to do; may be empty.
        seen: The offending value.
    """

    def __init__(self, host: str, reason: str, remedy: str = "", seen: object = None) -> None:
        self.host = host
        self.reason = reason
        super().__init__(f"Server {host} {reason}.", remedy, seen)


class ExemplarError(InputError):
    """The reference pictures cannot make a bank."""


class CheckpointError(InputError):
    """A weights file that must not be loaded."""


class TrainingError(InputError):
    """A training that cannot go on as it was asked for."""


class OutputError(LyditeError):
    """What was made cannot be written: a full disk, a read-only folder."""


class ContractError(LyditeError):
    """Two things that must not meet have met."""


class InvalidValue(ContractError, ValueError):
    """A value that its type refuses at construction.

    Args:
        name: What was being built, for example ``"Boxes.xyxy"``.
        expected: What it must be, for example ``"a float32 array of shape (n, 4)"``.
        seen: What was given.
    """

    def __init__(self, name: str, expected: str, seen: object) -> None:
        self.name = name
        self.expected = expected
        super().__init__(f"{name} must be {expected}.", "", seen)


class SpaceMismatch(ContractError):
    """Vectors of two feature spaces were compared.

    Args:
        differences: One line a field: ``"field: left != right"``.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__(
            "Vectors of two different feature spaces cannot be compared; they differ in "
            + "; ".join(differences)
            + ".",
            "Embed both sides with the same encoder, layer, weights and preprocessing.",
        )


class ClassMapMismatch(ContractError):
    """Two different class maps were combined."""


class CollapsedFeatures(ContractError):
    """Different regions got the same vector."""


def shorten(value: object, limit: int = 120) -> str:
    """``repr`` of a value, but a text that shows something as it is; cut in the middle, limit 3 or more."""
    text = value if isinstance(value, str) and value.strip() else repr(value)
    if len(text) <= limit:
        return text
    keep = (limit - 1) // 2
    return f"{text[:keep]}…{text[-keep:]}"


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(repr(c) for c in close)}?"
    shown = ", ".join(sorted(known)[:12])
    return f"Known: {shown}." if shown else ""
