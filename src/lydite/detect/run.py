"""A batch of pictures into one folder that can be interrupted, resumed, read and believed.

::

    out/
      settings.toml      every setting, as resolved; reads back with --config
      run.json           what the run is: version, feature space, exemplars, fingerprint
      pictures/          one table and one record a picture (what resuming looks at)
      pictures.jsonl     the pictures that the files below cover, in order: one line a picture
      decisions.parquet  all candidates of all pictures, with numbers, reasons and flips
      instances.json     accepted instances, COCO with RLE
      summary.json       counts, seconds, problems
      calibration.json   where the thresholds of the classes come from, if they were found
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lydite import __version__
from lydite.core import ClassMap, ContractError, ImageError, ItemId, OutputConflict, OutputError
from lydite.data import CocoWriter, ImageFile, atomic_path, load_image, write_atomic
from lydite.data.files import TEMPORARY, os_errors_as_output_errors
from lydite.detect.config import flatten, to_toml
from lydite.detect.detector import Detector
from lydite.detect.store import SCHEMA, ImageRecord, Shelf, masks_of
from lydite.engines import Engine, Failure

DESCRIPTION = "run.json"
SETTINGS = "settings.toml"
LIST = "pictures.jsonl"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """An output folder that belongs to exactly one set of settings and exemplars."""

    path: Path

    @property
    def shelf(self) -> Shelf:
        """Results of single pictures."""
        return Shelf(self.path / "pictures")

    def describe(self) -> dict[str, Any]:
        """What the run is, as written when it began."""
        described: dict[str, Any] = json.loads((self.path / DESCRIPTION).read_text(encoding="utf-8"))
        return described


def open_run(path: Path, detector: Detector) -> RunFolder:
    """Begin a run in an empty or new folder, or go on with the same run.

    Raises:
        OutputConflict: If the folder holds anything else: another run (the differences are named), or
            files that are no run.
        OutputError: If the folder cannot be written.
    """
    folder = RunFolder(path)
    mine = describe(detector)
    if path.exists() and not path.is_dir():
        raise OutputConflict(f"Output {path} is a file.", "Name a folder with --out.")
    if (path / DESCRIPTION).exists():
        _require_same(folder, mine)
    elif path.exists() and not all(entry.name.startswith(TEMPORARY) for entry in path.iterdir()):
        raise OutputConflict(
            f"Output folder {path} is not empty and holds no run.", "Choose a new or empty folder with --out."
        )
    else:
        with os_errors_as_output_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        write_atomic(path / DESCRIPTION, json.dumps(mine, indent=1))
    if not (path / SETTINGS).exists():
        write_atomic(path / SETTINGS, to_toml(detector.settings))
    return folder


def _require_same(folder: RunFolder, mine: Mapping[str, Any]) -> None:
    try:
        differences = _differences(folder.describe(), mine)
    except (ValueError, TypeError, KeyError, AttributeError):
        differences = [f"its {DESCRIPTION}, which describes no run"]
    if differences:
        raise OutputConflict(
            f"Output folder {folder.path} belongs to another run; it differs in {', '.join(differences)}.",
            "Choose another --out, or give the same settings and exemplars to go on with it.",
        )


def describe(detector: Detector) -> dict[str, Any]:
    """What decides every number of a run: settings, space, exemplars by content, version."""
    settings = flatten(detector.settings)
    for name in type(detector.settings.report).model_fields:
        del settings[name]
    described: dict[str, Any] = {
        "lydite": __version__,
        "settings": settings,
        "space": asdict(detector.space),
        "proposer": {"name": detector.proposer.name, **detector.proposer.provenance.facts},
        "classes": list(detector.bank.class_map),
        "exemplars": [
            {
                "name": source.name,
                "class": source.class_name,
                "path": str(source.path),
                "against": source.against,
                "rle": source.rle,
                **dict(zip(("picture", "mask"), detector.bank.digests_of(source), strict=True)),
                "mask_path": None if source.mask is None else str(source.mask),
                "box": source.box,
            }
            for source in detector.bank.sources
        ],
        "set_aside": [asdict(negative) for negative in detector.bank.set_aside],
        "exemplar_problems": [str(problem) for problem in detector.bank.problems],
    }
    return with_fingerprint(json.loads(json.dumps(described)))


def with_fingerprint(described: Mapping[str, Any]) -> dict[str, Any]:
    """A description that names itself by its content."""
    # Where exemplars lie, and what was wrong with those left out, changes no number.
    rest = {key: value for key, value in described.items() if key != "fingerprint"}
    identity = {key: value for key, value in rest.items() if key != "exemplar_problems"}
    identity["exemplars"] = _contents(rest)
    text = json.dumps(identity, sort_keys=True)
    return {"fingerprint": hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest(), **rest}


def process(
    folder: RunFolder, detector: Detector, images: tuple[ImageFile, ...], engine: Engine
) -> Iterator[ImageRecord]:
    """Detect in every picture that is not done yet; yields a record a picture, in order.

    A picture that cannot be used yields a failed record and the batch goes on; a folder that cannot
    be written ends it.
    """
    shelf = folder.shelf
    for outcome in engine.map(_Work(shelf), images, setup=_Given(detector, folder.path)):
        if isinstance(outcome, Failure):
            if not _is_about_the_picture(outcome.error):
                raise outcome.error
            file: ImageFile = outcome.item
            yield ImageRecord(str(file.item), str(file.path), "failed", error=str(outcome.error))
        else:
            yield outcome.value


def finish(
    folder: RunFolder, detector: Detector, records: list[ImageRecord], workers: int = 1
) -> dict[str, Any]:
    """Assemble the files that cover all pictures; returns the summary that is also written."""
    return assemble(folder, detector.bank.class_map, detector.space.encoder, records, workers)


def assemble(
    folder: RunFolder, class_map: ClassMap, encoder: str, records: list[ImageRecord], workers: int = 1
) -> dict[str, Any]:
    """As ``finish``, for a folder whose detector is not at hand."""
    done = [record for record in records if record.status == "done"]
    items = [ItemId.parse(record.item) for record in done]
    _write_decisions(folder, items)
    classes = _write_instances(folder, class_map, encoder, done)
    _write_list(folder, records)
    summary = summarise(records, classes) | {"workers": workers}
    write_atomic(folder.path / "summary.json", json.dumps(summary, indent=1))
    return summary


def summarise(records: list[ImageRecord], classes: Mapping[str, int]) -> dict[str, Any]:
    """Counts, seconds and problems of a run."""
    funnel: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for record in records:
        funnel.update(record.funnel)
        seconds.update(record.seconds)
    done = [record for record in records if record.status == "done"]
    return {
        "pictures": len(records),
        "done": len(done),
        "resumed": sum(record.resumed for record in done),
        "failed": [
            {"item": record.item, "path": record.path, "error": record.error}
            for record in records
            if record.status == "failed"
        ],
        "empty": sum(record.funnel.get("accepted", 0) == 0 for record in done),
        "funnel": dict(funnel),
        "instances_by_class": dict(classes),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
    }


@dataclass(frozen=True, slots=True)
class _Given:
    """The detector itself, carried to a worker, who must see the run's folder."""

    detector: Detector
    folder: Path

    def __call__(self) -> Detector:
        if not (self.folder / DESCRIPTION).is_file():
            raise OutputError(
                f"A worker does not see the run in {self.folder}.",
                "Workers on several machines need pictures and --out in folders that all of them share.",
            )
        return self.detector


