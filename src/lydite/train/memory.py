"""Too little memory, told as what was being done and what needs less of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lydite.core import TrainingError

_WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",
)
"""Of torch, the operating system and ONNX Runtime, which have no error of their own for it."""


@contextmanager
def short_memory_told(doing: str, remedy: str) -> Iterator[None]:
    """Turn what allocators raise into an error that says what to do.

    Args:
        doing: What the memory is for: "for a batch of 32".
        remedy: What needs less of it.

    Raises:
        TrainingError: If the block ran out of memory.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, MemoryError) and not any(word in str(error).lower() for word in _WORDS):
            raise
        raise TrainingError(
            f"Memory is too short {doing}.", remedy, str(error).partition("\n")[0] or "MemoryError"
        ) from error
