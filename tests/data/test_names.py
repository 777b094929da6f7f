from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lydite.data.names import natural_key, path_key, printable

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def test_numbers_are_counted_and_not_spelled() -> None:
    names = ["img10", "img2", "IMG1", "img02", "a", "img1b", "img"]
    assert sorted(names, key=natural_key) == ["a", "img", "IMG1", "img1b", "img02", "img2", "img10"]


def test_a_folder_stays_together() -> None:
    assert sorted(["a-b/1", "a/2", "a/10", "b"], key=path_key) == ["a/2", "a/10", "a-b/1", "b"]


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_have_different_keys(left: str, right: str) -> None:
    assert (natural_key(left) == natural_key(right)) == (left == right)
    assert (natural_key(left) < natural_key(right)) == (not natural_key(right) <= natural_key(left))


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_order_of_numbers(left: int, right: int) -> None:
    assert (natural_key(f"x{left}") < natural_key(f"x{right}")) == (left < right)


def test_numbers_of_any_length() -> None:
    assert natural_key("9" * 9000) < natural_key("1" + "0" * 9000)


@given(ANY_TEXT)
def test_printable_is_always_unicode(name: str) -> None:
    printable(name).encode()


def test_printable_shows_what_was_odd() -> None:
    assert printable("caf\udce9.jpg") == "caf\\udce9.jpg"
    assert printable("鳥.jpg") == "鳥.jpg"
    assert printable("a\x1b[31m\nred.jpg") == "a\\x1b[31m\\x0ared.jpg"
