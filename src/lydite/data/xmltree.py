"""XML with line numbers, and without the parts of XML that attack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import escape
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml import DefusedXmlException

from lydite.core import LyditeError, OutputError
from lydite.data.names import printable
from lydite.data.rows import Place, open_read

_MAX_DEPTH = 64
_PIECE_BYTES = 1 << 16
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
    builder = _Builder(Place(path))
    with _xml_errors(builder):
        defusedxml.sax.parseString(data, builder, forbid_dtd=True)
    return builder.root.children[0]


def iter_xml(path: Path) -> Iterator[Element]:
    """The root without its children, then each of these, which is let go of with the next one.

    Raises:
        AnnotationError: As ``parse_xml``; also if the file cannot be read.
    """
    builder = _Builder(Place(printable(path)))
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(builder)
    builder.setDocumentLocator(parser)
    told = False
    with _xml_errors(builder), open_read(path) as file:
        parser.feed(b"")  # an empty file is malformed, too
        while piece := file.read(_PIECE_BYTES):
            parser.feed(piece)
            if builder.root.children:
                root = builder.root.children[0]
                if not told:
                    yield Element(root.tag, root.line, attributes=root.attributes)
                    told = True
                done, root.children = builder.finished(root)
                yield from done
        parser.close()


@contextmanager
def _xml_errors(builder: _Builder) -> Iterator[None]:
    place = builder.place
    try:
        yield
    except SAXParseException as error:
        line = error.getLineNumber() or 0
        raise place.at("the XML", line).error(f"is malformed: {error.getMessage()}") from None
    except DefusedXmlException as error:
        kind = type(error).__name__
        raise place.at("the XML").error(
            "declares entities or a document type", kind, "Remove them."
        ) from None
    except (LookupError, ValueError) as error:
        if isinstance(error, LyditeError):
            raise
        raise place.at("the XML").error("is in an unusable encoding", str(error)) from None


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
        self.place = place
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802  (SAX's name)
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        line = (self._locator.getLineNumber() or 0) if self._locator else 0
        if len(self._open) > _MAX_DEPTH:
            raise self.place.at(name, line).error(f"is nested more than {_MAX_DEPTH} deep")
        element = Element(name, line, attributes=dict(attrs))
        self._open[-1].children.append(element)
        self._open.append(element)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        self._open.pop()

    def characters(self, content: str) -> None:
        self._open[-1].text += content

    def finished(self, root: Element) -> tuple[list[Element], list[Element]]:
        """The children of the root that have come to their end, and those that have not: one or none."""
        still_open = root.children and len(self._open) > 2 and self._open[2] is root.children[-1]
        at = len(root.children) - bool(still_open)
        return root.children[:at], root.children[at:]
