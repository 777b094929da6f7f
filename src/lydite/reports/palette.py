"""Class colours: fixed by class index, told apart without colour vision, and never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass

HUES = ("#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#0072b2", "#f0e442")
"""The colours of Okabe and Ito ("Color Universal Design", 2008) without their black."""
SHAPES = ("disc", "square", "diamond", "triangle", "ring", "bar")
"""What a swatch looks like; the next shape when the colours are used up."""
_INK, _PAPER = "#101215", "#ffffff"


@dataclass(frozen=True, slots=True)
class ClassLook:
    """How a class is shown everywhere.

    Args:
        index: Place in the class map.
        name: The class.
        colour: ``#rrggbb``.
        ink: Colour of text on ``colour``, chosen for contrast.
        shape: One of ``SHAPES``.
    """

    index: int
    name: str
    colour: str
    ink: str
    shape: str


def look_of(index: int, name: str) -> ClassLook:
    """The look of a class by its place in the class map."""
    colour = HUES[index % len(HUES)]
    ink = max((_INK, _PAPER), key=lambda text: contrast(text, colour))
    return ClassLook(index, name, colour, ink, SHAPES[index // len(HUES) % len(SHAPES)])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
