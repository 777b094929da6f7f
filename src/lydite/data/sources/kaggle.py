"""A competition as Kaggle hands it out: tables of rows, folders of pictures, a sample of a submission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl

from lydite.core import ClassMap, UnknownName, UsageError
from lydite.data.csvtable import LINE, CsvTable, read_csv
from lydite.data.dataset import REPORT, Intake, Wanted, frame_of, item_fault, report_rows
from lydite.data.find import find_images, is_hidden
from lydite.data.names import printable

TITLE = "Kaggle: CSV, folders of pictures, sample submission"

_IDS = ("id", "image_id", "imageid", "item_id", "uid")
_FILES = (
    "file",
    "file_name",
    "filename",
    "image",
    "image_name",
    "image_path",
    "img",
    "path",
    "filepath",
    "picture",
)
_LABELS = ("label", "class", "target", "category", "class_name", "label_name", "category_id", "y")
_TABLES = {
    "train": ("train", "train_labels", "trainlabels", "labels", "training"),
    "test": ("test", "testing"),
}
_FOLDERS = {
    "train": ("train_images", "train", "training", "images", "."),
    "test": ("test_images", "test", "testing", "images", "."),
}
_CLASS_COLUMNS = 3  # from so many columns on a sample has one a class


@dataclass(frozen=True, slots=True)
class _Files:
    """The tables of a competition."""

    root: Path
    train: Path
    test: Path | None
    sample: Path | None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column says what; without a column of files the id names the picture."""

    item: str
    file: str
    label: str | None
    group: str | None


def read_kaggle(given: str, wanted: Wanted) -> Intake:
    """Read a competition: each row of a table is an item, whatever picture it shows.

    Rows of ``train.csv`` are items ``train/<id>`` with a label, rows of ``test.csv``, or else of the sample
    submission, items ``test/<id>`` without. Two rows may show one picture; an id that comes again is refused.
    A picture is found by its path, its name, or either without the suffix.

    Args:
        given: The folder, or the table of training rows in it.
        wanted: ``id_column``, ``file_column``, ``label_column``, ``group_column`` where usual names do not
            do; ``images`` for a folder of training pictures elsewhere.

    Raises:
        UsageError: If there is no table, or nobody can tell which column is which.
        AnnotationError: If a table cannot be read at all.
    """
    files = _find_tables(Path(given))
    train, sample = read_csv(files.train), read_csv(files.sample) if files.sample is not None else None
    test = read_csv(files.test) if files.test is not None else sample
    columns = _columns(train, sample, wanted)
    classes = _classes_of(sample, columns)
    items, reports = [], []
    for split, table in (("train", train), ("test", test)):
        if table is None:
            continue
        chosen = columns if split == "train" else _test_columns(table, columns)
        images = wanted.images if split == "train" and wanted.images is not None else None
        found, report = _read_rows(
            table, chosen, split, _pictures(files.root, split, images), classes, wanted
        )
        items.append(found)
        reports.append(report)
    report = pl.concat(reports)
    for what in _told(columns, files):
        report = pl.concat([report, frame_of(REPORT, [_row(train.path, "defaulted", what)])])
    rows = pl.concat(items)
    labels = classes or tuple(sorted(set(rows["label"].drop_nulls())))
    return Intake.of(rows, (), ClassMap(labels), {wanted.source: files.root.absolute()}, report)


def looks_like_kaggle(path: Path) -> bool:
    """Whether a path is a CSV table, or a folder with one of training rows or a sample submission."""
    if path.is_file():
        return path.suffix.lower() == ".csv"
    names = {entry.stem.lower() for entry in _tables(path)} if path.is_dir() else set()
    return bool(names & set(_TABLES["train"])) or any(map(_is_sample, names))


def _tables(folder: Path) -> list[Path]:
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() == ".csv" and entry.is_file() and not is_hidden(entry.name)
    )


def _is_sample(stem: str) -> bool:
    return "sample" in stem and "submi" in stem


