"""Pages of thumbnails with drawn outlines, a fixed number a page."""

from __future__ import annotations

from dataclasses import dataclass

from lydite.reports.exemplar_art import ImageRef
from lydite.reports.overlays import Frame
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site

PER_PAGE = 48
NAMED = 6


@dataclass(frozen=True, slots=True)
class Card:
    """One picture in the gallery.

    Args:
        stem: Name of its page and files.
        title: The item's path.
        frame: Size of its thumbnail; ``None`` for a failed picture.
        thumb: Its thumbnail; ``None`` if it cannot be read any more.
        counts: Classes found in it with their counts.
        outlines: Class and outline of each accepted instance, large ones first.
        proposed: How many candidates were looked at.
        missed: How many annotated objects were missed; ``None`` without annotations.
        invented: How many instances no annotated object answers to.
        error: Why it failed; empty when done.
    """

    stem: str
    title: str
    frame: Frame | None = None
    thumb: ImageRef | None = None
    counts: tuple[tuple[ClassLook, int], ...] = ()
    outlines: tuple[tuple[ClassLook, str], ...] = ()
    proposed: int = 0
    missed: int | None = None
    invented: int = 0
    error: str = ""

    @property
    def instances(self) -> int:
        """Accepted instances."""
        return sum(count for _, count in self.counts)

    @property
    def most_frequent(self) -> tuple[tuple[ClassLook, int], ...]:
        """The few classes that are named under the thumbnail, in the order of the class map."""
        few = sorted(self.counts, key=lambda entry: -entry[1])[:NAMED]
        return tuple(sorted(few, key=lambda entry: entry[0].index))


def gallery_name(page: int) -> str:
    """File name of a gallery page, counted from 1."""
    return f"gallery-{page}.html"


def pages_of(count: int, per_page: int) -> int:
    """How many pages hold so many things; one even for nothing."""
    return max(1, -(-count // per_page))


def write_gallery_page(site: Site, cards: list[Card], page: int, total: int) -> None:
    """Write one gallery page.

    Args:
        site: Where to.
        cards: Its pictures.
        page: Its number, from 1.
        total: Pictures of the whole gallery.
    """
    looks = sorted({look for card in cards for look, _ in card.counts}, key=lambda look: look.index)
    site.write_page(
        gallery_name(page),
        "gallery.html",
        cards=cards,
        looks=looks,
        page=page,
        pages=pages_of(total, PER_PAGE),
        first=(page - 1) * PER_PAGE + 1,
        total=total,
        name_of=gallery_name,
    )
