from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from lydite.core import InvalidValue, Masks
from lydite.data.rle import from_coco_rle, to_coco_rle

DENSE = hnp.arrays(np.bool_, st.tuples(st.integers(0, 4), st.integers(1, 9), st.integers(1, 9)))


@given(DENSE)
def test_round_trip_and_agreement_with_pycocotools(dense: npt.NDArray[np.bool_]) -> None:
    masks = Masks.from_dense(dense)
    rles = to_coco_rle(masks)
    assert json.loads(json.dumps(rles)) == rles
    expected = [coco_mask.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in dense]
    assert [rle["counts"] for rle in rles] == [rle["counts"].decode() for rle in expected]
    assert np.array_equal(from_coco_rle(rles, masks.size_hw).to_dense(), dense)
    plain = [{"size": list(masks.size_hw), "counts": masks.to_counts(row)} for row in range(len(masks))]
    assert np.array_equal(from_coco_rle(plain, masks.size_hw).to_dense(), dense)


def test_a_thousand_large_masks() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:1024, :1024]
    dense = np.stack([(x - cx) ** 2 + (y - cy) ** 2 < 90**2 for cx, cy in rng.integers(100, 900, (20, 2))])
    dense[:, ::37] = False
    masks = Masks.from_dense(dense)[np.arange(1000) % 20]
    again = from_coco_rle(to_coco_rle(masks), (1024, 1024))
    assert np.array_equal(again.runs, masks.runs)
    assert np.array_equal(again.offsets, masks.offsets)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools
@settings(max_examples=300)
@given(st.binary(max_size=40) | st.lists(st.integers(48, 111), max_size=60).map(bytes))
def test_foreign_text_is_a_mask_or_an_error(counts: bytes) -> None:
    try:
        masks = from_coco_rle([{"size": [6, 7], "counts": counts}], (6, 7))
    except InvalidValue:
        return
    assert len(masks) == 1
    assert np.array_equal(masks.decode(0), coco_mask.decode({"size": [6, 7], "counts": counts}) > 0)


@pytest.mark.parametrize(
    ("rle", "message"),
    [
        ({"size": [3, 2], "counts": [6]}, r"RLE size must be \[2, 3\], as the picture's\. Seen: \[3, 2\]"),
        ({"counts": [6]}, r"RLE size must be \[2, 3\]"),
        ({"size": [2, 3], "counts": [5]}, r"RLE counts must be 0 or more and 6 in sum\. Seen: 5"),
        ({"size": [2, 3], "counts": [7, -1]}, r"RLE counts must be 0 or more"),
        (
            {"size": [2, 3], "counts": [1.5]},
            r"RLE counts must be a text or a list of whole numbers\. Seen: \[1\.5\]",
        ),
        ({"size": [2, 3], "counts": [True]}, r"RLE counts must be a text or a list"),
        ({"size": [2, 3]}, r"RLE counts must be a text or a list"),
        ({"size": [2, 3], "counts": "6é"}, r"characters from '0' to 'o'"),
        ({"size": [2, 3], "counts": "o"}, r"with a last group"),
        ({"size": [2, 3], "counts": "o" * 20 + "0"}, r"at most 12 characters a count\. Seen: 21"),
        ({"size": [2, 3], "counts": ""}, r"6 in sum\. Seen: 0"),
    ],
)
def test_malformed_rle_says_what_is_wrong(rle: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        from_coco_rle([rle], (2, 3))


def test_no_masks() -> None:
    assert to_coco_rle(Masks.empty((4, 5))) == []
    assert from_coco_rle([], (4, 5)).size_hw == (4, 5)
