"""Contact sheets of a scan: findings of one check, the worst first, a fixed number a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lydite.reports.exemplar_art import ImageRef
from lydite.reports.pages.gallery import pages_of
from lydite.reports.site import Site

SHEET = 60
"""Findings on a page."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture on a contact sheet.

    Args:
        title: The item's path.
        caption: Label, group and split, as far as there are any.
        image: Its thumbnail; ``None`` if the picture cannot be read.
    """

    title: str
    caption: str
    image: ImageRef | None


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding.

    Args:
        shot: The picture that it is about; ``None`` where it is about all.
        kin: The picture that it is compared with; ``None`` if there is none.
        score: In the check's unit, as text; empty where the check crashed.
        evidence: Why.
    """

    shot: Shot | None
    kin: Shot | None
    score: str
    evidence: str


def sheet_name(check: str, page: int) -> str:
    """File name of a contact sheet, counted from 1."""
    return f"{check}-{page}.html"


def write_sheet(
    site: Site,
    check: str,
    about: str,
    cards: Sequence[FindingCard],
    page: int,
    total: int,
    nav: Mapping[str, int],
) -> None:
    """Write one contact sheet.

    Args:
        site: Where to.
        check: Name of the check.
        about: What it measures.
        cards: The findings of this page.
        page: Its number, from 1.
        total: Findings of this check.
        nav: Findings of each check, for the head of the page.
    """
    site.write_page(
        sheet_name(check, page),
        "contact.html",
        check=check,
        about=about,
        cards=cards,
        page=page,
        pages=pages_of(total, SHEET),
        first=(page - 1) * SHEET + 1,
        total=total,
        name_of=partial(sheet_name, check),
        nav=nav,
    )
