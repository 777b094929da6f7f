"""The front page: what was run, what came of it, and what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lydite.core import ItemId, Outcome
from lydite.data import printable
from lydite.detect.records import Records
from lydite.detect.store import ImageRecord
from lydite.reports.description import RunDescription
from lydite.reports.exemplar_art import ExemplarArt
from lydite.reports.pages.gallery import PER_PAGE, Card, pages_of
from lydite.reports.palette import ClassLook
from lydite.reports.plots import ScorePlot, score_plots
from lydite.reports.reasons import Reason, rank_reasons
from lydite.reports.site import Site
from lydite.reports.tally import Tally
from lydite.reports.truth import MATCH_IOU
from lydite.reports.words import without_folder

LISTED = 24
"""How many entries of an open-ended list the front page shows."""
PREVIEWS = 8
SHOWN_PLOTS = 12
_FIGURES = {"f1": "F1"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A bar of the funnel.

    Args:
        name: What the candidates did.
        count: How many.
        lost: How many were left behind on the way here.
        lost_as: What became of those.
    """

    name: str
    count: int
    lost: int = 0
    lost_as: str = ""


@dataclass(frozen=True, slots=True)
class Rejecter:
    """A negative that was nearest to refused candidates.

    Args:
        name: The exemplar.
        art: How it looks; ``None`` if the run does not describe it.
        count: Candidates that rules about negatives refused while it was their nearest negative.
        alone: Those that passed every other rule.
    """

    name: str
    art: ExemplarArt | None
    count: int
    alone: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the front page says.

    Args:
        description: What the run is.
        pictures: All pictures.
        done: Pictures with a result.
        empty: Pictures without an instance.
        failed: Why pictures could not be used.
        instances: Class, instances, pictures with at least one; in the order of the class map.
        stages: The funnel.
        reasons: What blocked candidates, most frequent first.
        plots: Scores by class.
        rejecters: Negatives that refused the most.
        previews: The first few pictures.
        seconds: Wall time by stage of detection.
        metrics: Figures against annotations; empty without them.
        against_truth: How many were found, invented and missed; empty without annotations.
        match_iou: Overlap from which on an object counts as found.
    """

    description: RunDescription
    pictures: int
    done: int
    empty: int
    failed: tuple[str, ...]
    instances: tuple[tuple[ClassLook, int, int], ...]
    stages: tuple[Stage, ...]
    reasons: tuple[Reason, ...]
    plots: tuple[ScorePlot, ...]
    rejecters: tuple[Rejecter, ...]
    previews: tuple[Card, ...]
    seconds: tuple[tuple[str, float], ...]
    metrics: Mapping[str, float]
    against_truth: Mapping[str, int]
    match_iou: float = MATCH_IOU

    @property
    def total(self) -> int:
        """All instances."""
        return sum(count for _, count, _ in self.instances)

    @property
    def gallery_pages(self) -> int:
        """How many pages the gallery has."""
        return pages_of(self.pictures, PER_PAGE)


def write_overview(
    site: Site,
    description: RunDescription,
    records: Records,
    art: Mapping[str, ExemplarArt],
    tally: Tally,
    previews: Sequence[Card],
    metrics: Mapping[str, float],
) -> Path:
    """Write ``index.html``; returns its path."""
    accepted = [record.funnel.get("accepted", 0) for record in records if record.status == "done"]
    overview = Overview(
        description,
        len(records),
        len(accepted),
        accepted.count(0),
        tuple(_failure(record) for record in records if record.status != "done"),
        tuple(
            (look, tally.instances[look.name], tally.pictures_with[look.name]) for look in description.classes
        ),
        _stages(tally.funnel),
        rank_reasons(tally.rules),
        score_plots(tally.plane, description),
        tuple(
            Rejecter(name, art.get(name), count, tally.convicting[name])
            for name, count in tally.refusing.most_common(LISTED // 2)
        ),
        tuple(previews),
        tuple(sorted(tally.seconds.items(), key=lambda entry: -entry[1])),
        {_FIGURES.get(name, name): value for name, value in metrics.items()},
        tally.against_truth,
    )
    return site.write_page(
        "index.html", "overview.html", run=overview, listed=LISTED, shown_plots=SHOWN_PLOTS
    )


def _failure(record: ImageRecord) -> str:
    return without_folder(record.error, record.path, printable(ItemId.parse(record.item).path))


def _stages(funnel: Mapping[str, int]) -> tuple[Stage, ...]:
    proposed, scored = funnel.get("proposed", 0), funnel.get("scored", 0)
    refused, suppressed = funnel.get("refused", 0), funnel.get("suppressed", 0)
    return (
        Stage("proposed", proposed),
        Stage("scored", scored, funnel.get("filtered", 0), Outcome.FILTERED),
        Stage("passed the rules", scored - refused, refused, Outcome.REFUSED),
        Stage("accepted", funnel.get("accepted", 0), suppressed, Outcome.SUPPRESSED),
    )
