"""What a folder of examples says, and what it must not be taken to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lydite.core import ExemplarError, ImageError, LyditeError
from lydite.data import ImageLimits
from lydite.detect import Exemplar, find_examples, find_exemplars
from pictures import RED, example, save, write_examples


def test_sub_folders_are_classes_and_hidden_ones_are_not(tmp_path: Path) -> None:
    write_examples(tmp_path / "positive", {"apple": RED, "pear": RED})
    save(example(RED, 0)[0], tmp_path / "positive" / ".ipynb_checkpoints" / "x.jpg")
    (tmp_path / "positive" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "positive" / "apple" / "Thumbs.db").write_bytes(b"x")
    found = find_exemplars(tmp_path / "positive")
    assert found.class_names == ("apple", "pear")
    assert [e.name for e in found.positives][:2] == ["positive/apple/0.jpg", "positive/apple/1.jpg"]


def test_a_folder_without_sub_folders_is_one_class(tmp_path: Path) -> None:
    save(example(RED, 0)[0], tmp_path / "tomatoes" / "a.png")
    assert find_exemplars(tmp_path / "tomatoes").class_names == ("tomatoes",)


def test_masks_are_found_beside_pictures_and_are_no_exemplars(tmp_path: Path) -> None:
    pixels, mask = example(RED, 0)
    folder = tmp_path / "p" / "apple"
    for name in ("a.jpg", "b.png", "c.jpg"):
        save(pixels, folder / name)
    for name in ("a.png", "b.mask.png"):
        save(mask, folder / name)
    found = {e.path.name: e.mask.name if e.mask else None for e in find_exemplars(tmp_path / "p").positives}
    assert found == {"a.jpg": "a.png", "b.png": "b.mask.png", "c.jpg": None}


def test_a_mask_without_its_picture_is_told(tmp_path: Path) -> None:
    write_examples(tmp_path / "p", {"apple": RED}, count=1)
    save(example(RED, 1)[0], tmp_path / "n" / "a.jpg")
    lone = [
        save(example(RED, 0)[1], folder / "gone.mask.png")
        for folder in (tmp_path / "p" / "apple", tmp_path / "n")
    ]
    found = find_exemplars(tmp_path / "p", tmp_path / "n")
    assert found.problems == tuple(
        f"mask left out: {path}: its picture does not lie beside it" for path in lone
    )
    assert find_examples(tmp_path / "p", tmp_path / "n") == found


def test_a_mask_says_where_the_object_is(tmp_path: Path) -> None:
    write_examples(tmp_path, {"apple": RED}, count=1)
    _, mask = find_exemplars(tmp_path).positives[0].load(ImageLimits())
    assert mask.areas[0] == (example(RED, 0)[1] > 0).sum()


def test_a_cut_out_is_its_own_mask(tmp_path: Path) -> None:
    pixels, mask = example(RED, 0)
    path = save(np.dstack([pixels, mask]), tmp_path / "cut.png")
    _, found = Exemplar(path, "cut", "apple").load(ImageLimits())
    assert found.areas[0] == (mask > 0).sum()


def test_a_box_is_clipped_to_the_picture(tmp_path: Path) -> None:
    path = save(example(RED, 0)[0], tmp_path / "a.png")
    _, found = Exemplar(path, "a", "apple", box=(60, 60, 100, 100)).load(ImageLimits())
    assert found.areas[0] == 16


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    pixels, mask = example(RED, 0)
    save(pixels, tmp_path / "a.jpg")
    small = save(mask[:32], tmp_path / "a.png")
    with pytest.raises(ImageError) as caught:
        find_exemplars(tmp_path).positives[0].load(ImageLimits())
    assert str(caught.value) == (
        f"Picture {small} is a mask of 64x32 pixels for a picture of 64x64. "
        "Draw the mask on the picture itself, at its own size."
    )


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    pixels, mask = example(RED, 0)
    path = save(pixels, tmp_path / "a.jpg")
    save(mask * 0, tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"shows no object: its mask a\.png covers no pixel"):
        find_exemplars(tmp_path).positives[0].load(ImageLimits())
    with pytest.raises(ImageError, match="shows no object: its box"):
        Exemplar(path, "a", "apple", box=(70, 70, 90, 90)).load(ImageLimits())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "The positive folder {} does not exist."),
        (lambda p: p.write_text("x"), "The positive folder {} is a file."),
        (lambda p: p.mkdir(), "No positives in {}."),
        (lambda p: (p / "apple").mkdir(parents=True), "Class folder {}/apple holds no picture."),
    ],
)
def test_nothing_to_find_is_said(tmp_path: Path, make: object, message: str) -> None:
    folder = tmp_path / "positive"
    assert callable(make)
    make(folder)
    with pytest.raises(LyditeError) as caught:
        find_exemplars(folder)
    assert str(caught.value).startswith(message.format(folder))


def test_loose_pictures_beside_class_folders_are_refused(tmp_path: Path) -> None:
    write_examples(tmp_path, {"apple": RED}, count=1)
    save(example(RED, 1)[0], tmp_path / "loose.jpg")
    with pytest.raises(ExemplarError, match=r"1 loose pictures\. Move each picture.*loose\.jpg"):
        find_exemplars(tmp_path)


def test_negatives_are_found_at_any_depth(tmp_path: Path) -> None:
    write_examples(tmp_path / "p", {"apple": RED}, count=1)
    save(example(RED, 1)[0], tmp_path / "n" / "a.jpg")
    save(example(RED, 2)[0], tmp_path / "n" / "sub" / "b.jpg")
    found = find_exemplars(tmp_path / "p", tmp_path / "n")
    assert [e.name for e in found.negatives] == ["negative/a.jpg", "negative/sub/b.jpg"]
    assert all(e.class_name is None for e in found.negatives)


def test_an_empty_negative_folder_is_refused(tmp_path: Path) -> None:
    write_examples(tmp_path / "p", {"apple": RED}, count=1)
    (tmp_path / "n").mkdir()
    with pytest.raises(ExemplarError, match=r"holds no picture\. Fill it, or leave --negative out\."):
        find_exemplars(tmp_path / "p", tmp_path / "n")
