"""The page of one picture: what was found, what was not, and why."""

from __future__ import annotations

from dataclasses import dataclass

from lydite.detect.settings import ReportSettings
from lydite.detect.store import ImageRecord
from lydite.reports.palette import ClassLook
from lydite.reports.picture_art import PictureArt
from lydite.reports.reasons import Reason
from lydite.reports.regions import RegionView
from lydite.reports.site import Site

_WIDE, _TALL = 1.9, 0.8
_SMALL = 400


@dataclass(frozen=True, slots=True)
class Step:
    """A neighbouring page.

    Args:
        stem: Its name without folder and suffix.
        title: What it shows.
    """

    stem: str
    title: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands among the others.

    Args:
        number: Number among the pictures with a page, from 1.
        pages: How many pictures have a page.
        gallery: Name of the gallery page that holds the picture.
        previous: The page before.
        following: The page after.
    """

    number: int
    pages: int
    gallery: str
    previous: Step | None
    following: Step | None


@dataclass(frozen=True, slots=True)
class Regions:
    """What a page draws.

    Args:
        accepted: Instances, best first.
        suppressed: The best suppressed candidates.
        refused: The best refused candidates.
        refused_worth: Refused candidates that reach ``keep_rejected_min``, drawn or not.
        misses: Class and outline of annotated objects that were not found; ``None`` without annotations.
            With annotations, accepted regions know whether they are invented.
    """

    accepted: tuple[RegionView, ...]
    suppressed: tuple[RegionView, ...]
    refused: tuple[RegionView, ...]
    refused_worth: int
    misses: tuple[tuple[ClassLook, str], ...] | None = None

    @property
    def invented(self) -> int:
        """How many instances no annotated object answers to."""
        return sum(region.invented for region in self.accepted)

    @property
    def from_large_to_small(self) -> tuple[RegionView, ...]:
        """Drawing order: small ones lie on top and can be pointed at."""
        regions = [*self.refused, *self.suppressed, *self.accepted]
        return tuple(sorted(regions, key=lambda region: -region.area))

    @property
    def by_class(self) -> tuple[tuple[ClassLook, int], ...]:
        """Classes found with their counts, in the order of the class map."""
        looks = [region.look for region in self.accepted]
        return tuple((look, looks.count(look)) for look in sorted(set(looks), key=lambda look: look.index))


@dataclass(frozen=True, slots=True)
class PicturePage:
    """Everything that the page of a picture says.

    Args:
        title: The item's path.
        record: What became of the picture.
        place: Where the page stands among the others.
        art: How the picture is shown.
        regions: What is drawn on it.
        reasons: What blocked candidates, most frequent first.
        settings: How much is drawn.
    """

    title: str
    record: ImageRecord
    place: Place
    art: PictureArt
    regions: Regions
    reasons: tuple[Reason, ...]
    settings: ReportSettings

    @property
    def layout(self) -> str:
        """``"wide"``, ``"tall"`` or ``"plain"``: where the evidence goes."""
        ratio = self.art.frame.width / self.art.frame.height
        return "wide" if ratio > _WIDE else "tall" if ratio < _TALL else "plain"

    @property
    def small(self) -> bool:
        """Whether the picture is so small that its pixels are shown as squares."""
        return max(self.art.frame.width, self.art.frame.height) < _SMALL


def write_picture_page(site: Site, page: PicturePage) -> None:
    """Write ``pictures/<stem>.html``."""
    site.write_page(f"pictures/{page.art.stem}.html", "picture.html", page=page)
