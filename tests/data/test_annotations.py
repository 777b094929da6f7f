from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lydite.core import Boxes, ClassMap, InvalidValue, Masks
from lydite.data.annotations import AnnotatedImage, AnnotationSet

TWO = Boxes(np.array([[0, 0, 2, 2], [1, 1, 3, 4]], np.float32))


def image(**changes: Any) -> AnnotatedImage:
    values: dict[str, Any] = {"path": "a.jpg", "size_hw": (4, 5), "boxes": TWO, "labels": np.array([0, 1])}
    return AnnotatedImage(**values | changes)


def test_columns_are_aligned_and_frozen() -> None:
    made = image(masks=Masks.from_boxes(TWO, (4, 5)), ids=("x", "y"))
    assert len(made) == 2
    assert made.labels.dtype == np.int64
    assert made.crowd.tolist() == made.difficult.tolist() == [False, False]
    with pytest.raises(ValueError, match="read-only"):
        made.labels[0] = 3


def test_a_picture_with_nothing_in_it() -> None:
    assert len(image(boxes=Boxes.empty(), labels=np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0])}, r"AnnotatedImage\.labels must be of shape \(2,\)\. Seen: \(1,\)"),
        ({"labels": np.array([0, -1])}, r"AnnotatedImage\.labels must be 0 or more\. Seen: -1"),
        ({"crowd": np.array([True])}, r"AnnotatedImage\.crowd must be of shape"),
        ({"difficult": np.zeros(3, np.bool_)}, r"AnnotatedImage\.difficult must be of shape"),
        ({"occluded": np.zeros(3, np.bool_)}, r"AnnotatedImage\.occluded must be of shape"),
        ({"scores": np.zeros(3)}, r"AnnotatedImage\.scores must be of shape \(2,\)"),
        ({"scores": np.array([0, np.inf])}, r"AnnotatedImage\.scores must be finite, or NaN for none"),
        ({"attributes": ({},)}, r"AnnotatedImage\.attributes must be 2 mappings\. Seen: 1"),
        ({"ids": ("x",)}, r"AnnotatedImage\.ids must be 2 names\. Seen: 1"),
        ({"masks": Masks.empty((4, 5))}, r"AnnotatedImage\.masks must be 2 of size \(4, 5\)"),
        ({"masks": Masks.from_boxes(TWO, (5, 4))}, r"AnnotatedImage\.masks must be 2 of size \(4, 5\)"),
        ({"size_hw": (0, 5)}, r"AnnotatedImage\.size_hw must be 1x1 or more"),
        ({"path": "/a.jpg"}, r"AnnotatedImage\.path must be a relative path with '/'"),
        ({"path": "a\\b.jpg"}, r"AnnotatedImage\.path must be"),
        ({"path": ""}, r"AnnotatedImage\.path must be"),
    ],
)
def test_columns_are_checked(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        image(**changes)


def test_a_set_is_checked() -> None:
    assert len(AnnotationSet(ClassMap(("a", "b")), (image(), image(path="b.jpg")))) == 2
    with pytest.raises(InvalidValue, match=r"labels of a\.jpg must be below 1\. Seen: 1"):
        AnnotationSet(ClassMap(("a",)), (image(),))
    with pytest.raises(InvalidValue, match=r"must be each path once\. Seen: a\.jpg"):
        AnnotationSet(ClassMap(("a", "b")), (image(), image()))
