from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import AnnotationError
from lydite.data.jsonlines import load_json, locate_elements
from lydite.data.rows import Place

TEXT = """{
 "a": [1,
   {"x": "[,]}\\n"},

   [2, 3] ], "skipped": {"a": [1]},
 "b"
 : [
   "one" , "two"
 ], "a2": []
}"""


def test_lines_of_elements() -> None:
    wanted = {("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 1), ("skipped", 0), ("a2", 0), ("none", 0)}
    assert locate_elements(TEXT, wanted) == {("a", 0): 2, ("a", 1): 3, ("a", 2): 5, ("b", 1): 8}
    assert locate_elements(TEXT, ()) == {}


@pytest.mark.parametrize("text", ["[1]", "{}", ' {"a": []} ', "3"])
def test_nothing_to_find(text: str) -> None:
    assert locate_elements(text, {("a", 0)}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(JSON, max_size=4)))
def test_every_element_is_found_where_it_was_put(content: dict[str, list[object]]) -> None:
    lines, expected = ["{"], {}
    for place, (key, values) in enumerate(content.items()):
        lines.append(("," if place else "") + json.dumps(key) + ": [")
        for index, value in enumerate(values):
            lines += ["" if index == 0 else ",", json.dumps(value)]
            expected[key, index] = len(lines)
        lines.append("]")
    lines.append("}")
    assert locate_elements("\n".join(lines), set(expected)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":\n "\\ud83d"}', r"x\.json, line 2: the JSON holds an escape that is half of a character"),
        ('["\\uDE00"]', r"line 1: the JSON holds an escape that is half"),
        ('["\\ud83d\\ud83d\\ude00"]', r"line 1: the JSON holds an escape that is half"),
        ("{\n,", r"line 2: the JSON is malformed at column 1"),
        ("[" * 100_000, r"x\.json: the JSON cannot be read"),
        ("[" + "9" * 5000 + "]", r"x\.json: the JSON cannot be read"),
    ],
)
def test_what_no_table_could_hold_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        load_json(text, Place("x.json"))


def test_whole_characters_and_escaped_backslashes_pass() -> None:
    assert load_json('["\\ud83d\\ude00", "\\\\ud83d"]', Place("x.json")) == ["\U0001f600", "\\ud83d"]
