"""XML with line numbers, and without the parts of XML that attack."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import escape
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml import DefusedXmlException

from lydite.core import OutputError
from lydite.data.rows import Place

_MAX_DEPTH = 64
_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@dataclass(slots=True)
class Element:
    """One element.

    Args:
        tag: Its name.
        line: Where it begins, counted from 1.
        text: Its own text.
        children: The elements directly inside.
        attributes: Its attributes by name.
    """

    tag: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def find(self, tag: str) -> Element | None:
        """The first direct child of a name, or none."""
        return next((child for child in self.children if child.tag == tag), None)

    def find_all(self, tag: str) -> list[Element]:
        """All direct children of a name."""
        return [child for child in self.children if child.tag == tag]

    def find_text(self, tag: str) -> str:
        """The trimmed text of the first direct child of a name; empty if there is none."""
        child = self.find(tag)
        return child.text.strip() if child is not None else ""


def parse_xml(data: bytes, path: str) -> Element:
    """The root element.

    Raises:
        AnnotationError: If it is no XML (names the line), declares entities or a document type, or is
            nested more than 64 deep.
    """
    place = Place(path)
    builder = _Builder(place)
    try:
        defusedxml.sax.parseString(data, builder, forbid_dtd=True)
    except SAXParseException as error:
        line = error.getLineNumber() or 0
        raise place.at("the XML", line).error(f"is malformed: {error.getMessage()}") from None
    except DefusedXmlException as error:
        kind = type(error).__name__
        raise place.at("the XML").error(
            "declares entities or a document type", kind, "Remove them."
        ) from None
    except (LookupError, ValueError) as error:
        raise place.at("the XML").error("is in an unusable encoding", str(error)) from None
    return builder.root.children[0]


def xml_text(text: str) -> str:
    """A text as it stands between tags or, in double quotes, as the value of an attribute.

    Raises:
        OutputError: If it holds a character that XML cannot carry.
    """
    bad = _NO_XML.search(text)
    if bad:
        raise OutputError(
            f"XML cannot carry the character {bad[0]!r}.", "Rename it, or export as coco.", text
        )
    # Line ends and tabs are escaped, since readers of attributes turn them into spaces.
    return escape(text, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


class _Builder(ContentHandler):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.root = Element("", 0)
        self._open = [self.root]
        self._place = place
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802  (SAX's name)
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        line = (self._locator.getLineNumber() or 0) if self._locator else 0
        if len(self._open) > _MAX_DEPTH:
            raise self._place.at(name, line).error(f"is nested more than {_MAX_DEPTH} deep")
        element = Element(name, line, attributes=dict(attrs))
        self._open[-1].children.append(element)
        self._open.append(element)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        self._open.pop()

    def characters(self, content: str) -> None:
        self._open[-1].text += content
