from __future__ import annotations

from pathlib import Path

import pytest

from lydite.core import InputError
from lydite.detect.same_picture import pair_pictures
from lydite.detect.store import ImageRecord

ROOT = Path("/truth")


def record(path: str, item: str = "") -> ImageRecord:
    return ImageRecord(f"images:{item or Path(path).name}", path, "done")


def test_the_same_file_wins_over_the_same_name() -> None:
    there, elsewhere = record("/truth/a.jpg"), record("/other/a.jpg", "b/a.jpg")
    pairing = pair_pictures(["a.jpg"], [elsewhere, there], ROOT)
    assert pairing.pairs == {"a.jpg": there}
    assert pairing.without_truth == (elsewhere,)
    assert pairing.by_name == ()


def test_more_of_the_path_wins() -> None:
    one, other = record("/photos/one/a.jpg", "one/a.jpg"), record("/photos/two/a.jpg", "two/a.jpg")
    pairing = pair_pictures(["two/a.jpg", "one/a.jpg"], [one, other], ROOT)
    assert pairing.pairs == {"two/a.jpg": other, "one/a.jpg": one}


def test_a_name_alone_is_enough_if_it_is_unique_and_is_reported() -> None:
    pairing = pair_pictures(["train/a.jpg", "train/z.jpg"], [record("/photos/a.jpg")], ROOT)
    assert list(pairing.pairs) == ["train/a.jpg"]
    assert pairing.by_name == ("train/a.jpg",)
    assert pairing.without_picture == ("train/z.jpg",)


def test_a_picture_found_surely_is_not_taken_by_its_name() -> None:
    pairing = pair_pictures(["val/a.jpg", "train/a.jpg"], [record("/photos/val/a.jpg")], ROOT)
    assert list(pairing.pairs) == ["val/a.jpg"]
    assert pairing.without_picture == ("train/a.jpg",)


def test_composed_and_decomposed_names_are_one() -> None:
    found = record("/photos/caf\u00e9.jpg")
    assert pair_pictures(["cafe\u0301.jpg"], [found], ROOT).pairs == {"cafe\u0301.jpg": found}


def test_what_could_mean_several_is_an_error() -> None:
    records = [record("/p/one/a.jpg", "one/a.jpg"), record("/p/two/a.jpg", "two/a.jpg")]
    with pytest.raises(
        InputError, match=r"Picture x/a.jpg of the truth could be 2 pictures of the run\. Make"
    ):
        pair_pictures(["x/a.jpg"], records, ROOT)
    with pytest.raises(InputError, match=r"Pictures x/a.jpg and y/a.jpg of the truth could both be one"):
        pair_pictures(["x/a.jpg", "y/a.jpg"], [record("/p/a.jpg")], ROOT)