@dataclass(frozen=True, slots=True)
class _Work:
    """One picture: skip it if it is done, else detect and store."""

    shelf: Shelf

    def __call__(self, detector: Detector, file: ImageFile) -> ImageRecord:
        picture = load_image(file.path, detector.settings.limits.to_image_limits())
        found = self.shelf.find(file.item, picture.image_id)
        if found is not None:
            return found
        return self.shelf.write(detector.detect(picture, file.item), file.path)


def _write_decisions(folder: RunFolder, items: list[ItemId]) -> None:
    tables = [folder.shelf.table_path(item) for item in items]
    path = folder.path / "decisions.parquet"
    with atomic_path(path) as temporary:
        rows = pl.scan_parquet(tables, glob=False) if tables else pl.LazyFrame(schema=SCHEMA)
        try:
            rows.sink_parquet(temporary)
        except pl.exceptions.PolarsError as error:
            raise OutputError(f"{path} cannot be written: {error}.", "Make room on the disk.") from None


def _write_list(folder: RunFolder, records: list[ImageRecord]) -> None:
    path = folder.path / LIST
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for record in records:
            file.write(json.dumps({"item": record.item, "status": record.status}) + "\n")


def _write_instances(
    folder: RunFolder, class_map: ClassMap, encoder: str, done: list[ImageRecord]
) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(class_map, 0))
    info = {
        "description": f"lydite {__version__}, encoder {encoder}",
        "run": folder.describe()["fingerprint"],
    }
    with CocoWriter(folder.path / "instances.json", class_map, info) as writer:
        for record in done:
            item = ItemId.parse(record.item)
            table = folder.shelf.read_table(item).filter(pl.col("outcome") == "accepted")
            table = table.sort("rank", descending=True)
            counts.update(table["class"].to_list())
            masks = masks_of(table, record.size_hw)
            writer.add(
                item.path,
                record.size_hw,
                masks.boxes,
                masks=masks,
                labels=[class_map.get_label(name) for name in table["class"]],
                scores=table["score"].to_list(),
                attributes=[
                    {"region": f"{item}#{number}", "nearest_positive": nearest}
                    for number, nearest in zip(table["region"], table["nearest_positive"], strict=True)
                ],
            )
    return counts


def _is_about_the_picture(error: Exception) -> bool:
    return isinstance(error, ImageError | ContractError)


def _differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[str]:
    """Names of what differs, settings by name."""
    if theirs.get("fingerprint") == mine["fingerprint"]:
        return []
    old, new = theirs.get("settings", {}), mine["settings"]
    found = [
        f"{name} ({old.get(name)} there, {new.get(name)} here)"
        for name in sorted(set(old) | set(new))
        if old.get(name) != new.get(name)
    ]
    found += [key for key in ("lydite", "space", "proposer", "classes") if theirs.get(key) != mine[key]]
    if _contents(theirs) != _contents(mine):
        found.append("exemplars")
    return found or ["its description"]


def _contents(described: Mapping[str, Any]) -> list[list[Any]]:
    """What the exemplars of a description are, wherever they lie."""
    keys = ("name", "class", "picture", "mask", "box")
    return [[exemplar[key] for key in keys] for exemplar in described.get("exemplars", [])]