def _find_tables(path: Path) -> _Files:
    if not path.exists():
        raise UsageError(f"There is no file or folder {printable(path)}.", "Check the name.")
    root = path if path.is_dir() else path.parent
    tables = {entry.stem.lower(): entry for entry in _tables(root)}
    sample = next((entry for stem, entry in tables.items() if _is_sample(stem)), None)
    test = next((tables[stem] for stem in _TABLES["test"] if stem in tables), None)
    if path.is_file():
        return _Files(root, path, test if test != path else None, sample if sample != path else None)
    train = next((tables[stem] for stem in _TABLES["train"] if stem in tables), None)
    if train is None:
        others = [entry for entry in tables.values() if entry not in (sample, test)]
        if len(others) != 1:
            raise UsageError(
                f"Nothing says which table of {printable(path)} holds the training rows.",
                "Name that table instead of the folder.",
                sorted(entry.name for entry in others) or "no table",
            )
        train = others[0]
    return _Files(root, train, test, sample)


def _columns(train: CsvTable, sample: CsvTable | None, wanted: Wanted) -> _Columns:
    from_sample = sample.columns if sample is not None else ()
    item = _chosen(train, wanted.id_column, "id") or _first(train, (*from_sample[:1], *_IDS, *_FILES))
    item = item or train.columns[0]
    label = _chosen(train, wanted.label_column, "label")
    if label is None:
        asked = from_sample[1:2] if len(from_sample) < _CLASS_COLUMNS else ()
        label = _first(train, (*asked, *_LABELS), but=item)
    if label is None:
        others = [name for name in train.columns if name != item]
        if len(others) != 1:
            raise UsageError(
                f"Nothing says which column of {train.path} is the label.",
                "Name it with --label-column.",
                list(train.columns)[:12],
            )
        label = others[0]
    group = _chosen(train, wanted.group_column, "group")
    file = _chosen(train, wanted.file_column, "file") or _first(train, _FILES, but=label) or item
    return _Columns(item, file, label, group)


def _test_columns(table: CsvTable, columns: _Columns) -> _Columns:
    item = _first(table, (columns.item,)) or table.columns[0]
    file = _first(table, (columns.file,)) or item
    return _Columns(item, file, None, _first(table, (columns.group,)) if columns.group else None)


def _chosen(table: CsvTable, name: str | None, what: str) -> str | None:
    if name is not None and name not in table.columns:
        raise UnknownName(f"{what} column in {table.path}", name, table.columns)
    return name


def _first(table: CsvTable, names: Sequence[str], but: str = "") -> str | None:
    by_name = {name.lower(): name for name in table.columns if name != but}
    return next((by_name[name.lower()] for name in names if name.lower() in by_name), None)


def _classes_of(sample: CsvTable | None, columns: _Columns) -> tuple[str, ...]:
    """Classes that a sample has a column for each of; none where it asks for one answer a row."""
    others = tuple(name for name in sample.columns if name != columns.item) if sample is not None else ()
    return others[0 if others[:1] != (columns.file,) else 1 :] if len(others) >= _CLASS_COLUMNS - 1 else ()


def _told(columns: _Columns, files: _Files) -> Iterator[str]:
    said = f"id by column {columns.item}, picture by column {columns.file}, label by column {columns.label}"
    yield f"{said}, group by column {columns.group}" if columns.group else said
    if files.test is None and files.sample is not None:
        yield f"test rows by {files.sample.name}"


def _pictures(root: Path, split: str, images: Path | None) -> dict[str, str | None]:
    """Path by every text that may mean it; none where a text means two pictures."""
    folders = [root / name for name in _FOLDERS[split]] if images is None else [images]
    folder = next((folder for folder in folders if folder.is_dir()), root)
    named: dict[str, str | None] = {}
    spellings: list[dict[str, str | None]] = [{}, {}, {}]
    for picture in find_images([folder]):
        path = (
            picture.path.relative_to(root.absolute())
            if picture.path.is_relative_to(root.absolute())
            else picture.path
        )
        text, inner = path.as_posix(), PurePosixPath(picture.item.path)
        named[str(inner)] = named[text] = text
        for spelling, key in zip(
            spellings, (str(inner.with_suffix("")), inner.name, inner.stem), strict=True
        ):
            spelling[key] = None if key in spelling else text
    for spelling in spellings:
        named = {**spelling, **named}
    return named


