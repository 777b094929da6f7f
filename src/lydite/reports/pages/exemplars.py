"""The known examples, what they found, and what they refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from lydite.detect.negatives import SetAside
from lydite.reports.description import RunDescription
from lydite.reports.exemplar_art import EXEMPLARS_PER_PAGE, ExemplarArt, ImageRef, exemplars_name
from lydite.reports.pages.gallery import pages_of
from lydite.reports.palette import ClassLook
from lydite.reports.site import Site
from lydite.reports.tally import Neighbour, Tally
from lydite.reports.words import plural


@dataclass(frozen=True, slots=True)
class ExemplarCard:
    """One exemplar in use or set aside.

    Args:
        art: How it looks.
        chosen: Accepted instances that it is the nearest positive of.
        refusing: Refused candidates that it is the nearest negative of.
        convicting: Those of them that only rules about negatives blocked.
        neighbours: The nearest accepted instances with their crops.
        aside: Why it was set aside, if it was.
    """

    art: ExemplarArt
    chosen: int = 0
    refusing: int = 0
    convicting: int = 0
    neighbours: tuple[tuple[Neighbour, ImageRef], ...] = ()
    aside: SetAside | None = None

    @property
    def heading(self) -> tuple[str, ClassLook | None]:
        """The kind and class of the section that it belongs to."""
        if self.art.look is not None:
            return "positive", self.art.look
        return ("negative" if self.aside is None else "aside"), None


@dataclass(frozen=True, slots=True)
class Section:
    """Exemplars under one heading.

    Args:
        title: The heading.
        kind: ``"positive"``, ``"negative"`` or ``"aside"``.
        look: The class; ``None`` for negatives.
        total: Exemplars under this heading on all pages.
        cards: Those on this page.
    """

    title: str
    kind: str
    look: ClassLook | None
    total: int
    cards: tuple[ExemplarCard, ...]


def write_exemplar_pages(
    site: Site, description: RunDescription, art: Mapping[str, ExemplarArt], tally: Tally
) -> None:
    """Write all pages of exemplars and the crops of their neighbours."""
    titles = {"negative": "Negatives", "aside": "Negatives set aside"}
    aside = {entry.name: entry for entry in description.set_aside}
    cards = [_card(site, art[e.name], tally, aside.get(e.name)) for e in description.ordered]
    totals = Counter(card.heading for card in cards)
    pages = pages_of(len(cards), EXEMPLARS_PER_PAGE)
    for page in range(1, pages + 1):
        here = cards[(page - 1) * EXEMPLARS_PER_PAGE : page * EXEMPLARS_PER_PAGE]
        sections = [
            Section(look.name if look else titles[kind], kind, look, totals[kind, look], tuple(group))
            for (kind, look), group in groupby(here, key=lambda card: card.heading)
        ]
        site.write_page(
            exemplars_name(page),
            "exemplars.html",
            sections=sections,
            page=page,
            pages=pages,
            counts=_counts(description),
            name_of=exemplars_name,
            problems=description.problems if page == 1 else (),
            own_negatives=bool(description.negatives),
        )


def _counts(description: RunDescription) -> str:
    """For example ``"60 positives, 5 negatives in use, 4 set aside"``."""
    positives, negatives = len(description.positives), len(description.negatives)
    aside = len(description.ordered) - positives - negatives
    parts = [plural(positives, "positive"), f"{plural(negatives, 'negative')} in use"]
    return ", ".join([*parts, f"{aside:,} set aside"] if aside else parts)


def _card(site: Site, art: ExemplarArt, tally: Tally, aside: SetAside | None) -> ExemplarCard:
    neighbours = []
    for place, neighbour in enumerate(tally.neighbours.get(art.name, [])):
        name = f"exemplars/{art.number}-near-{place}.jpg"
        site.write_bytes(name, neighbour.jpeg)
        neighbours.append((neighbour, ImageRef(name, neighbour.width, neighbour.height)))
    return ExemplarCard(
        art,
        tally.chosen[art.name],
        tally.refusing[art.name],
        tally.convicting[art.name],
        tuple(neighbours),
        aside,
    )
