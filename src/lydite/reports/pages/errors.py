"""Pages of misses and of false alarms, a fixed number a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lydite.reports.pages.gallery import pages_of
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.reports.windows import Shape, Window

ERRORS_PER_PAGE = 60
TITLES = {"misses": "Missed", "false-alarms": "False alarms"}


@dataclass(frozen=True, slots=True)
class ErrorCard:
    """One error as pages show it.

    Args:
        look: The class that is there, or that was said to be.
        picture: The item's path.
        link: Address of the picture's page in the run's report; empty if there is none.
        window: The part of the picture.
        shapes: What is drawn in it.
        headline: What happened, in a few words.
        lines: Why, one reason a line.
        badge: A few letters that stand out; empty for none.
    """

    look: ClassLook
    picture: str
    link: str
    window: Window
    shapes: tuple[Shape, ...]
    headline: str
    lines: tuple[str, ...] = ()
    badge: str = ""


def errors_name(kind: str, page: int) -> str:
    """File name of a page of errors, counted from 1."""
    return f"{kind}-{page}.html"


def write_error_pages(site: Site, kind: str, cards: Sequence[ErrorCard], nav: object, reason: str) -> None:
    """Write all pages of one kind of error.

    Args:
        site: Where to.
        kind: A key of ``TITLES``.
        cards: The errors, in the order of showing.
        nav: What the head of each page links.
        reason: Why there are none to show; empty if they are known.
    """
    pages = pages_of(len(cards), ERRORS_PER_PAGE)
    for page in range(1, pages + 1):
        first = (page - 1) * ERRORS_PER_PAGE
        site.write_page(
            errors_name(kind, page),
            "errors.html",
            kind=kind,
            title=TITLES[kind],
            cards=cards[first : first + ERRORS_PER_PAGE],
            page=page,
            pages=pages,
            first=first + 1,
            total=len(cards),
            name_of=partial(errors_name, kind),
            nav=nav,
            reason=reason,
        )
