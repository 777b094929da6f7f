from __future__ import annotations

import warnings

import pytest

from lydite.data.quiet import QuietDecoders


def warn_as(module: str) -> None:
    warnings.warn_explicit("odd file", UserWarning, "decoder.py", 1, module=module)


def test_decoders_are_silent_and_nobody_else() -> None:
    with QuietDecoders():
        warn_as("PIL.TiffImagePlugin")
        warn_as("lydite.data.image")
        with pytest.warns(UserWarning, match="odd file"):
            warn_as("somebody.else")


def test_the_last_to_go_restores_whatever_the_order() -> None:
    before, quiet = list(warnings.filters), QuietDecoders()
    quiet.__enter__()
    quiet.__enter__()
    quiet.__exit__(None, None, None)
    warn_as("PIL.Image")
    quiet.__exit__(None, None, None)
    assert list(warnings.filters) == before
    with pytest.warns(UserWarning, match="odd file"):
        warn_as("PIL.Image")
