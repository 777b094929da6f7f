"""One example from a line of text; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import UsageError
from lydite.detect import parse_example
from pictures import ground, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(ground((120, 160)), tmp_path / "positive" / "scene.png")
    return tmp_path / "positive"


def test_a_line_of_text_names_class_picture_and_box(folder: Path) -> None:
    path = folder / "scene.png"
    boxed = parse_example(f"red={path}@25,25.5,56,56")
    assert (boxed.class_name, boxed.path, boxed.box) == ("red", path, (25, 25.5, 56, 56))
    assert boxed.name == "positive/red/scene.png@25,25.5,56,56"
    whole = parse_example(f"red={path}")
    assert (whole.box, whole.name) == (None, "positive/red/scene.png")
    negative = parse_example(f"{path}@0,0,9,9", negative=True)
    assert (negative.class_name, negative.name) == (None, "negative/scene.png@0,0,9,9")
    odd = save(ground((8, 8)), folder / "a@b.png")
    assert parse_example(f"red={odd}").path == odd


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("scene.png", "An example names no class."),
        ("=scene.png", "An example names no class."),
        ("red=", "An example names no class."),
        ("red=gone.png", "There is no picture gone.png."),
        ("red=gone.png@1,2,3", "The box of an example is no box."),
        ("red=gone.png@3,2,1,4", "The box of an example is no box."),
        ("red=gone.png@nan,2,3,4", "The box of an example is no box."),
    ],
)
def test_what_is_no_example_is_refused(text: str, fact: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_example(text)
    assert str(caught.value).startswith(fact)
    assert str(caught.value).endswith(f"Seen: {text}")


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(
    "corners", ["25,25,220,56", "25,-40,56,56", "200,25,220,56", "0,0,inf,9", "0,0,160,122"]
)
def test_a_box_that_reaches_out_of_its_picture_is_refused(
    folder: Path, corners: str, *, negative: bool
) -> None:
    path = folder / "scene.png"
    text = f"{path}@{corners}" if negative else f"red={path}@{corners}"
    with pytest.raises(UsageError) as caught:
        parse_example(text, negative=negative)
    fact = f"The box of an example reaches out of {path}, a picture of 160x120 pixels. Give the corners"
    assert str(caught.value).startswith(fact)
    assert caught.value.seen == text


def test_a_box_that_reaches_out_by_a_pixel_is_cut(folder: Path) -> None:
    cut = parse_example(f"red={folder / 'scene.png'}@100,-0.5,161,120.4")
    assert (cut.box, cut.name) == ((100, 0, 160, 120), "positive/red/scene.png@100,0,160,120")


def test_a_box_in_a_damaged_picture_is_left_to_whoever_looks_at_it(folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    assert parse_example(f"red={folder / 'broken.png'}@1,2,3,4").box == (1, 2, 3, 4)