def _read_rows(
    table: CsvTable,
    columns: _Columns,
    split: str,
    pictures: dict[str, str | None],
    classes: tuple[str, ...],
    wanted: Wanted,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items of a table, and the report on it; whole columns at a time, for tables of millions of rows."""
    rows = table.frame.select(
        pl.col(LINE),
        id=pl.col(columns.item),
        file=pl.col(columns.file),
        label=pl.col(columns.label) if columns.label else pl.lit(None, pl.String),
        group=pl.col(columns.group) if columns.group else pl.lit(None, pl.String),
    )
    named = (
        pl.when(pl.col("id").str.starts_with(f"{split}/"))
        .then("id")
        .otherwise(pl.format(f"{split}/{{}}", "id"))
    )
    rows = rows.with_columns(
        item=pl.format(
            f"{wanted.source}:{{}}", named.str.replace_all("\\", "/", literal=True).str.normalize("NFC")
        ),
        path=pl.Series([_find(pictures, text) for text in rows["file"]], dtype=pl.String),
        known=pl.Series([_key(text) in pictures for text in rows["file"]], dtype=pl.Boolean),
    )
    reason = (
        pl.when(pl.col("id").is_null())
        .then(pl.lit("has no id"))
        .when(pl.col("item").is_duplicated() & ~pl.col("item").is_first_distinct())
        .then(pl.format("id {} stands twice", "id"))
        .when(pl.col("path").is_null() & pl.col("known"))
        .then(pl.format("{} is the name of several pictures", "file"))
        .when(pl.col("path").is_null())
        .then(pl.format("there is no picture {}", pl.col("file").fill_null("without a name")))
    )
    if classes and columns.label:
        foreign = pl.col("label").is_not_null() & ~pl.col("label").is_in(list(classes))
        reason = reason.when(foreign).then(
            pl.format("label {} is no column of the sample submission", "label")
        )
    rows = rows.with_columns(reason=reason)
    odd = {item: item_fault(item) for item in rows.filter(_is_odd())["item"]}
    fault = pl.col("item").replace_strict(
        {k: f"its id must be {v}" for k, v in odd.items() if v}, default=None, return_dtype=pl.String
    )
    rows = rows.with_columns(reason=pl.coalesce("reason", fault))
    good, bad = rows.filter(pl.col("reason").is_null()), rows.filter(pl.col("reason").is_not_null())
    items = good.select(
        "item", "path", "label", "group", source=pl.lit(wanted.source), split=pl.lit(wanted.split or split)
    )
    return items, _report(table, good, bad, columns, split, pictures)


def _is_odd() -> pl.Expr:
    """What may be amiss with an item; looked at one by one."""
    text = pl.col("item")
    return text.str.contains(r"[\x00\\]|//|/\.|/$|:/") | (text.str.len_bytes() != text.str.len_chars())


def _key(text: str | None) -> str:
    return (text or "").replace("\\", "/").removeprefix("./")


def _find(pictures: dict[str, str | None], text: str | None) -> str | None:
    return pictures.get(_key(text))


def _report(
    table: CsvTable,
    good: pl.DataFrame,
    bad: pl.DataFrame,
    columns: _Columns,
    split: str,
    pictures: dict[str, str | None],
) -> pl.DataFrame:
    refused = bad.select(
        file=pl.lit(table.path), line=pl.col(LINE), kind=pl.lit("refused"), what="reason", remedy=pl.lit("")
    )
    unlabelled = good.filter(pl.col("label").is_null()) if columns.label else good.head(0)
    defaulted = unlabelled.select(
        file=pl.lit(table.path),
        line=pl.col(LINE),
        kind=pl.lit("defaulted"),
        what=pl.format("{} has no label", "item"),
        remedy=pl.lit(""),
    )
    left = len(set(pictures.values()) - {None} - set(good["path"]))
    rows = [*report_rows(table.problems), _row(table.path, "taken", f"{len(good):,} rows of split {split}")]
    if left:
        rows.append(_row(table.path, "refused", f"{left:,} pictures of split {split} have no row"))
    return pl.concat([refused, defaulted, frame_of(REPORT, rows)])


def _row(file: str, kind: str, what: str) -> dict[str, object]:
    return {"file": file, "line": None, "kind": kind, "what": what, "remedy": ""}
