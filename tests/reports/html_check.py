"""Reading pages back: elements, texts and links, by the standard library's parser."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"meta", "link", "img", "input", "br", "wbr", "hr"}


class Page(HTMLParser):
    """All elements with their attributes and the text inside each."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.source = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[int] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for at in self._open:
            self.elements[at][2].append(data)

    def find(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Attributes of the elements with this tag and, as substrings, these attribute values."""
        return [
            attributes
            for name, attributes, _ in self.elements
            if name == tag and all(value in attributes.get(key, "") for key, value in wanted.items())
        ]

    def text(self, tag: str = "body", **wanted: str) -> str:
        """The text of all matching elements, white space folded."""
        found = [
            " ".join("".join(pieces).split())
            for name, attributes, pieces in self.elements
            if name == tag and all(value in attributes.get(key, "") for key, value in wanted.items())
        ]
        return "\n".join(found)

    def links(self) -> Iterator[str]:
        """Every address in an ``href`` or ``src``."""
        for _, attributes, _ in self.elements:
            for name in ("href", "src"):
                if name in attributes:
                    yield attributes[name]


def read_pages(folder: Path) -> dict[str, Page]:
    """All pages of a report by name."""
    return {path.relative_to(folder).as_posix(): Page(path) for path in sorted(folder.rglob("*.html"))}


def dead_links(folder: Path) -> list[str]:
    """Links to files, or to places in pages, that are not there."""
    pages = read_pages(folder)
    anchors = {
        name: {attributes["id"] for _, attributes, _ in page.elements if "id" in attributes}
        for name, page in pages.items()
    }
    dead = []
    for name, page in pages.items():
        for link in page.links():
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
            inside = target.is_relative_to(folder.resolve()) and target.is_file()
            place = target.relative_to(folder.resolve()).as_posix() if inside else ""
            if not inside or (parts.fragment and parts.fragment not in anchors[place]):
                dead.append(f"{name}: {link}")
    return dead
