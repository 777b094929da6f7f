"""Pages of what differs between two runs: a front page, and the changes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lydite.detect.causes import Cause
from lydite.detect.diff import APPEARED, MOVED, RECLASSED, VANISHED, RunDiff
from lydite.detect.diff_record import OTHER_SPACES, ClassRow, class_rows
from lydite.reports.pages.gallery import pages_of
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.reports.windows import Shape, Window

CHANGES_PER_PAGE = 48
PREVIEWS = 8
LISTED = 24
STEMS = {VANISHED: "vanished", APPEARED: "appeared", RECLASSED: "changed-class", MOVED: "moved"}
"""Names of the pages of each kind of change."""


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a change.

    Args:
        title: The run.
        shapes: What is drawn; empty if the run has nothing there.
        text: What the run says of it.
        lines: Why, one reason a line.
        link: Address of the picture's page in that run's report; empty if there is none.
    """

    title: str
    shapes: tuple[Shape, ...]
    text: str
    lines: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """One change as pages show it.

    Args:
        kind: What happened.
        look: The class, of the second run where it is in both.
        picture: The item's path.
        window: The part of the picture that both halves show.
        halves: The first run, the second run.
    """

    kind: str
    look: ClassLook
    picture: str
    window: Window
    halves: tuple[Half, Half]


def changes_name(kind: str, page: int) -> str:
    """File name of a page of changes, counted from 1."""
    return f"{STEMS[kind]}-{page}.html"


def write_change_pages(site: Site, kind: str, cards: Sequence[ChangeCard], counts: Mapping[str, int]) -> None:
    """Write all pages of one kind of change; one even for none."""
    pages = pages_of(len(cards), CHANGES_PER_PAGE)
    for page in range(1, pages + 1):
        first = (page - 1) * CHANGES_PER_PAGE
        site.write_page(
            changes_name(kind, page),
            "changes.html",
            kind=kind,
            counts=counts,
            stems=STEMS,
            cards=cards[first : first + CHANGES_PER_PAGE],
            page=page,
            pages=pages,
            first=first + 1,
            total=len(cards),
            name_of=partial(changes_name, kind),
        )


def write_diff_page(
    site: Site,
    diff: RunDiff,
    looks: Mapping[str, ClassLook],
    previews: Mapping[str, Sequence[ChangeCard]],
    counts: Mapping[str, int],
) -> Path:
    """Write ``index.html``; returns its path."""
    rows: tuple[ClassRow, ...] = class_rows(diff)
    return site.write_page(
        "index.html",
        "diff.html",
        diff=diff,
        rows=[(looks[row.name], row) for row in rows],
        causes=_by_kind(diff.causes),
        previews={kind: cards[:PREVIEWS] for kind, cards in previews.items() if cards},
        counts=counts,
        stems=STEMS,
        other_spaces=OTHER_SPACES,
        same=sum(diff.same.values()),
        listed=LISTED,
    )


def _by_kind(causes: Sequence[Cause]) -> dict[str, list[Cause]]:
    grouped: dict[str, list[Cause]] = {}
    for cause in causes:
        grouped.setdefault(cause.kind, []).append(cause)
    return grouped
