from __future__ import annotations

import multiprocessing
import pickle
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import errors
from lydite.core.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    AnnotationError,
    ArchiveError,
    CheckpointError,
    ContractError,
    ExemplarError,
    ImageError,
    InputError,
    InvalidValue,
    LyditeError,
    MissingExtra,
    OutputConflict,
    OutputError,
    ServerError,
    SpaceMismatch,
    UnknownName,
    UsageError,
    shorten,
)

SAMPLES = [
    LyditeError("It is so.", "Do this.", [1, 2]),
    UsageError("It is so."),
    UnknownName("encoder", "resnet10", ["resnet101", "vit"]),
    MissingExtra("Reading HEIC", "heif"),
    OutputConflict("The folder is taken.", "Name another.", "out"),
    InputError("It is so.", seen={"a": 1}),
    ImageError(Path("a/b.png"), "ends before its last row", "Copy it again.", 7),
    AnnotationError("a.xml", 3, "bndbox.xmin", "is not a number", "x"),
    AnnotationError("a.json", 0, "images[3].width", "is missing"),
    ArchiveError("a.zip", "holds two entries of one name", "Pack it again.", "b/c.png"),
    ServerError("https://server", "does not answer", "Ask again.", 503),
    ExemplarError("There is no exemplar."),
    CheckpointError("It holds code."),
    errors.TrainingError("The loss is not finite.", "Lower the learning rate.", "inf"),
    OutputError("The disk is full."),
    ContractError("They met."),
    InvalidValue("Boxes.xyxy", "finite", float("inf")),
    SpaceMismatch(["dim: 3 != 4", "layer: 'a' != 'b'"]),
    errors.ClassMapMismatch("Two class maps differ."),
    errors.CollapsedFeatures("All vectors are equal.", "", 0.0),
]


def every_kind(root: type[LyditeError] = LyditeError) -> Iterator[type[LyditeError]]:
    yield root
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from every_kind(kind)


def test_every_kind_has_a_sample() -> None:
    assert {type(error) for error in SAMPLES} == set(every_kind())


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn: dict[str, tuple[str | None, int, bool]] = {}
    branch: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r" {4}(?P<stem>[│├└─ ]*)(?P<name>[A-Z]\w+)(?P<meaning> .*)?", line)
        if not found:
            continue
        depth = len(found["stem"]) // 4
        branch = [*branch[:depth], found["name"]]
        meaning = found["meaning"] or ""
        inherited = drawn[branch[-2]][1] if depth else EXIT_FAILED
        code = re.search(r"exit code (\d)", meaning)
        drawn[found["name"]] = (
            branch[-2] if depth else None,
            int(code[1]) if code else inherited,
            "also a ValueError" in meaning,
        )
    real = {
        kind.__name__: (
            kind.__bases__[0].__name__ if kind is not LyditeError else None,
            kind.exit_code,
            issubclass(kind, ValueError),
        )
        for kind in every_kind()
    }
    assert drawn == real


def test_exit_codes() -> None:
    assert (EXIT_DONE, EXIT_FAILED, EXIT_USAGE) == (0, 1, 2)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_pickling_whole(error: LyditeError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert repr(again) == repr(error)
    assert vars(again) == vars(error)


def test_errors_survive_the_way_from_another_process() -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=there.send, args=(SAMPLES,))
    process.start()
    there.close()
    arrived = here.recv()
    process.join()
    assert [(str(error), vars(error)) for error in arrived] == [
        (str(error), vars(error)) for error in SAMPLES
    ]


def test_a_value_that_cannot_be_pickled_travels_as_its_text() -> None:
    error = LyditeError("It is so.", "Do this.", threading.Lock())
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.seen == shorten(error.seen)


@given(st.text(min_size=1), st.text(), st.one_of(st.integers(), st.text(min_size=1), st.lists(st.integers())))
def test_a_message_is_fact_then_remedy_then_the_value_seen(fact: str, remedy: str, seen: object) -> None:
    message = str(LyditeError(fact, remedy, seen))
    assert message.startswith(fact)
    assert remedy in message
    assert message.endswith(f"Seen: {shorten(seen)}")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (LyditeError("It is so."), "It is so."),
        (LyditeError("It is so.", "Do this."), "It is so. Do this."),
        (LyditeError("It is so.", "", ""), "It is so. Seen: ''"),
        (LyditeError("It is so.", "", 0), "It is so. Seen: 0"),
        (
            MissingExtra("Reading HEIC", "heif"),
            "Reading HEIC needs an optional part of Lydite. Install it: pip install 'lydite[heif]'",
        ),
        (ImageError("a.png", "is empty", seen=0), "Picture a.png is empty. Seen: 0"),
        (
            AnnotationError("a.xml", 3, "bndbox.xmin", "is not a number", "x"),
            "a.xml, line 3: bndbox.xmin is not a number. Seen: x",
        ),
        (
            AnnotationError("a.json", 0, "images[3].width", "is missing"),
            "a.json: images[3].width is missing.",
        ),
        (InvalidValue("Boxes.xyxy", "finite", 1.5), "Boxes.xyxy must be finite. Seen: 1.5"),
        (
            SpaceMismatch(["dim: 3 != 4", "layer: 'a' != 'b'"]),
            (
                "Vectors of two different feature spaces cannot be compared; they differ in "
                "dim: 3 != 4; layer: 'a' != 'b'. "
                "Embed both sides with the same encoder, layer, weights and preprocessing."
            ),
        ),
    ],
)
def test_messages(error: LyditeError, message: str) -> None:
    assert str(error) == message


@pytest.mark.parametrize(
    ("name", "known", "remedy"),
    [
        ("resnet10", ["resnet101", "vit"], "Did you mean 'resnet101'?"),
        ("resnet", ["resnet50", "resnet18", "vit"], "Did you mean 'resnet50' or 'resnet18'?"),
        ("zzz", ["vit", "resnet"], "Known: resnet, vit."),
        ("zzz", [], ""),
    ],
)
def test_an_unknown_name_suggests(name: str, known: list[str], remedy: str) -> None:
    error = UnknownName("encoder", name, iter(known))
    assert (error.kind, error.name, error.remedy) == ("encoder", name, remedy)
    assert str(error) == f"There is no encoder named {name!r}. {remedy}".strip()


@given(st.one_of(st.text(), st.binary(), st.lists(st.integers())), st.integers(3, 200))
def test_a_shortened_value_keeps_its_ends_and_the_limit(value: object, limit: int) -> None:
    text = shorten(value, limit)
    whole = value if isinstance(value, str) and value.strip() else repr(value)
    assert len(text) <= max(limit, 3)
    assert text == whole or (whole.startswith(text.split("…")[0]) and whole.endswith(text[-1]))
