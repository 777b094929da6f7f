from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lydite.core import AnnotationError, OutputError
from lydite.data.xmltree import Element, iter_xml, parse_xml, xml_text

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<annotation>&lol2;</annotation>"""


def test_elements_know_their_lines() -> None:
    root = parse_xml(b"<a>\n <b> x\n</b>\n <b/>\n <c><b>deep</b></c>\n</a>", "x.xml")
    assert (root.tag, root.line) == ("a", 1)
    assert [element.line for element in root.find_all("b")] == [2, 4]
    assert root.find_text("b") == "x"
    assert root.find_text("none") == ""
    assert root.find("none") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<a>\n<b></a>", r"x\.xml, line 2: the XML is malformed: mismatched tag"),
        (b"", r"x\.xml, line 1: the XML is malformed: no element found"),
        (b"just text", r"line 1: the XML is malformed: syntax error"),
        (BOMB.encode(), r"x\.xml: the XML declares entities or a document type\. Remove them\."),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', r"declares entities or a document type"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', r"the XML is (malformed|in an unusable encoding)"),
        (b"<a>" * 70 + b"</a>" * 70, r"x\.xml, line 1: a is nested more than 64 deep"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        parse_xml(data, "x.xml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"line 1: the XML is malformed: no element found"),
        (b"<a>\n<b/>", r"line 2: the XML is malformed: no element found"),
        (b"<a/><b/>", r"the XML is malformed"),
        (BOMB.encode(), r"declares entities or a document type"),
        (b"<a>" * 70 + b"</a>" * 70, r"nested more than 64 deep"),
    ],
)
def test_what_is_refused_in_pieces_too(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.xml").write_bytes(data)
    with pytest.raises(AnnotationError, match=message):
        list(iter_xml(tmp_path / "x.xml"))
    with pytest.raises(AnnotationError, match=r"cannot be read: No such file"):
        list(iter_xml(tmp_path / "none.xml"))


def flat(element: Element) -> tuple[object, ...]:
    return (element.tag, element.line, element.text, element.attributes, [*map(flat, element.children)])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["<b/>", "<c>x<d e='1'>y</d></c>", "\n", "<long>" + "é" * 40_000 + "</long>"]))
)
def test_pieces_are_the_children_of_the_whole(tmp_path: Path, parts: list[str]) -> None:
    data = f"<a z='1'>{''.join(parts)}</a>".encode()
    (tmp_path / "x.xml").write_bytes(data)
    root, *children = iter_xml(tmp_path / "x.xml")
    whole = parse_xml(data, "x.xml")
    assert (root.tag, root.attributes, root.children) == ("a", {"z": "1"}, [])
    assert [*map(flat, children)] == [*map(flat, whole.children)]


def test_attributes_and_texts_survive_both_ways() -> None:
    text = "a<b>&'\"\n\t\r é 鳥 🍎"
    root = parse_xml(f'<a x="{xml_text(text)}">{xml_text(text)}</a>'.encode(), "x.xml")
    assert root.attributes == {"x": text}
    assert root.text == text


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(
        OutputError, match=r"XML cannot carry the character .*\. Rename it, or export as coco"
    ):
        xml_text(f"a{character}")
