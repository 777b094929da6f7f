"""Examples from annotation files and from a line of text; what does not fit is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lydite.core import ClassMap, ExemplarError, ImageError, Masks
from lydite.data import AnnotatedImage, AnnotationSet, ImageLimits, to_coco_rle, write_cvat
from lydite.detect import (
    Exemplar,
    find_examples,
    find_exemplars,
    load_bank,
    make_bank,
    resolve,
    save_bank,
)
from lydite.features import build_encoder
from pictures import GREEN, RED, disc, ground, save, square, write_examples

SETTINGS = resolve("strict", options={"short_side": 128, "exemplar_sizes": 1})


def round_mask() -> np.ndarray:
    drawn = disc(np.zeros((120, 160, 3), np.uint8), (40, 40), 15, (255, 255, 255))
    mask: np.ndarray = drawn[:, :, 0] > 127
    return mask


def coco(path: Path, name: str, size_hw: tuple[int, int] = (120, 160), categories: int = 2) -> Path:
    rle = to_coco_rle(Masks.from_dense(round_mask()[None]))[0]
    path.write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": name, "height": size_hw[0], "width": size_hw[1]}],
                "categories": [{"id": k + 1, "name": c} for k, c in enumerate(("red", "green")[:categories])],
                "annotations": [
                    {"id": 1, "image_id": 1, "category_id": 1, "bbox": [25, 25, 31, 31], "iscrowd": 0,
                     "segmentation": {"size": [120, 160], "counts": rle["counts"]}, "area": 700},
                    {"id": 2, "image_id": 1, "category_id": categories, "bbox": [90, 60, 30, 30], "area": 900,
                     "iscrowd": 0},
                ],
            }
        )
    )  # fmt: skip
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scene = square(disc(ground((120, 160)), (40, 40), 15, RED), (90, 60), 30, GREEN)
    save(scene, tmp_path / "positive" / "scene.png")
    return tmp_path / "positive"


def test_each_row_is_an_example_of_its_class_by_mask_or_box(folder: Path) -> None:
    coco(folder / "marks.json", "scene.png")
    found = find_examples(folder)
    assert found.class_names == ("red", "green")
    masked, boxed = found.positives
    assert (masked.name, boxed.name) == ("positive/red/scene.png#0", "positive/green/scene.png#1")
    np.testing.assert_array_equal(masked.load(ImageLimits())[1].decode(0), round_mask())
    assert boxed.box == (90, 60, 120, 90)
    bank = make_bank(found, build_encoder(SETTINGS.encoder), SETTINGS)
    assert bank.positives.ids == (masked.name, boxed.name)
    save_bank(folder / "a.bank", bank, SETTINGS)
    again = load_bank(folder / "a.bank").bank
    assert again.sources == bank.sources
    assert [again.digests_of(each) for each in again.sources] == [bank.digests_of(e) for e in bank.sources]


def test_cvat_is_read_too(folder: Path) -> None:
    from lydite.core import Boxes

    image = AnnotatedImage("scene.png", (120, 160), Boxes(np.array([[90, 60, 120, 90]])), np.zeros(1, int))
    write_cvat(folder / "annotations.xml", AnnotationSet(ClassMap(("green",)), (image,)))
    (example,) = find_examples(folder).positives
    assert (example.class_name, example.box) == ("green", (90, 60, 120, 90))


def test_a_class_folder_may_hold_its_own_file(tmp_path: Path, folder: Path) -> None:
    write_examples(tmp_path / "p", {"red": RED, "green": GREEN}, count=1)
    (folder / "scene.png").rename(tmp_path / "p" / "red" / "scene.png")
    coco(tmp_path / "p" / "red" / "marks.json", "scene.png")
    found = find_examples(tmp_path / "p")
    assert [each.name for each in found.positives] == [
        "positive/green/0.jpg", "positive/red/scene.png#0", "positive/red/0.jpg",
    ]  # fmt: skip
    (tmp_path / "p" / "red" / "marks.json").unlink()
    coco(tmp_path / "p" / "green" / "marks.json", "x.png", categories=1)
    with pytest.raises(ExemplarError, match=r"speaks of a picture that does not lie beside it.*x\.png"):
        find_examples(tmp_path / "p")


def test_without_a_file_it_is_the_plain_search(tmp_path: Path) -> None:
    write_examples(tmp_path / "p", {"red": RED, "green": GREEN}, count=2)
    assert find_examples(tmp_path / "p") == find_exemplars(tmp_path / "p")


def test_negatives_speak_against_annotated_classes(folder: Path, tmp_path: Path) -> None:
    coco(folder / "marks.json", "scene.png")
    save(ground((32, 32)), tmp_path / "negative" / "green" / "a.png")
    (negative,) = find_examples(folder, tmp_path / "negative").negatives
    assert negative.against == "green"


def test_negatives_speak_against_classes_that_other_examples_show(folder: Path, tmp_path: Path) -> None:
    save(ground((64, 64), 2), tmp_path / "negative" / "blue" / "1.png")
    (told,) = find_examples(folder, tmp_path / "negative", {"blue"}).negatives
    (unknown,) = find_examples(folder, tmp_path / "negative").negatives
    assert (told.against, unknown.against) == ("blue", None)


def test_rows_of_a_file_among_negatives_are_negatives(folder: Path, tmp_path: Path) -> None:
    """A row of a class to be found speaks against it only, any other against all; no picture is whole."""
    write_examples(tmp_path / "p", {"green": GREEN}, count=1)
    coco(folder / "marks.json", "scene.png")
    save(ground((32, 32)), folder / "other.png")
    found = find_examples(tmp_path / "p", folder)
    masked, boxed, whole = found.negatives
    assert (masked.name, masked.class_name, masked.against) == ("negative/red/scene.png#0", None, None)
    assert (boxed.name, boxed.class_name, boxed.against) == ("negative/green/scene.png#1", None, "green")
    assert boxed.box == (90, 60, 120, 90)
    np.testing.assert_array_equal(masked.load(ImageLimits())[1].decode(0), round_mask())
    assert (whole.name, whole.box, whole.rle) == ("negative/other.png", None, None)
    encoder = build_encoder(SETTINGS.encoder)
    bank = make_bank(found, encoder, SETTINGS)
    assert bank.negative_labels is not None
    assert bank.negative_labels.tolist() == [-1, 0, -1]
    everyone = resolve("strict", options={"short_side": 128, "exemplar_sizes": 1, "class_negatives": False})
    assert make_bank(found, encoder, everyone).negative_labels is None


def test_a_folder_named_after_a_class_decides_what_rows_in_it_speak_against(
    folder: Path, tmp_path: Path
) -> None:
    write_examples(tmp_path / "p", {"green": GREEN, "red": RED}, count=1)
    (tmp_path / "n").mkdir()
    folder.rename(tmp_path / "n" / "red")
    coco(tmp_path / "n" / "red" / "marks.json", "scene.png")
    inside = find_examples(tmp_path / "p", tmp_path / "n").negatives
    assert [(each.name, each.against) for each in inside] == [
        ("negative/red/red/scene.png#0", "red"), ("negative/red/green/scene.png#1", "red"),
    ]  # fmt: skip
    (tmp_path / "n" / "red" / "marks.json").unlink()
    coco(tmp_path / "n" / "marks.json", "red/scene.png")
    above = find_examples(tmp_path / "p", tmp_path / "n").negatives
    assert [(each.name, each.against) for each in above] == [
        ("negative/red/red/scene.png#0", "red"), ("negative/green/red/scene.png#1", "red"),
    ]  # fmt: skip


def test_a_file_that_marks_no_negative_is_refused(folder: Path, tmp_path: Path) -> None:
    write_examples(tmp_path / "p", {"green": GREEN}, count=1)
    file = coco(folder / "marks.json", "scene.png")
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "annotations": []}))
    with pytest.raises(ExemplarError, match=r"The annotations in .* mark no negative\. Annotate what must"):
        find_examples(tmp_path / "p", folder)


@pytest.mark.parametrize("size_hw", [(240, 320), (240, 160), (120, 40), (20, 20)])
def test_a_file_about_pictures_of_another_size_is_refused(folder: Path, size_hw: tuple[int, int]) -> None:
    """Also where all boxes reach out of the size that the file states, so that none would be left."""
    coco(folder / "marks.json", "scene.png", size_hw)
    stated = f"{size_hw[1]}x{size_hw[0]}"
    with pytest.raises(
        ExemplarError, match=rf"scene\.png is of 160x120 pixels and of {stated} in marks\.json"
    ):
        find_examples(folder)


def test_what_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    coco(folder / "marks.json", "../positive/scene.png")
    with pytest.raises(ExemplarError, match="marks no example"):  # the reader leaves such pictures out
        find_examples(folder)
    coco(folder / "marks.json", "scene.png")
    coco(folder / "more.json", "scene.png")
    with pytest.raises(ExemplarError, match="holds several annotation files"):
        find_examples(folder)


def test_runs_of_another_size_are_a_problem_of_the_picture(folder: Path) -> None:
    rle = str(to_coco_rle(Masks.from_dense(np.ones((1, 8, 8))))[0]["counts"])
    with pytest.raises(ImageError, match="is of another size than its annotated mask"):
        Exemplar(folder / "scene.png", "x", "red", rle=rle).load(ImageLimits())
