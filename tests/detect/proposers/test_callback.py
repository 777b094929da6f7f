"""Whatever a function returns is taken as it is meant, or refused by name."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lydite.core import Boxes, Candidates, ImageError, InvalidValue, ItemId, Masks, UsageError
from lydite.detect import Detector, resolve
from lydite.detect.begin import describe
from lydite.detect.proposers.callback import CallbackProposer, build
from pictures import GREEN, RED, write_examples, write_scene

ITEM = ItemId("images", "a.png")
PIXELS = np.zeros((20, 30, 3), np.uint8)
DENSE = np.zeros((2, 20, 30), bool)
DENSE[0, 2:6, 3:9] = True
DENSE[1, 10:15, 10:25] = True
BOXES = [[3.0, 2.0, 9.0, 6.0], [10.0, 10.0, 25.0, 15.0]]


def ask(returned: Any) -> Candidates:
    return CallbackProposer(lambda _: returned).propose(PIXELS, ITEM)


def two_things(pixels: npt.NDArray[np.uint8]) -> tuple[list[list[float]], list[float]]:
    pixels[:] = 0
    return [[92, 62, 128, 98], [21, 21, 49, 49]], [0.5, 0.75]


@pytest.mark.parametrize(
    "returned",
    [
        DENSE,
        DENSE.astype(np.uint8) * 255,
        list(DENSE),
        Masks.from_dense(DENSE),
        np.array(BOXES),
        BOXES,
        Boxes(np.array(BOXES, np.float32)),
        (DENSE, None),
        (BOXES, [1, 1]),
    ],
)
def test_every_form_of_the_same_things_gives_the_same_candidates(returned: Any) -> None:
    found = ask(returned)
    assert np.array_equal(found.masks.to_dense(), DENSE)
    assert found.boxes.xyxy.tolist() == BOXES
    assert found.quality.tolist() == [1, 1]
    assert found.origins == ("callback", "callback")


def test_the_surest_comes_first_and_equal_masks_come_once() -> None:
    found = ask(([*BOXES, BOXES[0]], np.array([0.25, 0.5, 0.75])))
    assert found.quality.tolist() == [0.75, 0.5]
    assert found.boxes.xyxy.tolist() == BOXES


def test_boxes_are_cut_at_the_edges() -> None:
    assert ask([[-5, -5, 3, 4]]).boxes.xyxy.tolist() == [[0, 0, 3, 4]]


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 4)), np.zeros((0, 20, 30)), ([], []), Boxes.empty()])
def test_nothing_is_an_answer(nothing: Any) -> None:
    found = ask(nothing)
    assert len(found) == 0
    assert found.size_hw == (20, 30)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "What the callback returned must be masks (n, height, width) or boxes (n, 4), alone or as a"),
        ("boxes", "What the callback returned must be masks"),
        ([[1, 2], [1, 2, 3]], "What the callback returned must be masks"),
        (np.zeros((3, 5)), "pair with n qualities. Seen: (3, 5)"),
        (np.ones((1, 9, 9)), "Masks of the callback must be of the picture's size (20, 30). Seen: (9, 9)"),
        (np.zeros((2, 20, 30)), "Masks of the callback must be without an empty one. Seen: row 0"),
        ([[40, 2, 50, 6]], "Box 0 of the callback must be over a pixel of the picture (20, 30)."),
        ([[9, 2, 3, 6]], "Boxes.xyxy[0] must be finite with x1 >= x0"),
        ((BOXES, [0.5]), "Quality of the callback must be of shape (2,). Seen: (1,)"),
        ((BOXES, [0.5, 1.5]), "Quality of the callback must be in [0, 1]. Seen: 1.5"),
        ((BOXES, [0.5, float("nan")]), "Quality of the callback must be in [0, 1]. Seen: nan"),
    ],
)
def test_anything_else_is_refused_by_name(returned: Any, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        ask(returned)
    assert message in str(caught.value)


def test_an_error_in_the_function_is_that_pictures_failure() -> None:
    def broken(_: npt.NDArray[np.uint8]) -> Any:
        raise KeyError("weights")

    with pytest.raises(ImageError) as caught:
        CallbackProposer(broken).propose(PIXELS, ITEM)
    assert str(caught.value).startswith("Picture a.png made the callback ")
    assert str(caught.value).endswith("broken fail: KeyError: 'weights'. Mend the function.")


def test_a_function_in_a_file_or_a_module_is_found_by_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "class Finder:\n    @staticmethod\n    def find(pixels):\n        return [[1, 2, 5, 6]]\n"
    )
    for spec in (f"{file}:Finder.find", "detect.proposers.test_callback:two_things"):
        proposer = build(resolve(options={"proposer": "callback", "callback": spec}))
        assert len(proposer.propose(np.zeros((200, 200, 3), np.uint8), ITEM)) >= 1
        again = pickle.loads(pickle.dumps(proposer))
        assert again.provenance == proposer.provenance
        assert set(again.provenance.facts) == {"function", "code"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            None,
            "Proposer 'callback' needs a function. Name it with callback = 'my_module:find' (--callback).",
        ),
        (
            "numpy",
            "The callback is no module:function. Write my_module:find or path/file.py:find. Seen: numpy",
        ),
        ("no_such_module:f", "Module no_such_module of the callback cannot be imported: No module named"),
        ("no_such_file.py:f", "no_such_file.py for the callback. Check the name."),
        ("math:sinus", "Function 'sinus' of the callback does not exist in math. Check the name."),
        ("math:pi", "Function 'pi' of the callback cannot be called in math. Check the name. Seen: math:pi"),
    ],
)
def test_a_name_without_a_function_is_a_usage_error(spec: str | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(resolve(options={"proposer": "callback"} | ({"callback": spec} if spec else {})))
    assert message in str(caught.value)


def test_a_file_that_does_not_load_says_why(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import nothing_of_this_name\n")
    with pytest.raises(UsageError, match=r"broken\.py of the callback cannot be loaded: ModuleNotFoundError"):
        build(resolve(options={"proposer": "callback", "callback": f"{file}:f"}))


def test_a_function_without_a_name_does_not_travel() -> None:
    with pytest.raises(UsageError, match="Define it at the top level of a module, or use one worker"):
        pickle.dumps(CallbackProposer(lambda _: []))
    assert pickle.loads(pickle.dumps(CallbackProposer(two_things))).provenance.facts["code"]


def test_a_detector_asks_the_function_and_says_so_in_the_run(tmp_path: Path) -> None:
    positive = write_examples(tmp_path / "positive", {"red": RED, "green": GREEN}, count=2)
    scene = write_scene(tmp_path / "scene.png")
    settings = resolve(options={"short_side": 128})
    detector = Detector.from_folders(positive, settings=settings, proposer=CallbackProposer(two_things))
    again: Detector = pickle.loads(pickle.dumps(detector))
    for asked in (detector, again):
        found = asked.detect_file(scene)
        assert found.candidates.boxes.xyxy.tolist() == [[21, 21, 49, 49], [92, 62, 128, 98]]
        assert [instance.class_name for instance in found.instances] == ["red", "red"]
    assert describe(detector)["proposer"]["function"].endswith("two_things")
