from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import ClassMap, ClassMapMismatch, InvalidValue, UnknownName

names = st.lists(
    st.text(min_size=1).filter(lambda name: bool(name.strip())), unique=True, min_size=1, max_size=6
)


@given(names)
def test_name_and_label_are_inverse(names: list[str]) -> None:
    classes = ClassMap(tuple(names))
    assert list(classes) == names
    assert len(classes) == len(names)
    for label, name in enumerate(names):
        assert classes.get_label(name) == label
        assert classes[label] == name
        assert name in classes


@given(names)
def test_a_map_is_the_same_as_itself_and_not_as_its_reverse(names: list[str]) -> None:
    classes = ClassMap(tuple(names))
    classes.require_same(ClassMap(tuple(names)))
    if len(names) > 1:
        with pytest.raises(ClassMapMismatch, match="the same names in another order"):
            classes.require_same(ClassMap(tuple(reversed(names))))


def test_different_maps_name_what_differs() -> None:
    with pytest.raises(ClassMapMismatch) as caught:
        ClassMap(("apple", "pear")).require_same(ClassMap(("apple", "plum")))
    assert str(caught.value) == (
        "Two class maps differ: only the first has ['pear'], only the second has ['plum']. "
        "Rename or merge classes as an explicit step first. "
        "Seen: [('apple', 'pear'), ('apple', 'plum')]"
    )


def test_an_unknown_class_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        ClassMap(("apple", "pear")).get_label("appel")
    assert str(caught.value) == "There is no class named 'appel'. Did you mean 'apple'?"


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_outside_has_no_name(label: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        ClassMap(("apple", "pear"))[label]
    assert str(caught.value) == f"A label must be in 0..1. Seen: {label}"


def test_twice_the_same_name_is_refused() -> None:
    with pytest.raises(InvalidValue) as caught:
        ClassMap(("b", "a", "b", "a"))
    assert str(caught.value) == "ClassMap.names must be distinct. Seen: ['a', 'b']"


@pytest.mark.parametrize("bad", ["", "  ", 7])
def test_names_are_non_empty_texts(bad: object) -> None:
    with pytest.raises(InvalidValue) as caught:
        ClassMap(("a", bad))  # type: ignore[arg-type]
    assert str(caught.value) == f"ClassMap.names must be non-empty texts. Seen: ('a', {bad!r})"
