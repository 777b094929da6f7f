"""From a run folder to pages, one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from lydite.core import ClassMap, ItemId, Masks
from lydite.data import printable, safe_stem
from lydite.detect.records import Records
from lydite.detect.run_folder import RunFolder
from lydite.detect.settings import ReportSettings
from lydite.detect.store import ImageRecord, masks_of
from lydite.reports.description import RunDescription
from lydite.reports.exemplar_art import ExemplarArt, draw_exemplars
from lydite.reports.overlays import Frame, crop, jpeg, outlines
from lydite.reports.pages.exemplars import write_exemplar_pages
from lydite.reports.pages.gallery import PER_PAGE, Card, gallery_name, write_gallery_page
from lydite.reports.pages.overview import PREVIEWS, write_overview
from lydite.reports.pages.picture import PicturePage, Place, Regions, Step, write_picture_page
from lydite.reports.palette import ClassLook
from lydite.reports.picture_art import PictureArt, draw_picture
from lydite.reports.reasons import rank_reasons
from lydite.reports.regions import RegionView, choose, view_regions
from lydite.reports.site import Site
from lydite.reports.tally import Neighbour, Tally, count_rules
from lydite.reports.truth import Compared, Truth, compare, masks_to_draw
from lydite.reports.words import without_folder


def write_run_pages(
    run: RunFolder,
    records: Records,
    settings: ReportSettings | None = None,
    out: Path | None = None,
    truth: Truth | None = None,
) -> Path:
    """Write all pages of a run. Existing pages are replaced; the same run gives the same pages.

    Pictures are opened one after the other, so memory does not grow with their number.

    Args:
        run: The run.
        records: What became of each picture, in the order in which to show them.
        settings: What the pages show.
        out: Folder of the pages; ``report`` in the run's folder by default.
        truth: Annotations, for pages that also show what was missed.

    Returns:
        Path of ``index.html``.

    Raises:
        OutputError: If the pages cannot be written.
    """
    site = Site(run.path / "report" if out is None else out)
    site.write_assets()
    description = RunDescription.read(run)
    art = draw_exemplars(site, description)
    work = _Pages(site, run, description, art, settings or ReportSettings(), truth)
    previews: list[Card] = []
    page: list[Card] = []
    number = 0
    for number, card in enumerate(work.cards(records), start=1):
        previews += [card] if len(previews) < PREVIEWS and not card.error else []
        page.append(card)
        if len(page) == PER_PAGE:
            write_gallery_page(site, page, number // PER_PAGE, len(records))
            page = []
    if page or number == 0:
        write_gallery_page(site, page, number // PER_PAGE + 1, len(records))
    write_exemplar_pages(site, description, art, work.tally)
    metrics = {} if truth is None else truth.metrics
    return write_overview(site, description, records, art, work.tally, previews, metrics)


@dataclass(slots=True)
class _Pages:
    """Writes the page of each picture and adds up what the other pages need."""

    site: Site
    run: RunFolder
    description: RunDescription
    art: Mapping[str, ExemplarArt]
    settings: ReportSettings
    truth: Truth | None
    tally: Tally = field(default_factory=Tally)

    def cards(self, records: Records) -> Iterator[Card]:
        """Write the pages of all pictures; yields what the gallery shows of each."""
        places = _places(records)
        for record in records:
            if record.status == "done":
                yield self._card(record, next(places))
            else:
                step = _step(record)
                yield Card(step.stem, step.title, error=without_folder(record.error, record.path, step.title))

    def _card(self, record: ImageRecord, place: Place) -> Card:
        item = ItemId.parse(record.item)
        table = self.run.shelf.read_table(item)
        self.tally.add(table, record.funnel, record.seconds)
        step = _step(record)
        art = draw_picture(self.site, step.stem, record, self.description.limits)
        shown = choose(table, self.settings)
        masks = masks_of(shown.accepted, record.size_hw)
        if art.pixels is not None:
            self._keep_neighbours(shown.accepted, art)
        compared = self._compare(item, masks, shown.accepted)
        regions = Regions(
            _mark(self._view(shown.accepted, art.frame), compared),
            self._view(shown.suppressed, art.frame),
            self._view(shown.refused, art.frame),
            shown.refused_worth,
            self._misses(item, compared, art.frame),
        )
        reasons = rank_reasons(count_rules(table))
        write_picture_page(
            self.site, PicturePage(step.title, record, place, art, regions, reasons, self.settings)
        )
        return Card(
            step.stem,
            step.title,
            art.thumb_frame,
            art.thumb,
            regions.by_class,
            _thumb_outlines(regions, masks, art.thumb_frame),
            record.funnel["proposed"],
            None if regions.misses is None else len(regions.misses),
            regions.invented,
        )

    def _view(self, rows: pl.DataFrame, frame: Frame) -> tuple[RegionView, ...]:
        return view_regions(rows, frame, self.description, self.art)

    def _keep_neighbours(self, accepted: pl.DataFrame, art: PictureArt) -> None:
        for row in accepted.iter_rows(named=True):
            name, cosine = row["nearest_positive"], row["nearest_positive_cosine"]
            if art.pixels is not None and self.tally.wants(name, cosine):
                piece = crop(art.pixels, [row["x0"], row["y0"], row["x1"], row["y1"]])
                height, width = piece.shape[:2]
                self.tally.keep(
                    name,
                    Neighbour(cosine, art.stem, row["region"], row["score"], jpeg(piece), width, height),
                )

    def _compare(self, item: ItemId, found: Masks, accepted: pl.DataFrame) -> Compared | None:
        if self.truth is None or item not in self.truth.objects:
            return None
        class_map = ClassMap(tuple(look.name for look in self.description.classes))
        compared = compare(self.truth.objects[item], accepted, found, class_map)
        counts = {
            "found": compared.found,
            "invented": len(compared.invented),
            "missed": len(compared.missed),
        }
        self.tally.against_truth.update(counts)
        return compared

    def _misses(
        self, item: ItemId, compared: Compared | None, frame: Frame
    ) -> tuple[tuple[ClassLook, str], ...] | None:
        if self.truth is None or compared is None:
            return None
        there, looks, missed = self.truth.objects[item], self.description.classes, list(compared.missed)
        paths = outlines(masks_to_draw(there, frame.size_hw)[missed], frame)
        return tuple((looks[int(there.labels[row])], path) for row, path in zip(missed, paths, strict=True))


def _mark(regions: tuple[RegionView, ...], compared: Compared | None) -> tuple[RegionView, ...]:
    """Instances that no annotated object answers to, marked as such."""
    invented = set(compared.invented) if compared else set()
    return tuple(replace(region, invented=row in invented) for row, region in enumerate(regions))


def _thumb_outlines(regions: Regions, masks: Masks, frame: Frame) -> tuple[tuple[ClassLook, str], ...]:
    order = sorted(range(len(masks)), key=lambda row: -regions.accepted[row].area)
    paths = outlines(masks, frame)
    return tuple((regions.accepted[row].look, paths[row]) for row in order)


def _step(record: ImageRecord) -> Step:
    item = ItemId.parse(record.item)
    return Step(safe_stem(item), printable(item.path))


def _places(records: Records) -> Iterator[Place]:
    """Where each picture that is done stands among those, with the one before it and the one after."""
    total = sum(record.status == "done" for record in records)
    done = ((number, _step(record)) for number, record in enumerate(records) if record.status == "done")
    before, here = None, next(done, None)
    for place in range(1, total + 1):
        after = next(done, None)
        if here is not None:
            gallery = gallery_name(here[0] // PER_PAGE + 1)
            yield Place(place, total, gallery, before and before[1], after and after[1])
        before, here = here, after
