"""Pages of pictures with what a classifier says of them, a fixed number a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from lydite.core import Exposure
from lydite.data import printable
from lydite.reports.exemplar_art import ImageRef
from lydite.reports.pages.gallery import pages_of
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.train.honest import Row

ANSWERS_PER_PAGE = 60
_BARS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One class and how probable it is said to be.

    Args:
        look: The class.
        probability: 0 to 1.
        true: Whether it is the label.
    """

    look: ClassLook
    probability: float
    true: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model says of a picture.

    Args:
        title: Whose answer it is; empty where there is one only.
        bars: The most probable classes, most probable first, then the label if it is not among them.
    """

    title: str
    bars: tuple[Bar, ...]

    @property
    def right(self) -> bool:
        """Whether the most probable class is the label."""
        return self.bars[0].true


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """A picture with one or two answers.

    Args:
        picture: The item's path.
        image: Its thumbnail; ``None`` if the picture cannot be read any more.
        truth: Its label.
        answers: What is said of it.
        notes: Group, fold, exposure, as far as there is something to say.
    """

    picture: str
    image: ImageRef | None
    truth: ClassLook
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerList:
    """One list of cards over several pages.

    Args:
        kind: Stem of the pages' names.
        title: What is listed.
        about: In which order, and what to look for.
        nothing: What to say if it is empty.
        total: How many cards there are.
        listed: How many of them are drawn.
    """

    kind: str
    title: str
    about: str
    nothing: str
    total: int
    listed: int

    def name(self, page: int) -> str:
        """File name of a page, counted from 1."""
        return f"{self.kind}-{page}.html"


def answer_of(
    probabilities: npt.NDArray[np.float64], label: int, looks: Sequence[ClassLook], title: str = ""
) -> Answer:
    """What the probabilities of one row say.

    Args:
        probabilities: ``(classes,)``.
        label: The true class.
        looks: How classes look.
        title: Whose answer it is.
    """
    order = np.argsort(-probabilities, kind="stable")[:_BARS].tolist()
    shown = order if label in order else [*order, label]
    return Answer(title, tuple(Bar(looks[k], float(probabilities[k]), k == label) for k in shown))


def notes_of(row: Row, exposure: int = Exposure.CLEAN) -> tuple[str, ...]:
    """What else there is to say of a row."""
    group = f"group {printable(row.group)}" if row.group else ""
    fold = f"fold {row.fold}" if row.fold >= 0 else ""
    seen = "" if exposure == Exposure.CLEAN else str(Exposure(exposure))
    return tuple(filter(None, (group, fold, seen)))


def write_answer_pages(
    site: Site,
    shown: AnswerList,
    make: Callable[[int], AnswerCard],
    places: Sequence[int],
    nav: object,
) -> None:
    """Write all pages of a list; one even for nothing. The cards of one page are in memory at a time.

    Args:
        site: Where to.
        shown: What is listed.
        make: The card of a place.
        places: Which, in the order of showing; ``shown.listed`` of them.
        nav: What the head of each page links.
    """
    pages = pages_of(len(places), ANSWERS_PER_PAGE)
    for page in range(1, pages + 1):
        first = (page - 1) * ANSWERS_PER_PAGE
        site.write_page(
            shown.name(page),
            "answers.html",
            shown=shown,
            cards=[make(place) for place in places[first : first + ANSWERS_PER_PAGE]],
            page=page,
            pages=pages,
            first=first + 1,
            name_of=partial(AnswerList.name, shown),
            nav=nav,
        )
