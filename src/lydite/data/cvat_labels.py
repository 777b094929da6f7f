"""The head of CVAT's XML: labels with attributes, and the values that these may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lydite.core import AnnotationError
from lydite.data.annotations import Note
from lydite.data.rows import Place, parse_number
from lydite.data.xmltree import Element

_HEADS = ("task", "project", "job")
_OWN = ("region", "score")
"""Attributes of our own exports: what a shape's id and certainty are written as."""


@dataclass(frozen=True, slots=True)
class CvatAttribute:
    """One attribute that a label declares.

    Args:
        kind: ``select``, ``radio``, ``checkbox``, ``number``, ``text``, or what else the file says.
        default: What a shape has that says nothing.
        values: The lines of ``values``: choices, or for a number the least, the greatest and the step.
    """

    kind: str
    default: str
    values: tuple[str, ...]

    def check(self, text: str, place: Place) -> None:
        """Pass if a value is one of those declared.

        Raises:
            AnnotationError: Otherwise; spaces and case count.
        """
        if self.kind in {"select", "radio"} and self.values and text not in self.values:
            raise place.error("is none of the values that its label declares", text)
        if self.kind == "checkbox" and text not in {"true", "false"}:
            raise place.error("is neither true nor false", text)
        if self.kind == "number" and text:
            number = parse_number(text, place)
            least, greatest = self._range()
            if not least <= number <= greatest:
                raise place.error(f"is not between {least:g} and {greatest:g}, as its label declares", text)

    def _range(self) -> tuple[float, float]:
        try:
            return float(self.values[0]), float(self.values[1])
        except (IndexError, ValueError):
            return float("-inf"), float("inf")


CvatLabels = Mapping[str, Mapping[str, CvatAttribute]]


def find_head(meta: Element | None) -> Element | None:
    """The element ``task``, ``project`` or ``job`` of a ``meta``, or none."""
    found = (meta.find(tag) for tag in _HEADS) if meta is not None else ()
    return next((head for head in found if head is not None), None)


def read_labels(head: Element | None, place: Place) -> dict[str, dict[str, CvatAttribute]]:
    """Attributes of each label by name, in the order of the file; parts of skeletons are passed over.

    Raises:
        AnnotationError: If a label has no name or stands twice.
    """
    labels: dict[str, dict[str, CvatAttribute]] = {}
    listed = head.find("labels") if head is not None else None
    for label in listed.find_all("label") if listed is not None else ():
        inner, name = place.at("meta.label", label.line), label.find_text("name")
        if not name:
            raise inner.at("name").error("is missing")
        if label.find("parent") is None:
            if name in labels:
                raise inner.error("stands twice", name)
            labels[name] = dict(_read_attributes(label))
    return labels


def _read_attributes(label: Element) -> Iterator[tuple[str, CvatAttribute]]:
    listed = label.find("attributes")
    for attribute in listed.find_all("attribute") if listed is not None else ():
        values, default = attribute.find("values"), attribute.find("default_value")
        yield (
            attribute.find_text("name"),
            CvatAttribute(
                attribute.find_text("input_type"),
                default.text if default is not None else "",
                tuple(values.text.split("\n")) if values is not None and values.text else (),
            ),
        )


@dataclass(slots=True)
class Defaults:
    """Attributes that shapes lacked and got from their label, counted."""

    _times: Counter[str] = field(default_factory=Counter)
    _first: dict[str, tuple[Place, str]] = field(default_factory=dict)

    def read_texts(
        self, shape: Element, declared: Mapping[str, CvatAttribute], place: Place
    ) -> dict[str, str]:
        """Attributes of a shape by name; those that are missing get their default and are counted.

        Raises:
            AnnotationError: If one stands twice, has no name, or a value that its label does not declare.
        """
        texts: dict[str, str] = {}
        for attribute in shape.find_all("attribute"):
            name = attribute.attributes.get("name", "")
            inner = place.at(f"attribute {name}", attribute.line)
            if not name or name in texts:
                raise inner.error("stands twice" if name else "has no name")
            if name in declared:
                declared[name].check(attribute.text, inner)
            texts[name] = attribute.text
        for name, known in declared.items():
            if name not in texts and name not in _OWN:
                texts[name] = known.default
                self._times[name] += 1
                self._first.setdefault(name, (Place(place.path, place.line), known.default))
        return texts

    def notes(self) -> Iterator[Note]:
        """One an attribute, with the line of the first shape that lacked it."""
        for name, times in self._times.items():
            place, default = self._first[name]
            yield place.note(
                f"attribute {name} was missing {times} times (here first) and got its default {default!r}"
            )


def label_problem(label: str, place: Place) -> AnnotationError:
    """The error that a shape's label is not in the head of its file."""
    return place.at("label").error("is none of the known labels", label)
