"""Pages are rendered strictly and written whole."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from lydite.core import OutputError
from lydite.reports.site import Site, breakable, share, toml


@given(st.text())
def test_a_breakable_name_is_escaped_and_unchanged_but_for_its_seams(name: str) -> None:
    shown = breakable(name)
    assert isinstance(shown, Markup)
    assert shown.replace(Markup("<wbr>"), "") == escape(name)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "0 %"),
        (0, 5, "0.0 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
        (5, 5, "100 %"),
        (1, 30, "3.3 %"),
    ],
)
def test_a_share_never_rounds_something_to_nothing(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_a_missing_value_is_an_error_and_not_a_hole(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError):
        Site(tmp_path).write_page("gallery-1.html", "gallery.html")


def test_bytes_that_are_no_text_do_not_end_the_report(tmp_path: Path) -> None:
    class Shot:
        stem, title, counts, most_frequent, instances, missed = "a", "caf\udce9.jpg", (), (), 0, None
        error = "Picture caf\udce9.jpg is gone."

    path = Site(tmp_path).write_page(
        "gallery-1.html",
        "gallery.html",
        cards=[Shot()],
        looks=[],
        page=1,
        pages=1,
        first=1,
        total=1,
        name_of=str,
    )
    assert "caf\\udce9.jpg" in path.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(
        OutputError,
        match=r"Folder .*assets cannot be made: Not a directory. Write the pages to another folder.",
    ):
        Site(tmp_path / "report").write_assets()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.5, "0.5"),
        (3, "3"),
        ('a "b"', '"a \\"b\\""'),
        (["edge", 1.0], '["edge", 1.0]'),
        ({}, "none"),
        ({"apple": 0.6}, "apple = 0.6"),
        (None, "none"),
        ("/home/me/weights.pt", '"weights.pt"'),
    ],
)
def test_settings_are_spelled_as_in_a_settings_file(value: object, text: str) -> None:
    assert toml(value) == text
